// Floating IPs: the address, NAT rules and routes on the one node that serves each, and what is left of
// them on others. Source: neutron/agent/l3/{router_info,dvr_local_router,dvr_edge_router,dvr_fip_ns}.py.
import Facts
import NetworkTypes

/// What is expected of one router's namespace.
struct ExpectedFloating {
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
    for router in lookups.wantedRouters {
      for place in router.places {
        let expected = floatingIPs(of: router, at: place)
        compareNAT(expected, router, place)
        if place.isActive == true { compareGatewayAddresses(expected, router, place) }
        if router.mode.isDistributed, place.part == .router {
          compareDistributed(expected, router, place)
        }
      }
    }
    for record in neutron.floatingIPs.records where isUndecided(record.address) {
      unknown(
        .floatingAddress, nil, "where \(record.address) is served: its port is bound nowhere")
    }
  }

  /// Those that a namespace should serve.
  func floatingIPs(of router: Router, at place: RouterPlace) -> [ExpectedFloating] {
    (lookups.floatingRecords[router.id] ?? []).compactMap { record in
      guard let floating = lookups.floatingIPs[record.id] else { return nil }
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
  enum FloatingService: Equatable {
    /// On its guest's node; nil where that was not captured.
    case beside(NodeName?)
    /// In the snat namespace.
    case central
    /// The guest's port is bound nowhere (an address that other ports share).
    case unknown
  }

  func service(of record: NeutronFloatingIP) -> FloatingService {
    guard let port = model.port(record.port), let host = port.boundHost, !host.isEmpty else {
      return .unknown
    }
    let mode = port.boundNode.flatMap { model.node($0)?.l3Mode } ?? lookups.agentModes[host]
    return mode == "dvr" || mode == "dvr_snat" ? .beside(port.boundNode) : .central
  }

  /// True where it may rightly be in places that are not known.
  func isUndecided(_ address: IPAddress) -> Bool {
    (lookups.floatingRecordsByAddress[address] ?? []).contains { record in
      record.port != nil && model.router(record.router)?.mode.isDistributed == true
        && service(of: record) == .unknown
    }
  }

  /// Where each is expected, for what is found elsewhere.
  func expectedNodes(of address: IPAddress) -> [NodeName] {
    let routers = Set((lookups.floatingRecordsByAddress[address] ?? []).compactMap(\.router))
    return lookups.wantedRouters.filter { routers.contains($0.id) }.flatMap { router in
      router.places.filter { place in
        floatingIPs(of: router, at: place).contains { $0.record.address == address }
      }.map(\.node)
    }
  }

  /// The finding's object and how the thing is wrong here.
  func stray(
    _ address: IPAddress, _ router: Router, _ node: NodeName
  ) -> (DriftObject, DriftKind, DriftSide) {
    let known = lookups.floatingIPsByAddress[address]?.first { $0.origin.contains(.api) }
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

  mutating func compareNAT(
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

  mutating func findNAT(
    _ code: DriftCode, _ item: ExpectedFloating, _ place: RouterPlace, _ wanted: String,
    _ found: [String], _ evidence: [Evidence]
  ) {
    find(
      code, found.isEmpty ? .missing : .different, .high, object(item.floating), on: place.node,
      at: place.namespace.rawValue, wanted: DriftSide(wanted, [item.record.evidence]),
      found: DriftSide(list(found), evidence))
  }

  /// Host addresses on the gateway's device; of distributed routers those of the snat namespace.
  mutating func compareGatewayAddresses(
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
