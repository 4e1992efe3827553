// Edits that tests make to a cloud's facts.
import Facts
import Formats
import NetworkTypes

extension CloudFacts {
  mutating func editNode(_ name: NodeName, _ change: (inout NodeFacts) -> Void) {
    for index in nodes.indices where nodes[index].name == name { change(&nodes[index]) }
  }

  /// Namespaces of the node whose name begins so.
  mutating func edit(
    _ node: NodeName, _ prefix: String, _ change: (inout NamespaceFacts) -> Void
  ) {
    editNode(node) { facts in
      for name in facts.namespaces.keys where name.rawValue.hasPrefix(prefix) {
        guard var space = facts.namespaces[name] else { continue }
        change(&space)
        facts.namespaces[name] = space
      }
    }
  }

  mutating func editLink(
    _ node: NodeName, _ prefix: String, _ name: InterfaceName, _ change: (inout Link) -> Void
  ) {
    edit(node, prefix) { space in
      for index in space.links.records.indices where space.links.records[index].name == name {
        change(&space.links.records[index])
      }
    }
  }

  mutating func setTag(_ node: NodeName, _ port: InterfaceName, _ tag: UInt16?) {
    editNode(node) { facts in
      guard !facts.openVSwitch.database.records.isEmpty else { return }
      for index in facts.openVSwitch.database.records[0].ports.indices
      where facts.openVSwitch.database.records[0].ports[index].name == port {
        facts.openVSwitch.database.records[0].ports[index].tag = tag.flatMap { VLANID($0) }
      }
    }
  }

  /// Takes a port out of the switch and its device off the node.
  mutating func unplug(_ node: NodeName, _ port: InterfaceName) {
    editNode(node) { facts in
      guard !facts.openVSwitch.database.records.isEmpty else { return }
      let id = facts.openVSwitch.database.records[0].ports.first { $0.name == port }?.id
      for index in facts.openVSwitch.database.records[0].bridges.indices {
        facts.openVSwitch.database.records[0].bridges[index].ports.removeAll { $0 == id }
      }
      facts.openVSwitch.database.records[0].ports.removeAll { $0.name == port }
      facts.openVSwitch.database.records[0].interfaces.removeAll { $0.name == port }
      for bridge in facts.openVSwitch.bridges.keys {
        facts.openVSwitch.bridges[bridge]?.ports.records.removeAll { $0.name == port }
        facts.openVSwitch.bridges[bridge]?.portsInShow.records.removeAll { $0.name == port }
      }
      facts.openVSwitch.datapathPorts.records.removeAll { $0.name == port }
    }
    let suffix = port.rawValue.dropFirst(3)
    edit(node, "root") { space in
      space.links.records.removeAll { $0.name.rawValue.hasSuffix(suffix) }
    }
  }

  mutating func editPort(_ name: String, _ change: (inout NeutronPort) -> Void) {
    for index in neutron.ports.records.indices where neutron.ports.records[index].name == name {
      change(&neutron.ports.records[index])
    }
  }

  mutating func removeFlows(
    _ node: NodeName, _ bridge: BridgeName, _ isGone: (FlowEntry) -> Bool
  ) {
    editNode(node) { $0.openVSwitch.bridges[bridge]?.flows.records.removeAll(where: isGone) }
  }

  mutating func editFlows(
    _ node: NodeName, _ bridge: BridgeName, _ change: (inout FlowEntry) -> Void
  ) {
    editNode(node) { facts in
      guard var flows = facts.openVSwitch.bridges[bridge]?.flows.records else { return }
      for index in flows.indices { change(&flows[index]) }
      facts.openVSwitch.bridges[bridge]?.flows.records = flows
    }
  }

  mutating func removeRules(
    _ node: NodeName, _ prefix: String, _ table: NetfilterTableName,
    _ isGone: (IPTablesRule) -> Bool
  ) {
    edit(node, prefix) { space in
      for index in space.iptables4.records.indices
      where space.iptables4.records[index].name == table {
        for chain in space.iptables4.records[index].chains.indices {
          space.iptables4.records[index].chains[chain].rules.removeAll(where: isGone)
        }
      }
    }
  }

  /// First in its chain.
  mutating func insertRule(
    _ node: NodeName, _ prefix: String, _ table: NetfilterTableName, _ chain: NetfilterChainName,
    _ text: String
  ) {
    let lines = "*\(table)\n:\(chain) ACCEPT [0:0]\n-A \(chain) \(text)\nCOMMIT\n"
    let parsed = IPTablesFormat.parse(CaptureText(lines, file: CaptureFileID(-1)), family: .ipv4)
    guard let rule = parsed.records.first?.chain(chain)?.rules.first else { return }
    edit(node, prefix) { space in
      for index in space.iptables4.records.indices
      where space.iptables4.records[index].name == table {
        for position in space.iptables4.records[index].chains.indices
        where space.iptables4.records[index].chains[position].name == chain {
          space.iptables4.records[index].chains[position].rules.insert(rule, at: 0)
        }
      }
    }
  }
}

extension NamespaceFacts {
  mutating func editRules(
    _ table: NetfilterTableName, _ change: (inout IPTablesRule) -> Void
  ) {
    for index in iptables4.records.indices where iptables4.records[index].name == table {
      for chain in iptables4.records[index].chains.indices {
        for rule in iptables4.records[index].chains[chain].rules.indices {
          change(&iptables4.records[index].chains[chain].rules[rule])
        }
      }
    }
  }
}
