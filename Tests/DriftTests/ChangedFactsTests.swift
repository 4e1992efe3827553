import Facts
// One row a fault that no capture has: what is changed in the healthy facts, and what drift must say.
import FaultCaptures
import LogicalModel
import NetworkTypes
import Testing

struct ChangedRow: Sendable, CustomStringConvertible {
  var description: String
  var code: DriftCode
  var kind: DriftKind
  var object: String
  var node: NodeName?
  var change: @Sendable (inout CloudFacts) -> Void

  init(
    _ description: String, _ code: DriftCode, _ kind: DriftKind, _ object: String,
    on node: NodeName?, _ change: @escaping @Sendable (inout CloudFacts) -> Void
  ) {
    self.description = description
    self.code = code
    self.kind = kind
    self.object = object
    self.node = node
    self.change = change
  }
}

@Suite struct ChangedFactsTests {
  @Test(arguments: portRows + segmentRows + routerRows + floatingRows + serviceRows + filterRows)
  func driftSaysWhatWasChanged(_ row: ChangedRow) throws {
    var facts = try FaultCapture.healthyFacts.get()
    row.change(&facts)
    let findings = Drift.findings(CloudModel(facts), facts)
    let named = findings.filter {
      $0.code == row.code && $0.kind == row.kind && $0.object.name == row.object
        && $0.node == row.node
    }
    #expect(!named.isEmpty, "\(findings.map(\.text))")
  }

  static let portRows = [
    ChangedRow("a guest on another node", .portWiring, .wrongNode, "port-v1", on: "cmp1") {
      $0.changePort("port-v1") { $0.host = "cmp2" }
    },
    ChangedRow("a binding that failed", .portBinding, .different, "port-v1", on: "cmp1") {
      $0.changePort("port-v1") { $0.vifType = "binding_failed" }
    },
    ChangedRow("a guest that is plugged nowhere", .portWiring, .missing, "port-c2", on: "cmp2") {
      facts in
      let id = facts.portID("port-c2")
      facts.changeDatabase("cmp2") { database in
        database.changeInterface(of: id) { $0.externalIDs["iface-id"] = nil }
      }
      facts.change("cmp2", "root") { $0.links.records.removeAll { $0.name == "tap3c162331-8f" } }
    },
    ChangedRow("another MAC address in the switch", .portMAC, .different, "port-c2", on: "cmp2") {
      facts in
      let id = facts.portID("port-c2")
      facts.changeDatabase("cmp2") { database in
        database.changeInterface(of: id) { $0.externalIDs["attached-mac"] = "fa:16:3e:00:00:01" }
      }
    },
    ChangedRow("another network's note", .portNetwork, .different, "port-v2", on: "cmp2") {
      facts in
      let (id, other) = (facts.portID("port-v2"), facts.networkID("c-net1"))
      facts.changeDatabase("cmp2") { database in
        database.changeRow(of: id) { $0.otherConfig["net_uuid"] = other.rawValue }
      }
    },
    ChangedRow("a veth out of its bridge", .portBridge, .missing, "port-c1", on: "cmp1") {
      $0.change("cmp1", "root") { root in
        for index in root.links.records.indices
        where root.links.records[index].name == "qvb21f57c68-f5" {
          root.links.records[index].master = nil
        }
      }
    },
    ChangedRow("a tap that carries less", .portMTU, .different, "port-a2", on: "cmp2") {
      $0.change("cmp2", "root") { root in
        for index in root.links.records.indices
        where root.links.records[index].name == "tapc48fd058-1c" {
          root.links.records[index].mtuBytes = 1400
        }
      }
    },
    ChangedRow("a port that Neutron lost", .switchPort, .extra, "qvo1931f4e9-46", on: "cmp1") {
      $0.neutron.ports.records.removeAll { $0.name == "port-d1" }
    },
    ChangedRow("its devices", .ghostDevice, .extra, "qbr1931f4e9-46", on: "cmp1") {
      $0.neutron.ports.records.removeAll { $0.name == "port-d1" }
    },
    ChangedRow(
      "its chains", .securityChain, .extra, "neutron-openvswi-i1931f4e9-4", on: "cmp1"
    ) {
      $0.neutron.ports.records.removeAll { $0.name == "port-d1" }
    },
    ChangedRow("a subport without plug", .trunkSubport, .missing, "trunk1", on: "cmp2") { facts in
      guard let port = facts.neutron.ports.records.first(where: { $0.name == "port-c2" }),
        let other = facts.neutron.ports.records.first(where: { $0.name == "port-a2" })
      else { return }
      var trunk = NeutronTrunk(id: "t", port: port.id, evidence: port.evidence)
      trunk.name = "trunk1"
      trunk.subPorts = [
        NeutronSubPort(port: other.id, segmentationType: "vlan", segmentationID: 100)
      ]
      facts.neutron.trunks.records.append(trunk)
    },
  ]

  static let segmentRows = [
    ChangedRow("two networks in one VLAN", .localVLAN, .twice, "d-net1", on: "cmp1") { facts in
      let id = facts.portID("port-c1")
      facts.changeDatabase("cmp1") { database in
        database.changeRow(of: id) { row in
          row.tag = VLANID(7)
          row.otherConfig["tag"] = "7"
        }
      }
    },
    ChangedRow("another segment's note", .segment, .different, "c-net1", on: "cmp1") { facts in
      let id = facts.portID("port-c1")
      facts.changeDatabase("cmp1") { database in
        database.changeRow(of: id) { $0.otherConfig["segmentation_id"] = "99" }
      }
    },
    ChangedRow("a tunnel to a stranger", .tunnelPort, .extra, "cmp1", on: "cmp1") {
      $0.changeDatabase("cmp1") { database in
        for index in database.interfaces.indices
        where database.interfaces[index].options["remote_ip"] == "10.20.0.22" {
          database.interfaces[index].options["remote_ip"] = "10.20.0.99"
        }
      }
    },
    ChangedRow("a node that floods do not reach", .tunnelFlood, .missing, "c-net1", on: "cmp1") {
      $0.changeFlows("cmp1", "br-tun") { flows in
        for index in flows.indices
        where flows[index].table == 22 && flows[index].description.contains("0x3775") {
          flows[index].actions.removeLast()
        }
      }
    },
    ChangedRow("a MAC behind the wrong tunnel", .tunnelUnicast, .different, "port-c2", on: "cmp1") {
      $0.changeFlows("cmp1", "br-tun") { flows in
        for index in flows.indices
        where flows[index].table == 20
          && flows[index].description.contains("dl_dst=fa:16:3e:ab:2d:fc")
        {
          flows[index].actions[flows[index].actions.count - 1] = .output(OpenFlowPort(2))
        }
      }
    },
    ChangedRow("a MAC that nobody told of", .tunnelUnicast, .missing, "port-c2", on: "cmp1") {
      $0.changeFlows("cmp1", "br-tun") { flows in
        flows.removeAll {
          $0.table == 20 && $0.description.contains("dl_dst=fa:16:3e:ab:2d:fc")
        }
      }
    },
    ChangedRow("an address without answer", .arpResponder, .missing, "port-c2", on: "cmp1") {
      $0.changeFlows("cmp1", "br-tun") { flows in
        flows.removeAll { $0.table == 21 && $0.description.contains("arp_tpa=10.99.0.12 ") }
      }
    },
    ChangedRow("an answer for nobody", .arpResponder, .extra, "c-net1", on: "cmp1") {
      $0.changePort("port-c2") { $0.fixedIPs = [] }
    },
    ChangedRow("a provider's VLAN without row", .providerInbound, .missing, "vlan200", on: "cmp2") {
      $0.changeFlows("cmp2", "br-int") { flows in
        flows.removeAll { $0.table == 0 && $0.description.contains("dl_vlan=200") }
      }
    },
    ChangedRow(
      "a provider's VLAN into another network", .providerInbound, .different, "vlan200", on: "cmp2"
    ) {
      $0.changeFlows("cmp2", "br-int") { flows in
        for index in flows.indices
        where flows[index].table == 0 && flows[index].description.contains("dl_vlan=200") {
          flows[index].actions[0] = .setVLANID(VLANID(truncating: 6))
        }
      }
    },
    ChangedRow("out as another VLAN", .providerOutbound, .different, "vlan200", on: "cmp2") {
      $0.changeFlows("cmp2", "br-ex") { flows in
        for index in flows.indices
        where flows[index].table == 2 && flows[index].description.contains("dl_vlan=7") {
          flows[index].actions[0] = .setVLANID(VLANID(truncating: 201))
        }
      }
    },
    ChangedRow("a bridge that would flood", .failMode, .different, "br-int", on: "cmp1") {
      $0.changeDatabase("cmp1") { database in
        for index in database.bridges.indices where database.bridges[index].name == "br-int" {
          database.bridges[index].failMode = nil
        }
      }
    },
  ]

  static let routerRows = [
    ChangedRow("a router that is nowhere", .routerNamespace, .missing, "b-router", on: "net1") {
      $0.removeNamespace("net1", "qrouter-a4ea1afe")
    },
    ChangedRow("a router on two nodes", .routerNamespace, .twice, "b-router", on: "net2") {
      facts in
      let name = NamespaceName("qrouter-\(facts.routerID("b-router"))")
      let copy = facts.node("net1")?.namespaces[name]
      facts.change("net2") { $0.namespaces[name] = copy }
    },
    ChangedRow("a gateway without address", .routerAddress, .missing, "b-router", on: "net1") {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        namespace.addresses.records.removeAll { $0.interface == "qr-2d1a7663-2f" }
      }
    },
    ChangedRow("another router address", .routerAddress, .extra, "b-router", on: "net1") {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        for index in namespace.addresses.records.indices
        where namespace.addresses.records[index].interface == "qr-2d1a7663-2f" {
          namespace.addresses.records[index].address = InterfaceAddress(
            address: .v4(IPv4Address(rawValue: 0xac11_11fe)), prefixLength: 24)
        }
      }
    },
    ChangedRow(
      "a static route that is not there", .routerExtraRoute, .missing, "b-router", on: "net1"
    ) {
      $0.changeRouter("b-router") { router in
        guard let destination = IPPrefix("192.0.2.0/24"), let hop = IPAddress("172.17.17.22")
        else { return }
        router.routes = [HostRoute(destination: destination, nextHop: hop)]
      }
    },
    ChangedRow("source NAT that is off", .routerSNAT, .extra, "b-router", on: "net1") {
      $0.changeRouter("b-router") { $0.gateway?.isSNATEnabled = false }
    },
    ChangedRow("no way to the central SNAT", .centralSNATRule, .missing, "a-router", on: "cmp1") {
      $0.change("cmp1", "qrouter-a2dbb256") { namespace in
        namespace.rules4.records.removeAll { $0.priority == 2_886_799_617 }
      }
    },
    ChangedRow("a neighbour that nobody resolves", .dvrNeighbour, .missing, "port-a2", on: "cmp1") {
      $0.change("cmp1", "qrouter-a2dbb256") { namespace in
        namespace.neighbours.records.removeAll { $0.address == IPAddress("172.17.17.12") }
      }
    },
    ChangedRow("a neighbour's old MAC", .dvrNeighbour, .different, "port-a2", on: "cmp1") {
      $0.change("cmp1", "qrouter-a2dbb256") { namespace in
        for index in namespace.neighbours.records.indices
        where namespace.neighbours.records[index].address == IPAddress("172.17.17.12") {
          namespace.neighbours.records[index].mac = MACAddress("fa:16:3e:00:00:01")
        }
      }
    },
    ChangedRow("a router that does not forward", .ipForwarding, .different, "b-router", on: "net1")
    {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        for index in namespace.sysctls.records.indices
        where namespace.sysctls.records[index].name == "net.ipv4.ip_forward" {
          namespace.sysctls.records[index].value = "0"
        }
      }
    },
    ChangedRow("two active nodes", .haActive, .twice, "d-router", on: nil) { facts in
      let name = NamespaceName("qrouter-\(facts.routerID("d-router"))")
      let held = facts.node("net2")?.namespaces[name]?.addresses ?? .unread
      facts.change("net1") { $0.namespaces[name]?.addresses = held }
    },
    ChangedRow("no active node", .haActive, .missing, "d-router", on: nil) { facts in
      let name = NamespaceName("qrouter-\(facts.routerID("d-router"))")
      facts.change("net2") { $0.namespaces[name]?.addresses.records = [] }
    },
    ChangedRow(
      "a floating IP that keepalived lacks", .haAddresses, .missing, "d-router", on: "net1"
    ) { facts in
      let id = facts.routerID("d-router")
      facts.change("net1") { node in
        guard case .instance(var instance)? = node.files.keepalived[id]?.records.last else {
          return
        }
        instance.excludedAddresses.removeAll { $0.address.prefixLength == 32 }
        node.files.keepalived[id]?.records = [.instance(instance)]
      }
    },
  ]

  static let floatingRows = [
    ChangedRow(
      "translated for the router itself alone", .floatingDestinationNAT, .missing, "203.0.113.134",
      on: "net1"
    ) {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        namespace.changeChains("nat") { chain in
          guard chain.name.rawValue.hasSuffix("-PREROUTING") else { return }
          chain.rules.removeAll { $0.text.contains("203.0.113.134") }
        }
      }
    },
    ChangedRow(
      "a translation that nothing leads to", .floatingSourceNAT, .missing, "203.0.113.134",
      on: "net1"
    ) {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        namespace.changeChains("nat") { chain in
          chain.rules.removeAll { $0.text.hasSuffix("-j neutron-l3-agent-float-snat") }
        }
      }
    },
    ChangedRow("no routing rule", .floatingRule, .missing, "203.0.113.159", on: "cmp1") {
      $0.change("cmp1", "qrouter-a2dbb256") { namespace in
        namespace.rules4.records.removeAll { $0.source == IPPrefix("172.17.17.11/32") }
      }
    },
    ChangedRow("a NAT rule of nobody", .floatingDestinationNAT, .extra, "b-router", on: "net1") {
      $0.neutron.floatingIPs.records.removeAll { $0.address == IPAddress("203.0.113.134") }
    },
    ChangedRow("an address of nobody", .floatingAddress, .extra, "b-router", on: "net1") {
      $0.neutron.floatingIPs.records.removeAll { $0.address == IPAddress("203.0.113.134") }
    },
    ChangedRow(
      "an address that is missing", .floatingAddress, .missing, "203.0.113.134", on: "net1"
    ) {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        namespace.addresses.records.removeAll {
          $0.address.address == IPAddress("203.0.113.134")
        }
      }
    },
    ChangedRow(
      "a forwarding to another port", .portForwarding, .different, "tcp 203.0.113.173:2222",
      on: "net1"
    ) { facts in
      for id in facts.neutron.portForwardings.keys {
        for index in (facts.neutron.portForwardings[id]?.records ?? []).indices {
          facts.neutron.portForwardings[id]?.records[index].internalPorts = PortRange(single: 80)
        }
      }
      for index in facts.neutron.floatingIPs.records.indices {
        facts.neutron.floatingIPs.records[index].portForwardings = []
      }
    },
    ChangedRow("nothing leads out", .floatingNamespace, .missing, "a-router", on: "cmp1") {
      $0.change("cmp1", "fip-") { $0.rules4.records.removeAll { $0.inputInterface != nil } }
    },
  ]

  static let serviceRows = [
    ChangedRow("a guest without DHCP entry", .dhcpHost, .missing, "port-c1", on: "net1") { facts in
      let id = facts.networkID("c-net1")
      facts.change("net1") { node in
        node.files.dnsmasq[id]?.hosts.records.removeAll {
          $0.addresses == [.v4(IPv4Address(rawValue: 0x0a63_000b))]
        }
      }
    },
    ChangedRow("a DHCP entry of nobody", .dhcpHost, .extra, "c-net1", on: "net1") {
      $0.neutron.ports.records.removeAll { $0.name == "port-c1" }
    },
    ChangedRow("another gateway by DHCP", .dhcpOption, .different, "d-net1", on: "net1") { facts in
      let id = facts.networkID("d-net1")
      facts.change("net1") { node in
        for index in (node.files.dnsmasq[id]?.options.records ?? []).indices
        where node.files.dnsmasq[id]?.options.records[index].code == .named("router") {
          node.files.dnsmasq[id]?.options.records[index].values = ["10.50.0.254"]
        }
      }
    },
    ChangedRow("a DHCP server elsewhere", .dhcpServer, .missing, "d-net1", on: "net2") { facts in
      let id = facts.networkID("d-net1")
      facts.neutron.dhcpAgents[id]?.records[0].host = "net2"
    },
    ChangedRow("the one that should be gone", .dhcpServer, .twice, "d-net1", on: "net1") { facts in
      let id = facts.networkID("d-net1")
      facts.neutron.dhcpAgents[id]?.records[0].host = "net2"
    },
    ChangedRow("no redirection", .metadataRedirect, .missing, "b-router", on: "net1") {
      $0.change("net1", "qrouter-a4ea1afe") { namespace in
        namespace.changeChains("nat") { chain in
          chain.rules.removeAll { if case .redirect = $0.target { true } else { false } }
        }
      }
    },
    ChangedRow(
      "an agent without process", .agentProcess, .missing, "DHCP agent on net1", on: "net1"
    ) {
      $0.change("net1") { node in
        node.processes.records.removeAll { $0.arguments.contains("neutron-dhcp-agent") }
      }
    },
    ChangedRow(
      "a router that Neutron lost", .ghostNamespace, .extra,
      "qrouter-a4ea1afe-03ec-4295-9e6f-fa965764680a", on: "net1"
    ) {
      $0.neutron.routers.records.removeAll { $0.name == "b-router" }
    },
  ]
}

extension CloudFacts {
  mutating func removeNamespace(_ node: NodeName, _ prefix: String) {
    change(node) { facts in
      for name in facts.namespaces.keys where name.rawValue.hasPrefix(prefix) {
        facts.namespaces[name] = nil
      }
      facts.namespaceListings.records.removeAll { $0.name.rawValue.hasPrefix(prefix) }
    }
  }
  /// Rules with this remote prefix, in both answers that hold rules.
  mutating func changeRules(
    _ prefix: String, _ change: (inout NeutronSecurityGroupRule) -> Void
  ) {
    func isMeant(_ rule: NeutronSecurityGroupRule) -> Bool {
      rule.remotePrefix == IPPrefix(prefix)
    }
    for group in neutron.securityGroups.records.indices {
      for index in neutron.securityGroups.records[group].rules.indices
      where isMeant(neutron.securityGroups.records[group].rules[index]) {
        change(&neutron.securityGroups.records[group].rules[index])
      }
    }
    for index in neutron.securityGroupRules.records.indices
    where isMeant(neutron.securityGroupRules.records[index]) {
      change(&neutron.securityGroupRules.records[index])
    }
  }
}
