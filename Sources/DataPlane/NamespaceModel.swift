// A network namespace: devices, addresses, routing, neighbours, netfilter, bridges, sockets.
// Made of its facts; the simulation runs packets through it.
import Facts
import Netfilter
import NetworkTypes

/// A network namespace of a node.
public struct NamespaceModel: Sendable {
  public let key: NamespaceKey
  public let facts: NamespaceFacts
  public var devices: [InterfaceName: Device]
  public let addresses: [InterfaceName: [LinkAddress]]
  public let routing4: RoutingModel
  public let routing6: RoutingModel
  public let neighbours: [NeighbourKey: Neighbour]
  public let sysctls: SysctlModel
  public let bridges: [InterfaceName: LinuxBridgeModel]
  public let netfilter: NetfilterModel

  public struct NeighbourKey: Hashable, Sendable {
    public let interface: InterfaceName
    public let address: IPAddress
    public init(interface: InterfaceName, address: IPAddress) {
      self.interface = interface
      self.address = address
    }
  }

  public init(_ facts: NamespaceFacts, node: NodeName) {
    let key = NamespaceKey(node, facts.name)
    self.key = key
    self.facts = facts
    devices = Dictionary(
      facts.links.records.map { ($0.name, Device(key: DeviceKey(key, $0.name), link: $0)) },
      uniquingKeysWith: { a, _ in a })
    addresses = Dictionary(grouping: facts.addresses.records, by: \.interface)
    routing4 = RoutingModel(family: .ipv4, routes: facts.routes4, rules: facts.rules4)
    routing6 = RoutingModel(family: .ipv6, routes: facts.routes6, rules: facts.rules6)
    neighbours = Dictionary(
      facts.neighbours.records.filter { !$0.isProxy }.map {
        (NeighbourKey(interface: $0.interface, address: $0.address), $0)
      }, uniquingKeysWith: { a, _ in a })
    sysctls = SysctlModel(facts.sysctls)
    bridges = Dictionary(
      facts.links.records.filter { $0.kind == "bridge" }.map {
        ($0.name, LinuxBridgeModel($0, in: facts))
      }, uniquingKeysWith: { a, _ in a })
    netfilter = NetfilterModel(facts)
  }

  public func routing(_ family: AddressFamily) -> RoutingModel {
    family == .ipv4 ? routing4 : routing6
  }

  /// What the capture lacks of this namespace that its stack needs to decide about a packet.
  public func stackGap(_ packet: Packet) -> Gap? {
    facts.addresses.gap ?? (packet.isIPv6 ? facts.routes6.gap : facts.routes4.gap)
  }

  public func device(index: Int) -> Device? { devices.values.first { $0.link.index == index } }

  /// How the namespace itself regards an address: by its `local` table, as `inet_addr_type` does.
  public func addressType(_ address: IPAddress) -> RouteType {
    if address.isMulticast { return .multicast }
    if address == .v4(.broadcast) { return .broadcast }
    for route in routing(address.family).routes(in: .local)
    where route.destination.contains(address) {
      return route.type == .anycast ? .local : route.type
    }
    return .unicast
  }
  public func isLocal(_ address: IPAddress) -> Bool { addressType(address) == .local }

  /// The addresses of an interface in a family that take part in communication now.
  public func usableAddresses(_ interface: InterfaceName, _ family: AddressFamily)
    -> [LinkAddress]
  {
    (addresses[interface] ?? []).filter {
      $0.address.address.family == family && !$0.flags.contains("tentative")
        && !$0.flags.contains("dadfailed")
    }
  }

  /// `inet_select_addr` and its IPv6 counterpart: the source that the kernel takes towards a
  /// neighbour when nothing else says which.
  public func selectSource(_ interface: InterfaceName, towards target: IPAddress) -> IPAddress? {
    let candidates = usableAddresses(interface, target.family).filter { $0.scope != "host" }
    if case .v6 = target {
      let wantsLinkLocal = target.isLinkLocal || target.isMulticast
      return candidates.first { $0.address.address.isLinkLocal == wantsLinkLocal }?.address.address
        ?? candidates.first?.address.address
    }
    return candidates.first { $0.address.prefix.contains(target) }?.address.address
      ?? candidates.first?.address.address
      ?? addresses.values.joined().sorted { $0.evidence < $1.evidence }
      .first { $0.address.address.family == target.family && $0.scope == "global" }?
      .address.address
  }

  /// The listening sockets that would take a packet to this address and port.
  public func socket(_ transport: String, _ address: IPAddress, _ port: UInt16)
    -> ListeningSocket?
  {
    facts.sockets.records.first { socket in
      guard socket.transport == transport, socket.port == port else { return false }
      guard let bound = socket.address else { return true }
      return bound == address || (bound.isUnspecified && bound.family == address.family)
    }
  }
}
