// Applies changes to a copy of the facts. What a kernel or switch would do by itself along with a
// change (connected routes of a device that comes up, carrier of a pair's other end) is done here.
import Facts
import NetworkTypes

extension CloudFacts {
  /// The facts after the changes, in their order; a change of what is not there does nothing.
  public func applying(_ changes: [FactChange]) -> CloudFacts {
    var copy = self
    for change in changes { copy.apply(change) }
    return copy
  }

  mutating func apply(_ change: FactChange) {
    if case .removeNode(let name) = change { return nodes.removeAll { $0.name == name } }
    guard let index = nodes.firstIndex(where: { $0.name == change.node }) else { return }
    nodes[index].apply(change)
  }
}

extension NodeFacts {
  fileprivate mutating func apply(_ change: FactChange) {
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
      openVSwitch.apply(change)
    case .removeNode: return
    }
  }

  private mutating func edit(
    _ name: NamespaceName, _ body: (inout NamespaceFacts) -> Void
  ) {
    guard var space = namespaces[name] else { return }
    body(&space)
    namespaces[name] = space
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
    edit(key.namespace) { $0.restoreConnectedRoutes(of: key.interface) }
    restoreCarrier(beyond: key)
    openVSwitch.setUp(key.interface)
  }

  /// The other end of a veth pair has its carrier back, and so have the routes through it.
  private mutating func restoreCarrier(beyond key: DeviceKey) {
    guard
      let link = namespaces[key.namespace]?.links.records.first(where: { $0.name == key.interface }
      ), link.kind == "veth"
    else { return }
    for (name, space) in namespaces {
      for other in space.links.records where other.kind == "veth" && other.name != link.name {
        let isPeer =
          link.peerName.map { $0 == other.name && name == key.namespace }
          ?? (name != key.namespace && other.index == link.peerIndex
            && other.peerIndex == link.index)
        guard isPeer else { continue }
        edit(DeviceKey(self.name, name, other.name)) { peer in
          peer.flags.remove("NO-CARRIER")
          peer.flags.insert("LOWER_UP")
          if peer.isUp { peer.operState = "UP" }
        }
        openVSwitch.setUp(other.name)
      }
    }
  }

  private mutating func addHost(
    _ network: NetworkID, _ mac: MACAddress, _ address: IPAddress
  ) {
    var host = DnsmasqHost(evidence: .none)
    host.macs = [mac]
    host.addresses = [address]
    files.dnsmasq[network]?.hosts.records.removeAll { $0.macs.contains(mac) }
    files.dnsmasq[network]?.hosts.records.append(host)
  }
}
