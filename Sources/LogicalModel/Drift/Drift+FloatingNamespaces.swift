// Floating IPs of distributed routers: through the fip namespace of a guest's node.
// Source: neutron/agent/l3/dvr_fip_ns.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareDistributed(
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

  mutating func compareStrayRules(
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
  func isShared(_ address: IPAddress, _ router: Router) -> Bool {
    (lookups.floatingRecords[router.id] ?? []).contains {
      $0.fixedAddress == address && isUndecided($0.address)
    }
  }

  mutating func compareVeth(
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

  mutating func compareFloatingNamespaces(of node: NodeSwitch) {
    // That they are not is said where floating IPs are compared.
    guard neutron.routers.isKnown, neutron.floatingIPs.isKnown else { return }
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
  mutating func compareFloatingRoutes(
    _ node: NodeSwitch, _ name: NamespaceName, _ facts: NamespaceFacts, _ network: NetworkID
  ) {
    guard
      let routes = known(facts.routes4, .floatingRoute, node.name, "routes of \(name)")
    else { return }
    var wanted: [IPAddress: (ExpectedFloating, Router)] = [:]
    for (router, place) in lookups.distributedPlaces[node.name] ?? [] {
      for item in floatingIPs(of: router, at: place)
      where item.record.floatingNetwork == network {
        wanted[item.record.address] = (item, router)
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
      let known = lookups.floatingIPsByAddress[route.destination.address]?.first
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
  mutating func compareAgentGateway(
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

  mutating func compareProxyARP(
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
  mutating func compareRouterEnds(
    _ node: NodeSwitch, _ name: NamespaceName, _ facts: NamespaceFacts
  ) {
    guard let rules = known(facts.rules4, .floatingNamespace, node.name, "rules of \(name)"),
      let routes = known(facts.routes4, .floatingNamespace, node.name, "routes of \(name)")
    else { return }
    for link in node.index.links(in: name, .floatingToRouter) {
      let id = link.name.rawValue.dropFirst(DevicePrefix.floatingToRouter.rawValue.count)
      let router = lookups.routersByVethID[id.prefix(DevicePrefix.shortestVethID)]?.first {
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
