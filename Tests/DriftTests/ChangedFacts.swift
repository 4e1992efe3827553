import Facts
// Faults by changing healthy facts: the ways to the records that tests change.
import FaultCaptures
import LogicalModel
import NetworkTypes

extension CloudFacts {
  mutating func change(_ node: NodeName, _ change: (inout NodeFacts) -> Void) {
    for index in nodes.indices where nodes[index].name == node { change(&nodes[index]) }
  }
  /// The first namespace whose name begins so.
  mutating func change(
    _ node: NodeName, _ prefix: String, _ change: (inout NamespaceFacts) -> Void
  ) {
    self.change(node) { facts in
      let name = facts.namespaces.keys.sorted().first { $0.rawValue.hasPrefix(prefix) }
      guard let name, var namespace = facts.namespaces[name] else { return }
      change(&namespace)
      facts.namespaces[name] = namespace
    }
  }
  mutating func changePort(_ name: String, _ change: (inout NeutronPort) -> Void) {
    for index in neutron.ports.records.indices where neutron.ports.records[index].name == name {
      change(&neutron.ports.records[index])
    }
  }
  mutating func changeRouter(_ name: String, _ change: (inout NeutronRouter) -> Void) {
    for index in neutron.routers.records.indices
    where neutron.routers.records[index].name == name {
      change(&neutron.routers.records[index])
    }
  }
  mutating func changeDatabase(_ node: NodeName, _ change: (inout SwitchDatabase) -> Void) {
    self.change(node) { facts in
      guard var database = facts.openVSwitch.database.records.first else { return }
      change(&database)
      facts.openVSwitch.database.records = [database]
    }
  }
  mutating func changeFlows(
    _ node: NodeName, _ bridge: BridgeName, _ change: (inout FlowList) -> Void
  ) {
    self.change(node) {
      change(&$0.openVSwitch.bridges[bridge, default: .init(name: bridge)].flows.records)
    }
  }
  func portID(_ name: String) -> PortID {
    neutron.ports.records.first { $0.name == name }?.id ?? ""
  }
  func networkID(_ name: String) -> NetworkID {
    neutron.networks.records.first { $0.name == name }?.id ?? ""
  }
  func routerID(_ name: String) -> RouterID {
    neutron.routers.records.first { $0.name == name }?.id ?? ""
  }
}

extension SwitchDatabase {
  /// The row of a port, by the Neutron port that it carries.
  mutating func changeRow(of port: PortID, _ change: (inout SwitchPortRecord) -> Void) {
    for interface in interfaces where interface.externalIDs["iface-id"] == port.rawValue {
      for index in ports.indices where ports[index].interfaces.contains(interface.id) {
        change(&ports[index])
      }
    }
  }
  mutating func changeInterface(
    of port: PortID, _ change: (inout SwitchInterfaceRecord) -> Void
  ) {
    for index in interfaces.indices
    where interfaces[index].externalIDs["iface-id"] == port.rawValue {
      change(&interfaces[index])
    }
  }
}

extension NamespaceFacts {
  mutating func changeChains(
    _ table: NetfilterTableName, _ change: (inout IPTablesChain) -> Void
  ) {
    for index in iptables4.records.indices where iptables4.records[index].name == table {
      for chain in iptables4.records[index].chains.indices {
        change(&iptables4.records[index].chains[chain])
      }
    }
  }
}
