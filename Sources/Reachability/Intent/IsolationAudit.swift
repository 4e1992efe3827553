// The difference between what arrives and what was asked for, origin by origin.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

/// What one origin's packets show.
public struct OriginAudit {
  public let origin: ReachOrigin
  public var leaks: [Leak] = []
  /// What is not known about its packets.
  public var unknowns: [UnknownPart] = []
  public let result: ReachResult
}

public final class IsolationAudit {
  public let reach: CloudReach
  public let intent: NeutronIntent
  var space: PacketSpace { reach.space }
  var cloud: DataPlaneModel { reach.cloud }
  private let networkOfDevice: [String: NetworkID]
  /// Frames for the MACs that something answers with, and for groups.
  private(set) lazy var announced: PacketSet = {
    let macs = Set(reach.owners.values.joined()).sorted()
    return space.or(
      space.isGroup(.ethDestination),
      space.union(macs.map { space.value(.ethDestination, UInt128($0.rawValue)) }))
  }()

  public init(_ cloud: DataPlaneModel) {
    reach = CloudReach(cloud)
    intent = NeutronIntent(cloud, space: reach.space)
    // Neutron names a device after its port: a prefix and the first eleven characters of the id.
    networkOfDevice = Dictionary(
      cloud.facts.neutron.ports.records.map { (String($0.id.rawValue.prefix(11)), $0.network) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Asks about untagged packets and, since a guest may put any tag on, about tagged ones apart.
  public func audit(_ origin: ReachOrigin) -> OriginAudit {
    let untagged = space.value(.vlan, 0)
    let result = reach.reach(from: origin, sending: space.and(untagged, scope))
    var audit = OriginAudit(origin: origin, unknowns: result.unknowns, result: result)
    audit.leaks = leaks(result) { leaks(origin, $0, $1) }
    guard case .guest(let index) = origin, let port = intent.port(of: index) else { return audit }
    for (asked, find) in tagged(origin, index, port) {
      let result = reach.reach(from: origin, sending: space.and(scope, asked))
      audit.unknowns += result.unknowns
      audit.leaks += leaks(result, find)
    }
    return audit
  }

  typealias LeakSearch = (ReachPlace, Arrival) -> [Leak]

  /// What is asked about: packets that begin something. Answers to nothing, which trackers call
  /// invalid, are left out; so are fragments.
  private lazy var scope: PacketSet = {
    func unasked(_ family: AddressFamily, _ number: UInt128, _ types: [UInt128]) -> PacketSet {
      space.minus(
        space.and(space.family(family), space.value(.ipProtocol, number)),
        space.union(types.map { space.value(.sourcePort, $0) }))
    }
    return space.complement(
      space.or(
        unasked(.ipv4, 1, [8, 13, 15, 17]),
        unasked(.ipv6, 58, [128, 130, 131, 132, 133, 134, 135, 136, 137, 139, 143])))
  }()

  private func leaks(_ result: ReachResult, _ find: LeakSearch) -> [Leak] {
    result.arrivals.sorted { $0.key < $1.key }.flatMap { place, arrivals in
      merged(arrivals.flatMap { find(place, $0) })
    }
  }

  /// Nil where no port of Neutron's says.
  func network(of place: ReachPlace) -> NetworkID? {
    switch place {
    case .guest(let index): intent.port(of: index)?.network
    case .outside(let index): cloud.outsideHosts[index].network
    case .device(let key), .stack(let key): network(of: key)
    }
  }

  /// One leak a border and place.
  private func merged(_ leaks: [Leak]) -> [Leak] {
    var merged: [Leak] = []
    for leak in leaks {
      let index = merged.firstIndex {
        $0.border == leak.border && $0.severity == leak.severity && $0.exposure == leak.exposure
          && $0.isAddressed == leak.isAddressed
      }
      guard let index else {
        merged.append(leak)
        continue
      }
      let old = merged[index]
      merged[index] = Leak(
        border: old.border, severity: old.severity, exposure: old.exposure, origin: old.origin,
        place: old.place,
        sent: space.or(old.sent, leak.sent), received: space.or(old.received, leak.received),
        witness: old.witness, isAddressed: old.isAddressed)
    }
    return merged
  }

  private func leaks(_ origin: ReachOrigin, _ place: ReachPlace, _ arrival: Arrival) -> [Leak] {
    switch origin {
    case .guest(let index):
      guard let port = intent.port(of: index), let policy = intent.policy(of: index) else {
        return []
      }
      return leaks(
        GuestOrigin(origin: origin, index: index, port: port, policy: policy), place, arrival)
    case .outside(let index): return externalLeaks(origin, index, place, arrival)
    }
  }

  /// A guest as a sender.
  struct GuestOrigin {
    let origin: ReachOrigin
    let index: Int
    let port: NeutronPort
    let policy: PortPolicy
  }

  private func leaks(_ from: GuestOrigin, _ place: ReachPlace, _ arrival: Arrival) -> [Leak] {
    switch place {
    case .guest(from.index): return []
    case .guest(let index): return guestLeaks(from, index, arrival)
    case .outside(let index): return outsideLeaks(from, index, arrival)
    case .device(let key): return deviceLeaks(from, key, arrival)
    case .stack(let key): return stackLeaks(from, key, arrival)
    }
  }

  // MARK: Making leaks

  func leak(
    _ border: Border, _ severity: LeakSeverity, _ origin: ReachOrigin, _ place: ReachPlace,
    _ arrival: Arrival, received: PacketSet, sent: PacketSet? = nil, isAddressed: Bool = true
  ) -> [Leak] {
    if received.isEmpty { return [] }
    if let sent, space.and(arrival.origin(in: space), sent).isEmpty { return [] }
    let lasting = space.and(received, space.value(.passing, 0))
    var source = lasting.isEmpty ? .empty : arrival.origin(of: lasting, in: space)
    var passing = space.minus(received, lasting)
    if !passing.isEmpty {
      passing = space.minus(arrival.origin(of: passing, in: space), source)
      if let sent { passing = space.and(passing, sent) }
    }
    if let sent { source = space.and(source, sent) }
    var leaks = made(
      border, Exposure.learnedFlow.severity, .learnedFlow, origin, place, passing, received,
      isAddressed)
    for (exposure, part) in exposures(border, origin, place, isAddressed: isAddressed) {
      let mine = space.and(source, part)
      source = space.minus(source, mine)
      leaks += made(
        border, exposure.severity, exposure, origin, place, mine, received, isAddressed)
    }
    return made(border, severity, nil, origin, place, source, received, isAddressed) + leaks
  }

  private func made(
    _ border: Border, _ severity: LeakSeverity, _ exposure: Exposure?, _ origin: ReachOrigin,
    _ place: ReachPlace, _ sent: PacketSet, _ received: PacketSet, _ isAddressed: Bool
  ) -> [Leak] {
    guard let witness = space.witness(of: sent, preferring: preferences(origin, place, border))
    else {
      return []
    }
    return [
      Leak(
        border: border, severity: severity, exposure: exposure, origin: origin, place: place,
        sent: sent, received: received, witness: witness, isAddressed: isAddressed)
    ]
  }

  /// A packet that a person would send: an echo request or a SYN from the sender's own address to
  /// the place's.
  private func preferences(
    _ origin: ReachOrigin, _ place: ReachPlace, _ border: Border
  ) -> [Int: [UInt128]] {
    var wanted: [HeaderField: [UInt128]] = [
      .etherType: [0x0800, 0x86dd, 0x0806], .ipProtocol: [1, 6, 17, 58], .ttl: [64],
      .tcpFlags: [2], .sourcePort: [8, 128, 40_000], .destinationPort: [0, 22, 80],
    ]
    if case .guest(let index) = origin {
      wanted[.ethSource] = [UInt128(cloud.guests[index].mac.rawValue)]
      wanted[.arpSHA] = [UInt128(cloud.guests[index].mac.rawValue)]
      wanted[.source] = cloud.guests[index].addresses.map(\.address.bits)
    }
    if case .outside(let index) = origin {
      wanted[.source] = cloud.outsideHosts[index].addresses.map(\.address.bits)
    }
    switch place {
    case .guest(let index):
      wanted[.ethDestination] = [UInt128(cloud.guests[index].mac.rawValue), 0xffff_ffff_ffff]
      if border == .broadcastDomain { wanted[.ethDestination]?.swapAt(0, 1) }
      wanted[.destination] = cloud.guests[index].addresses.map(\.address.bits)
    case .outside: wanted[.destination] = [0x0808_0808]
    case .stack(let key), .device(let key):
      let mac = cloud.device(key)?.mac.rawValue ?? 0
      wanted[.ethDestination] = [UInt128(mac), 0xffff_ffff_ffff]
      wanted[.destination] =
        cloud.namespace(key.namespaceKey)?.addresses[key.interface]?.map(\.address.address.bits)
        ?? []
    }
    var byNumber: [Int: [UInt128]] = [:]
    for (field, values) in wanted { byNumber[field.rawValue] = values.map(field.encoded) }
    return byNumber
  }

  // MARK: From guests to guests

  private func guestLeaks(_ from: GuestOrigin, _ index: Int, _ arrival: Arrival) -> [Leak] {
    let place = ReachPlace.guest(index)
    guard let target = intent.port(of: index), let policy = intent.policy(of: index) else {
      return []
    }
    let packets = arrival.packets
    let isSame = target.network == from.port.network
    if arrival.routedHops == 0, !isSame {
      return leak(
        .broadcastDomain, .critical, from.origin, place, arrival, received: packets,
        isAddressed: false)
    }
    let mine = space.value(.ethDestination, UInt128(cloud.guests[index].mac.rawValue))
    let addressed = space.all(of: [
      packets, space.ip, policy.owned, space.or(mine, space.isGroup(.ethDestination)),
    ])
    let asked = space.all(of: [
      packets, space.arp, space.or(mine, space.isGroup(.ethDestination)),
    ])
    var found = forged(from, place, arrival, space.or(addressed, asked))
    found += leak(
      .ingress, .high, from.origin, place, arrival,
      received: space.minus(addressed, policy.ingress))
    if arrival.routedHops > 0,
      !intent.routedNetworks(from: from.port.network).contains(target.network)
    {
      let external = intent.externalNetworks(from: from.port.network).union([from.port.network])
      let published = intent.publicAddresses(of: target, on: external)
      let sent = space.complement(published)
      let own = space.and(packets, space.or(mine, space.isGroup(.ethDestination)))
      found += leak(
        .routing, .critical, from.origin, place, arrival, received: own, sent: sent)
      // What it overhears is for its neighbours: they may be meant to have it, and then its filter
      // must not let through what it would not take for itself.
      let overheard = space.minus(packets, own)
      let neighbours = intent.publicAddresses(of: target.network, on: external)
      found += leak(
        .routing, .critical, from.origin, place, arrival, received: overheard,
        sent: space.complement(neighbours), isAddressed: false)
      let admitted = space.forget(.destination, .ethDestination, in: policy.ingress)
      found += leak(
        .ingress, .high, from.origin, place, arrival,
        received: space.minus(overheard, admitted), sent: space.minus(neighbours, published),
        isAddressed: false)
    }
    return found
  }

  /// Packets from addresses that are not the sender's, or that its security groups keep in.
  private func forged(
    _ from: GuestOrigin, _ place: ReachPlace, _ arrival: Arrival, _ packets: PacketSet
  ) -> [Leak] {
    let untagged = space.value(.vlan, 0)
    let foreign = space.minus(untagged, from.policy.genuine)
    let barred = space.all(of: [
      from.policy.genuine, space.ip, space.complement(from.policy.egress), untagged,
    ])
    return leak(
      .spoofing, .high, from.origin, place, arrival, received: packets, sent: foreign)
      + leak(.egress, .high, from.origin, place, arrival, received: packets, sent: barred)
  }

  // MARK: From guests to the outside

  private func outsideLeaks(_ from: GuestOrigin, _ index: Int, _ arrival: Arrival) -> [Leak] {
    let host = cloud.outsideHosts[index]
    let place = ReachPlace.outside(index)
    let packets = arrival.packets
    if arrival.routedHops == 0, host.network != from.port.network {
      return leak(
        .broadcastDomain, .critical, from.origin, place, arrival, received: packets,
        isAddressed: false)
    }
    let taken = space.and(packets, accepted(by: host))
    let genuine = intent.externalSources(of: from.port, on: host.network)
    return forged(from, place, arrival, taken)
      + leak(
        .externalIdentity, .high, from.origin, place, arrival,
        received: space.minus(taken, genuine))
  }

  /// Packets that the outside router takes and has somewhere to send.
  private func accepted(by host: OutsideHost) -> PacketSet {
    let own = space.union(host.addresses.map { space.address(.destination, $0.address) })
    let near = space.union(host.addresses.map { space.prefix(.destination, $0.prefix) })
    let privates = space.union(
      [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
        "224.0.0.0/3", "0.0.0.0/8", "fc00::/7", "fe80::/10", "ff00::/8", "::/127",
      ]
      .compactMap { IPPrefix($0) }.map { space.prefix(.destination, $0) })
    let far = space.minus(space.ip, space.or(near, privates))
    return space.and(
      space.value(.ethDestination, UInt128(host.mac.rawValue)), space.or(own, far))
  }

  // MARK: From guests to nodes

  /// A frame on a namespace's device: whose network it is, and ARP in others' names.
  private func deviceLeaks(_ from: GuestOrigin, _ key: DeviceKey, _ arrival: Arrival) -> [Leak] {
    guard arrival.routedHops == 0, let device = cloud.device(key), let network = network(of: key)
    else { return [] }
    let place = ReachPlace.device(key)
    guard network != from.port.network else {
      // On a filtering bridge the host's own stack hears it: an exposure of its own.
      if key.namespace == .root { return [] }
      return forged(
        from, place, arrival,
        space.all(of: [arrival.packets, space.arp, space.isFor(device.mac)]))
    }
    return leak(
      .broadcastDomain, .critical, from.origin, place, arrival,
      received: arrival.packets, isAddressed: false)
  }

  /// By the port that the device is named after.
  func network(of key: DeviceKey) -> NetworkID? {
    let name = key.interface.rawValue
    guard let dash = name.firstIndex(of: "-") else { return nil }
    let candidates = [name[name.index(after: dash)...], name.dropFirst(3)]
    return candidates.lazy.compactMap { self.networkOfDevice[String($0.prefix(11))] }.first
  }

  private func stackLeaks(_ from: GuestOrigin, _ key: DeviceKey, _ arrival: Arrival) -> [Leak] {
    guard let namespace = cloud.namespace(key.namespaceKey) else { return [] }
    let place = ReachPlace.stack(key)
    let packets = space.all(of: [
      arrival.packets, served(namespace, key),
    ])
    let name = key.namespace.rawValue
    if name == NamespaceName.root.rawValue {
      return leak(.host, .critical, from.origin, place, arrival, received: packets)
    }
    var found = forged(from, place, arrival, packets)
    let near = intent.routedNetworks(from: from.port.network)
    let external = intent.externalNetworks(from: from.port.network).union([from.port.network])
    let published = intent.routerAddresses(on: external)
    if let id = suffix(name, of: ["qdhcp-"]) {
      if !near.contains(NetworkID(id)) {
        found += leak(.service, .high, from.origin, place, arrival, received: packets)
      }
    } else if let id = suffix(name, of: ["qrouter-", "snat-"]) {
      if !intent.isRouter(id, of: from.port.network) {
        found += leak(
          .service, .medium, from.origin, place, arrival, received: packets,
          sent: space.complement(published))
      }
    } else if let id = suffix(name, of: ["fip-"]), !external.contains(NetworkID(id)) {
      found += leak(.service, .medium, from.origin, place, arrival, received: packets)
    }
    return found
  }

  private func suffix(_ name: String, of prefixes: [String]) -> String? {
    prefixes.first { name.hasPrefix($0) }.map { String(name.dropFirst($0.count)) }
  }

  /// What something answers: echo requests, and ports that a process listens on.
  func served(_ namespace: NamespaceModel, _ key: DeviceKey) -> PacketSet {
    var set = echoRequests
    // Nobody answers an echo request to all, nor a SYN.
    let forAll = space.union(
      [space.value(.destination, 0xffff_ffff)]
        + namespace.routing4.routes(in: .local).filter { $0.type == .broadcast }
        .map { space.prefix(.destination, $0.destination) })
    set = space.minus(set, forAll)
    for socket in namespace.facts.sockets.records
    where socket.interface == nil || socket.interface == key.interface {
      guard let port = socket.port else { continue }
      let number: UInt8 = socket.transport == "tcp" ? IPProtocol.tcp : IPProtocol.udp
      var part = space.and(
        space.ipProtocol(number), space.value(.destinationPort, UInt128(port)))
      if let bound = socket.address, !bound.isUnspecified {
        part = space.and(part, space.address(.destination, bound))
      } else if let bound = socket.address, bound.family == .ipv4 {
        part = space.and(part, space.family(.ipv4))
      }
      // TCP looks at frames to the host alone.
      if number == IPProtocol.tcp {
        part = space.minus(part, space.or(forAll, space.isGroup(.ethDestination)))
      }
      set = space.or(set, part)
    }
    // Groups that a namespace has joined are not in a capture.
    return space.minus(
      set,
      space.or(
        space.and(space.family(.ipv4), space.interval(.destination, 0xe000_0000...0xefff_ffff)),
        space.and(space.family(.ipv6), space.interval(.destination, 0xff << 120...UInt128.max))))
  }

  // MARK: From the outside

  private func externalLeaks(
    _ origin: ReachOrigin, _ index: Int, _ place: ReachPlace, _ arrival: Arrival
  ) -> [Leak] {
    let host = cloud.outsideHosts[index]
    switch place {
    case .guest(let guest):
      guard let target = intent.port(of: guest), let policy = intent.policy(of: guest) else {
        return []
      }
      let mine = space.value(.ethDestination, UInt128(cloud.guests[guest].mac.rawValue))
      let addressed = space.all(of: [
        arrival.packets, policy.owned, space.or(mine, space.isGroup(.ethDestination)),
      ])
      var found = leak(
        .ingress, .high, origin, place, arrival, received: space.minus(addressed, policy.ingress))
      if target.network != host.network {
        let published = intent.publicAddresses(of: target, on: [host.network])
        found += leak(
          .external, .critical, origin, place, arrival,
          received: arrival.routedHops == 0 ? arrival.packets : addressed,
          sent: space.complement(published))
      }
      return found
    case .stack(let key):
      guard let namespace = cloud.namespace(key.namespaceKey),
        key.namespace == NamespaceName.root
      else { return [] }
      return leak(
        .host, .medium, origin, place, arrival,
        received: space.and(arrival.packets, served(namespace, key)))
    default: return []
    }
  }
}

extension ReachPlace: Comparable {
  private var rank: (Int, String) {
    switch self {
    case .guest(let index): (0, String(format(index)))
    case .outside(let index): (1, String(format(index)))
    case .stack(let key): (2, "\(key)")
    case .device(let key): (3, "\(key)")
    }
  }
  private func format(_ index: Int) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}
