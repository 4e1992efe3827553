// Who may reach whom at all: networks, routers, floating IPs and port forwardings of Neutron's API.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

public final class NeutronIntent {
  public let cloud: DataPlaneModel
  public let space: PacketSpace
  let neutron: NeutronFacts
  private let ports: [PortID: NeutronPort]
  private let builder: PortPolicyBuilder
  private var policies: [PortID: PortPolicy] = [:]
  private struct PublicSide: Hashable {
    let network: NetworkID
    let outsides: Set<NetworkID>
  }
  private var publicSides: [PublicSide: PacketSet] = [:]
  /// Internal networks of each router, and routers of each network.
  private var inside: [String: Set<NetworkID>] = [:]
  private var routersByNetwork: [NetworkID: [NeutronRouter]] = [:]
  /// Addresses of routers' interfaces on each network.
  private var routerInterfaces: [NetworkID: Set<IPAddress>] = [:]
  private var portsByNetwork: [NetworkID: [NeutronPort]] = [:]
  /// Floating IPs that lead to a port, themselves or by one of their forwarded ports.
  private var floatingByPort: [PortID: [NeutronFloatingIP]] = [:]
  private let hostRouted: Set<NetworkID>
  // What was asked already.
  private var routed: [NetworkID: Set<NetworkID>] = [:]
  private var outsides: [NetworkID: Set<NetworkID>] = [:]
  private var taken: [Set<NetworkID>: PacketSet] = [:]

  /// Why nothing can be said about intent; nil where Neutron's API was captured.
  public var gap: Gap? {
    neutron.ports.gap ?? neutron.networks.gap ?? neutron.routers.gap
      ?? (neutron.securityGroupRules.isKnown || neutron.securityGroups.isKnown
        ? nil : neutron.securityGroupRules.gap)
  }

  public init(_ cloud: DataPlaneModel, space: PacketSpace) {
    self.cloud = cloud
    self.space = space
    neutron = cloud.facts.neutron
    ports = Dictionary(
      neutron.ports.records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    builder = PortPolicyBuilder(
      space: space, neutron: neutron, rules: SecurityRules(neutron, space: space))
    hostRouted = Set(neutron.subnets.records.filter { !$0.hostRoutes.isEmpty }.map(\.network))
    var byAddress: [IPAddress: [PortID]] = [:]
    for port in neutron.ports.records {
      portsByNetwork[port.network, default: []].append(port)
      for fixed in port.fixedIPs { byAddress[fixed.address, default: []].append(port.id) }
      if Self.isInside(port) { inside[port.deviceID, default: []].insert(port.network) }
      if port.deviceOwner.hasPrefix("network:"), port.deviceOwner.contains("router") {
        routerInterfaces[port.network, default: []].formUnion(port.fixedIPs.map(\.address))
      }
    }
    for router in neutron.routers.records {
      for network in inside[router.id.rawValue] ?? [] {
        routersByNetwork[network, default: []].append(router)
      }
    }
    for floating in neutron.floatingIPs.records {
      var takers = Set([floating.port].compactMap { $0 })
      for rule in forwardings(of: floating) {
        if let port = rule.internalPort {
          takers.insert(port)
        } else if let address = rule.internalAddress {
          takers.formUnion(byAddress[address] ?? [])
        }
      }
      for taker in takers { floatingByPort[taker, default: []].append(floating) }
    }
  }

  /// Floating IPs that lead to a port, themselves or by one of their forwarded ports.
  public func floatingIPs(of port: PortID) -> [NeutronFloatingIP] { floatingByPort[port] ?? [] }

  private static func isInside(_ port: NeutronPort) -> Bool {
    port.deviceOwner.hasPrefix("network:")
      && (port.deviceOwner.contains("router_interface")
        || port.deviceOwner == "network:ha_router_replicated_interface")
  }

  public func port(of guest: Int) -> NeutronPort? { ports[cloud.guests[guest].port] }
  public func project(of guest: Int) -> ProjectID? { port(of: guest)?.project }
  public func port(_ id: PortID) -> NeutronPort? { ports[id] }

  /// Nil where Neutron does not know the port.
  public func policy(of guest: Int) -> PortPolicy? {
    guard let port = port(of: guest) else { return nil }
    if let known = policies[port.id] { return known }
    let made = builder.policy(port)
    policies[port.id] = made
    return made
  }

  // MARK: Routers

  private func routers(on network: NetworkID) -> [NeutronRouter] {
    routersByNetwork[network] ?? []
  }

  /// Networks that a network's routers lead to inside, itself included. Routers' static routes may
  /// lead on to networks of the next router.
  public func routedNetworks(from network: NetworkID) -> Set<NetworkID> {
    if let known = routed[network] { return known }
    var found: Set<NetworkID> = [network]
    var open = [network]
    while let next = open.popLast() {
      for router in routers(on: next)
      where next == network || !router.routes.isEmpty || hostRouted.contains(network) {
        for other in inside[router.id.rawValue] ?? [] where found.insert(other).inserted {
          open.append(other)
        }
      }
    }
    routed[network] = found
    return found
  }

  /// External networks that a network's routers have a gateway on.
  public func externalNetworks(from network: NetworkID) -> Set<NetworkID> {
    if let known = outsides[network] { return known }
    let found = Set(
      routedNetworks(from: network).flatMap { routers(on: $0) }.flatMap {
        ([$0.gateway] + $0.furtherGateways).compactMap { $0?.network }
      })
    outsides[network] = found
    return found
  }

  public func isRouter(_ router: String, of network: NetworkID) -> Bool {
    inside[router]?.contains { routedNetworks(from: network).contains($0) } ?? false
  }

  // MARK: The outside

  /// Sources with which a port's packets may leave to an external network, as they look there.
  public func externalSources(of port: NeutronPort, on external: NetworkID) -> PacketSet {
    var set = PacketSet.empty
    if port.network == external { set = own(port) }
    for router in routers(on: port.network) {
      for gateway in [router.gateway] + router.furtherGateways {
        guard let gateway, gateway.network == external else { continue }
        if gateway.isSNATEnabled ?? true {
          set = space.or(
            set, space.union(gateway.fixedIPs.map { space.address(.source, $0.address) }))
        } else {
          set = space.or(set, own(port))
        }
        // IPv6 is routed as it is.
        set = space.or(set, space.and(own(port), space.family(.ipv6)))
      }
    }
    for floating in floatingIPs(of: port.id)
    where floating.port == port.id && floating.floatingNetwork == external {
      set = space.or(set, space.address(.source, floating.address))
    }
    return set
  }

  private func own(_ port: NeutronPort) -> PacketSet {
    space.union(
      (port.fixedIPs.map { IPPrefix(host: $0.address) } + port.allowedAddressPairs.map(\.prefix))
        .map { space.prefix(.source, $0) })
  }

  /// Packets to a floating IP or a forwarded port that lead to this port.
  public func publicAddresses(of port: NeutronPort, on networks: Set<NetworkID>?) -> PacketSet {
    var set = PacketSet.empty
    for floating in floatingIPs(of: port.id)
    where networks?.contains(floating.floatingNetwork) ?? true {
      if floating.port == port.id {
        set = space.or(set, space.address(.destination, floating.address))
      }
      for forwarding in forwardings(of: floating) where leads(forwarding, to: port) {
        var part = space.address(.destination, floating.address)
        if let ports = forwarding.externalPorts {
          part = space.and(part, space.ports(.destinationPort, ports))
        }
        set = space.or(set, part)
      }
    }
    return set
  }

  /// The same that lead to any port of a network.
  func publicAddresses(of network: NetworkID, on networks: Set<NetworkID>) -> PacketSet {
    let key = PublicSide(network: network, outsides: networks)
    if let known = publicSides[key] { return known }
    let ports = (portsByNetwork[network] ?? []).filter { floatingByPort[$0.id] != nil }
    let set = space.union(ports.map { publicAddresses(of: $0, on: networks) })
    publicSides[key] = set
    return set
  }

  public func leads(_ forwarding: NeutronPortForwarding, to port: NeutronPort) -> Bool {
    if let id = forwarding.internalPort { return id == port.id }
    return forwarding.internalAddress.map { address in
      port.fixedIPs.contains { $0.address == address }
    } ?? false
  }

  /// Addresses of an external network that are routers' own or floating.
  public func routerAddresses(on networks: Set<NetworkID>) -> PacketSet {
    if let known = taken[networks] { return known }
    let gateways = neutron.routers.records.flatMap { [$0.gateway] + $0.furtherGateways }
      .compactMap { $0 }.filter { networks.contains($0.network) }
      .flatMap { $0.fixedIPs.map(\.address) }
    let floating = neutron.floatingIPs.records.filter { networks.contains($0.floatingNetwork) }
      .map(\.address)
    let agents = neutron.ports.records
      .filter { $0.deviceOwner.hasPrefix("network:") && networks.contains($0.network) }
      .flatMap { $0.fixedIPs.map(\.address) }
    let set = space.union(
      Set(gateways + floating + agents).sorted().map { space.address(.destination, $0) })
    taken[networks] = set
    return set
  }
}

extension NeutronIntent {
  /// Addresses of `externalSources`, single ones.
  public func sourceAddresses(of port: NeutronPort, on external: NetworkID) -> Set<IPAddress> {
    let set = space.and(externalSources(of: port, on: external), space.family(.ipv4))
    return Set(
      space.values(of: .source, in: set).filter { $0.lowerBound == $0.upperBound }
        .map { IPAddress(bits: $0.lowerBound, family: .ipv4) })
  }
  public func forwardings(of floating: NeutronFloatingIP) -> [NeutronPortForwarding] {
    let own = neutron.portForwardings[floating.id]?.records ?? []
    return own.isEmpty ? floating.portForwardings : own
  }
  /// Whether a router's interface has the address on the network.
  public func isRouterAddress(_ address: IPAddress, on network: NetworkID) -> Bool {
    routerInterfaces[network]?.contains(address) ?? false
  }
}

extension PortPolicy {
  /// What each rule of its groups lets in.
  public var sampleSets: [PacketSet] { ingressRules.map(\.1) }
}
