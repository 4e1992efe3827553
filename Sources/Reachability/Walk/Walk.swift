// One origin's packets on their way: beams wait at places, each place sends them on.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

/// A place that a beam comes to.
enum Spot: Hashable {
  case switchPort(NodeName, SwitchPortKey, TunnelMetadata?)
  /// From the wire, or out of the switch for its internal devices.
  case receive(DeviceKey)
  case transmit(DeviceKey)
  case segment(Int, from: DeviceKey?)
  case guest(Int)
  case outside(Int)
}

/// Where tunnel packets of one kind come out, cached by the cloud.
struct TunnelWay: Hashable {
  let port: SwitchPortKey
  let node: NodeName
  let source: IPAddress?
  let destination: IPAddress
}
struct TunnelEnds {
  /// The receiving node with what its tunnel ports see.
  var ends: [(node: NodeName, source: IPAddress, destination: IPAddress)] = []
  var unknowns: [(reason: String, evidence: Evidence?)] = []
}

final class Walk {
  /// Packets through more routers than this go in circles, as far as anyone can tell.
  static let maximumRoutedHops = 12
  /// Beams of one origin; a cloud of thousands of ports stays far below.
  static let maximumHops = 200_000

  let cloudReach: CloudReach
  var result = ReachResult()
  /// Set while a tunnel's outer packets are followed.
  var tunnel: (type: String, udpPort: UInt16)?
  var tunnelEnds = TunnelEnds()
  /// What waits where, by routers passed; what waits at one place goes on together.
  private var waiting: [[Wait: [Beam]]] = []
  private var order: [[Wait]] = []
  private struct Wait: Hashable {
    let spot: Spot
    let commits: [Commit]
  }
  private struct Visit: Hashable {
    let spot: Spot
    let signature: ObjectIdentifier?
    let commits: [Commit]
  }
  private var visited: [Visit: PacketSet] = [:]
  /// Trails whose identity visits refer to.
  private var kept: [Trail] = []

  init(_ reach: CloudReach) { cloudReach = reach }

  var cloud: DataPlaneModel { cloudReach.cloud }
  var space: PacketSpace { cloudReach.space }

  func go(_ spot: Spot, _ beam: Beam) {
    guard !beam.set.isEmpty else { return }
    let routers = min(beam.trail?.routedHops ?? 0, Self.maximumRoutedHops)
    while waiting.count <= routers {
      waiting.append([:])
      order.append([])
    }
    let wait = Wait(spot: spot, commits: beam.commits)
    if waiting[routers][wait] == nil { order[routers].append(wait) }
    waiting[routers][wait, default: []].append(beam)
  }

  /// Goes on until nothing moves: first all that has passed no router, then one, and so on, so that
  /// what comes to a place by many ways is there together.
  func run() {
    var routers = 0
    while routers < order.count {
      var next = 0
      while next < order[routers].count {
        let wait = order[routers][next]
        next += 1
        guard let beams = waiting[routers].removeValue(forKey: wait) else { continue }
        visit(wait.spot, beams)
        if result.hops >= Self.maximumHops { return }
      }
      order[routers] = []
      routers += 1
    }
  }

  private func visit(_ spot: Spot, _ beams: [Beam]) {
    let fresh = beams.compactMap { unseen(spot, $0) }
    guard let beam = space.joined(fresh) else { return }
    result.hops += 1
    if result.hops >= Self.maximumHops { unknown("more than \(Self.maximumHops) hops", beam) }
    handle(spot, beam)
  }

  /// The part of a beam that has not been here by the same rewrites.
  private func unseen(_ spot: Spot, _ beam: Beam) -> Beam? {
    if let trail = beam.trail { kept.append(trail) }
    let visit = Visit(
      spot: spot, signature: beam.trail?.ownSignature,
      commits: beam.commits.filter { $0.mark != 0 })
    let before = visited[visit] ?? .empty
    let fresh = space.minus(beam.set, before)
    if fresh.isEmpty { return nil }
    visited[visit] = space.or(before, fresh)
    return beam.with(fresh)
  }

  private func handle(_ spot: Spot, _ beam: Beam) {
    switch spot {
    case .switchPort(let node, let port, let metadata): switchInput(node, port, metadata, beam)
    case .receive(let key): receive(key, beam)
    case .transmit(let key): transmit(key, beam)
    case .segment(let index, let from): segment(index, from: from, beam)
    case .guest(let index): note(.guest(index), beam)
    case .outside(let index): outside(index, beam)
    }
  }

  func note(_ place: ReachPlace, _ beam: Beam) {
    if tunnel != nil { return }
    let set = space.forget(HeaderField.metadataMask, in: beam.set)
    result.arrivals[place, default: []].append(Arrival(packets: set, trail: beam.trail))
  }

  func unknown(_ reason: String, _ beam: Beam, evidence: Evidence? = nil) {
    if beam.set.isEmpty { return }
    if tunnel != nil {
      tunnelEnds.unknowns.append((reason, evidence))
    } else {
      result.unknowns.append(UnknownPart(reason, beam, evidence: evidence))
    }
  }
  func add(_ unknowns: [UnknownPart]) {
    for part in unknowns { unknown(part.reason, part.beam, evidence: part.evidence) }
  }

  // MARK: Wires

  /// A wire's own tables know where the MACs of nodes are; all else may go to everyone.
  private func segment(_ index: Int, from: DeviceKey?, _ beam: Beam) {
    let segment = cloud.segments[index]
    // A frame for its own sender, just heard, is not sent back.
    let beam = from == nil ? beam : beam.with(space.minus(beam.set, cloudReach.toSender))
    for member in segment.members where member != from {
      go(
        .receive(member), beam.with(space.minus(beam.set, cloudReach.heldElsewhere(index, member))))
    }
    for host in segment.outsideHosts {
      let tag = cloud.outsideHosts[host].vlan.map { UInt128($0.rawValue) | tagPresent } ?? 0
      let known = space.minus(
        cloudReach.heldElsewhere(index, nil), cloudReach.framesFor(cloud.outsideHosts[host]))
      let mine = space.and(space.minus(beam.set, known), space.value(.vlan, tag))
      if !mine.isEmpty { go(.outside(host), untagged(beam.with(mine))) }
    }
  }

  func untagged(_ beam: Beam) -> Beam { space.poppingTag(beam) }

  private func outside(_ index: Int, _ beam: Beam) { note(.outside(index), beam) }
}
