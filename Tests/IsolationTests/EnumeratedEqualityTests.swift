// Sets against an enumeration with the tracer: on random small clouds with random wrong flows, rules and
// tags, a frame of every kind arrives by the sets exactly where the tracer sees it arrive.
import DataPlane
import Facts
import Foundation
import NetworkTypes
import PacketSets
import Reachability
import Testing
import Trace

@Suite struct EnumeratedEqualityTests {
  /// Clouds of a run; `OVSIGHT_RANDOM_CLOUDS` says otherwise, `OVSIGHT_RANDOM_SEED` where to begin.
  static let count = setting("OVSIGHT_RANDOM_CLOUDS") ?? 50
  static let first = setting("OVSIGHT_RANDOM_SEED") ?? 0
  /// Frames of one guest of each cloud, of the thousands that its grid has.
  static let frames = setting("OVSIGHT_RANDOM_FRAMES") ?? 120

  private static func setting(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  @Test func setsAndTheTracerAgreeOnRandomClouds() {
    var tally = Tally()
    for seed in Self.first..<Self.first + Self.count {
      CloudComparison(seed: seed).run(frames: Self.frames, &tally)
    }
    print(tally.summary, tally.doubts.sorted { $0.value > $1.value }.prefix(4))
    #expect(tally.differences.isEmpty, "\(tally.differences.prefix(8).joined(separator: "\n"))")
    #expect(tally.arrivals > tally.frames / 4)
    #expect(tally.unknown * 20 < tally.frames)
  }
}

struct Tally {
  var clouds = 0
  var frames = 0
  /// Places that frames arrived at.
  var arrivals = 0
  /// Frames about which one of the two could not tell.
  var unknown = 0
  var doubts: [String: Int] = [:]
  var differences: [String] = []
  var summary: String {
    "\(clouds) random clouds, \(frames) frames, \(arrivals) arrivals, \(unknown) unknown, "
      + "\(differences.count) differences"
  }
}

struct CloudComparison {
  let seed: Int
  let cloud: DataPlaneModel
  let reach: CloudReach
  let tracer: Tracer

  init(seed: Int) {
    self.seed = seed
    cloud = DataPlaneModel(RandomCloud(seed: seed).facts)
    reach = CloudReach(cloud)
    tracer = Tracer(cloud)
  }

  func run(frames: Int, _ tally: inout Tally) {
    tally.clouds += 1
    var random = Random(seed: seed &+ 1_000_003)
    let guest = random.next(cloud.guests.count)
    let result = reach.reach(from: .guest(guest))
    let origins = result.arrivals.keys.reduce(into: [ReachPlace: PacketSet]()) {
      $0[$1] = result.origin(at: $1, in: reach.space)
    }
    let doubtful = reach.space.union(result.unknowns.map { $0.origin(in: reach.space) })
    let grid = FrameGrid(cloud, guest: guest)
    for _ in 0..<frames {
      let packet = grid.next(&random)
      tally.frames += 1
      compare(packet, from: guest, origins, doubtful, &tally)
    }
  }

  private func compare(
    _ packet: Packet, from guest: Int, _ origins: [ReachPlace: PacketSet],
    _ doubtful: PacketSet, _ tally: inout Tally
  ) {
    let trace = tracer.trace(packet, fromGuest: guest, memory: .none)
    let values = reach.space.values(of: packet)
    guard trace.unknowns.isEmpty, !reach.space.contains(values, in: doubtful) else {
      tally.unknown += 1
      tally.doubts[trace.unknowns.first?.text ?? "by sets alone", default: 0] += 1
      return
    }
    let bySets = Set(
      origins.filter { reach.space.contains(values, in: $0.value) }.keys.map(receiver))
    let byTracer = trace.receivers
    for receiver in bySets.union(byTracer).subtracting([.guest(guest)]).filter(isCompared) {
      tally.arrivals += 1
      if bySets.contains(receiver) == byTracer.contains(receiver) { continue }
      tally.differences.append(
        "cloud \(seed): \(cloud.guests[guest].name) → \(receiver): "
          + "sets \(bySets.contains(receiver)), tracer \(byTracer.contains(receiver)): "
          + packet.line)
    }
  }

  private func receiver(_ place: ReachPlace) -> FrameTrace.Receiver {
    switch place {
    case .guest(let index): .guest(index)
    case .outside(let index): .outside(index)
    case .stack(let key): .namespace(key.namespaceKey)
    case .device(let key): .device(key)
    }
  }

  /// Devices with a stack above them; others only pass frames on.
  private func isCompared(_ receiver: FrameTrace.Receiver) -> Bool {
    guard case .device(let key) = receiver, let device = cloud.device(key) else { return true }
    return device.link.master == nil && (device.switchPort == nil || device.isSwitchInternal)
      && cloud.namespace(key.namespaceKey)?.bridges[key.interface] == nil
  }
}

extension Packet {
  fileprivate var line: String {
    let tag = vlans.outer.map { "tag \($0.id) " } ?? ""
    let what = isARP ? "arp \(arpOperation)" : "ip \(ipProtocol)/\(destinationPort)"
    let ends = [source, destination].map { $0.map { "\($0)" } ?? "-" }.joined(separator: " → ")
    return "\(tag)\(ethSrc) → \(ethDst) \(what) \(ends)"
  }
}

/// Frames that a guest may send: MACs, addresses and ports that something in the cloud has, and
/// some that nothing has.
struct FrameGrid {
  private let sender: Guest
  private let sources: [MACAddress]
  private let targets: [MACAddress]
  private let addresses: [IPAddress]
  private let tags: [VLANTag?]

  init(_ cloud: DataPlaneModel, guest: Int) {
    sender = cloud.guests[guest]
    let ports = cloud.facts.neutron.ports.records
    let known = ports.compactMap(\.mac).sorted() + cloud.outsideHosts.map(\.mac)
    // Two that nothing has: sets tell MACs apart that something has or names, and of others never
    // take the two of a frame for one.
    sources = known + [MACAddress(rawValue: 0x0200_0000_0001)]
    targets = known + [MACAddress(rawValue: 0x0200_0000_0002), .broadcast]
    addresses =
      Set(ports.flatMap { $0.fixedIPs.map(\.address) }).sorted()
      + ["8.8.8.8", "203.0.113.1", "203.0.113.20", "192.168.10.1"].compactMap { IPAddress($0) }
    tags = [nil, nil, nil, nil, nil, nil, nil, 0, 100, 101].map { id in
      id.flatMap { VLANID($0) }.map { VLANTag(id: $0) }
    }
  }

  func next(_ random: inout Random) -> Packet {
    let isARP = random.once(in: 4)
    var packet = Packet(
      ethSrc: random.once(in: 5) ? random.pick(sources) : sender.mac,
      ethDst: random.pick(targets), etherType: isARP ? EtherType.arp : EtherType.ipv4)
    packet.vlans = VLANStack(outer: random.pick(tags), inner: nil)
    packet.source = random.once(in: 4) ? random.pick(addresses) : sender.firstAddress(.ipv4)
    packet.destination = random.pick(addresses)
    packet.ttl = 64
    if isARP {
      packet.arpOperation = UInt16(1 + random.next(2))
      packet.ipProtocol = UInt8(packet.arpOperation)
      packet.arpSHA = packet.ethSrc
      packet.lengthBytes = 28
      return packet
    }
    packet.lengthBytes = 60
    packet.ipProtocol = random.pick([IPProtocol.icmp, IPProtocol.tcp, IPProtocol.udp])
    if packet.ipProtocol == IPProtocol.icmp {
      packet.icmpType = 8
      packet.icmpID = 40_000
    } else {
      packet.sourcePort = 40_000
      packet.destinationPort = random.pick([22, 53, 80])
      if packet.ipProtocol == IPProtocol.tcp { packet.tcpFlags = TCPFlags.syn }
    }
    return packet
  }
}
