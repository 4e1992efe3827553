// What a guest really does before and while it talks to a target: its plug, DHCP, the gateway's ARP,
// DNS, small and full packets, both IP versions. Each leg is a diagnosis; the first that is broken and
// that the target needs is the answer.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

/// What a guest is asked about.
public enum WalkTarget: Hashable, Sendable {
  /// A host of the internet, by its address.
  case internet(IPAddress)
  case address(IPAddress)
  case metadata, dhcp, dns, gateway
}

/// One thing that the guest does.
public struct WalkLeg: Sendable {
  /// `dhcp`, `arp-gateway`, `gateway`, `dns`, `metadata`, `metadata-request`, `target`,
  /// `target-full-size`, `target-ipv6`.
  public let name: String
  /// It is what was asked about, not what comes before.
  public let isTarget: Bool
  public let diagnosis: Diagnosis
}

/// The walk's legs and which of them decides.
public struct Walk: Sendable {
  public let legs: [WalkLeg]

  /// The target's first leg that does not work; where all of them do, the first other that does not;
  /// where everything works, what works least surely.
  public var deciding: WalkLeg? {
    let bad = legs.filter { $0.diagnosis.verdict != .works }
    func first(_ verdict: Diagnosis.Verdict, _ isTarget: Bool) -> WalkLeg? {
      bad.first { $0.diagnosis.verdict == verdict && $0.isTarget == isTarget }
    }
    return first(.broken, true) ?? first(.unknown, true) ?? first(.asConfigured, true)
      ?? first(.broken, false) ?? first(.unknown, false)
      ?? legs.first { $0.isTarget && $0.diagnosis.isDoubtful }
      ?? legs.first { $0.isTarget } ?? legs.first
  }
}

extension Diagnostician {
  /// Everything that the guest does to reach the target; `kind` and `port` are the target's.
  public func walk(
    from id: PortID, to target: WalkTarget, kind: ProbeProtocol = .icmp, port: UInt16? = nil
  ) -> Walk {
    guard let index = cloud.guest(id) else { return Walk(legs: [notPlugged(id, target, kind)]) }
    let guest = cloud.guests[index]
    var legs: [WalkLeg] = []
    func add(_ name: String, _ isTarget: Bool, _ probe: Probe?) {
      guard let probe else { return }
      legs.append(WalkLeg(name: name, isTarget: isTarget, diagnosis: diagnose(probe)))
    }
    add("dhcp", target == .dhcp, dhcpProbe(guest))
    if target == .dhcp { return Walk(legs: legs) }
    if target != .metadata || needsGateway(guest, .v4(Self.metadata)) {
      add("arp-gateway", target == .gateway, arpProbe(guest))
    }
    if target == .gateway {
      for family in AddressFamily.allCases {
        add(
          family == .ipv4 ? "gateway" : "gateway-ipv6", true,
          gateway(guest, family).map { ping($0, guest) })
      }
      return Walk(legs: legs)
    }
    if case .internet = target { add("dns", false, dnsProbe(guest)) }
    for (name, probe) in targetProbes(target, guest, kind, port) { add(name, true, probe) }
    if target == .metadata, let last = legs.last?.diagnosis, last.verdict == .works,
      let request = metadataRequest(behind: last.before)
    {
      legs.append(WalkLeg(name: "metadata-request", isTarget: true, diagnosis: request))
    }
    return Walk(legs: legs)
  }

  static let metadata = IPv4Address(rawValue: 0xa9fe_a9fe)

  // MARK: probes

  private func targetProbes(
    _ target: WalkTarget, _ guest: Guest, _ kind: ProbeProtocol, _ port: UInt16?
  ) -> [(String, Probe)] {
    switch target {
    case .dns: return dnsProbe(guest).map { [("dns", $0)] } ?? []
    case .metadata:
      var probe = Probe(
        origin: .port(guest.port), destination: .v4(Self.metadata), kind: .tcp)
      probe.destinationPort = 80
      return [("metadata", probe)]
    case .internet(let address), .address(let address):
      var small = Probe(origin: .port(guest.port), destination: address, kind: kind)
      small.destinationPort = port
      if address.family == .ipv6, kind == .icmp { small.kind = .icmp6 }
      var full = small
      full.lengthBytes = guest.mtuBytes
      return [("target", small), ("target-full-size", full)] + otherFamily(address, guest)
    case .dhcp, .gateway: return []
    }
  }

  /// A guest that has an address of the other family is asked for by it too.
  private func otherFamily(_ address: IPAddress, _ guest: Guest) -> [(String, Probe)] {
    guard
      let owner = cloud.guests.first(where: { other in
        other.owns(address) && other.network == guest.network
      }), address.family == .ipv4,
      let other = owner.addresses.first(where: {
        $0.address.family == .ipv6 && !$0.address.isLinkLocal
      }), guest.firstAddress(.ipv6)?.isLinkLocal == false
    else { return [] }
    return [
      ("target-ipv6", Probe(origin: .port(guest.port), destination: other.address, kind: .icmp6))
    ]
  }

  private func ping(_ address: IPAddress, _ guest: Guest) -> Probe {
    Probe(
      origin: .port(guest.port), destination: address,
      kind: address.family == .ipv4 ? .icmp : .icmp6)
  }

  private func dhcpProbe(_ guest: Guest) -> Probe? {
    guard let network = guest.network,
      model.subnets(of: network).contains(where: { subnet in
        subnet.cidr.family == .ipv4 && subnet.isDHCPEnabled == true
          && guest.addresses.contains { subnet.cidr.contains($0.address) }
      })
    else { return nil }
    return Probe(origin: .port(guest.port), destination: .v4(.broadcast), kind: .dhcp)
  }

  private func gateway(_ guest: Guest, _ family: AddressFamily) -> IPAddress? {
    guest.routes.first { $0.destination.length == 0 && $0.destination.family == family }?.gateway
  }

  private func needsGateway(_ guest: Guest, _ address: IPAddress) -> Bool {
    guest.route(to: address)?.gateway != nil
  }

  private func arpProbe(_ guest: Guest) -> Probe? {
    gateway(guest, .ipv4).map {
      Probe(origin: .port(guest.port), destination: $0, kind: .arp)
    }
  }

  /// The subnet's resolvers, else the DHCP servers, which resolve for it.
  private func dnsProbe(_ guest: Guest) -> Probe? {
    guard let network = guest.network else { return nil }
    let named = model.subnets(of: network).filter { subnet in
      guest.addresses.contains { subnet.cidr.contains($0.address) }
    }.flatMap(\.dnsServers)
    let served = model.dhcpServers.filter { $0.network == network }.flatMap(\.addresses)
    guard let address = (named + served).first(where: { $0.family == .ipv4 }) else { return nil }
    var probe = Probe(origin: .port(guest.port), destination: address, kind: .udp)
    probe.destinationPort = 53
    return probe
  }

  private func notPlugged(_ id: PortID, _ target: WalkTarget, _ kind: ProbeProtocol) -> WalkLeg {
    var address = IPAddress.v4(.any)
    if case .internet(let other) = target { address = other }
    if case .address(let other) = target { address = other }
    return WalkLeg(
      name: "plug", isTarget: true,
      diagnosis: diagnose(Probe(origin: .port(id), destination: address, kind: kind)))
  }
}

extension Diagnostician {
  /// From outside to a floating IP: what its port's groups allow, unless a protocol is given.
  public func walk(
    toFloatingIP address: IPAddress, kind: ProbeProtocol?, port: UInt16?, from source: IPAddress
  ) -> Walk {
    var probes: [(String, Probe)] = []
    func probe(_ kind: ProbeProtocol, _ port: UInt16?) -> Probe {
      var probe = Probe(origin: .external(source), destination: address, kind: kind)
      probe.destinationPort = port
      return probe
    }
    if let kind {
      probes.append(("target", probe(kind, port)))
    } else {
      let (kind, port) = allowed(to: address)
      probes.append(("target", probe(kind, port)))
      var full = probe(kind, port)
      full.lengthBytes = fullSize(to: address)
      probes.append(("target-full-size", full))
    }
    return Walk(
      legs: probes.map { WalkLeg(name: $0.0, isTarget: true, diagnosis: diagnose($0.1)) })
  }

  /// A protocol and port that reach the floating IP by intent, so that what is asked about is the
  /// path and not the groups.
  private func allowed(to address: IPAddress) -> (ProbeProtocol, UInt16?) {
    let forwarding = model.portForwardings.first {
      $0.address == address && $0.origin.contains(.api)
    }
    if let forwarding, let kind = ProbeProtocol(rawValue: forwarding.protocolName) {
      return (kind, forwarding.externalPorts?.first)
    }
    let port = model.port(model.floatingIPs.first { $0.address == address }?.port)
    let rules = (port?.securityGroups ?? []).compactMap { model.securityGroup($0) }
      .flatMap(\.rules).filter { rule in
        rule.direction == .ingress && rule.family == .ipv4 && rule.remoteGroup == nil
          && rule.remotePrefix?.length ?? 0 == 0
      }
    if rules.isEmpty
      || rules.contains(where: { $0.protocolName == nil || $0.protocolName == "icmp" })
    {
      return (.icmp, nil)
    }
    for rule in rules {
      if let kind = rule.protocolName.flatMap({ ProbeProtocol(rawValue: $0) }) {
        return (kind, rule.portMinimum.map { UInt16(clamping: $0) } ?? 1)
      }
    }
    return (.icmp, nil)
  }

  private func fullSize(to address: IPAddress) -> Int? {
    let port = model.floatingIPs.first { $0.address == address }?.port
    return port.flatMap { cloud.guest($0) }.map { cloud.guests[$0].mtuBytes }
  }
}
