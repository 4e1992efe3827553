// Applies changes to a copy of the facts. What a kernel or switch would do by itself along with a
// change (connected routes of a device that comes up, carrier of a pair's other end) is done here.
import DataPlane
import Facts
import NetworkTypes

extension CloudFacts {
  /// The facts after the changes, in their order.
  public func applying(_ changes: [FactChange]) -> CloudFacts {
    ChangedFacts(self, changes).facts
  }
}

/// Facts after some changes, and what of each node they touched.
struct ChangedFacts {
  private(set) var facts: CloudFacts
  private(set) var touched: [NodeName: NodeChange] = [:]

  /// In the order given; a change of what is not there does nothing.
  init(_ facts: CloudFacts, _ changes: [FactChange]) {
    self.facts = facts
    for change in changes { apply(change) }
  }

  private mutating func apply(_ change: FactChange) {
    switch change {
    case .removeNode(let name): facts.nodes.removeAll { $0.name == name }
    case .addSecurityRule(let rule): facts.neutron.add(rule)
    case .removeSecurityRule(let rule): facts.neutron.remove(rule)
    default:
      guard let name = change.node,
        let index = facts.nodes.firstIndex(where: { $0.name == name })
      else { return }
      var editor = NodeEditor(node: facts.nodes[index])
      editor.apply(change)
      facts.nodes[index] = editor.node
      touched[name, default: NodeChange()].formUnion(editor.touched)
    }
  }
}

extension NeutronFacts {
  fileprivate mutating func add(_ rule: NeutronSecurityGroupRule) {
    for index in securityGroups.records.indices where securityGroups.records[index].id == rule.group
    {
      securityGroups.records[index].rules.append(rule)
    }
    securityGroupRules.records.append(rule)
  }
  fileprivate mutating func remove(_ rule: NeutronSecurityGroupRule) {
    for index in securityGroups.records.indices {
      securityGroups.records[index].rules.removeAll { $0.id == rule.id }
    }
    securityGroupRules.records.removeAll { $0.id == rule.id }
  }
}

/// Changes one node's facts and notes what it changed.
private struct NodeEditor {
  var node: NodeFacts
  var touched = NodeChange()

  mutating func apply(_ change: FactChange) {
    switch change {
    case .setUp(let key): setUp(key)
    case .setDown(let key): edit(key) { $0.flags.remove("UP") }
    case .setMTU(let key, let bytes): edit(key) { $0.mtuBytes = bytes }
    case .setMaster(let key, let master): edit(key) { $0.master = master }
    case .addAddress(let key, let address): edit(key.namespace) { $0.add(address, to: key) }
    case .removeAddress(let key, let address):
      edit(key.namespace) { $0.remove(address, from: key) }
    case .addRoute(let key, let route): edit(key.namespace) { $0.add(route) }
    case .removeRoute(let key, let route): edit(key.namespace) { $0.remove(route) }
    case .addRule(let key, let rule):
      edit(key.namespace) { space in
        if rule.family == .ipv4 { space.rules4.records.append(rule) }
        if rule.family == .ipv6 { space.rules6.records.append(rule) }
      }
    case .removeRule(let key, let rule):
      edit(key.namespace) { space in
        space.rules4.records.removeAll { $0 == rule }
        space.rules6.records.removeAll { $0 == rule }
      }
    case .setNeighbour(let key, let address, let mac):
      edit(key.namespace) { $0.set(address, mac, on: key.interface) }
    case .removeNeighbour(let key, let address):
      edit(key.namespace) { space in
        space.neighbours.records.removeAll {
          $0.interface == key.interface && $0.address == address
        }
      }
    case .setSysctl(let key, let name, let value):
      edit(key.namespace) { $0.setSysctl(name, value) }
    case .insertFilterRule(let key, let chain, let rule, let position):
      edit(key.namespace) { $0.insert(rule, into: chain, at: position) }
    case .removeFilterRule(let key, let chain, let rule):
      edit(key.namespace) { $0.remove(rule, from: chain) }
    case .addSetMember(let key, let set, let prefix):
      edit(key.namespace) { $0.addMember(prefix, to: set) }
    case .removeSetMember(let key, let set, let prefix):
      edit(key.namespace) { $0.removeMember(prefix, from: set) }
    case .listen(let key, let socket): edit(key.namespace) { $0.listen(socket) }
    case .addDHCPHost(_, let network, let mac, let address): addHost(network, mac, address)
    case .addFlow, .removeFlow, .setTag, .addSwitchPort, .removeSwitchPort, .setInterfaceOption,
      .forgetConnections:
      touched.openVSwitch = true
      node.openVSwitch.apply(change)
    case .removeNode, .addSecurityRule, .removeSecurityRule: return
    }
  }

  private mutating func edit(
    _ name: NamespaceName, _ body: (inout NamespaceFacts) -> Void
  ) {
    guard var space = node.namespaces[name] else { return }
    body(&space)
    node.namespaces[name] = space
    touched.namespaces.insert(name)
  }

  private mutating func edit(_ key: DeviceKey, _ body: (inout Link) -> Void) {
    edit(key.namespace) { space in
      for index in space.links.records.indices
      where space.links.records[index].name == key.interface {
        body(&space.links.records[index])
      }
    }
  }

  private mutating func setUp(_ key: DeviceKey) {
    edit(key) { link in
      link.flags.formUnion(["UP", "LOWER_UP"])
      link.flags.remove("NO-CARRIER")
      link.operState = "UP"
    }
    edit(key.namespace) { space in
      space.restoreConnectedRoutes(of: key.interface)
      space.forwardOnBridge(key.interface)
    }
    restoreCarrier(beyond: key)
    touched.openVSwitch = true
    node.openVSwitch.setUp(key.interface)
  }

  /// The other end of a veth pair has its carrier back, and so have the routes through it.
  private mutating func restoreCarrier(beyond key: DeviceKey) {
    guard
      let link = node.namespaces[key.namespace]?.links.records.first(where: {
        $0.name == key.interface
      }), link.kind == "veth"
    else { return }
    for (name, space) in node.namespaces {
      for other in space.links.records where other.kind == "veth" && other.name != link.name {
        let isPeer =
          link.peerName.map { $0 == other.name && name == key.namespace }
          ?? (name != key.namespace && other.index == link.peerIndex
            && other.peerIndex == link.index)
        guard isPeer else { continue }
        edit(DeviceKey(node.name, name, other.name)) { peer in
          peer.flags.remove("NO-CARRIER")
          peer.flags.insert("LOWER_UP")
          if peer.isUp { peer.operState = "UP" }
        }
        node.openVSwitch.setUp(other.name)
      }
    }
  }

  private mutating func addHost(
    _ network: NetworkID, _ mac: MACAddress, _ address: IPAddress
  ) {
    var host = DnsmasqHost(evidence: .none)
    host.macs = [mac]
    host.addresses = [address]
    node.files.dnsmasq[network]?.hosts.records.removeAll { $0.macs.contains(mac) }
    node.files.dnsmasq[network]?.hosts.records.append(host)
  }
}
