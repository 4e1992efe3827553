// Routers: namespaces where they are scheduled, the devices and addresses of their ports, default and
// static routes. Source: neutron/agent/l3/{router_info,dvr_edge_router,ha_router}.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareRouters() {
    for router in lookups.wantedRouters {
      compareNamespaces(of: router)
      for place in router.places {
        compareDevices(of: router, at: place)
        if place.isActive == true {
          compareAddresses(of: router, at: place)
          compareDefaultRoutes(of: router, at: place)
          compareStaticRoutes(of: router, at: place)
        }
        compareForwarding(router, at: place)
      }
    }
  }

  func namespace(_ key: NamespaceKey) -> NamespaceFacts? {
    node(key.node)?.index.namespace(key.namespace)
  }
  /// Whether it is known which namespaces a node has.
  private func hasNamespaces(_ name: NodeName) -> Bool {
    guard let facts = node(name)?.facts else { return false }
    return facts.namespaceListings.isKnown || facts.namespaces.keys.contains { $0 != .root }
  }

  private mutating func compareNamespaces(of router: Router) {
    guard let agents = neutron.routerAgents[router.id], agents.isKnown else {
      return unknown(
        .routerNamespace, nil, "agents of router \(router.label): not captured")
    }
    // A router without interfaces and gateway may have no namespace yet.
    guard !router.interfaces.isEmpty || router.gateway != nil else { return }
    let part: RouterPlace.Part = router.mode.isDistributed ? .snat : .router
    if part == .snat, router.gateway == nil { return }
    let scheduled = agents.records.map { (hosts.node($0.host), $0) }
    for (name, agent) in scheduled {
      guard let name, node(name) != nil else {
        unknown(.routerNamespace, nil, "host \(agent.host) was not captured")
        continue
      }
      if router.places.contains(where: { $0.node == name && $0.part == part }) { continue }
      guard hasNamespaces(name) else {
        unknown(.routerNamespace, name, "namespaces: not captured")
        continue
      }
      find(
        .routerNamespace, .missing, .high, object(router), on: name,
        at: "\(part.rawValue)-\(router.id)",
        wanted: DriftSide("scheduled on \(agent.host)", [agent.evidence]), found: .none)
    }
    let names = Set(scheduled.compactMap(\.0))
    guard !names.isEmpty else { return }
    for place in router.places where place.part == part && !names.contains(place.node) {
      let there = router.places.contains { $0.part == part && names.contains($0.node) }
      find(
        .routerNamespace, there ? .twice : .wrongNode, .high, object(router), on: place.node,
        at: place.namespace.rawValue,
        wanted: DriftSide("on \(list(names))", scheduled.map(\.1.evidence)),
        found: DriftSide("on \(place.node)", place.evidence))
    }
    compareDistributedPlaces(of: router)
  }

  /// A distributed router is on every node with a guest of its networks.
  private mutating func compareDistributedPlaces(of router: Router) {
    guard router.mode.isDistributed else { return }
    let networks: Set<NetworkID> = Set(router.interfaces.compactMap(\.network))
    for node in nodes {
      let mode = model.node(node.name)?.l3Mode
      guard mode?.hasPrefix("dvr") == true, hasNamespaces(node.name) else { continue }
      let guest = guest(of: networks, on: node.name)
      guard let guest,
        !router.places.contains(where: { $0.node == node.name && $0.part == .router })
      else { continue }
      find(
        .routerNamespace, .missing, .high, object(router), on: node.name,
        at: "qrouter-\(router.id)",
        wanted: DriftSide("routes for \(model.title(of: guest))", guest.evidence), found: .none)
    }
  }

  private func guest(of networks: Set<NetworkID>, on node: NodeName) -> Port? {
    for network in networks.sorted() {
      for port in portsByNetwork[network] ?? [] where port.owner == .server {
        if port.boundNode == node, port.status == "ACTIVE" { return port }
      }
    }
    return nil
  }

  /// Ports whose devices belong into a place.
  func expectedPorts(of router: Router, at place: RouterPlace) -> [(DevicePrefix, PortID)] {
    var found: [(DevicePrefix, PortID)] = []
    let gateway = router.gateway?.port.map { (DevicePrefix.gateway, $0) }
    if place.part == .snat {
      found += router.centralInterfaces.map { (.centralSNAT, $0.port) }
      if let gateway { found.append(gateway) }
    } else {
      found += router.interfaces.map { (.routerInterface, $0.port) }
      if let gateway, !router.mode.isDistributed { found.append(gateway) }
    }
    return found
  }

  private mutating func compareDevices(of router: Router, at place: RouterPlace) {
    guard
      let links = known(
        namespace(place.key)?.links, .routerInterface, place.node,
        "devices of \(place.namespace)")
    else { return }
    let expected = expectedPorts(of: router, at: place)
    let names = expected.map { $0.0.device(of: $0.1) }
    for (name, (_, id)) in zip(names, expected) where !links.contains(where: { $0.name == name }) {
      guard let port = model.port(id), port.isAdminUp != false, port.status != "DOWN" else {
        continue
      }
      find(
        .routerInterface, .missing, .high, object(router), on: place.node,
        at: "\(place.namespace) \(name)",
        wanted: DriftSide(
          "\(name) with \(list(port.addresses)) of network "
            + (model.network(port.network)?.label ?? "?"), port.evidence),
        found: .none)
    }
    let prefixes: Set<DevicePrefix> = [.routerInterface, .gateway, .centralSNAT]
    for link in links where DevicePrefix(link.name).map(prefixes.contains) == true {
      guard !names.contains(link.name) else { continue }
      findDevice(link, of: router, at: place)
    }
    compareLinkState(links, names, router, place)
  }

  private mutating func findDevice(_ link: Link, of router: Router, at place: RouterPlace) {
    guard let node = node(place.node) else { return }
    let addresses = node.index.globalAddresses(of: DeviceKey(place.key, link.name))
    let attachment = node.index.attachments.first { $0.interface.name == link.name }
    let vlan = attachment?.port?.tag.map { ", \(describe($0, on: place.node))" } ?? ""
    find(
      .routerInterface, .extra, .critical, object(router), on: place.node,
      at: "\(place.namespace) \(link.name)",
      wanted: DriftSide("interfaces of Neutron's ports only", router.evidence),
      found: DriftSide(
        "\(link.name) with \(list(addresses))\(vlan)",
        [link.evidence, attachment?.interface.evidence].compactMap { $0 }))
  }

  /// Beside ports' own devices: a fip namespace's veth is compared with its floating IPs.
  private mutating func compareLinkState(
    _ links: [Link], _ names: [InterfaceName], _ router: Router, _ place: RouterPlace
  ) {
    guard place.isActive == true else { return }
    for link in links where names.contains(link.name) && !link.isUp {
      find(
        .routerInterface, .different, .high, object(router), on: place.node,
        at: "\(place.namespace) \(link.name)", wanted: DriftSide("up", router.evidence),
        found: DriftSide("down", [link.evidence]))
    }
  }

  private mutating func compareAddresses(of router: Router, at place: RouterPlace) {
    guard
      let held = known(
        namespace(place.key)?.addresses, .routerAddress, place.node,
        "addresses of \(place.namespace)")
    else { return }
    for (prefix, id) in expectedPorts(of: router, at: place) {
      guard let port = model.port(id) else { continue }
      let name = prefix.device(of: id)
      guard namespace(place.key)?.links.records.contains(where: { $0.name == name }) == true
      else { continue }
      let own = held.filter {
        $0.interface == name && !($0.address.address.isLinkLocal)
      }
      for fixed in port.fixedIPs where !own.contains(where: { $0.address.address == fixed.address })
      {
        find(
          .routerAddress, .missing, .high, object(router), on: place.node,
          at: "\(place.namespace) \(name)",
          wanted: DriftSide("\(fixed.address)", port.evidence),
          found: DriftSide(list(own.map(\.address)), own.map(\.evidence)))
      }
      for address in own where !port.addresses.contains(address.address.address) {
        // Floating IPs have a comparison of their own.
        let isHost = address.address.prefixLength == address.address.address.family.width
        if prefix == .gateway,
          isHost || lookups.floatingRecordsByAddress[address.address.address] != nil
        {
          continue
        }
        // Made of router advertisements.
        if address.flags.contains("dynamic") || address.flags.contains("mngtmpaddr") { continue }
        find(
          .routerAddress, .extra, .high, object(router), on: place.node,
          at: "\(place.namespace) \(name)",
          wanted: DriftSide(list(port.addresses), port.evidence),
          found: DriftSide("\(address.address)", [address.evidence]))
      }
    }
  }

  /// The place that holds the gateway.
  func holdsGateway(_ router: Router, _ place: RouterPlace) -> Bool {
    router.gateway != nil && (router.mode.isDistributed ? place.part == .snat : true)
  }

  private mutating func compareDefaultRoutes(of router: Router, at place: RouterPlace) {
    guard holdsGateway(router, place), let id = router.gateway?.port, let port = model.port(id)
    else { return }
    let device = DevicePrefix.gateway.device(of: id)
    for fixed in port.fixedIPs {
      guard let subnet = model.subnet(fixed.subnet),
        let gateway = subnet.gateway
      else { continue }
      let family = fixed.address.family
      let facts = namespace(place.key)
      guard
        let routes = known(
          family == .ipv4 ? facts?.routes4 : facts?.routes6, .routerDefaultRoute, place.node,
          "routes of \(place.namespace)")
      else { continue }
      let defaults = routes.filter {
        $0.table == .main && $0.destination.length == 0 && $0.destination.family == family
      }
      let has = defaults.contains { route in
        route.nextHops.contains { $0.gateway == gateway && $0.interface == device }
      }
      if has { continue }
      find(
        .routerDefaultRoute, defaults.isEmpty ? .missing : .different, .high, object(router),
        on: place.node, at: place.namespace.rawValue,
        wanted: DriftSide("default via \(gateway) dev \(device)", subnet.evidence),
        found: DriftSide(
          list(defaults.flatMap(\.nextHops).map(describe)), defaults.map(\.evidence)))
    }
  }

  func describe(_ hop: NextHop) -> String {
    ["default", hop.gateway.map { "via \($0)" }, hop.interface.map { "dev \($0)" }]
      .compactMap { $0 }.joined(separator: " ")
  }

  private mutating func compareStaticRoutes(of router: Router, at place: RouterPlace) {
    let facts = namespace(place.key)
    for family in AddressFamily.allCases {
      let section = family == .ipv4 ? facts?.routes4 : facts?.routes6
      guard
        let routes = known(
          section, .routerExtraRoute, place.node, "routes of \(place.namespace)")
      else { continue }
      let statics = routes.filter {
        $0.table == .main && $0.destination.length > 0 && $0.type == .unicast
          && $0.nextHops.contains { $0.gateway != nil }
      }
      let wanted = router.routes.filter { $0.destination.family == family }
      compareWantedRoutes(wanted, statics, routes, router, place)
      for route in statics where !wanted.contains(where: { route.isSame(as: $0) }) {
        // The way back to floating IPs, and what router advertisements bring.
        guard route.protocolName == "static" || route.protocolName == "boot" else { continue }
        find(
          .routerExtraRoute, .extra, .medium, object(router), on: place.node,
          at: place.namespace.rawValue,
          wanted: DriftSide(
            list(wanted.map { "\($0.destination) via \($0.nextHop)" }), router.evidence),
          found: DriftSide(
            "\(route.destination) via \(list(route.nextHops.compactMap(\.gateway)))",
            [route.evidence]))
      }
    }
  }

  private mutating func compareWantedRoutes(
    _ wanted: [HostRoute], _ statics: [Route], _ routes: [Route], _ router: Router,
    _ place: RouterPlace
  ) {
    let connected = routes.filter { route in
      route.table == .main && route.nextHops.contains { $0.gateway == nil }
        && route.destination.length > 0
    }
    for route in wanted {
      // Of a distributed router, only where the next hop is on a network of the namespace.
      guard connected.contains(where: { $0.destination.contains(route.nextHop) }),
        !statics.contains(where: { $0.isSame(as: route) })
      else { continue }
      let others = statics.filter { $0.destination == route.destination }
      find(
        .routerExtraRoute, others.isEmpty ? .missing : .different, .high, object(router),
        on: place.node, at: place.namespace.rawValue,
        wanted: DriftSide("\(route.destination) via \(route.nextHop)", router.evidence),
        found: DriftSide(
          list(others.flatMap(\.nextHops).compactMap(\.gateway)), others.map(\.evidence)))
    }
  }
}

extension Route {
  fileprivate func isSame(as wanted: HostRoute) -> Bool {
    destination == wanted.destination && nextHops.contains { $0.gateway == wanted.nextHop }
  }
}

// Kernel settings that Neutron makes in routers' namespaces.
extension DriftBuilder {
  private mutating func compareForwarding(_ router: Router, at place: RouterPlace) {
    guard
      let sysctls = known(
        namespace(place.key)?.sysctls, .ipForwarding, place.node, "sysctls of \(place.namespace)")
    else { return }
    if let forward = sysctls.first(where: { $0.name == "net.ipv4.ip_forward" }),
      forward.value == "0"
    {
      find(
        .ipForwarding, .different, .high, object(router), on: place.node,
        at: place.namespace.rawValue, wanted: DriftSide("net.ipv4.ip_forward = 1"),
        found: DriftSide("net.ipv4.ip_forward = 0", [forward.evidence]))
    }
    compareReversePath(sysctls, object(router), place.key)
  }

  /// Neutron never sets the filter: a namespace is made with its node's default. One that is stricter
  /// was changed by somebody. The kernel takes the stricter of `all` and the device.
  mutating func compareReversePath(
    _ sysctls: [Sysctl], _ object: DriftObject, _ key: NamespaceKey
  ) {
    func filter(_ device: String, _ sysctls: [Sysctl]) -> Sysctl? {
      sysctls.first { $0.name == "net.ipv4.conf.\(device).rp_filter" }
    }
    let root = node(key.node)?.facts.namespaces[.root]?.sysctls.records ?? []
    guard let usual = filter("default", root) ?? filter("default", sysctls), usual.value != "1"
    else { return }
    let all = filter("all", sysctls)
    let strict = sysctls.filter { sysctl in
      sysctl.name.hasSuffix(".rp_filter") && sysctl.name.hasPrefix("net.ipv4.conf.")
        && ![filter("default", sysctls), all].contains(sysctl)
        && (sysctl.value == "1" || sysctl.value == "0" && all?.value == "1")
    }
    guard !strict.isEmpty else { return }
    let devices = strict.map {
      String($0.name.dropFirst("net.ipv4.conf.".count).dropLast(".rp_filter".count))
    }
    find(
      .reversePath, .different, .medium, object, on: key.node, at: key.namespace.rawValue,
      wanted: DriftSide("rp_filter = \(usual.value) as its node's default", [usual.evidence]),
      found: DriftSide(
        "rp_filter = 1 (strict) on \(list(devices.filter { $0 != "lo" }))",
        strict.map(\.evidence)))
  }
}
