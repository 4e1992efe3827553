// What the L3 agent makes of a router in one namespace: routes and routing rules, with the devices
// that they lead through. Source: neutron/agent/l3/{router_info,dvr_local_router,dvr_edge_router,
// dvr_fip_ns}.py.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

/// A route that a namespace should hold.
struct ExpectedRoute {
  let route: Route
  let device: InterfaceName
  /// What it is for, in words.
  let what: String
  let isThere: Bool
  /// One to the same destination in the same table that leads elsewhere.
  let instead: Route?

  func command(in key: NamespaceKey) -> String {
    var text = "\(Shell.inside(key))ip route replace \(routeText)"
    if route.table != .main { text += " table \(route.table)" }
    return text
  }
  /// As `ip route replace` does it.
  func changes(in key: NamespaceKey) -> [FactChange] {
    (instead.map { [.removeRoute(key, $0)] } ?? []) + [.addRoute(key, route)]
  }
  var routeText: String {
    let destination = route.destination.length == 0 ? "default" : "\(route.destination)"
    let via = route.nextHops.first?.gateway.map { " via \($0)" } ?? ""
    return "\(destination)\(via) dev \(Shell.word(device))"
  }
}

/// A routing rule that a namespace should hold.
struct ExpectedRule {
  let rule: RoutingRule
  let text: String
  let what: String
  let isThere: Bool
}

extension Inspection {
  /// A router's part that lives in a namespace.
  struct RouterPart {
    let router: Router
    let place: RouterPlace
    let space: NamespaceModel
    /// It holds the gateway: a router that is not distributed, or the snat part of one that is.
    var holdsGateway: Bool { !router.mode.isDistributed || place.part == .snat }
    var isActive: Bool { place.isActive != false }
  }

  func part(in key: NamespaceKey) -> RouterPart? {
    guard let id = NamespaceRole(key.namespace)?.router, let router = model.router(id),
      let place = router.places.first(where: { $0.key == key }),
      let space = cloud.namespace(key)
    else { return nil }
    return RouterPart(router: router, place: place, space: space)
  }

  /// Routes that the namespace should hold; empty for what is no router's and no standby's.
  func expectedRoutes(in key: NamespaceKey) -> [ExpectedRoute] {
    guard let space = cloud.namespace(key), space.facts.routes4.isKnown else { return [] }
    if case .floating(let network) = NamespaceRole(key.namespace) {
      return floatingRoutes(in: space, network)
    }
    guard let part = part(in: key), part.isActive else { return [] }
    var routes = part.holdsGateway ? gatewayRoutes(part) : distributedRoutes(part)
    routes += extraRoutes(part)
    return routes
  }

  // MARK: building one

  /// `key` names a route that leads `to` through `device`, if the device is there.
  func expected(
    _ destination: IPPrefix, via gateway: IPAddress?, _ device: InterfaceName,
    table: RoutingTableID = .main, _ what: String, in space: NamespaceModel
  ) -> ExpectedRoute? {
    guard space.devices[device] != nil else { return nil }
    // Of several, the kernel takes the one with the lowest metric.
    let taken = space.routing(destination.family).routes(in: table).filter {
      $0.destination == destination && $0.type == .unicast
    }.min { $0.metric < $1.metric }
    func leads(_ route: Route) -> Bool {
      route.nextHops.contains { $0.gateway == gateway && $0.interface == device }
    }
    return ExpectedRoute(
      route: Route(
        table: table, destination: destination,
        nextHops: [NextHop(gateway: gateway, interface: device)],
        scope: gateway == nil ? "link" : "", protocolName: "static", evidence: .none),
      device: device, what: what, isThere: taken.map(leads) ?? false, instead: taken)
  }

  func device(_ prefix: DevicePrefix, _ port: PortID?) -> InterfaceName? {
    port.map { prefix.device(of: $0) }
  }

  /// Gateways of the external subnets that a router's gateway port has addresses on.
  func externalGateways(of router: Router) -> [IPAddress] {
    guard let gateway = router.gateway, let network = gateway.network else { return [] }
    let subnets = model.subnets(of: network)
    return subnets.filter { subnet in
      gateway.addresses.contains { subnet.cidr.contains($0) }
    }.compactMap(\.gateway)
  }

  // MARK: by kind of namespace

  private func gatewayRoutes(_ part: RouterPart) -> [ExpectedRoute] {
    guard let device = device(.gateway, part.router.gateway?.port) else { return [] }
    return externalGateways(of: part.router).filter { $0.family == .ipv4 }.compactMap { gateway in
      expected(
        .everything(.ipv4), via: gateway, device,
        "the default route of router \(part.router.label)", in: part.space)
    }
  }

  private func distributedRoutes(_ part: RouterPart) -> [ExpectedRoute] {
    var routes = centralRoutes(part)
    if let link = floatingLink(of: part) {
      let local = localFloatingIPs(of: part)
      if !local.isEmpty,
        let route = expected(
          .everything(.ipv4), via: link.farAddress, link.near,
          table: RoutingTableID(NeutronPipeline.policyTable),
          "the way of floating IPs out of router \(part.router.label)", in: part.space)
      {
        routes.append(route)
      }
    }
    return routes
  }

  /// Per subnet: `default via sg-address dev qr-… table int(router's address)`.
  private func centralRoutes(_ part: RouterPart) -> [ExpectedRoute] {
    part.router.interfaces.compactMap { interface in
      guard let central = central(of: interface, part.router),
        let own = interface.addresses.first(where: { $0.family == .ipv4 }),
        let device = device(.routerInterface, interface.port)
      else { return nil }
      return expected(
        .everything(.ipv4), via: central, device,
        table: RoutingTableID(UInt32(truncatingIfNeeded: own.bits)),
        "the way of \(title(interface.network)) to central SNAT", in: part.space)
    }
  }

  /// The central SNAT part's address on an interface's subnet.
  func central(of interface: RouterInterface, _ router: Router) -> IPAddress? {
    guard router.gateway != nil else { return nil }
    let subnets = subnetsOf(interface)
    return router.centralInterfaces.first { $0.network == interface.network }?.addresses
      .first { address in
        address.family == .ipv4 && subnets.contains { $0.cidr.contains(address) }
      }
  }

  func subnetsOf(_ interface: RouterInterface) -> [Subnet] {
    interface.network.map { network in
      model.subnets(of: network).filter { subnet in
        interface.addresses.contains { subnet.cidr.contains($0) }
      }
    } ?? []
  }

  private func extraRoutes(_ part: RouterPart) -> [ExpectedRoute] {
    part.router.routes.compactMap { extra in
      guard let device = device(towards: extra.nextHop, part) else { return nil }
      return expected(
        extra.destination, via: extra.nextHop, device,
        "extra route \(extra.destination) via \(extra.nextHop) of router \(part.router.label)",
        in: part.space)
    }
  }

  /// The device on whose subnet an address lies.
  private func device(towards address: IPAddress, _ part: RouterPart) -> InterfaceName? {
    part.space.addresses.sorted { $0.key < $1.key }.first { _, list in
      list.contains { $0.address.prefix.contains(address) && $0.address.prefixLength > 0 }
    }?.key
  }

  // MARK: floating IPs of distributed routers

  /// The veth pair between a router's namespace and its node's fip namespace.
  struct FloatingLink {
    let near: InterfaceName
    let nearAddress: IPAddress
    let far: InterfaceName
    let farAddress: IPAddress
    let space: NamespaceModel
  }

  func floatingLink(of part: RouterPart) -> FloatingLink? {
    guard part.place.part == .router, let node = cloud.nodes[part.place.node] else { return nil }
    let near = part.space.devices.keys.sorted().first {
      DevicePrefix.routerToFloating.isDevice($0, of: part.router.id)
    }
    for (name, space) in node.namespaces.sorted(by: { $0.key < $1.key }) {
      guard case .floating = NamespaceRole(name) else { continue }
      let far = space.devices.keys.sorted().first {
        DevicePrefix.floatingToRouter.isDevice($0, of: part.router.id)
      }
      guard let near, let far,
        let nearAddress = firstIPv4(near, part.space) ?? pairAddress(far, space),
        let farAddress = firstIPv4(far, space) ?? pairAddress(near, part.space)
      else { continue }
      return FloatingLink(
        near: near, nearAddress: nearAddress, far: far, farAddress: farAddress, space: space)
    }
    return nil
  }

  private func firstIPv4(_ device: InterfaceName, _ space: NamespaceModel) -> IPAddress? {
    (space.addresses[device] ?? []).first { $0.address.address.family == .ipv4 }?.address.address
  }

  /// The other address of a /31.
  private func pairAddress(_ device: InterfaceName, _ space: NamespaceModel) -> IPAddress? {
    let own = (space.addresses[device] ?? []).first {
      $0.address.address.family == .ipv4 && $0.address.prefixLength == 31
    }
    return own.map { IPAddress(bits: $0.address.address.bits ^ 1, family: .ipv4) }
  }

  /// Floating IPs of guests that are bound to the part's node.
  func localFloatingIPs(of part: RouterPart) -> [FloatingIP] {
    model.floatingIPs(of: part.router.id).filter { floating in
      guard floating.fixedAddress != nil, floating.origin.contains(.api) else { return false }
      return model.port(floating.port)?.boundNode == part.place.node
    }
  }

  private func floatingRoutes(
    in space: NamespaceModel, _ network: NetworkID
  ) -> [ExpectedRoute] {
    guard let node = cloud.nodes[space.key.node] else { return [] }
    var routes: [ExpectedRoute] = []
    let gateways = model.subnets(of: network).compactMap(\.gateway).filter { $0.family == .ipv4 }
    let agent = space.devices.keys.sorted().first { DevicePrefix($0) == .floatingAgent }
    for name in node.namespaces.keys.sorted() {
      guard let part = part(in: NamespaceKey(space.key.node, name)), part.router.mode.isDistributed,
        part.router.gateway?.network == network, let link = floatingLink(of: part),
        link.space.key == space.key
      else { continue }
      let local = localFloatingIPs(of: part)
      routes += local.compactMap { floating in
        expected(
          IPPrefix(host: floating.address), via: link.nearAddress, link.far,
          "the way to floating IP \(floating.address)", in: space)
      }
      let table = RoutingTableID(UInt32(truncatingIfNeeded: link.farAddress.bits))
      if let agent, !local.isEmpty {
        routes += gateways.compactMap { gateway in
          isOnLink(gateway, agent, space)
            ? expected(
              .everything(.ipv4), via: gateway, agent, table: table,
              "the way of floating IPs to the external gateway", in: space) : nil
        }
      }
    }
    return routes
  }

  private func isOnLink(_ address: IPAddress, _ device: InterfaceName, _ space: NamespaceModel)
    -> Bool
  {
    let own = space.addresses[device] ?? []
    return own.isEmpty || own.contains { $0.address.prefix.contains(address) }
  }
}

extension Inspection {
  /// Routing rules that a distributed router's namespaces should hold.
  func expectedRules(in key: NamespaceKey) -> [ExpectedRule] {
    guard let space = cloud.namespace(key), space.facts.rules4.isKnown else { return [] }
    if case .floating(let network) = NamespaceRole(key.namespace) {
      return floatingRules(in: space, network)
    }
    guard let part = part(in: key), part.isActive, part.router.mode.isDistributed,
      part.place.part == .router
    else { return [] }
    var rules: [ExpectedRule] = []
    for interface in part.router.interfaces {
      guard central(of: interface, part.router) != nil,
        let own = interface.addresses.first(where: { $0.family == .ipv4 }),
        let subnet = subnetsOf(interface).first(where: { $0.cidr.contains(own) })
      else { continue }
      let index = UInt32(truncatingIfNeeded: own.bits)
      rules += [
        rule(
          priority: index, "from \(subnet.cidr)", table: index,
          "the way of \(title(interface.network)) to central SNAT", in: space
        ) { $0.source == subnet.cidr && $0.action == .lookup(RoutingTableID(index)) }
      ].compactMap { $0 }
    }
    guard floatingLink(of: part) != nil else { return rules }
    for (offset, floating) in localFloatingIPs(of: part).enumerated() {
      guard let fixed = floating.fixedAddress else { continue }
      rules += [
        rule(
          priority: UInt32(0x8000 + offset), "from \(fixed)", table: NeutronPipeline.policyTable,
          "the way of floating IP \(floating.address)", in: space
        ) {
          $0.source == IPPrefix(host: fixed)
            && $0.action == .lookup(RoutingTableID(NeutronPipeline.policyTable))
        }
      ].compactMap { $0 }
    }
    return rules
  }

  private func floatingRules(in space: NamespaceModel, _ network: NetworkID) -> [ExpectedRule] {
    guard let node = cloud.nodes[space.key.node] else { return [] }
    return node.namespaces.keys.sorted().compactMap { name in
      guard let part = part(in: NamespaceKey(space.key.node, name)),
        let link = floatingLink(of: part), link.space.key == space.key,
        !localFloatingIPs(of: part).isEmpty
      else { return nil }
      let index = UInt32(truncatingIfNeeded: link.farAddress.bits)
      return rule(
        priority: index, "from all iif \(Shell.word(link.far))", table: index,
        "the way of floating IPs of router \(part.router.label) out", in: space
      ) { $0.inputInterface == link.far && $0.action == .lookup(RoutingTableID(index)) }
    }
  }

  private func rule(
    priority: UInt32, _ selector: String, table: UInt32, _ what: String, in space: NamespaceModel,
    _ isSame: (RoutingRule) -> Bool
  ) -> ExpectedRule? {
    let text = "\(selector) lookup \(table)"
    guard let rule = LineParsing.rule("\(priority): \(text)", .ipv4) else { return nil }
    return ExpectedRule(
      rule: rule,
      text: "\(Shell.inside(space.key))ip rule add \(text) priority \(priority)", what: what,
      isThere: space.facts.rules4.records.contains(where: isSame))
  }
}
