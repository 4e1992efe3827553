// Distributed routing on each node: the way to the central SNAT, and the neighbours that nobody resolves.
// Source: neutron/agent/l3/dvr_local_router.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareDistributedRouting() {
    for router in lookups.wantedRouters where router.mode.isDistributed {
      for place in router.places where place.part == .router {
        compareCentralRules(of: router, at: place)
        compareNeighbours(of: router, at: place)
      }
    }
  }

  /// `from GATEWAY/LEN lookup N`, and the default route of table N to the subnet's `sg-` port.
  private mutating func compareCentralRules(of router: Router, at place: RouterPlace) {
    guard router.gateway != nil, let facts = namespace(place.key) else { return }
    guard
      let rules = known(
        facts.rules4, .centralSNATRule, place.node, "rules of \(place.namespace)"),
      let routes = known(
        facts.routes4, .centralSNATRule, place.node, "routes of \(place.namespace)")
    else { return }
    for interface in router.interfaces {
      guard let port = model.port(interface.port) else { continue }
      let device = DevicePrefix.routerInterface.device(of: interface.port)
      guard facts.links.records.contains(where: { $0.name == device }) else { continue }
      for fixed in port.fixedIPs where fixed.address.family == .ipv4 {
        guard let subnet = model.subnet(fixed.subnet),
          let central = centralAddress(router, subnet), !sharesScope(subnet, router)
        else { continue }
        let own = rules.filter { $0.source == subnet.cidr && $0.destination == nil }
        let tables = own.compactMap { rule in
          if case .lookup(let table) = rule.action { table } else { nil }
        }
        let defaults = routes.filter {
          tables.contains($0.table) && $0.destination.length == 0
        }
        let leads = defaults.contains { route in
          route.nextHops.contains { $0.gateway == central }
        }
        if leads { continue }
        find(
          .centralSNATRule, own.isEmpty || defaults.isEmpty ? .missing : .different, .high,
          object(router), on: place.node, at: "\(place.namespace) \(subnet.cidr)",
          wanted: DriftSide(
            "from \(subnet.cidr) by \(central) dev \(device)", port.evidence),
          found: DriftSide(
            own.isEmpty ? "no rule" : list(defaults.flatMap(\.nextHops).map(describe)),
            own.map(\.evidence) + defaults.map(\.evidence)))
      }
    }
  }

  /// In one address scope with the outside, a subnet needs no translation and leaves directly.
  private func sharesScope(_ subnet: Subnet, _ router: Router) -> Bool {
    func scope(_ id: NetworkID?) -> String? {
      id.flatMap { lookups.networkRecords[$0] }?.ipv4AddressScope
    }
    guard let inner = scope(subnet.network) else { return false }
    return inner == scope(router.gateway?.network)
  }

  private func centralAddress(_ router: Router, _ subnet: Subnet) -> IPAddress? {
    for interface in router.centralInterfaces {
      for fixed in model.port(interface.port)?.fixedIPs ?? [] where fixed.subnet == subnet.id {
        return fixed.address
      }
    }
    return nil
  }

  /// Every port's address on a connected network is a permanent neighbour: ARP for it would have to
  /// cross nodes, and the switch keeps a gateway's ARP at home.
  private mutating func compareNeighbours(of router: Router, at place: RouterPlace) {
    guard let facts = namespace(place.key),
      let neighbours = known(
        facts.neighbours, .dvrNeighbour, place.node, "neighbours of \(place.namespace)")
    else { return }
    for interface in router.interfaces {
      guard let network = interface.network else { continue }
      let device = DevicePrefix.routerInterface.device(of: interface.port)
      guard facts.links.records.contains(where: { $0.name == device }) else { continue }
      let subnets = Set(model.port(interface.port)?.fixedIPs.compactMap(\.subnet) ?? [])
      let own = neighbours.filter { $0.interface == device }
      let byAddress = Dictionary(grouping: own, by: \.address)
      for port in portsByNetwork[network] ?? []
      where port.owner != .routerInterface && port.owner != .floatingIP {
        guard port.origin.contains(.api), port.boundHost != nil || port.isDistributed else {
          continue
        }
        for fixed in port.fixedIPs where fixed.subnet.map(subnets.contains) == true {
          compareNeighbour(
            fixed.address, port, byAddress[fixed.address] ?? [], device, router, place)
        }
      }
      compareStrayNeighbours(own, network, device, router, place)
    }
  }

  /// `own` are the neighbours with the address.
  private mutating func compareNeighbour(
    _ address: IPAddress, _ port: Port, _ own: [Neighbour], _ device: InterfaceName,
    _ router: Router, _ place: RouterPlace
  ) {
    guard let mac = port.mac else { return }
    let entry = own.first { $0.states.contains("PERMANENT") }
    let macs = port.macs(for: address)
    if let entry, entry.mac.map(macs.contains) == true { return }
    let learned = own.first
    find(
      .dvrNeighbour, entry == nil ? .missing : .different, .high, object(port), on: place.node,
      at: "\(place.namespace) \(device)",
      wanted: DriftSide("\(address) is at \(mac) (permanent)", port.evidence),
      found: DriftSide(
        (entry ?? learned).map { neighbour in
          "\(neighbour.mac?.description ?? "nowhere") (\(list(neighbour.states)))"
        } ?? "none", [(entry ?? learned)?.evidence].compactMap { $0 }))
  }

  private mutating func compareStrayNeighbours(
    _ own: [Neighbour], _ network: NetworkID, _ device: InterfaceName, _ router: Router,
    _ place: RouterPlace
  ) {
    for entry in own where entry.states.contains("PERMANENT") && !entry.isProxy {
      let isMulticast = entry.address.isMulticast
      guard !isMulticast,
        lookups.residents[network]?.ports(answeringFor: entry.address).isEmpty != false
      else {
        continue
      }
      find(
        .dvrNeighbour, .extra, .low, object(router), on: place.node,
        at: "\(place.namespace) \(device)",
        wanted: DriftSide("no port of the network has \(entry.address)"),
        found: DriftSide(
          "\(entry.address) is at \(entry.mac?.description ?? "?")", [entry.evidence]))
    }
  }
}
