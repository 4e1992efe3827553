// Floating IPs and port forwardings: from the API and from NAT rules, and the namespaces that serve
// them. Source: neutron/agent/l3/{router_info,dvr_local_router,dvr_edge_router}.py.
import Facts
import NetworkTypes

extension ModelBuilder {
  mutating func buildFloatingIPs() {
    floatingIPs = neutron.floatingIPs.records.map(floatingIP)
    floatingPositions = Dictionary(grouping: floatingIPs.indices) { floatingIPs[$0].address }
    for port in ports.values {
      for address in port.addresses { portsByAddress[address, default: []].append(port.id) }
    }
    for router in routers.values.sorted(by: { $0.id < $1.id }) { noteNAT(of: router) }
    let forwarded = Set(neutron.floatingIPs.records.filter(isForwarding).map(\.id))
    for index in floatingIPs.indices {
      let carriesPorts = floatingIPs[index].id.map(forwarded.contains) ?? false
      floatingIPs[index].places = places(of: floatingIPs[index], carriesPorts)
      if floatingIPs[index].places.contains(where: { !$0.present.isEmpty }) {
        floatingIPs[index].origin.insert(.nodes)
      }
    }
  }

  private func floatingIP(_ record: NeutronFloatingIP) -> FloatingIP {
    var floating = FloatingIP(address: record.address, origin: .api)
    floating.id = record.id
    floating.network = record.floatingNetwork
    floating.router = record.router
    floating.port = record.port
    floating.fixedAddress = record.fixedAddress
    floating.project = record.project
    floating.status = record.status
    floating.evidence = [record.evidence]
    return floating
  }

  private func isForwarding(_ record: NeutronFloatingIP) -> Bool {
    !record.portForwardings.isEmpty
      || neutron.portForwardings[record.id]?.records.isEmpty == false
  }

  /// Floating IPs that only a router's rules or gateway device know.
  private mutating func noteNAT(of router: Router) {
    for place in router.places {
      let rules = nat[place.key]?.destinations ?? []
      for rule in rules {
        noteFloating(
          rule.address, router, fixed: rule.isPortForwarding ? nil : rule.target, rule.evidence)
      }
      for address in hostAddresses(of: place) {
        noteFloating(address.address.address, router, fixed: nil, address.evidence)
      }
    }
  }

  private mutating func noteFloating(
    _ address: IPAddress, _ router: Router, fixed: IPAddress?, _ evidence: Evidence
  ) {
    let known = floatingPositions[address, default: []].first { position in
      floatingIPs[position].router == nil || floatingIPs[position].router == router.id
    }
    if let known {
      let isOnlyOnNodes = !floatingIPs[known].origin.contains(.api)
      guard isOnlyOnNodes, floatingIPs[known].fixedAddress == nil, let fixed else { return }
      floatingIPs[known].fixedAddress = fixed
      floatingIPs[known].port = port(with: fixed, of: router)
      return
    }
    var floating = FloatingIP(address: address, origin: .nodes)
    floating.router = router.id
    floating.network = router.gateway?.network
    floating.fixedAddress = fixed
    floating.port = fixed.flatMap { port(with: $0, of: router) }
    floating.evidence = [evidence]
    floatingPositions[address, default: []].append(floatingIPs.count)
    floatingIPs.append(floating)
  }

  /// The port with an address on one of a router's networks; nil where two have it.
  func port(with address: IPAddress, of router: Router) -> PortID? {
    let networks = Set(router.interfaces.compactMap(\.network))
    let found = portsByAddress[address, default: []].filter { id in
      ports[id]?.network.map(networks.contains) == true
    }
    return found.count == 1 ? found[0] : nil
  }

  /// `/32` addresses on gateway devices.
  private func hostAddresses(of place: RouterPlace) -> [LinkAddress] {
    (node(place.node)?.addresses(in: place.namespace) ?? []).filter { address in
      DevicePrefix(address.interface) == .gateway
        && address.address.prefixLength == address.address.address.family.width
    }
  }

  private func places(of floating: FloatingIP, _ carriesPorts: Bool) -> [FloatingIPPlace] {
    guard let id = floating.router, let router = routers[id] else { return [] }
    var places: [FloatingIPPlace] = []
    for place in router.places {
      guard let node = node(place.node) else { continue }
      let kind = kind(of: place, router)
      let found = served(floating, carriesPorts, kind, place, node)
      if !found.present.isEmpty || isExpected(found, floating, place, router) {
        places.append(found)
      }
    }
    return places
  }

  private func kind(of place: RouterPlace, _ router: Router) -> FloatingIPPlace.Kind {
    if place.part == .snat { return .snat }
    return router.mode.isDistributed ? .distributed : .router
  }

  private func served(
    _ floating: FloatingIP, _ carriesPorts: Bool, _ kind: FloatingIPPlace.Kind,
    _ place: RouterPlace, _ node: NodeIndex
  ) -> FloatingIPPlace {
    var found = FloatingIPPlace(node: place.node, namespace: place.namespace, kind: kind)
    if kind == .distributed {
      noteRoute(of: floating.address, to: place, node, &found)
    } else {
      let held = node.addresses(in: place.namespace)
      let address = held?.first { $0.address.address == floating.address }
      found.note(.address, held.map { _ in address != nil }, address?.evidence)
    }
    if carriesPorts || floating.fixedAddress == nil { return found }
    let rules = nat[place.key]
    let isKnown = rules?.isKnown == true
    let inbound = rules?.destinations.first {
      $0.address == floating.address && !$0.isPortForwarding
        && (floating.fixedAddress == nil || $0.target == floating.fixedAddress)
    }
    let outbound = rules?.sources.first {
      $0.address == floating.address && $0.source?.address == floating.fixedAddress
    }
    found.note(.destinationNAT, isKnown ? inbound != nil : nil, inbound?.evidence)
    found.note(.sourceNAT, isKnown ? outbound != nil : nil, outbound?.evidence)
    return found
  }

  /// `FIP/32 via … dev fpr-…` in the node's fip namespace.
  private func noteRoute(
    of address: IPAddress, to place: RouterPlace, _ node: NodeIndex,
    _ found: inout FloatingIPPlace
  ) {
    guard let router = NamespaceRole(place.namespace)?.router else { return }
    var isKnown = false
    var route: Route?
    for (name, role) in node.roles {
      guard case .floating = role, let facts = node.namespace(name) else { continue }
      isKnown = isKnown || facts.routes4.isKnown
      route =
        route
        ?? facts.routes4.records.first { candidate in
          candidate.destination == IPPrefix(host: address)
            && candidate.nextHops.contains { hop in
              hop.interface.map { DevicePrefix.floatingToRouter.isDevice($0, of: router) } == true
            }
        }
    }
    let hasNamespace = node.roles.contains { if case .floating = $0.role { true } else { false } }
    found.note(.route, isKnown || !hasNamespace ? route != nil : nil, route?.evidence)
  }

  /// A place where it should be and nothing of it is.
  private func isExpected(
    _ found: FloatingIPPlace, _ floating: FloatingIP, _ place: RouterPlace, _ router: Router
  ) -> Bool {
    guard floating.origin.contains(.api), floating.port != nil else { return false }
    switch found.kind {
    case .router: return place.isActive != false
    case .snat: return false
    case .distributed:
      return floating.port.flatMap { ports[$0]?.boundNode } == place.node
    }
  }
}

extension FloatingIPPlace {
  fileprivate mutating func note(_ part: Part, _ isPresent: Bool?, _ evidence: Evidence?) {
    switch isPresent {
    case true: present.append(part)
    case false: missing.append(part)
    default: unknown.append(part)
    }
    if let evidence { self.evidence.append(evidence) }
  }
}

extension ModelBuilder {
  mutating func buildPortForwardings() {
    for record in neutron.floatingIPs.records {
      let listed = neutron.portForwardings[record.id]?.records ?? []
      for forwarding in listed.isEmpty ? record.portForwardings : listed {
        portForwardings.append(portForwarding(forwarding, of: record))
      }
    }
    for router in routers.values.sorted(by: { $0.id < $1.id }) {
      for place in router.places {
        for rule in nat[place.key]?.destinations ?? [] where rule.isPortForwarding {
          note(rule, at: place, of: router)
        }
      }
    }
  }

  private func portForwarding(
    _ record: NeutronPortForwarding, of floating: NeutronFloatingIP
  ) -> PortForwarding {
    PortForwarding(
      id: record.id.isEmpty ? nil : record.id, floatingIP: floating.id, address: floating.address,
      protocolName: record.protocolName, externalPorts: record.externalPorts,
      internalAddress: record.internalAddress, internalPorts: record.internalPorts,
      router: floating.router, port: record.internalPort, origin: .api,
      evidence: [record.evidence])
  }

  private mutating func note(
    _ rule: DestinationNATRule, at place: RouterPlace, of router: Router
  ) {
    let name = protocolName(rule.ipProtocol)
    let known = portForwardings.firstIndex {
      $0.address == rule.address && $0.protocolName == name
        && $0.externalPorts == rule.externalPorts
        && ($0.router == nil || $0.router == router.id)
    }
    if let known {
      portForwardings[known].origin.insert(.nodes)
      if !portForwardings[known].places.contains(place.key) {
        portForwardings[known].places.append(place.key)
        portForwardings[known].evidence.append(rule.evidence)
      }
      return
    }
    portForwardings.append(
      PortForwarding(
        address: rule.address, protocolName: name, externalPorts: rule.externalPorts,
        internalAddress: rule.target, internalPorts: rule.internalPorts ?? rule.externalPorts,
        router: router.id, port: rule.target.flatMap { port(with: $0, of: router) },
        places: [place.key], origin: .nodes, evidence: [rule.evidence]))
  }

  private func protocolName(_ number: UInt8?) -> String {
    switch number {
    case 6: "tcp"
    case 17: "udp"
    case 1: "icmp"
    case let number?: "\(number)"
    case nil: "any"
    }
  }
}
