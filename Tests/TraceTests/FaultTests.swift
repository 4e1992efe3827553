// Faults put into the shipped cloud's facts: a row is a fault, a packet, and what becomes of it.
import DataPlane
import Facts
import NetworkTypes
import Testing
import Trace

@Suite struct FaultTests {
  private static let healthy = Result { try HealthyCloud.facts() }

  /// A fault, the packet that meets it, and the answer: outcome and the reason's code.
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    let from: String
    let to: String
    var kind = ProbeProtocol.icmp
    var port: UInt16?
    var size: Int?
    let outcome: Outcome
    var code: String?
    let fault: @Sendable (inout CloudFacts) -> Void
    var testDescription: String { name }
  }

  @Test(arguments: rows) func faultsAreSeen(_ row: Row) throws {
    var facts = try Self.healthy.get()
    let before = Tracer(DataPlaneModel(facts)).trace(probe(row, facts))
    row.fault(&facts)
    let result = Tracer(DataPlaneModel(facts)).trace(probe(row, facts))
    #expect(result.outcome == row.outcome, "\(result.reason?.text ?? "")")
    #expect(result.outcome != before.outcome || result.seen != before.seen)
    if let code = row.code { #expect(result.reason?.code == code) }
    if row.code != nil, row.outcome != .unknown {
      #expect(!(result.reason?.text.isEmpty ?? true))
    }
  }

  private func probe(_ row: Row, _ facts: CloudFacts) -> Probe {
    let origin: ProbeOrigin =
      if let address = IPAddress(row.from) {
        .external(address)
      } else {
        .port(facts.neutron.ports.records.first { $0.name == row.from }?.id ?? "")
      }
    var probe = Probe(origin: origin, destination: IPAddress(row.to)!, kind: row.kind)
    probe.destinationPort = row.port
    probe.lengthBytes = row.size
    return probe
  }

  @Test func aRoutersOwnPacketIsAnswered() throws {
    let facts = try Self.healthy.get()
    let key = NamespaceKey(
      "net1",
      facts.node("net1")!.namespaces.values.first { space in
        space.links.records.contains { $0.name == "qg-f7ecbe78-2d" }
      }!.name)
    let result = Tracer(DataPlaneModel(facts)).trace(
      Probe(origin: .namespace(key), destination: IPAddress("8.8.8.8")!, kind: .icmp))
    #expect(result.outcome == .leftCloud)
    #expect(result.isReplied == true)
  }

  static let rows: [Row] = [
    Row(
      name: "the tap is down", from: "port-a1", to: "172.17.17.12", outcome: .dropped,
      code: "link-down",
      fault: { facts in
        facts.edit("cmp1", "root") { space in
          for index in space.links.records.indices
          where space.links.records[index].name.rawValue.hasPrefix("tap3320117f") {
            space.links.records[index].flags.remove("UP")
          }
        }
      }),
    Row(
      name: "the router does not forward", from: "port-a1", to: "8.8.8.8", outcome: .dropped,
      code: "forwarding-off",
      fault: { facts in
        facts.edit("cmp1", "qrouter-") { space in
          for index in space.sysctls.records.indices
          where space.sysctls.records[index].name.hasSuffix(".forwarding")
            || space.sysctls.records[index].name.hasSuffix("ip_forward")
          {
            space.sysctls.records[index].value = "0"
          }
        }
      }),
    Row(
      name: "whether the router forwards was not captured", from: "port-a1", to: "8.8.8.8",
      outcome: .unknown, code: "unknown",
      fault: { facts in
        facts.edit("cmp1", "qrouter-") { space in
          space.sysctls = Section(
            gap: Gap(node: "cmp1", path: "sysctl.txt", reason: "missing"))
        }
      }),
    Row(
      name: "no default route behind the floating IP", from: "port-a1", to: "8.8.8.8",
      outcome: .dropped, code: "no-route",
      fault: { facts in
        facts.edit("cmp1", "fip-") { space in
          space.routes4.records.removeAll { $0.destination.length == 0 }
        }
      }),
    Row(
      name: "the routes were not captured", from: "port-a1", to: "8.8.8.8", outcome: .unknown,
      code: "unknown",
      fault: { facts in
        facts.edit("cmp1", "fip-") { space in
          space.routes4 = Section(gap: Gap(node: "cmp1", path: "routes", reason: "missing"))
        }
      }),
    Row(
      name: "nobody answers ARP for the floating IP", from: "203.0.113.1", to: "203.0.113.159",
      outcome: .unresolved, code: "neighbour-unresolved",
      fault: { facts in
        facts.edit("cmp1", "fip-") { space in
          for index in space.sysctls.records.indices
          where space.sysctls.records[index].name.hasSuffix(".proxy_arp") {
            space.sysctls.records[index].value = "0"
          }
        }
      }),
    Row(
      name: "the flows of the integration bridge were not captured", from: "port-a2",
      to: "172.17.17.11", outcome: .unknown,
      fault: { facts in
        facts.edit(node: "cmp2") { node in
          node.openVSwitch.bridges["br-int"]?.flows = FactSection(
            gap: Gap(node: "cmp2", path: "ofctl_dump-flows.txt", reason: "permission denied"))
        }
      }),
    Row(
      name: "the packet filter was not captured", from: "port-a1", to: "172.17.17.12",
      outcome: .unknown,
      fault: { facts in
        facts.edit("cmp1", "root") { space in
          let gap = Gap(node: "cmp1", path: "iptables-save", reason: "permission denied")
          space.iptables4 = Section(gap: gap)
          space.nftables = Section(gap: gap)
        }
      }),
    Row(
      name: "the other node was not captured", from: "port-a1", to: "172.17.17.12",
      outcome: .unknown, code: "unknown",
      fault: { facts in facts.nodes.removeAll { $0.name == "cmp2" } }),
    Row(
      name: "whether bridged packets are filtered was not captured", from: "port-a1",
      to: "172.17.17.12", outcome: .unknown,
      fault: { facts in
        facts.edit("cmp1", "root") { space in
          space.sysctls = Section(gap: Gap(node: "cmp1", path: "sysctl.txt", reason: "missing"))
        }
      }),
    Row(
      name: "the underlay's MTU is too small for full packets", from: "port-a1",
      to: "172.17.17.12", size: 1450, outcome: .dropped, code: "mtu-exceeded",
      fault: { facts in
        facts.edit("cmp2", "root") { space in
          for index in space.links.records.indices
          where space.links.records[index].name == "eth0" {
            space.links.records[index].mtuBytes = 1450
          }
        }
      }),
    Row(
      name: "strict rp_filter where the way back differs", from: "port-b1", to: "8.8.8.8",
      outcome: .dropped, code: "reverse-path-filter",
      fault: { facts in
        facts.edit("net1", "qrouter-", holding: "qg-f7ecbe78-2d") { space in
          for index in space.sysctls.records.indices
          where space.sysctls.records[index].name.hasSuffix(".rp_filter") {
            space.sysctls.records[index].value = "1"
          }
          space.routes4.records.removeAll {
            $0.table == .main && $0.nextHops.first?.interface?.rawValue.hasPrefix("qr-") ?? false
          }
        }
      }),
  ]
}

extension CloudFacts {
  fileprivate mutating func edit(node name: NodeName, _ change: (inout NodeFacts) -> Void) {
    for index in nodes.indices where nodes[index].name == name { change(&nodes[index]) }
  }

  /// Changes the namespaces of a node whose name begins so (and that hold a device).
  fileprivate mutating func edit(
    _ node: NodeName, _ prefix: String, holding device: InterfaceName? = nil,
    _ change: (inout NamespaceFacts) -> Void
  ) {
    edit(node: node) { facts in
      for name in facts.namespaces.keys where name.rawValue.hasPrefix(prefix) {
        guard var space = facts.namespaces[name] else { continue }
        if let device, !space.links.records.contains(where: { $0.name == device }) { continue }
        change(&space)
        facts.namespaces[name] = space
      }
    }
  }
}
