// What must work: packets that Neutron's objects allow, one for each way that they can be told apart
// by a rule, as probes for the tracer.
import DataPlane
import Facts
import NetworkTypes
import PacketSets
import Reachability
import Trace

/// A packet that shall arrive and be answered.
public struct Expectation: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case neighbour, routed, internet, metadata, gateway, dhcp
    case floatingIP = "floating-ip"
    case portForwarding = "port-forwarding"
    case fullSize = "full-size"
  }
  public let kind: Kind
  public let probe: Probe
  /// Port ids that may take it; empty for what is not a guest's.
  public let takers: Set<PortID>
  /// Sources as which it may be seen; empty where that does not matter.
  public let sources: Set<IPAddress>
}

struct ExpectedTraffic {
  let intent: NeutronIntent
  let space: PacketSpace
  private let choice: GuestChoice
  private let guestsByNetwork: [NetworkID: [Int]]
  /// Guests with a floating IP or a forwarded port.
  private let published: [Int]
  private let subnets: [SubnetID: NeutronSubnet]
  private var cloud: DataPlaneModel { intent.cloud }

  init(_ intent: NeutronIntent, _ choice: GuestChoice) {
    self.intent = intent
    self.choice = choice
    space = intent.space
    let up = intent.cloud.guests.indices.filter { intent.policy(of: $0)?.isUp == true }
    guestsByNetwork = Dictionary(grouping: up) { intent.port(of: $0)?.network ?? NetworkID("") }
    published = up.filter { guest in
      intent.port(of: guest).map { !intent.floatingIPs(of: $0.id).isEmpty } ?? false
    }
    subnets = Dictionary(
      intent.cloud.facts.neutron.subnets.records.map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  func all() -> [Expectation] {
    var found: [Expectation] = []
    for from in choice.senders where intent.policy(of: from)?.isUp == true {
      found += services(from)
      for to in choice.takers(of: from, among: neighbours(of: from)) { found += inside(from, to) }
      found += outwards(from)
      for to in choice.takers(of: from, among: published) { found += publicWays(from, to) }
    }
    for to in choice.suspects.sorted() where intent.policy(of: to)?.isUp == true {
      let senders = neighbours(of: to).filter { !choice.contains($0) }
      for from in GuestChoice.spread(senders, GuestChoice.sendersOfSuspect, offset: to) {
        found += inside(from, to)
      }
    }
    for host in cloud.outsideHosts.indices {
      for to in published where choice.contains(to) { found += inwards(host, to) }
    }
    return found.uniqued()
  }

  /// Guests on networks that a guest's network is routed to, its own included.
  private func neighbours(of guest: Int) -> [Int] {
    guard let port = intent.port(of: guest) else { return [] }
    return intent.routedNetworks(from: port.network).flatMap { guestsByNetwork[$0] ?? [] }
      .filter { $0 != guest }.sorted()
  }

  // MARK: Guest to guest

  private func inside(_ from: Int, _ to: Int) -> [Expectation] {
    guard let sender = intent.port(of: from), let taker = intent.port(of: to) else { return [] }
    let isSame = sender.network == taker.network
    guard isSame || intent.routedNetworks(from: sender.network).contains(taker.network) else {
      return []
    }
    var found: [Expectation] = []
    for family in [AddressFamily.ipv4, .ipv6] {
      guard let source = cloud.guests[from].firstAddress(family), !source.isLinkLocal,
        let destination = cloud.guests[to].firstAddress(family), !destination.isLinkLocal,
        cloud.guests[from].route(to: destination) != nil,
        isSame || cloud.guests[to].route(to: source) != nil && family == .ipv4
      else { continue }
      let samples = samples(
        from, to, source: source, seenAs: source, destination: destination, sentTo: destination)
      for probe in samples {
        found.append(
          Expectation(
            kind: isSame ? .neighbour : .routed, probe: probe, takers: [taker.id], sources: []))
      }
      if let echo = samples.first(where: { $0.kind == .icmp }) {
        var large = echo
        large.lengthBytes = min(cloud.guests[from].mtuBytes, cloud.guests[to].mtuBytes)
        found.append(
          Expectation(kind: .fullSize, probe: large, takers: [taker.id], sources: []))
      }
    }
    return found
  }

  /// One probe a rule of the taker's security groups that some packet of the sender meets.
  private func samples(
    _ from: Int?, _ to: Int, source: IPAddress, seenAs: IPAddress?, destination: IPAddress,
    sentTo: IPAddress
  ) -> [Probe] {
    guard let policy = intent.policy(of: to) else { return [] }
    let sent = space.and(
      space.address(.source, source),
      space.prefix(.destination, IPPrefix(host: sentTo)))
    var out = from.flatMap { intent.policy(of: $0)?.egress } ?? space.ip
    out = space.forget(.source, .destination, in: space.and(out, sent))
    var kinds: [PacketSet] = []
    let received = space.and(
      seenAs.map { space.address(.source, $0) } ?? space.family(destination.family),
      space.address(.destination, destination))
    if policy.isFiltered {
      for rule in policy.sampleSets {
        // An unknown source only meets rules for everyone.
        let part = space.and(rule, received)
        if seenAs == nil,
          !space.isSubset(
            space.family(destination.family),
            of: space.forget(.ipProtocol, .sourcePort, .destinationPort, in: rule))
        {
          continue
        }
        kinds.append(space.forget(.source, .destination, in: part))
      }
    } else {
      kinds = [space.family(destination.family)]
    }
    return kinds.compactMap { probe(space.and($0, out), source: source, to: sentTo, from: from) }
      .uniqued()
  }

  private func probe(_ set: PacketSet, source: IPAddress, to destination: IPAddress, from: Int?)
    -> Probe?
  {
    let isV4 = destination.family == .ipv4
    let echo: UInt128 = isV4 ? 8 : 128
    func inside(_ number: UInt128, _ sport: UInt128, _ dport: UInt128?) -> UInt128? {
      let part = space.all(of: [
        set, space.family(destination.family), space.value(.ipProtocol, number),
        space.value(.sourcePort, sport), dport.map { space.value(.destinationPort, $0) } ?? .all,
      ])
      return space.witness(
        of: part,
        preferring: [
          HeaderField.destinationPort.rawValue: [22, 80, 443, 53]
        ])?[HeaderField.destinationPort.rawValue]
    }
    let origin: ProbeOrigin = from.map { .port(cloud.guests[$0].port) } ?? .external(source)
    func made(_ kind: ProbeProtocol, _ port: UInt16?) -> Probe {
      Probe(
        origin: origin, destination: destination, kind: kind, destinationPort: port,
        source: from == nil ? nil : source)
    }
    if inside(isV4 ? 1 : 58, echo, 0) != nil { return made(isV4 ? .icmp : .icmp6, nil) }
    if let port = inside(6, 40_000, nil) { return made(.tcp, UInt16(port)) }
    if let port = inside(17, 40_000, nil) { return made(.udp, UInt16(port)) }
    if let port = inside(132, 40_000, nil) { return made(.sctp, UInt16(port)) }
    return nil
  }

  // MARK: To and from the outside

  private func outwards(_ from: Int) -> [Expectation] {
    guard let port = intent.port(of: from), let policy = intent.policy(of: from),
      let source = cloud.guests[from].firstAddress(.ipv4),
      let far = IPAddress("8.8.8.8"), cloud.guests[from].route(to: far)?.gateway != nil
    else { return [] }
    var sources: Set<IPAddress> = []
    for network in intent.externalNetworks(from: port.network)
    where cloud.outsideHosts.contains(where: { $0.network == network }) {
      sources.formUnion(intent.sourceAddresses(of: port, on: network))
    }
    guard !sources.isEmpty else { return [] }
    let out = space.and(
      policy.egress, space.and(space.address(.source, source), space.address(.destination, far)))
    return [(ProbeProtocol.icmp, UInt128(1), UInt16?.none), (.tcp, 6, 443), (.udp, 17, 53)]
      .compactMap { kind, number, dport in
        var one = space.and(out, space.value(.ipProtocol, number))
        if let dport { one = space.and(one, space.value(.destinationPort, UInt128(dport))) }
        if kind == .icmp { one = space.and(one, space.value(.sourcePort, 8)) }
        if one.isEmpty { return nil }
        return Expectation(
          kind: .internet,
          probe: Probe(
            origin: .port(port.id), destination: far, kind: kind, destinationPort: dport),
          takers: [], sources: sources)
      }
  }

  private func inwards(_ host: Int, _ to: Int) -> [Expectation] {
    guard let taker = intent.port(of: to) else { return [] }
    let outside = cloud.outsideHosts[host]
    guard let source = outside.addresses.first(where: { $0.address.family == .ipv4 })?.address
    else { return [] }
    return floating(from: nil, source: source, seenAs: source, to, taker, on: [outside.network])
  }

  private func publicWays(_ from: Int, _ to: Int) -> [Expectation] {
    guard let sender = intent.port(of: from), let taker = intent.port(of: to),
      let source = cloud.guests[from].firstAddress(.ipv4)
    else { return [] }
    let external = intent.externalNetworks(from: sender.network).filter { network in
      !intent.sourceAddresses(of: sender, on: network).isEmpty
    }
    return floating(from: from, source: source, seenAs: nil, to, taker, on: external)
  }

  private func floating(
    from: Int?, source: IPAddress, seenAs: IPAddress?, _ to: Int, _ taker: NeutronPort,
    on networks: Set<NetworkID>
  ) -> [Expectation] {
    var found: [Expectation] = []
    for floating in intent.floatingIPs(of: taker.id)
    where networks.contains(floating.floatingNetwork) {
      if let from, cloud.guests[from].route(to: floating.address) == nil { continue }
      if floating.port == taker.id, let fixed = floating.fixedAddress {
        for probe in samples(
          from, to, source: source, seenAs: seenAs, destination: fixed, sentTo: floating.address)
        {
          found.append(
            Expectation(kind: .floatingIP, probe: probe, takers: [taker.id], sources: []))
        }
      }
      for rule in intent.forwardings(of: floating) where intent.leads(rule, to: taker) {
        found += forwarded(from, to, source, seenAs, taker, floating, rule)
      }
    }
    return found
  }

  private func forwarded(
    _ from: Int?, _ to: Int, _ source: IPAddress, _ seenAs: IPAddress?, _ taker: NeutronPort,
    _ floating: NeutronFloatingIP, _ rule: NeutronPortForwarding
  ) -> [Expectation] {
    guard let outer = rule.externalPorts?.first, let inner = rule.internalPorts?.first,
      let address = rule.internalAddress ?? taker.fixedIPs.first?.address,
      let kind = ProbeProtocol(rawValue: rule.protocolName), let policy = intent.policy(of: to)
    else { return [] }
    let number: UInt128 = kind == .udp ? 17 : 6
    let everyone = seenAs.map { space.address(.source, $0) } ?? space.family(.ipv4)
    let received = space.all(of: [
      everyone, space.address(.destination, address), space.value(.ipProtocol, number),
      space.value(.destinationPort, UInt128(inner)),
    ])
    guard space.isSubset(received, of: policy.ingress) else { return [] }
    let probe = Probe(
      origin: from.map { .port(cloud.guests[$0].port) } ?? .external(source),
      destination: floating.address, kind: kind, destinationPort: outer)
    if let from, let out = intent.policy(of: from)?.egress {
      let sent = space.all(of: [
        space.address(.source, source), space.address(.destination, floating.address),
        space.value(.ipProtocol, number), space.value(.destinationPort, UInt128(outer)),
      ])
      guard space.isSubset(sent, of: out) else { return [] }
    }
    return [Expectation(kind: .portForwarding, probe: probe, takers: [taker.id], sources: [])]
  }

  // MARK: Services

  private func services(_ from: Int) -> [Expectation] {
    guard let port = intent.port(of: from), let policy = intent.policy(of: from) else { return [] }
    let guest = cloud.guests[from]
    var found: [Expectation] = []
    let subnets = port.fixedIPs.compactMap(\.subnet).uniqued().compactMap { self.subnets[$0] }
      .filter { $0.cidr.family == .ipv4 }
    func expect(_ kind: Expectation.Kind, _ probe: Probe) {
      found.append(Expectation(kind: kind, probe: probe, takers: [], sources: []))
    }
    if subnets.contains(where: \.isDHCPEnabled), let all = IPAddress("255.255.255.255") {
      expect(.dhcp, Probe(origin: .port(port.id), destination: all, kind: .dhcp))
    }
    guard let source = guest.firstAddress(.ipv4) else { return found }
    func maySend(_ to: IPAddress, _ number: UInt128, _ sport: UInt128?, _ dport: UInt128) -> Bool {
      let packet = space.all(of: [
        space.address(.source, source), space.address(.destination, to),
        space.value(.ipProtocol, number), space.value(.destinationPort, dport),
        sport.map { space.value(.sourcePort, $0) } ?? .all,
      ])
      return space.isSubset(packet, of: policy.egress)
    }
    for subnet in subnets {
      guard let gateway = subnet.gateway, intent.isRouterAddress(gateway, on: port.network) else {
        continue
      }
      if maySend(gateway, 1, 8, 0) {
        expect(.gateway, Probe(origin: .port(port.id), destination: gateway, kind: .icmp))
      }
    }
    if let metadata = IPAddress("169.254.169.254"), guest.route(to: metadata)?.gateway != nil,
      maySend(metadata, 6, nil, 80)
    {
      expect(
        .metadata,
        Probe(origin: .port(port.id), destination: metadata, kind: .tcp, destinationPort: 80))
    }
    return found
  }
}

extension Array where Element: Hashable {
  func uniqued() -> [Element] {
    var known: Set<Element> = []
    return filter { known.insert($0).inserted }
  }
}
