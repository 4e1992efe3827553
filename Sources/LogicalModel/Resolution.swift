// A user's word → the item that it means: names, ids and their beginnings, addresses, MACs, devices,
// namespaces. Never picks one of several; that is the user's. Feeds trace, why and show.
import Facts
import NetworkTypes

/// A thing that a word may mean.
public enum ModelItem: Hashable, Sendable {
  case node(NodeName)
  case network(NetworkID)
  /// By its network and block: a subnet's id may be unknown.
  case subnet(NetworkID, IPPrefix)
  case port(PortID)
  case server(ServerID)
  case router(RouterID)
  case floatingIP(IPAddress, RouterID?)
  case securityGroup(SecurityGroupID)
  case namespace(NamespaceKey)

  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case node, network, subnet, port, server, router
    case floatingIP = "floating IP"
    case securityGroup = "security group"
    case namespace
  }
  public var kind: Kind {
    switch self {
    case .node: .node
    case .network: .network
    case .subnet: .subnet
    case .port: .port
    case .server: .server
    case .router: .router
    case .floatingIP: .floatingIP
    case .securityGroup: .securityGroup
    case .namespace: .namespace
    }
  }
}

/// An item that a word means, and how.
public struct ResolvedItem: Hashable, Sendable {
  public let item: ModelItem
  /// For people: `server web1 (project shop, on compute1)`. Holds tenants' text; escape it at the edge.
  public let label: String
  /// How the word means it: `name`, `id`, `fixed address on network web`, ….
  public let reason: String
}

/// What a word means.
public enum Resolution: Hashable, Sendable {
  case one(ResolvedItem)
  /// Two or more that fit equally well, sorted.
  case several([ResolvedItem])
  /// Words that are near, best first; empty where none is.
  case none(suggestions: [String])

  /// All that fit.
  public var items: [ResolvedItem] {
    switch self {
    case .one(let item): [item]
    case .several(let items): items
    case .none: []
    }
  }
}

extension CloudModel {
  /// The items that `word` means, of the kinds asked for.
  ///
  /// The best way of meaning wins: an id before a name, a name before an address, an address or MAC
  /// before a beginning of an id or name. All items that a word means in that way are given.
  public func resolve(
    _ word: String, among kinds: Set<ModelItem.Kind> = Set(ModelItem.Kind.allCases)
  ) -> Resolution {
    let names = nameables.filter { kinds.contains($0.item.kind) }
    let ways: [() -> [ResolvedItem]] = [
      { byID(word, names) }, { byName(word, names) }, { byAddress(word, kinds) },
      { byPlace(word, kinds) }, { byNameIgnoringCase(word, names) }, { byBeginning(word, names) },
    ]
    for way in ways {
      let found = Set(way()).sorted { ($0.label, $0.reason) < ($1.label, $1.reason) }
      if found.count == 1 { return .one(found[0]) }
      if !found.isEmpty { return .several(found) }
    }
    return .none(suggestions: suggestions(for: word, names))
  }

  private func byID(_ word: String, _ names: [Nameable]) -> [ResolvedItem] {
    let word = word.lowercased()
    return names.filter { $0.ids.contains(word) }.map { $0.resolved("id") }
  }

  private func byName(_ word: String, _ names: [Nameable]) -> [ResolvedItem] {
    names.filter { $0.names.contains(word) }.map { $0.resolved("name") }
  }

  private func byNameIgnoringCase(_ word: String, _ names: [Nameable]) -> [ResolvedItem] {
    let word = word.lowercased()
    return names.filter { name in name.names.contains { $0.lowercased() == word } }
      .map { $0.resolved("name") }
  }

  /// Four characters at least: less means nothing in a UUID, and everything in names.
  private func byBeginning(_ word: String, _ names: [Nameable]) -> [ResolvedItem] {
    guard word.utf8.count >= 4 else { return [] }
    let word = word.lowercased()
    let ids = names.filter { name in name.ids.contains { $0.hasPrefix(word) } }
    if !ids.isEmpty { return ids.map { $0.resolved("beginning of the id") } }
    return names.filter { name in name.names.contains { $0.lowercased().hasPrefix(word) } }
      .map { $0.resolved("beginning of the name") }
  }
}

extension CloudModel {
  private func byAddress(_ word: String, _ kinds: Set<ModelItem.Kind>) -> [ResolvedItem] {
    if let mac = MACAddress(word) {
      guard kinds.contains(.port) else { return [] }
      return ports.filter { $0.mac == mac }.map { resolved($0, "MAC address") }
    }
    if word.contains("/"), let prefix = IPPrefix(word) { return bySubnet(prefix, kinds) }
    guard let address = IPAddress(word) else { return [] }
    var found: [ResolvedItem] = []
    if kinds.contains(.floatingIP) {
      found += floatingIPs.filter { $0.address == address }.map { floating in
        ResolvedItem(
          item: .floatingIP(floating.address, floating.router),
          label: "floating IP \(floating.address)"
            + (router(floating.router).map { " of router \($0.label)" } ?? ""),
          reason: "floating address")
      }
    }
    if kinds.contains(.port) { found += portsWith(address) }
    return found
  }

  private func portsWith(_ address: IPAddress) -> [ResolvedItem] {
    ports.filter { $0.owner != .floatingIP && $0.addresses.contains(address) }.map { port in
      let network = network(port.network)?.label ?? "an unknown network"
      return resolved(port, "fixed address on network \(network)")
    }
  }

  private func bySubnet(_ prefix: IPPrefix, _ kinds: Set<ModelItem.Kind>) -> [ResolvedItem] {
    guard kinds.contains(.subnet) else { return [] }
    return subnets.filter { $0.cidr == prefix }.map { resolved($0, "address block") }
  }

  /// `qrouter-…`, `compute1/qrouter-…`, `compute1:root`, or a device's name.
  private func byPlace(_ word: String, _ kinds: Set<ModelItem.Kind>) -> [ResolvedItem] {
    var found: [ResolvedItem] = []
    if kinds.contains(.namespace) {
      found += namespaces.filter { key in
        key.namespace.rawValue == word || "\(key.node)/\(key.namespace)" == word
          || "\(key.node):\(key.namespace)" == word
      }.map { key in
        ResolvedItem(
          item: .namespace(key), label: "namespace \(key.namespace) on \(key.node)",
          reason: "namespace")
      }
    }
    if found.isEmpty, kinds.contains(.port) {
      found += ports.filter { port in
        port.locations.contains { location in
          [location.interface, location.switchPort, location.linuxBridge]
            .contains { $0?.rawValue == word }
        }
      }.map { resolved($0, "device") }
    }
    return found
  }

  func resolved(_ port: Port, _ reason: String) -> ResolvedItem {
    ResolvedItem(item: .port(port.id), label: label(of: port), reason: reason)
  }
  private func resolved(_ subnet: Subnet, _ reason: String) -> ResolvedItem {
    let network = network(subnet.network)?.label ?? subnet.network.rawValue
    return ResolvedItem(
      item: .subnet(subnet.network, subnet.cidr),
      label: "subnet \(subnet.label) (\(subnet.cidr)) of network \(network)", reason: reason)
  }
}
