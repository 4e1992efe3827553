// Routers from the API and from the namespaces that run them.
import Facts
import NetworkTypes

extension ModelBuilder {
  mutating func buildRouters() {
    for record in neutron.routers.records { routers[record.id] = router(record) }
    for node in nodes {
      for (name, role) in node.roles {
        guard let id = role.router else { continue }
        if routers[id] == nil {
          routers[id] = Router(id: id, mode: inferredMode(id), origin: .nodes)
        }
        routers[id]?.origin.insert(.nodes)
        let place = place(of: id, role, name, node)
        routers[id]?.places.append(place)
      }
    }
    let own = Dictionary(grouping: ports.values.filter { $0.router != nil }, by: \.router)
    for id in routers.keys { complete(id, (own[id] ?? []).sorted { $0.id < $1.id }) }
  }

  private func router(_ record: NeutronRouter) -> Router {
    let inferred = inferredMode(record.id)
    var router = Router(
      id: record.id,
      mode: RouterMode(
        isDistributed: record.isDistributed ?? inferred.isDistributed,
        isHA: record.isHA ?? inferred.isHA), origin: .api)
    router.name = record.name
    router.project = record.project
    router.isAdminUp = record.isAdminUp
    router.status = record.status
    router.routes = record.routes
    router.evidence = [record.evidence]
    router.scheduledHosts = (neutron.routerAgents[record.id]?.records ?? []).map(\.host).sorted()
    if let gateway = record.gateway {
      router.gateway = RouterGateway(
        network: gateway.network, port: nil, addresses: gateway.fixedIPs.map(\.address),
        isSNATEnabled: gateway.isSNATEnabled, snatAddress: nil)
    }
    return router
  }

  /// VRRP's device makes it HA; an snat namespace or a veth to a fip namespace distributed.
  private func inferredMode(_ id: RouterID) -> RouterMode {
    var isHA = false
    var isDistributed = false
    for node in nodes {
      if node.facts.files.keepalived[id] != nil { isHA = true }
      for (name, role) in node.roles where role.router == id {
        if !node.links(in: name, .highAvailability).isEmpty { isHA = true }
        if case .snat = role { isDistributed = true }
        if !node.links(in: name, .routerToFloating).isEmpty { isDistributed = true }
      }
    }
    return RouterMode(isDistributed: isDistributed, isHA: isHA)
  }

  private func place(
    of id: RouterID, _ role: NamespaceRole, _ name: NamespaceName, _ node: NodeIndex
  ) -> RouterPlace {
    var place = RouterPlace(node: node.name, namespace: name, part: .router)
    if case .snat = role { place.part = .snat }
    let state = node.facts.files.haStates[id]?.records.first
    place.stateFile = state?.value
    let agents = neutron.routerAgents[id]?.records ?? []
    place.reportedState = agents.first { hosts.node($0.host) == node.name }?.haState
    place.evidence = [state?.evidence].compactMap { $0 }
    let mode = routers[id]?.mode ?? .legacy
    // In a DVR+HA router only the snat part fails over; its qrouter routes on every node.
    let failsOver = mode.isHA && (!mode.isDistributed || place.part == .snat)
    place.isActive = failsOver ? isActive(id, place, node) : true
    return place
  }

  /// The addresses that keepalived holds, on this node now; else what its monitor or the API says.
  private func isActive(_ id: RouterID, _ place: RouterPlace, _ node: NodeIndex) -> Bool? {
    let instances = node.facts.files.keepalived[id]?.instances ?? []
    let virtual = instances.flatMap(\.virtualAddresses).map(\.address.address)
    if let held = node.addresses(in: place.namespace) {
      if !virtual.isEmpty { return held.contains { virtual.contains($0.address.address) } }
      let devices: [DevicePrefix] = [.routerInterface, .gateway, .centralSNAT]
      return held.contains { address in
        DevicePrefix(address.interface).map(devices.contains) == true
          && !address.address.address.isLinkLocal
      }
    }
    switch place.stateFile ?? place.reportedState {
    case "primary", "master", "active": return true
    case "backup", "standby", "fault": return false
    default: return nil
    }
  }

  private mutating func complete(_ id: RouterID, _ own: [Port]) {
    guard var router = routers[id] else { return }
    router.places.sort { ($0.node, $0.namespace) < ($1.node, $1.namespace) }
    router.interfaces = own.filter { $0.owner == .routerInterface }.map(interface)
    router.centralInterfaces = own.filter { $0.owner == .centralSNAT }.map(interface)
    let byNetwork: (RouterInterface, RouterInterface) -> Bool = { first, second in
      (first.network ?? "", first.addresses.first?.bits ?? 0)
        < (second.network ?? "", second.addresses.first?.bits ?? 0)
    }
    router.interfaces.sort(by: byNetwork)
    router.centralInterfaces.sort(by: byNetwork)
    let instances = nodes.flatMap { $0.facts.files.keepalived[id]?.instances ?? [] }
    router.vrrpGroups = Set(instances.compactMap(\.virtualRouterID)).sorted()
    completeGateway(of: &router, own.filter { $0.owner == .routerGateway })
    routers[id] = router
  }

  private func interface(_ port: Port) -> RouterInterface {
    RouterInterface(
      port: port.id, network: port.network, addresses: port.addresses, mac: port.mac)
  }

  private func completeGateway(of router: inout Router, _ ports: [Port]) {
    if let port = ports.first {
      var gateway =
        router.gateway
        ?? RouterGateway(network: port.network, port: nil, addresses: port.addresses)
      gateway.port = port.id
      if gateway.addresses.isEmpty { gateway.addresses = port.addresses }
      router.gateway = gateway
    }
    guard var gateway = router.gateway else { return }
    let rule = snatRule(of: router)
    // Absent rules tell only where some were captured.
    let isKnown = router.places.contains { nat[$0.key]?.isKnown == true }
    if gateway.isSNATEnabled == nil, isKnown { gateway.isSNATEnabled = rule != nil }
    let intended = gateway.addresses.first { $0.family == .ipv4 }
    gateway.snatAddress =
      rule?.address ?? (gateway.isSNATEnabled == true && !isKnown ? intended : nil)
    router.gateway = gateway
  }

  /// `-o qg-… -j SNAT` in the namespace that holds the gateway.
  private func snatRule(of router: Router) -> SourceNATRule? {
    let places = router.places.filter { $0.isActive != false } + router.places
    for place in places {
      let rule = nat[place.key]?.sources.first { rule in
        rule.source == nil && rule.outInterface.map { DevicePrefix($0) == .gateway } == true
      }
      if let rule { return rule }
    }
    return nil
  }
}

extension RouterGateway {
  init(network: NetworkID?, port: PortID?, addresses: [IPAddress]) {
    self.init(
      network: network, port: port, addresses: addresses, isSNATEnabled: nil, snatAddress: nil)
  }
}
