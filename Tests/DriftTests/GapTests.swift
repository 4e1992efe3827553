import Facts
// What was not captured never makes a finding; where a comparison needs it, it is unknown.
import FaultCaptures
import LogicalModel
import NetworkTypes
import Testing

struct GapRow: Sendable, CustomStringConvertible {
  var description: String
  /// Whether something must then be unknown.
  var isMissed: Bool
  var remove: @Sendable (inout CloudFacts) -> Void
}

@Suite struct DriftGapTests {
  @Test(arguments: rows)
  func aGapIsUnknownAndNoFinding(_ row: GapRow) throws {
    var facts = try FaultCapture.healthyFacts.get()
    row.remove(&facts)
    let report = Drift.report(CloudModel(facts), facts)
    #expect(report.findings.map(\.text) == [])
    if row.isMissed { #expect(!report.unknowns.isEmpty) }
  }

  static let rows: [GapRow] = namespaceRows + nodeRows + apiRows

  private static func namespaces(
    _ description: String, _ isMissed: Bool = true,
    _ remove: @escaping @Sendable (inout NamespaceFacts) -> Void
  ) -> GapRow {
    GapRow(description: "\(description) of every namespace", isMissed: isMissed) { facts in
      for node in facts.nodes.indices {
        for name in facts.nodes[node].namespaces.keys {
          facts.nodes[node].namespaces[name].map { namespace in
            var changed = namespace
            remove(&changed)
            facts.nodes[node].namespaces[name] = changed
          }
        }
      }
    }
  }
  private static func nodes(
    _ description: String, _ isMissed: Bool = true,
    _ remove: @escaping @Sendable (inout NodeFacts) -> Void
  ) -> GapRow {
    GapRow(description: "\(description) of every node", isMissed: isMissed) { facts in
      for node in facts.nodes.indices { remove(&facts.nodes[node]) }
    }
  }

  static let namespaceRows = [
    namespaces("devices") { $0.links = .unread },
    namespaces("addresses") { $0.addresses = .unread },
    namespaces("IPv4 routes") { $0.routes4 = .unread },
    namespaces("IPv6 routes") { $0.routes6 = .unread },
    namespaces("routing rules") { $0.rules4 = .unread },
    namespaces("neighbours") { $0.neighbours = .unread },
    namespaces("sysctls") { $0.sysctls = .unread },
    namespaces("sockets", false) { $0.sockets = .unread },
    namespaces("rules") { namespace in
      namespace.iptables4 = .unread
      namespace.iptables4Legacy = .unread
    },
    // The other back end was read and is empty: that the first one is too does not follow.
    namespaces("rules but those of the empty back end") { namespace in
      namespace.iptables4 = .unread
      namespace.iptables6 = .unread
      namespace.iptables4Legacy = Section(records: [])
      namespace.iptables6Legacy = Section(records: [])
    },
    namespaces("IPv6 rules") { namespace in
      namespace.iptables6 = .unread
      namespace.iptables6Legacy = .unread
    },
    namespaces("sets") { $0.ipsets = .unread },
  ]
  static let nodeRows = [
    nodes("the switch database") { $0.openVSwitch.database = .unread },
    // `ovs-vsctl show` in place of the dump: no port says whose it is.
    nodes("the switch database but its summary") { node in
      guard var summary = node.openVSwitch.database.records.first else { return }
      summary.isSummary = true
      for index in summary.interfaces.indices {
        summary.interfaces[index].externalIDs = [:]
        summary.interfaces[index].ofport = nil
      }
      for index in summary.ports.indices { summary.ports[index].otherConfig = [:] }
      node.openVSwitch.database = Section(records: [summary])
    },
    nodes("all of the switch") { $0.openVSwitch = OpenVSwitchFacts() },
    nodes("flows") { node in
      for name in node.openVSwitch.bridges.keys {
        node.openVSwitch.bridges[name]?.flows = .unread
      }
    },
    nodes("processes", false) { $0.processes = .unread },
    nodes("processes and sockets") { node in
      node.processes = .unread
      for name in node.namespaces.keys { node.namespaces[name]?.sockets = .unread }
    },
    nodes("files") { $0.files = NodeFileFacts() },
    nodes("everything") { node in node = NodeFacts(name: node.name) },
  ]
  static let apiRows = [
    GapRow(description: "what only administrators see", isMissed: true) { facts in
      for index in facts.neutron.ports.records.indices {
        facts.neutron.ports.records[index].host = nil
      }
      for index in facts.neutron.networks.records.indices {
        facts.neutron.networks.records[index].segments = []
      }
    },
    GapRow(description: "net1", isMissed: true) { facts in
      facts.nodes.removeAll { $0.name == "net1" }
    },
    GapRow(description: "net2", isMissed: true) { facts in
      facts.nodes.removeAll { $0.name == "net2" }
    },
    GapRow(description: "cmp1", isMissed: true) { facts in
      facts.nodes.removeAll { $0.name == "cmp1" }
    },
    GapRow(description: "cmp2", isMissed: true) { facts in
      facts.nodes.removeAll { $0.name == "cmp2" }
    },
    GapRow(description: "a floating IP's binding", isMissed: true) { facts in
      facts.changePort("port-a1") { port in
        port.host = nil
        port.status = "DOWN"
      }
    },
    GapRow(description: "the API", isMissed: true) { $0.neutron = NeutronFacts() },
    GapRow(description: "ports", isMissed: true) { $0.neutron.ports = .unread },
    GapRow(description: "networks", isMissed: true) { $0.neutron.networks = .unread },
    GapRow(description: "subnets", isMissed: false) { $0.neutron.subnets = .unread },
    GapRow(description: "routers", isMissed: false) { $0.neutron.routers = .unread },
    GapRow(description: "floating IPs", isMissed: false) { $0.neutron.floatingIPs = .unread },
    GapRow(description: "security groups", isMissed: true) { facts in
      facts.neutron.securityGroups = .unread
      facts.neutron.securityGroupRules = .unread
    },
    GapRow(description: "agents", isMissed: true) { $0.neutron.agents = .unread },
    GapRow(description: "schedules", isMissed: true) { facts in
      facts.neutron.routerAgents = [:]
      facts.neutron.dhcpAgents = [:]
    },
    GapRow(description: "a tenant's answer", isMissed: true) { facts in
      for index in facts.neutron.networks.records.indices {
        facts.neutron.networks.records[index].segments = []
      }
      facts.neutron.ports.records.removeAll { $0.name != "port-a1" }
      facts.neutron.ports.records[0].host = nil
    },
  ]
}
