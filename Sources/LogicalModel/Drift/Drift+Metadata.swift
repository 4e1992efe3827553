// Metadata: a proxy in every active router and isolated network, and the redirection to it.
// Source: neutron/agent/metadata/driver.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareMetadata() {
    for router in lookups.wantedRouters where !router.interfaces.isEmpty {
      for place in router.places where place.part == .router && place.isActive == true {
        guard isProxied(place.node, "enable_metadata_proxy") else { continue }
        compareProxy(object(router), place.key, router.evidence) { scope in
          scope == .router(router.id)
        }
        compareRedirect(router, place)
      }
    }
    for server in model.dhcpServers where server.isAlive == true {
      compareIsolated(server)
    }
  }

  /// On unless an agent's configuration says otherwise.
  private func isProxied(_ node: NodeName, _ option: String) -> Bool {
    let options = self.node(node)?.agentOptions ?? []
    return !options.contains { $0.flag(option, in: "DEFAULT") == false }
  }

  private mutating func compareProxy(
    _ object: DriftObject, _ key: NamespaceKey, _ evidence: [Evidence],
    _ isOwn: (MetadataProxy.Scope) -> Bool
  ) {
    guard let node = node(key.node) else { return }
    let proxy = lookups.proxies[key.node]?.first { isOwn($0.scope) }
    if proxy?.isAlive == true { return }
    let sockets = node.index.namespace(key.namespace)?.sockets
    // Before haproxy (Pike) a process of Neutron's own, and whatever else may listen there.
    let ports = Set((proxy?.ports ?? []) + [NeutronNames.metadataProxyPort])
    let listens = sockets?.records.contains { socket in
      socket.transport == "tcp" && socket.port.map(ports.contains) == true
    }
    if listens == true { return }
    guard node.facts.processes.isKnown, sockets?.isKnown == true || proxy != nil else {
      return unknown(
        .metadataProxy, key.node, "processes and sockets of \(key.namespace): not captured")
    }
    find(
      .metadataProxy, .missing, .high, object, on: key.node, at: key.namespace.rawValue,
      wanted: DriftSide("a proxy that listens on port \(list(ports.sorted()))", evidence),
      found: DriftSide(
        proxy == nil ? "none" : "configured, no process", proxy?.evidence ?? []))
  }

  private mutating func compareRedirect(_ router: Router, _ place: RouterPlace) {
    guard let facts = namespace(place.key) else { return }
    let sections = [facts.iptables4, facts.iptables4Legacy].filter(\.isKnown)
    guard facts.holdsRules(.ipv4) else {
      return unknown(
        .metadataRedirect, place.node, "rules of \(place.namespace): not captured")
    }
    let rules = sections.flatMap(\.records).filter { $0.name == "nat" }.flatMap(\.chains)
      .flatMap(\.rules)
    let has = rules.contains { rule in
      guard case .redirect = rule.target else { return false }
      return rule.matches.contains { match in
        if case .destination(let masked) = match.test {
          masked.contains(.v4(NeutronNames.metadataAddress))
        } else {
          false
        }
      }
    }
    if has { return }
    find(
      .metadataRedirect, .missing, .high, object(router), on: place.node,
      at: place.namespace.rawValue,
      wanted: DriftSide(
        "\(IPAddress.v4(NeutronNames.metadataAddress)) port 80 to the proxy", router.evidence),
      found: .none)
  }

  /// Networks without a router at their gateway, where the DHCP agent serves metadata.
  private mutating func compareIsolated(_ server: DHCPServer) {
    guard let node = node(server.node) else { return }
    let isForced = node.agentOptions.contains { $0.isMetadataForced == true }
    let isEnabled = node.agentOptions.contains { $0.isIsolatedMetadataEnabled == true }
    guard isForced || isEnabled, let network = model.network(server.network),
      network.origin.contains(.api)
    else { return }
    let subnets = model.subnets(of: network.id).filter {
      $0.isDHCPEnabled == true && $0.cidr.family == .ipv4
    }
    let gateways = Set(
      (portsByNetwork[network.id] ?? []).filter { $0.owner == .routerInterface }
        .flatMap(\.addresses))
    let isolated = subnets.filter { $0.gateway.map { !gateways.contains($0) } ?? true }
    guard isForced && !subnets.isEmpty || !isolated.isEmpty else { return }
    compareProxy(object(network.id), server.key, network.evidence) { scope in
      scope == .network(network.id)
    }
  }
}
