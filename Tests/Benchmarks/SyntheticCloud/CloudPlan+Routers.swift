// Draws routers: where they live and which ports make them. Part of the plan.

extension CloudPlan {
  mutating func addRouter(
    _ wanted: Router.Kind, _ networks: [Ref<Network>], _ tenant: Ref<Tenant>
  ) {
    let servers = networkNodes
    // A pair needs two agents.
    let kind = wanted == .highlyAvailable && servers.count < 2 ? .legacy : wanted
    let router = Ref<Router>(index: cloud.routers.count)
    let id = random.objectID()
    let first = servers[(router.index + 1) % servers.count]
    let gateway = addPort(
      cloud.external, .gateway, node: first, device: id, address4: takeExternalAddress(),
      router: router)
    cloud.routers.append(
      Router(
        id: id, name: "\(cloud.tenants[tenant].name)-router-\(router.index)", tenant: tenant,
        kind: kind, networks: networks, gateway: gateway, agents: [first]))
    for network in networks { addInterfaces(router, network) }
    if kind == .highlyAvailable {
      cloud.routers[router].agents.append(servers[(router.index + 2) % servers.count])
      addPair(router, tenant)
    }
  }

  private mutating func addInterfaces(_ router: Ref<Router>, _ network: Ref<Network>) {
    cloud.networks[network].router = router
    let (id, kind, agent) = (
      cloud.routers[router].id, cloud.routers[router].kind, cloud.routers[router].agents[0]
    )
    let subnet = cloud.networks[network].subnet4
    let owner: Port.Owner =
      switch kind {
      case .legacy: .routerInterface
      case .highlyAvailable: .replicatedInterface
      case .distributed: .distributedInterface
      }
    cloud.routers[router].interfaces.append(
      addPort(
        network, owner, node: kind == .distributed ? nil : agent, device: id,
        address4: subnet.gateway, router: router))
    if kind == .distributed {
      cloud.routers[router].central.append(
        addPort(
          network, .centralSNAT, node: agent, device: id, address4: subnet.base + 3,
          router: router))
    }
    guard let subnet6 = cloud.networks[network].subnet6 else { return }
    let port = addPort(network, owner, node: agent, device: id, address4: nil, router: router)
    cloud.ports[port].address6 = subnet6.gateway
    cloud.routers[router].interfaces6.append(port)
  }

  /// The project's HA network, and a port on it for each of the two.
  private mutating func addPair(_ router: Ref<Router>, _ tenant: Ref<Tenant>) {
    let network = haNetwork(of: tenant)
    cloud.routers[router].haNetwork = network
    let others = cloud.routers.filter { $0.haNetwork == network }.count
    cloud.routers[router].virtualRouterID = others
    for (index, node) in cloud.routers[router].agents.enumerated() {
      let address = cloud.networks[network].subnet4.base + (others * 2 + index + 1)
      cloud.routers[router].haPorts.append(
        addPort(
          network, .haInterface, node: node, device: cloud.routers[router].id, address4: address,
          router: router))
    }
  }

  private mutating func haNetwork(of tenant: Ref<Tenant>) -> Ref<Network> {
    if let known = cloud.routers.first(where: { $0.tenant == tenant && $0.haNetwork != nil }) {
      return known.haNetwork ?? cloud.external
    }
    defer { nextVNI += 1 }
    return cloud.networks.add(
      Network(
        id: random.objectID(), name: "HA network tenant \(cloud.tenants[tenant].project.hexText)",
        tenant: nil, kind: .vxlan, segment: nextVNI,
        subnet4: Subnet4(
          id: random.objectID(), base: IPv4(169, 254, 192, 0), length: 18, gateway: nil)))
  }

  /// An instance is on every node that serves a port of its networks, and on the one with SNAT.
  mutating func placeDistributedRouters() {
    for router in cloud.routers.refs where cloud.routers[router].kind == .distributed {
      var places = Set(cloud.routers[router].agents)
      for network in cloud.routers[router].networks {
        for port in cloud.networks[network].ports {
          let (owner, node) = (cloud.ports[port].owner, cloud.ports[port].node)
          if owner == .guest || owner == .dhcp, let node { places.insert(node) }
        }
      }
      cloud.routers[router].places = places.sorted { $0.index < $1.index }
      for node in cloud.routers[router].places where cloud.agentGateways[node] == nil {
        cloud.agentGateways[node] = addPort(
          cloud.external, .agentGateway, node: node, device: cloud.nodes[node].routingAgent,
          address4: takeExternalAddress())
      }
    }
  }
}

extension ObjectID {
  /// Without dashes, as projects' ids are spelled.
  var hexText: String { String(decoding: undashed.bytes, as: UTF8.self) }
}
