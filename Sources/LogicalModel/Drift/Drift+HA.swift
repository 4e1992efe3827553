// HA routers: one active node, and keepalived's addresses are the ports'.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareHA() {
    for router in lookups.wantedRouters where router.mode.isHA {
      let places = router.places.filter { !router.mode.isDistributed || $0.part == .snat }
      guard !places.isEmpty else { continue }
      compareActive(router, places)
      for place in places { compareKeepalived(router, place) }
    }
  }

  private mutating func compareActive(_ router: Router, _ places: [RouterPlace]) {
    if places.contains(where: { $0.isActive == nil }) {
      return unknown(.haActive, nil, "state of router \(router.label): not captured")
    }
    let scheduled = Set(router.scheduledHosts.compactMap { hosts.node($0) })
    if scheduled.count < router.scheduledHosts.count, places.allSatisfy({ $0.isActive == false }) {
      return unknown(.haActive, nil, "a node of router \(router.label) was not captured")
    }
    let active = places.filter { $0.isActive == true }
    if active.count == 1 {
      compareReported(router, active[0])
      return
    }
    find(
      .haActive, active.isEmpty ? .missing : .twice, .high, object(router), on: nil,
      wanted: DriftSide("one node", router.evidence),
      found: DriftSide(list(active.map(\.node)), active.flatMap(\.evidence)))
  }

  private mutating func compareReported(_ router: Router, _ place: RouterPlace) {
    guard let reported = place.reportedState, reported != "active" else { return }
    find(
      .haActive, .different, .medium, object(router), on: place.node,
      wanted: DriftSide("\(reported), as the agent reported", router.evidence),
      found: DriftSide("active", place.evidence))
  }

  private mutating func compareKeepalived(_ router: Router, _ place: RouterPlace) {
    guard let section = node(place.node)?.facts.files.keepalived[router.id] else {
      return unknown(
        .haAddresses, place.node, "keepalived's configuration of router \(router.label): missing")
    }
    guard neutron.floatingIPs.isKnown else {
      return unknown(.haAddresses, nil, "floating IPs: not captured")
    }
    let instances = section.instances
    guard section.isKnown, !instances.isEmpty else { return }
    let set = instances.flatMap(\.excludedAddresses)
    let held = Set(set.map(\.address.address).filter { !$0.isLinkLocal })
    var wanted: Set<IPAddress> = []
    for (_, id) in expectedPorts(of: router, at: place) {
      wanted.formUnion(model.port(id)?.addresses ?? [])
    }
    for record in lookups.floatingRecords[router.id] ?? [] {
      let forwards =
        !record.portForwardings.isEmpty
        || neutron.portForwardings[record.id]?.records.isEmpty == false
      if record.port != nil || forwards { wanted.insert(record.address) }
    }
    let evidence = instances.map(\.evidence)
    for address in wanted.subtracting(held).sorted() {
      find(
        .haAddresses, .missing, .high, object(router), on: place.node, at: "keepalived",
        wanted: DriftSide("\(address)", router.evidence), found: DriftSide(list(held), evidence))
    }
    for address in held.subtracting(wanted).sorted() {
      find(
        .haAddresses, .extra, .high, object(router), on: place.node, at: "keepalived",
        wanted: DriftSide(list(wanted), router.evidence),
        found: DriftSide("\(address)", evidence))
    }
  }
}
