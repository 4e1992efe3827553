// Faults that no capture holds, put into the healthy cloud's facts: a row is a fault, and what an
// expert names for every packet that it stops.
import DataPlane
import Diagnosis
import Facts
import FaultCaptures
import NetworkTypes
import Testing
import Trace

@Suite struct CatalogueTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let code: CauseCode
    let node: NodeName?
    let object: String
    /// False where what mends it cannot be tried on a model.
    var isProven = true
    let fault: @Sendable (inout CloudFacts) -> Void
    var testDescription: String { name }
  }

  @Test(arguments: rows) func theFaultIsNamedFirst(_ row: Row) throws {
    let healthy = try FaultCapture.healthyFacts.get()
    var facts = healthy
    row.fault(&facts)
    let diagnostician = Diagnostician(facts)
    var broken = 0
    for probe in HealthyProbes.working(healthy) {
      let before = diagnostician.trace(probe)
      if before.outcome.isDelivered == true, before.isReplied == true { continue }
      broken += 1
      let diagnosis = diagnostician.diagnose(probe)
      guard let cause = diagnosis.causes.first else {
        Issue.record("\(probe.id) \(probe.kind): \(diagnosis.verdict), \(diagnosis.summary)")
        continue
      }
      #expect(cause.deviation.code == row.code, "\(probe.id): \(cause.deviation.text)")
      #expect(cause.deviation.node == row.node, "\(probe.id): \(cause.deviation.text)")
      #expect(cause.deviation.object.contains(row.object), "\(probe.id): \(cause.deviation.object)")
      #expect((diagnosis.after != nil) == row.isProven)
    }
    #expect(broken > 0, "the fault stops nothing")
  }

  static let rows: [Row] =
    wiring + neverApplied + overlay + filters + routing + translation + services + unproven
    + hosts

  // MARK: wiring

  private static let wiring: [Row] = [
    Row(
      name: "a router's port in another network's VLAN", code: .portWrongVLAN, node: "net1",
      object: "qr-2d1a7663-2f",
      fault: { $0.setTag("net1", "qr-2d1a7663-2f", 5) }),
    Row(
      name: "a guest's port that was never given a VLAN", code: .portNotWired, node: "cmp1",
      object: "qvod26e08b9-38", fault: { $0.setTag("cmp1", "qvod26e08b9-38", nil) }),
    Row(
      name: "a veth end that is not in its Linux bridge", code: .bridgePortMissing, node: "cmp1",
      object: "qvb21f57c68-f5",
      fault: { $0.editLink("cmp1", "root", "qvb21f57c68-f5") { $0.master = nil } }),
    Row(
      name: "a hybrid plug's bridge down", code: .linkDown, node: "cmp1", object: "qbr21f57c68-f5",
      fault: { $0.editLink("cmp1", "root", "qbr21f57c68-f5") { $0.flags.remove("UP") } }),
    Row(
      name: "a port that Neutron could not bind", code: .portUnbound, node: "cmp1",
      object: "21f57c68", isProven: false,
      fault: { facts in
        facts.unplug("cmp1", "qvo21f57c68-f5")
        facts.editPort("port-c1") { $0.vifType = "binding_failed" }
      }),
    Row(
      name: "a bound port that its node does not have", code: .portNotPlugged, node: "cmp1",
      object: "21f57c68", isProven: false,
      fault: { $0.unplug("cmp1", "qvo21f57c68-f5") }),
  ]

  // MARK: overlay and provider networks

  private static let overlay: [Row] = [
    Row(
      name: "a tunnel to nobody", code: .tunnelWrongEnd, node: "cmp1", object: "vxlan-0a140016",
      fault: { facts in
        facts = facts.applying([
          .setInterfaceOption("cmp1", "vxlan-0a140016", name: "remote_ip", value: "10.20.0.99")
        ])
      }),
    Row(
      name: "what a tunnel brings is not looked up", code: .segmentMapMissing, node: "cmp2",
      object: "br-tun table 0",
      fault: {
        $0.removeFlows("cmp2", "br-tun") { $0.table == 0 && $0.match.inPort?.rawValue == 4 }
      }),
    Row(
      name: "a tunnel id that a node does not know", code: .segmentMapMissing, node: "cmp2",
      object: "tun_id=0x3775",
      fault: { facts in
        facts.removeFlows("cmp2", "br-tun") {
          $0.table == 4 && $0.match.exact(.tunID) == 0x3775
        }
      }),
    Row(
      name: "a forwarding entry that leads to another node", code: .forwardingEntryWrong,
      node: "cmp2", object: "fa:16:3e:6d:e9:04",
      fault: { facts in
        facts.editFlows("cmp2", "br-tun") { flow in
          guard flow.table == 20,
            flow.match.exact(.ethDst) == UInt128(MACAddress("fa:16:3e:6d:e9:04")!.rawValue)
          else { return }
          flow.actions.removeLast()
          flow.actions.append(.output(OpenFlowPort(3)))
        }
      }),
    Row(
      name: "broadcasts that do not reach the DHCP server's node", code: .floodListIncomplete,
      node: "cmp2", object: "table 22 dl_vlan=6",
      fault: { facts in
        facts.editFlows("cmp2", "br-tun") { flow in
          guard flow.table == 22, "\(flow.match)".contains("dl_vlan=6") else { return }
          flow.actions.removeAll { $0 == .output(OpenFlowPort(2)) }
        }
      }),
    Row(
      name: "the wire's VLAN is not turned into the local one", code: .vlanMapMissing, node: "cmp2",
      object: "br-int table 0",
      fault: { facts in
        facts.removeFlows("cmp2", "br-int") { flow in
          flow.table == 0 && flow.priority == 3 && "\(flow.match)".contains("dl_vlan=200")
        }
      }),
    Row(
      name: "untagged frames are not turned into the external network's", code: .vlanMapMissing,
      node: "net1", object: "br-int table 0",
      fault: { facts in
        facts.removeFlows("net1", "br-int") { flow in
          flow.table == 0 && flow.priority == 3 && "\(flow.match)".contains("vlan_tci")
        }
      }),
    Row(
      name: "a port without its flow of table 60", code: .portFlowsMissing, node: "cmp2",
      object: "tap3c162331-8f",
      fault: { facts in
        facts.removeFlows("cmp2", "br-int") { $0.table == 60 && $0.match.inPort?.rawValue == 11 }
      }),
    Row(
      name: "a flow that no agent made", code: .foreignFlow, node: "cmp2", object: "br-int table 0",
      fault: { facts in
        facts = facts.applying([
          .addFlow(
            BridgeKey("cmp2", "br-int"),
            FlowEntry(
              table: 0, priority: 60000, cookie: 0xdead,
              match: FlowMatch([FieldMatch(.inPort, 11)]), actions: [.drop],
              evidence: Evidence(file: CaptureFileID(-1), line: 0, bytes: 0..<0)))
        ])
      }),
  ]

  /// As an agent leaves a port that it never got to: no tag, none of its flows.
  private static let neverApplied: [Row] = [
    Row(
      name: "a port that the agent never applied (flows)", code: .portNotWired, node: "cmp2",
      object: "tap3c162331-8f",
      fault: { facts in
        facts.setTag("cmp2", "tap3c162331-8f", nil)
        facts.removeFlows("cmp2", "br-int") { flow in
          let text = "\(flow)"
          return text.contains("in_port=11") || text.contains("reg5=0xb,")
            || text.contains("0xb->reg5") || text.contains("fa:16:3e:ab:2d:fc")
            || text.contains("output:11")
        }
      }),
    Row(
      name: "a port plugged with another MAC than Neutron has", code: .portWrongMAC, node: "cmp1",
      object: "qvo21f57c68-f5", isProven: false,
      fault: { facts in
        facts.editPort("port-c1") { $0.mac = MACAddress("fa:16:3e:00:00:02") }
      }),
  ]

  // MARK: packet filters

  private static let filters: [Row] = [
    Row(
      name: "a security group's rule that was not applied (iptables)", code: .securityRuleMissing,
      node: "cmp1", object: "i3320117f-6",
      fault: { facts in
        facts.removeRules("cmp1", "root", "filter") {
          $0.text.hasPrefix("-A neutron-openvswi-i3320117f-6 -p icmp")
        }
      }),
    Row(
      name: "a security group's rules that were not applied (flows)", code: .securityRuleMissing,
      node: "cmp2", object: "br-int table 82",
      fault: { facts in
        facts.removeFlows("cmp2", "br-int") { flow in
          flow.table == 82 && "\(flow.match)".contains("reg5=0xc")
            && "\(flow.match)".contains("tcp")
        }
      }),
    Row(
      name: "an anti-spoofing chain without the port's address", code: .antiSpoofWrong,
      node: "cmp1", object: "s3320117f-6",
      fault: { facts in
        facts.removeRules("cmp1", "root", "filter") {
          $0.text.hasPrefix("-A neutron-openvswi-s3320117f-6") && $0.text.contains("RETURN")
        }
      }),
    Row(
      name: "a rule in a router that no agent made", code: .foreignRule, node: "net1",
      object: "filter FORWARD",
      fault: { facts in
        facts.insertRule("net1", "qrouter-a4ea1afe", "filter", "FORWARD", "-p icmp -j DROP")
      }),
  ]

  // MARK: routing

  private static let routing: [Row] = [
    Row(
      name: "a router that does not forward", code: .forwardingOff, node: "net1",
      object: "qrouter-a4ea1afe",
      fault: { facts in
        facts.edit("net1", "qrouter-a4ea1afe") { space in
          for index in space.sysctls.records.indices
          where space.sysctls.records[index].name.hasSuffix("forwarding")
            || space.sysctls.records[index].name == "net.ipv4.ip_forward"
          {
            space.sysctls.records[index].value = "0"
          }
        }
      }),
    Row(
      name: "a distributed router without the rule to central SNAT", code: .policyRuleMissing,
      node: "cmp1", object: "from 172.17.17.0/24",
      fault: { facts in
        facts.edit("cmp1", "qrouter-a2dbb256") { space in
          space.rules4.records.removeAll { $0.source == IPPrefix("172.17.17.0/24") }
        }
      }),
    Row(
      name: "a distributed router without the route to central SNAT", code: .defaultRouteMissing,
      node: "cmp1", object: "via 172.17.17.107",
      fault: { facts in
        facts.edit("cmp1", "qrouter-a2dbb256") { space in
          space.routes4.records.removeAll {
            $0.nextHops.first?.gateway == IPAddress("172.17.17.107")
          }
        }
      }),
    Row(
      name: "a default route to the wrong gateway", code: .routeWrong, node: "net1",
      object: "via 203.0.113.1",
      fault: { facts in
        facts.edit("net1", "qrouter-a4ea1afe") { space in
          for index in space.routes4.records.indices
          where space.routes4.records[index].destination.length == 0 {
            space.routes4.records[index].nextHops[0].gateway = IPAddress("203.0.113.250")
          }
        }
      }),
    Row(
      name: "a fip namespace without its default route", code: .defaultRouteMissing, node: "cmp2",
      object: "via 203.0.113.1",
      fault: { facts in
        facts.edit("cmp2", "fip-") { space in
          space.routes4.records.removeAll { $0.destination.length == 0 }
        }
      }),
    Row(
      name: "a permanent neighbour with a wrong MAC", code: .neighbourWrong, node: "cmp1",
      object: "172.17.18.16",
      fault: { facts in
        facts.edit("cmp1", "qrouter-a2dbb256") { space in
          for index in space.neighbours.records.indices
          where space.neighbours.records[index].address == IPAddress("172.17.18.16") {
            space.neighbours.records[index].mac = MACAddress("fa:16:3e:00:00:01")
          }
        }
      }),
    Row(
      name: "a router's device without its address", code: .addressMissing, node: "net1",
      object: "172.17.17.1",
      fault: { facts in
        facts.edit("net1", "qrouter-a4ea1afe") { space in
          space.addresses.records.removeAll { $0.address.address == IPAddress("172.17.17.1") }
          space.routes4.records.removeAll {
            $0.nextHops.first?.interface == "qr-2d1a7663-2f"
          }
        }
      }),
    Row(
      name: "a highly available router that no node runs", code: .noActiveRouter, node: "net1",
      object: "qrouter-e4a4f1a1",
      fault: { facts in
        for node in ["net1", "net2"] as [NodeName] {
          facts.edit(node, "qrouter-e4a4f1a1") { space in
            space.addresses.records.removeAll {
              $0.interface.rawValue.hasPrefix("q")
                || $0.address.address == IPAddress("169.254.0.27")
            }
            space.routes4.records.removeAll {
              $0.nextHops.first?.interface?.rawValue.hasPrefix("q") ?? false
            }
          }
        }
      }),
    Row(
      name: "a router's namespace that is gone", code: .namespaceMissing, node: "net1",
      object: "qrouter-a4ea1afe", isProven: false,
      fault: { facts in
        for index in facts.nodes.indices where facts.nodes[index].name == "net1" {
          for name in facts.nodes[index].namespaces.keys
          where name.rawValue.hasPrefix("qrouter-a4ea1afe") {
            facts.nodes[index].namespaces[name] = nil
            facts.nodes[index].namespaceListings.records.removeAll { $0.name == name }
          }
        }
      }),
    Row(
      name: "a device too small for the network's packets", code: .mtuTooSmall, node: "cmp1",
      object: "qvo3320117f-6a",
      fault: { $0.editLink("cmp1", "root", "qvo3320117f-6a") { $0.mtuBytes = 1400 } }),
  ]

  // MARK: translation

  private static let translation: [Row] = [
    Row(
      name: "a central floating IP without its address", code: .addressMissing, node: "net1",
      object: "203.0.113.134",
      fault: { facts in
        facts.edit("net1", "qrouter-a4ea1afe") { space in
          space.addresses.records.removeAll { $0.address.address == IPAddress("203.0.113.134") }
          space.routes4.records.removeAll { $0.destination == IPPrefix("203.0.113.134/32") }
        }
      }),
    Row(
      name: "a central floating IP that leads to another address", code: .dnatRuleWrong,
      node: "net1", object: "203.0.113.134",
      fault: { facts in
        facts.edit("net1", "qrouter-a4ea1afe") { space in
          space.editRules("nat") { rule in
            guard rule.text.contains("-d 203.0.113.134/32"),
              case .destinationNAT(var range)? = rule.target,
              let other = IPAddress("172.17.17.99")
            else { return }
            range.addresses = other...other
            rule.target = .destinationNAT(range)
          }
        }
      }),
    Row(
      name: "a port forwarding that was not applied", code: .portForwardingMissing, node: "net1",
      object: "--dport 2222",
      fault: { facts in
        facts.removeRules("net1", "qrouter-a4ea1afe", "nat") { $0.text.contains("--dport 2222") }
      }),
    Row(
      name: "a centralized router without SNAT", code: .snatRuleMissing, node: "net1",
      object: "neutron-l3-agent-snat",
      fault: { facts in
        facts.removeRules("net1", "qrouter-a4ea1afe", "nat") {
          $0.text.hasPrefix("-A neutron-l3-agent-snat -o qg-")
        }
      }),
  ]

  // MARK: services

  private static let services: [Row] = [
    Row(
      name: "a DHCP server that does not know a guest", code: .dhcpHostMissing, node: "net1",
      object: "fa:16:3e",
      fault: { facts in
        let port = facts.neutron.ports.records.first { $0.name == "port-c2" }
        for index in facts.nodes.indices {
          for network in facts.nodes[index].files.dnsmasq.keys {
            facts.nodes[index].files.dnsmasq[network]?.hosts.records.removeAll { host in
              port?.mac.map(host.macs.contains) ?? false
            }
          }
        }
      }),
    Row(
      name: "requests for metadata that are not redirected", code: .metadataRuleMissing,
      node: "cmp1", object: "nat",
      fault: { facts in
        facts.removeRules("cmp1", "qrouter-a2dbb256", "nat") { $0.text.contains("REDIRECT") }
      }),
    Row(
      name: "a metadata proxy of an isolated network that is gone", code: .metadataProxyDown,
      node: "net1", object: "qdhcp-529a0518",
      fault: { facts in
        facts.edit("net1", "qdhcp-529a0518") { space in
          space.sockets.records.removeAll { $0.port == 80 }
        }
      }),
  ]
}
