// Floating IPs: the address, NAT rules and routes on the one node that serves each, and what is left of
// them on others. Source: neutron/agent/l3/{router_info,dvr_local_router,dvr_edge_router,dvr_fip_ns}.py.
import Facts
import NetworkTypes

/// What is expected of one router's namespace.
private struct ExpectedFloating {
  var record: NeutronFloatingIP
  var floating: FloatingIP
  /// `-d address -j DNAT`, `-s fixed -j SNAT`; nil for one that carries port forwardings only.
  var fixed: IPAddress?
}

extension DriftBuilder {
  mutating func compareFloatingIPs() {
    guard neutron.routers.isKnown, neutron.floatingIPs.isKnown else {
      return unknown(.floatingAddress, nil, "routers or floating IPs: not captured")
    }
    for router in wantedRouters {
      for place in router.places {
        let expected = floatingIPs(of: router, at: place)
        compareNAT(expected, router, place)
        if place.isActive == true { compareGatewayAddresses(expected, router, place) }
        if router.mode.isDistributed, place.part == .router {
          compareDistributed(expected, router, place)
        }
      }
    }
    for node in nodes { compareFloatingNamespaces(of: node) }
    for record in neutron.floatingIPs.records where isUndecided(record.address) {
      unknown(
        .floatingAddress, nil, "where \(record.address) is served: its port is bound nowhere")
    }
  }

  /// Those that a namespace should serve.
  private func floatingIPs(of router: Router, at place: RouterPlace) -> [ExpectedFloating] {
    neutron.floatingIPs.records.filter { $0.router == router.id }.compactMap { record in
      guard let floating = model.floatingIPs.first(where: { $0.id == record.id }) else {
        return nil
      }
      let isForwarding =
        record.port == nil
        && (!record.portForwardings.isEmpty
          || neutron.portForwardings[record.id]?.records.isEmpty == false)
      guard record.port != nil || isForwarding else { return nil }
      let isHere: Bool
      if !router.mode.isDistributed {
        isHere = true
      } else if isForwarding {
        isHere = place.part == .snat
      } else {
        switch service(of: record) {
        case .beside(let node): isHere = place.part == .router && node == place.node
        case .central: isHere = place.part == .snat
        case .unknown: isHere = false
        }
      }
      return isHere
        ? ExpectedFloating(
          record: record, floating: floating, fixed: isForwarding ? nil : record.fixedAddress)
        : nil
    }
  }

  /// Where a distributed router serves a floating IP.
  private enum Service: Equatable {
    /// On its guest's node; nil where that was not captured.
    case beside(NodeName?)
    /// In the snat namespace.
    case central
    /// The guest's port is bound nowhere (an address that other ports share).
    case unknown
  }

  private func service(of record: NeutronFloatingIP) -> Service {
    guard let port = model.port(record.port), let host = port.boundHost, !host.isEmpty else {
      return .unknown
    }
    let agent = neutron.agents.records.first { $0.host == host && $0.agentMode != nil }
    let mode = port.boundNode.flatMap { model.node($0)?.l3Mode } ?? agent?.agentMode
    return mode == "dvr" || mode == "dvr_snat" ? .beside(port.boundNode) : .central
  }

  /// True where it may rightly be in places that are not known.
  private func isUndecided(_ address: IPAddress) -> Bool {
    neutron.floatingIPs.records.contains { record in
      record.address == address && record.port != nil
        && model.router(record.router)?.mode.isDistributed == true
        && service(of: record) == .unknown
    }
  }

  /// Where each is expected, for what is found elsewhere.
  private func expectedNodes(of address: IPAddress) -> [NodeName] {
    wantedRouters.flatMap { router in
      router.places.filter { place in
        floatingIPs(of: router, at: place).contains { $0.record.address == address }
      }.map(\.node)
    }
  }

  /// The finding's object and how the thing is wrong here.
  private func stray(
    _ address: IPAddress, _ router: Router, _ node: NodeName
  ) -> (DriftObject, DriftKind, DriftSide) {
    let known = model.floatingIPs.first { $0.address == address && $0.origin.contains(.api) }
    guard let known else {
      return (
        object(router), .extra, DriftSide("no floating IP \(address) in Neutron", router.evidence)
      )
    }
    let wanted = expectedNodes(of: address)
    let owner = model.router(known.router).map { " for router \($0.label)" } ?? ""
    return (
      object(known), wanted.isEmpty ? .extra : wanted.contains(node) ? .extra : .twice,
      DriftSide(
        wanted.isEmpty ? "not associated" : "on \(list(Set(wanted)))\(owner)", known.evidence)
    )
  }

  private mutating func compareNAT(
    _ expected: [ExpectedFloating], _ router: Router, _ place: RouterPlace
  ) {
    let nat = NATReader(namespace(place.key))
    guard nat.isKnown else {
      return unknown(
        .floatingDestinationNAT, place.node, "rules of \(place.namespace): not captured")
    }
    let inbound = nat.destinations.filter { !$0.isPortForwarding }
    let outbound = nat.sources.filter { $0.source?.isHost == true }
    for item in expected {
      guard let fixed = item.fixed else { continue }
      let floating = item.record.address
      let down = inbound.filter { $0.address == floating }
      if !down.contains(where: { $0.target == fixed }) {
        findNAT(
          .floatingDestinationNAT, item, place, "\(floating) to \(fixed)",
          down.map { "to \($0.target?.description ?? "?")" }, down.map(\.evidence))
      }
      let up = outbound.filter { $0.source?.address == fixed }
      if !up.contains(where: { $0.address == floating }) {
        findNAT(
          .floatingSourceNAT, item, place, "\(fixed) as \(floating)",
          up.map { "as \($0.address)" }, up.map(\.evidence))
      }
    }
    for rule in inbound
    where !expected.contains(where: { $0.record.address == rule.address && $0.fixed != nil })
      && !isUndecided(rule.address)
    {
      let (object, kind, wanted) = stray(rule.address, router, place.node)
      find(
        .floatingDestinationNAT, kind, .medium, object, on: place.node,
        at: place.namespace.rawValue, wanted: wanted,
        found: DriftSide(
          "\(rule.address) to \(rule.target?.description ?? "?")", [rule.evidence]))
    }
    for rule in outbound
    where !expected.contains(where: { $0.fixed == rule.source?.address })
      && !isUndecided(rule.address)
    {
      let (object, kind, wanted) = stray(rule.address, router, place.node)
      find(
        .floatingSourceNAT, kind, .medium, object, on: place.node, at: place.namespace.rawValue,
        wanted: wanted,
        found: DriftSide(
          "\(rule.source?.address.description ?? "?") as \(rule.address)", [rule.evidence]))
    }
  }

  private mutating func findNAT(
    _ code: DriftCode, _ item: ExpectedFloating, _ place: RouterPlace, _ wanted: String,
    _ found: [String], _ evidence: [Evidence]
  ) {
    find(
      code, found.isEmpty ? .missing : .different, .high, object(item.floating), on: place.node,
      at: place.namespace.rawValue, wanted: DriftSide(wanted, [item.record.evidence]),
      found: DriftSide(list(found), evidence))
  }

  /// Host addresses on the gateway's device; of distributed routers those of the snat namespace.
  private mutating func compareGatewayAddresses(
    _ expected: [ExpectedFloating], _ router: Router, _ place: RouterPlace
  ) {
    guard holdsGateway(router, place), let id = router.gateway?.port else { return }
    guard
      let held = known(
        namespace(place.key)?.addresses, .floatingAddress, place.node,
        "addresses of \(place.namespace)")
    else { return }
    let device = DevicePrefix.gateway.device(of: id)
    let gateway = model.port(id)?.addresses ?? []
    let own = held.filter { $0.interface == device }
    for item in expected
    where !own.contains(where: { $0.address.address == item.record.address }) {
      find(
        .floatingAddress, .missing, .high, object(item.floating), on: place.node,
        at: "\(place.namespace) \(device)",
        wanted: DriftSide("\(item.record.address)", [item.record.evidence]), found: .none)
    }
    for address in own {
      let host = address.address
      guard host.prefixLength == host.address.family.width, !gateway.contains(host.address),
        !host.address.isLinkLocal, !isUndecided(host.address),
        !expected.contains(where: { $0.record.address == host.address })
      else { continue }
      let (object, kind, wanted) = stray(host.address, router, place.node)
      find(
        .floatingAddress, kind, .high, object, on: place.node,
        at: "\(place.namespace) \(device)", wanted: wanted,
        found: DriftSide("\(host) of router \(router.label)", [address.evidence]))
    }
  }
}

// Through the fip namespace of a node.
extension DriftBuilder {
  private mutating func compareDistributed(
    _ expected: [ExpectedFloating], _ router: Router, _ place: RouterPlace
  ) {
    guard let facts = namespace(place.key),
      let rules = known(facts.rules4, .floatingRule, place.node, "rules of \(place.namespace)"),
      let routes = known(
        facts.routes4, .floatingRule, place.node, "routes of \(place.namespace)")
    else { return }
    guard
      let links = known(
        facts.links, .floatingNamespace, place.node, "devices of \(place.namespace)")
    else { return }
    let veth = links.first {
      DevicePrefix.routerToFloating.isDevice($0.name, of: router.id)
    }
    for item in expected {
      guard let fixed = item.fixed else { continue }
      let own = rules.filter { $0.source == IPPrefix(host: fixed) }
      let tables = own.compactMap { rule in
        if case .lookup(let table) = rule.action { table } else { nil }
      }
      if own.isEmpty {
        find(
          .floatingRule, .missing, .high, object(item.floating), on: place.node,
          at: place.namespace.rawValue,
          wanted: DriftSide("from \(fixed) lookup 16", [item.record.evidence]), found: .none)
      }
      let leads = routes.contains { route in
        tables.contains(route.table) && route.destination.length == 0
          && route.nextHops.contains { $0.interface == veth?.name }
      }
      if !own.isEmpty, !leads {
        find(
          .floatingNamespace, .missing, .high, object(item.floating), on: place.node,
          at: place.namespace.rawValue,
          wanted: DriftSide(
            "a default route to the fip namespace in table \(list(tables))",
            [item.record.evidence]), found: DriftSide("none", own.map(\.evidence)))
      }
    }
    compareStrayRules(rules, expected, router, place)
    compareVeth(veth, expected, router, place)
  }

  private mutating func compareStrayRules(
    _ rules: [RoutingRule], _ expected: [ExpectedFloating], _ router: Router,
    _ place: RouterPlace
  ) {
    for rule in rules {
      guard let source = rule.source, source.isHost, case .lookup(let table) = rule.action,
        table == RoutingTableID(16), !isShared(source.address, router),
        !expected.contains(where: { $0.fixed == source.address })
      else { continue }
      find(
        .floatingRule, .extra, .medium, object(router), on: place.node,
        at: place.namespace.rawValue,
        wanted: DriftSide("no floating IP of \(source.address) here", router.evidence),
        found: DriftSide("from \(source.address) lookup 16", [rule.evidence]))
    }
  }

  /// A fixed address of a floating IP that is served nobody knows where.
  private func isShared(_ address: IPAddress, _ router: Router) -> Bool {
    neutron.floatingIPs.records.contains {
      $0.router == router.id && $0.fixedAddress == address && isUndecided($0.address)
    }
  }

  private mutating func compareVeth(
    _ veth: Link?, _ expected: [ExpectedFloating], _ router: Router, _ place: RouterPlace
  ) {
    guard namespace(place.key)?.links.isKnown == true else { return }
    if let veth, !veth.isUp {
      find(
        .floatingNamespace, .different, .high, object(router), on: place.node,
        at: "\(place.namespace) \(veth.name)", wanted: DriftSide("up", router.evidence),
        found: DriftSide("down", [veth.evidence]))
    }
    guard veth == nil, let first = expected.first else { return }
    find(
      .floatingNamespace, .missing, .high, object(router), on: place.node,
      at: place.namespace.rawValue,
      wanted: DriftSide(
        "a device rfp-… to the fip namespace for \(first.record.address)",
        [first.record.evidence]), found: .none)
  }

  private mutating func compareFloatingNamespaces(of node: NodeSwitch) {
    for (name, role) in node.index.roles {
      guard case .floating(let network) = role, let facts = node.index.namespace(name) else {
        continue
      }
      compareFloatingRoutes(node, name, facts, network)
      compareAgentGateway(node, name, facts, network)
      compareRouterEnds(node, name, facts)
    }
  }

  /// `FIP/32 via … dev fpr-…` for each that this node serves.
  private mutating func compareFloatingRoutes(
    _ node: NodeSwitch, _ name: NamespaceName, _ facts: NamespaceFacts, _ network: NetworkID
  ) {
    guard
      let routes = known(facts.routes4, .floatingRoute, node.name, "routes of \(name)")
    else { return }
    var wanted: [IPAddress: (ExpectedFloating, Router)] = [:]
    for router in wantedRouters where router.mode.isDistributed {
      for place in router.places where place.part == .router && place.node == node.name {
        for item in floatingIPs(of: router, at: place)
        where item.record.floatingNetwork == network {
          wanted[item.record.address] = (item, router)
        }
      }
    }
    let hostRoutes = routes.filter {
      $0.table == .main && $0.destination.isHost
        && $0.nextHops.contains {
          $0.interface.map { DevicePrefix($0) == .floatingToRouter } == true
        }
    }
    for (address, (item, router)) in wanted {
      let own = hostRoutes.filter { $0.destination.address == address }
      let leads = own.contains { route in
        route.nextHops.contains {
          $0.interface.map { DevicePrefix.floatingToRouter.isDevice($0, of: router.id) } == true
        }
      }
      if leads { continue }
      find(
        .floatingRoute, own.isEmpty ? .missing : .different, .high, object(item.floating),
        on: node.name, at: name.rawValue,
        wanted: DriftSide(
          "\(address)/32 to router \(router.label)", [item.record.evidence]),
        found: DriftSide(list(own.flatMap(\.nextHops).map(describe)), own.map(\.evidence)))
    }
    for route in hostRoutes
    where wanted[route.destination.address] == nil && !isUndecided(route.destination.address) {
      let known = model.floatingIPs.first { $0.address == route.destination.address }
      let served = expectedNodes(of: route.destination.address)
      find(
        .floatingRoute, served.isEmpty ? .extra : .twice, .high,
        known.map(object) ?? object(namespace: name), on: node.name, at: name.rawValue,
        wanted: DriftSide(
          served.isEmpty ? "no such floating IP is associated" : "on \(list(Set(served)))",
          known?.evidence ?? []),
        found: DriftSide("\(route.destination)", [route.evidence]))
    }
  }

  /// `fg-`: up, with its port's address, answering ARP for floating IPs.
  private mutating func compareAgentGateway(
    _ node: NodeSwitch, _ name: NamespaceName, _ facts: NamespaceFacts, _ network: NetworkID
  ) {
    guard facts.links.isKnown else { return }
    let port = (portsByNetwork[network] ?? []).first {
      $0.owner == .floatingAgent && $0.boundNode == node.name
    }
    for link in node.index.links(in: name, .floatingAgent) {
      let object = port.map(object) ?? object(namespace: name)
      if !link.isUp {
        find(
          .floatingNamespace, .different, .high, object, on: node.name, at: "\(name) \(link.name)",
          wanted: DriftSide("up", port?.evidence ?? []), found: DriftSide("down", [link.evidence]))
      }
      let held = node.index.addresses[DeviceKey(node.name, name, link.name)] ?? []
      for address in port?.addresses ?? []
      where facts.addresses.isKnown && !held.contains(where: { $0.address.address == address }) {
        find(
          .floatingNamespace, .missing, .high, object, on: node.name, at: "\(name) \(link.name)",
          wanted: DriftSide("\(address)", port?.evidence ?? []), found: .none)
      }
      compareProxyARP(node, name, facts, link, object)
    }
  }

  private mutating func compareProxyARP(
    _ node: NodeSwitch, _ name: NamespaceName, _ facts: NamespaceFacts, _ link: Link,
    _ object: DriftObject
  ) {
    guard
      let sysctls = known(facts.sysctls, .proxyARP, node.name, "sysctls of \(name)")
    else { return }
    let device = Sysctl.component(of: link.name)
    let own = ["all", device].compactMap { part in
      sysctls.first { $0.name == "net.ipv4.conf.\(part).proxy_arp" }
    }
    if !own.isEmpty, !own.contains(where: { $0.value == "1" }) {
      find(
        .proxyARP, .different, .high, object, on: node.name, at: "\(name) \(link.name)",
        wanted: DriftSide("proxy_arp = 1: it answers ARP for floating IPs"),
        found: DriftSide("proxy_arp = 0", own.map(\.evidence)))
    }
    compareReversePath(
      sysctls, self.object(namespace: name), NamespaceKey(node.name, name))
    if let forward = sysctls.first(where: { $0.name == "net.ipv4.ip_forward" }),
      forward.value == "0"
    {
      find(
        .ipForwarding, .different, .high, object, on: node.name, at: name.rawValue,
        wanted: DriftSide("net.ipv4.ip_forward = 1"),
        found: DriftSide("net.ipv4.ip_forward = 0", [forward.evidence]))
    }
  }

  /// `iif fpr-… lookup N`, and table N's default route to the outside.
  private mutating func compareRouterEnds(
    _ node: NodeSwitch, _ name: NamespaceName, _ facts: NamespaceFacts
  ) {
    guard let rules = known(facts.rules4, .floatingNamespace, node.name, "rules of \(name)"),
      let routes = known(facts.routes4, .floatingNamespace, node.name, "routes of \(name)")
    else { return }
    for link in node.index.links(in: name, .floatingToRouter) {
      let router = model.routers.first {
        DevicePrefix.floatingToRouter.isDevice(link.name, of: $0.id)
      }
      // Without a floating IP here, nothing has to lead out.
      guard let router,
        routes.contains(where: { route in
          route.destination.isHost && route.nextHops.contains { $0.interface == link.name }
        })
      else { continue }
      if !link.isUp {
        find(
          .floatingNamespace, .different, .high, object(router), on: node.name,
          at: "\(name) \(link.name)", wanted: DriftSide("up", router.evidence),
          found: DriftSide("down", [link.evidence]))
      }
      let tables = rules.filter { $0.inputInterface == link.name }.compactMap { rule in
        if case .lookup(let table) = rule.action { table } else { nil }
      }
      let out = routes.contains { route in
        (tables.contains(route.table) || tables.isEmpty && route.table == .main)
          && route.destination.length == 0
          && route.nextHops.contains {
            $0.interface.map { DevicePrefix($0) == .floatingAgent } == true
          }
      }
      if out { continue }
      find(
        .floatingNamespace, .missing, .high, object(router), on: node.name,
        at: "\(name) \(link.name)",
        wanted: DriftSide("a default route to the external network for what \(link.name) brings"),
        found: DriftSide(
          tables.isEmpty ? "no rule for \(link.name)" : "none in table \(list(tables))",
          [link.evidence]))
    }
  }
}
