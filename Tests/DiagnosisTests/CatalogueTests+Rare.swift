// Faults whose mend no model can try, and faults of a node's own packet filter.
import Diagnosis
import Facts
import NetworkTypes

extension CatalogueTests {
  static let unproven: [Row] = [
    Row(
      name: "a router without the device of a port", code: .deviceMissing, node: "net1",
      object: "qr-2d1a7663-2f", isProven: false,
      fault: { facts in
        facts.unplug("net1", "qr-2d1a7663-2f")
        facts.edit("net1", "qrouter-a4ea1afe") { space in
          space.links.records.removeAll { $0.name == "qr-2d1a7663-2f" }
          space.addresses.records.removeAll { $0.interface == "qr-2d1a7663-2f" }
          for keyPath in [\NamespaceFacts.routes4.records, \.routes6.records] {
            space[keyPath: keyPath].removeAll {
              $0.nextHops.first?.interface == "qr-2d1a7663-2f"
            }
          }
        }
      }),
    Row(
      name: "a DHCP server's namespace that is gone", code: .namespaceMissing, node: "net1",
      object: "qdhcp-529a0518", isProven: false,
      fault: { facts in
        facts.editNode("net1") { node in
          for name in node.namespaces.keys where name.rawValue.hasPrefix("qdhcp-529a0518") {
            node.namespaces[name] = nil
            node.namespaceListings.records.removeAll { $0.name == name }
          }
        }
      }),
    Row(
      name: "a port whose device the switch cannot open", code: .portNotPlugged, node: "cmp2",
      object: "tap3c162331-8f", isProven: false,
      fault: { facts in
        facts.editNode("cmp2") { node in
          let database = node.openVSwitch.database.records[0]
          for index in database.interfaces.indices
          where database.interfaces[index].name == "tap3c162331-8f" {
            node.openVSwitch.database.records[0].interfaces[index].ofport = -1
          }
          node.openVSwitch.bridges["br-int"]?.ports.records.removeAll {
            $0.name == "tap3c162331-8f"
          }
          node.openVSwitch.bridges["br-int"]?.portsInShow.records.removeAll {
            $0.name == "tap3c162331-8f"
          }
        }
      }),
  ]

  static let hosts: [Row] = [
    Row(
      name: "a host that does not admit tunnels", code: .tunnelNotAdmitted, node: "cmp1",
      object: "filter INPUT",
      fault: { facts in
        facts.useKernelDatapath()
        facts.insertRule(
          "cmp1", "root", "filter", "INPUT", "-p udp -m udp --dport 4789 -j DROP")
      })
  ]
}

extension CloudFacts {
  /// Tunnels then cross the hosts' own packet filters.
  mutating func useKernelDatapath() {
    for node in nodes.map(\.name) {
      editNode(node) { facts in
        guard !facts.openVSwitch.database.records.isEmpty else { return }
        for index in facts.openVSwitch.database.records[0].bridges.indices {
          facts.openVSwitch.database.records[0].bridges[index].datapathType = "system"
        }
      }
    }
  }
}
