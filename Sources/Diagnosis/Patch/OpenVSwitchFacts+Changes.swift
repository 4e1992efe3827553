// Changes of a node's Open vSwitch: flows, tags, ports.
import Facts
import NetworkTypes

extension OpenVSwitchFacts {
  mutating func apply(_ change: FactChange) {
    switch change {
    case .addFlow(let key, let flow): add(flow, to: key.bridge)
    case .removeFlow(let key, let flow):
      bridges[key.bridge]?.flows.records.removeAll { $0.isSame(as: flow) }
    case .setTag(_, let port, let tag): setTag(port, tag)
    case .addSwitchPort(let key, let port): add(port, to: key.bridge)
    case .removeSwitchPort(let key, let name): removePort(name, from: key.bridge)
    case .setInterfaceOption(_, let interface, let name, let value):
      editDatabase { database in
        for index in database.interfaces.indices
        where database.interfaces[index].name == interface {
          database.interfaces[index].options[name] = value
          database.interfaces[index].error = nil
        }
      }
      for index in datapathPorts.records.indices
      where datapathPorts.records[index].name == interface {
        datapathPorts.records[index].options[name] = value
      }
    case .forgetConnections: conntrack.records = []
    default: return
    }
  }

  /// As `ovs-ofctl add-flow`: one of the same table, priority and match is replaced.
  private mutating func add(_ flow: FlowEntry, to bridge: BridgeName) {
    bridges[bridge]?.flows.records.removeAll { $0.isSame(as: flow) }
    bridges[bridge]?.flows.records.append(flow)
  }

  private mutating func editDatabase(_ body: (inout SwitchDatabase) -> Void) {
    guard !database.records.isEmpty else { return }
    body(&database.records[0])
  }

  private mutating func setTag(_ name: InterfaceName, _ tag: VLANID?) {
    editDatabase { database in
      for index in database.ports.indices where database.ports[index].name == name {
        database.ports[index].tag = tag
        database.ports[index].trunks = []
        // What an access port learned in its old VLAN is forgotten with it.
        if database.ports[index].vlanMode == "trunk" { database.ports[index].vlanMode = nil }
      }
    }
  }

  private mutating func add(_ port: NewSwitchPort, to bridge: BridgeName) {
    let id = RowID("new-\(port.name)")
    let interface = SwitchInterfaceRecord(
      id: RowID("new-interface-\(port.name)"), name: port.name, type: port.type,
      ofport: port.number, options: port.options, adminState: "up", linkState: "up",
      evidence: .none)
    let record = SwitchPortRecord(
      id: id, name: port.name, interfaces: [interface.id], tag: port.tag, trunks: [],
      evidence: .none)
    editDatabase { database in
      for index in database.bridges.indices where database.bridges[index].name == bridge {
        database.bridges[index].ports.append(id)
      }
      database.interfaces.append(interface)
      database.ports.append(record)
    }
  }

  private mutating func removePort(_ name: InterfaceName, from bridge: BridgeName) {
    editDatabase { database in
      let ids = Set(database.ports.filter { $0.name == name }.map(\.id))
      for index in database.bridges.indices where database.bridges[index].name == bridge {
        database.bridges[index].ports.removeAll(where: ids.contains)
      }
      database.ports.removeAll { $0.name == name }
      database.interfaces.removeAll { $0.name == name }
    }
    bridges[bridge]?.ports.records.removeAll { $0.name == name }
    bridges[bridge]?.portsInShow.records.removeAll { $0.name == name }
    datapathPorts.records.removeAll { $0.name == name && $0.bridge == bridge }
  }

  /// The switch sees the device up.
  mutating func setUp(_ name: InterfaceName) {
    editDatabase { database in
      for index in database.interfaces.indices where database.interfaces[index].name == name {
        database.interfaces[index].adminState = "up"
        database.interfaces[index].linkState = "up"
      }
    }
    for bridge in bridges.keys {
      bridges[bridge]?.ports.setUp(name)
      bridges[bridge]?.portsInShow.setUp(name)
    }
  }
}

extension FactSection<[OpenFlowPortDescription]> {
  fileprivate mutating func setUp(_ name: InterfaceName) {
    for index in records.indices where records[index].name == name {
      records[index].config.remove("PORT_DOWN")
      records[index].state.remove("LINK_DOWN")
    }
  }
}

extension FlowEntry {
  /// The same to a switch: table, priority and match.
  func isSame(as other: FlowEntry) -> Bool {
    table == other.table && priority == other.priority && match == other.match
  }
}
