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

  /// The source that the kernel takes towards a neighbour when nothing else says which.
  public func selectSource(_ interface: InterfaceName, towards target: IPAddress) -> IPAddress? {
    target.family == .ipv4
      ? selectSource4(interface, towards: target, scope: 253)
      : selectSource6(interface, towards: target)
  }

  /// The source of what is sent along a route by a process that has chosen none.
  public func source(_ route: Route, _ hop: NextHop, towards target: IPAddress) -> IPAddress? {
    if let preferred = route.preferredSource { return preferred }
    if route.type == .local { return target }
    guard let interface = hop.interface else { return nil }
    return target.family == .ipv4
      ? selectSource4(interface, towards: hop.gateway, scope: Self.scope(route.scope))
      : selectSource6(interface, towards: target)
  }

  /// `RT_SCOPE_*`: the higher, the nearer.
  private static func scope(_ name: String) -> Int {
    ["host": 254, "link": 253, "site": 200, "nowhere": 255][name] ?? Int(name) ?? 0
  }

  /// `inet_select_addr`: a primary address of the device that is good for `scope`, in the target's
  /// subnet if one is; else one of another device, `lo` first.
  private func selectSource4(
    _ interface: InterfaceName, towards target: IPAddress?, scope: Int
  ) -> IPAddress? {
    func primaries(_ interface: InterfaceName) -> [LinkAddress] {
      (addresses[interface] ?? []).filter {
        $0.address.address.family == .ipv4 && !$0.flags.contains("secondary")
      }
    }
    let nearest = sysctls.routeLocalnet(interface) == true ? 253 : 254
    let candidates = primaries(interface).filter { min(Self.scope($0.scope), nearest) <= scope }
    let near = candidates.first { address in
      target.map { address.address.prefix.contains($0) } ?? true
    }
    if let found = near ?? candidates.first { return found.address.address }
    return devices.values.sorted { $0.link.index < $1.link.index }.lazy
      .flatMap { primaries($0.key.interface) }
      .first { $0.scope != "link" && Self.scope($0.scope) <= scope }?.address.address
  }

  /// RFC 6724 as far as captures tell: scope, the outgoing device, the longest common prefix.
  private func selectSource6(
    _ interface: InterfaceName, towards target: IPAddress
  ) -> IPAddress? {
    let own = usableAddresses(interface, .ipv6).filter { $0.scope != "host" }
    let isNear = target.isLinkLocal || target.isMulticast
    let others = isNear ? [] : devices.keys.sorted().flatMap { usableAddresses($0, .ipv6) }
    func best(_ addresses: [LinkAddress]) -> LinkAddress? {
      let fitting = addresses.filter {
        $0.address.address.isLinkLocal == isNear && $0.scope != "host"
      }
      func rank(_ address: LinkAddress) -> (Int, Int) {
        let common = (address.address.address.bits ^ target.bits).leadingZeroBitCount
        return (
          address.flags.contains("deprecated") ? 0 : 1, min(common, address.address.prefixLength)
        )
      }
      // The first of equals.
      return fitting.reduce(nil) { best, next in
        best.map { rank(next) > rank($0) ? next : $0 } ?? next
      }
    }
    return (best(own) ?? best(others) ?? own.first)?.address.address
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
