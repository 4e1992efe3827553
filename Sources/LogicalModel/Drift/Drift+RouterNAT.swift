// What the NAT rules of routers' namespaces do beside floating IPs: source NAT at the gateway and port
// forwardings. Source: neutron/agent/l3/router_info.py, extensions/port_forwarding.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareRouterNAT() {
    guard neutron.routers.isKnown, neutron.floatingIPs.isKnown else {
      return unknown(.portForwarding, nil, "routers or floating IPs: not captured")
    }
    for router in lookups.wantedRouters {
      for place in router.places where holdsGateway(router, place) {
        let nat = NATReader(namespace(place.key))
        guard nat.isKnown else {
          unknown(.routerSNAT, place.node, "rules of \(place.namespace): not captured")
          continue
        }
        compareSNAT(of: router, at: place, nat)
        comparePortForwardings(of: router, at: place, nat)
      }
    }
  }

  private mutating func compareSNAT(of router: Router, at place: RouterPlace, _ nat: NATReader) {
    guard let gateway = router.gateway,
      let record = lookups.routerRecords[router.id]?.gateway,
      let wanted = gateway.addresses.first(where: { $0.family == .ipv4 }), let port = gateway.port
    else { return }
    let device = DevicePrefix.gateway.device(of: port)
    let rules = nat.sources.filter { $0.source == nil && $0.outInterface == device }
    let evidence = rules.map(\.evidence)
    if record.isSNATEnabled == false {
      guard let rule = rules.first else { return }
      return find(
        .routerSNAT, .extra, .high, object(router), on: place.node, at: place.namespace.rawValue,
        wanted: DriftSide("no source NAT", router.evidence),
        found: DriftSide("to \(rule.address)", evidence))
    }
    // All guests without floating IP share the gateway's first address; others are not announced.
    if rules.contains(where: { gateway.addresses.contains($0.address) }) { return }
    find(
      .routerSNAT, rules.isEmpty ? .missing : .different, .high, object(router), on: place.node,
      at: place.namespace.rawValue,
      wanted: DriftSide("what leaves by \(device) has source \(wanted)", router.evidence),
      found: DriftSide(list(rules.map(\.address)), evidence))
  }

  private mutating func comparePortForwardings(
    of router: Router, at place: RouterPlace, _ nat: NATReader
  ) {
    let wanted = model.portForwardings.filter {
      $0.router == router.id && $0.origin.contains(.api)
    }
    let rules = nat.destinations.filter(\.isPortForwarding)
    for forwarding in wanted {
      let same = rules.filter { $0.matches(forwarding) }
      let isRight = same.contains { rule in
        rule.target == forwarding.internalAddress
          && (rule.internalPorts ?? rule.externalPorts) == forwarding.internalPorts
      }
      if isRight { continue }
      find(
        .portForwarding, same.isEmpty ? .missing : .different, .high, object(forwarding),
        on: place.node, at: place.namespace.rawValue,
        wanted: DriftSide(
          "to \(describe(forwarding.internalAddress, forwarding.internalPorts))",
          forwarding.evidence),
        found: DriftSide(
          list(same.map { describe($0.target, $0.internalPorts) }), same.map(\.evidence)))
    }
    for rule in rules where !wanted.contains(where: { rule.matches($0) }) {
      if let record = lookups.floatingRecordsByAddress[rule.address]?.first,
        record.port == nil, record.portForwardings.isEmpty,
        neutron.portForwardings[record.id]?.isKnown != true
      {
        unknown(.portForwarding, nil, "port forwardings of \(record.address): not captured")
        continue
      }
      find(
        .portForwarding, .extra, .high, object(router), on: place.node,
        at: place.namespace.rawValue,
        wanted: DriftSide("no forwarding of \(describe(rule.address, rule.externalPorts))"),
        found: DriftSide(
          "\(describe(rule.address, rule.externalPorts)) to "
            + describe(rule.target, rule.internalPorts), [rule.evidence]))
    }
  }

  private func object(_ forwarding: PortForwarding) -> DriftObject {
    DriftObject(
      .portForwarding, id: forwarding.id ?? "",
      name: "\(forwarding.protocolName) "
        + describe(forwarding.address, forwarding.externalPorts))
  }
  private func describe(_ address: IPAddress?, _ ports: PortRange?) -> String {
    (address?.description ?? "?") + (ports.map { ":\($0)" } ?? "")
  }
}

extension DestinationNATRule {
  fileprivate func matches(_ forwarding: PortForwarding) -> Bool {
    let numbers: [String: UInt8] = [
      "icmp": IPProtocol.icmp, "tcp": IPProtocol.tcp, "udp": IPProtocol.udp,
      "sctp": IPProtocol.sctp,
    ]
    return address == forwarding.address && externalPorts == forwarding.externalPorts
      && ipProtocol == (numbers[forwarding.protocolName] ?? UInt8(forwarding.protocolName))
  }
}
