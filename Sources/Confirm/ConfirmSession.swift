// Does the wire do what was predicted? Captures are open before the probe goes, everything that
// carries its marks is set beside the prediction.
import DataPlane
import Foundation
import Namespaces
import NetworkTypes
import OpenFlow
import Trace

/// Captures that stay open for any number of probes of one kind.
public final class ConfirmSession {
  private let tracer: Tracer
  private let field: ConfirmField
  private let captures: CaptureSet
  private let tunnelPorts: Set<UInt16>
  /// Where guests' frames are put into their nodes; nil where guests send them.
  private let injector: FrameInjector?

  /// Captures on nodes elsewhere end by themselves, should nobody be left to end them.
  private static let longestSeconds = 600

  /// How long the wire may take to show a predicted hop (an answer by proxy ARP alone may be kept back
  /// for 0.8 s), and how long it must be quiet before what is there is all that comes.
  private static let patienceSeconds = 2.5
  private static let quietSeconds = 0.25

  /// Opens captures on all points of the field.
  ///
  /// With an injector frames enter nodes as if guests had sent them, and guests are not touched.
  public init(
    _ tracer: Tracer, _ field: ConfirmField, kind: ProbeProtocol, injector: FrameInjector? = nil
  ) {
    self.injector = injector
    self.tracer = tracer
    self.field = field
    tunnelPorts = FrameLayers.usualTunnelPorts.union(Self.tunnelPorts(tracer.cloud))
    captures = CaptureSet(
      field.points, filter: CaptureFilter.text(kind, tunnelPorts: tunnelPorts))
    captures.add(
      field.remote, filter: CaptureFilter.cooked(kind, tunnelPorts: tunnelPorts),
      seconds: Self.longestSeconds)
  }

  private static func tunnelPorts(_ cloud: DataPlaneModel) -> Set<UInt16> {
    Set(
      cloud.nodes.values.flatMap { $0.openVSwitch.bridges.values }.flatMap(\.ports.values)
        .compactMap { port in
          if case .tunnel(let tunnel) = port.kind { tunnel.destinationPort } else { nil }
        }.filter { $0 > 0 })
  }

  /// Predicts, sends, compares. A first packet may be lost to a cold cache that the model takes for
  /// warm, so what is missing is looked for once more.
  ///
  /// - Parameter prepare: run before each attempt, which must not meet what the one before taught.
  public func confirm(
    _ probe: Probe, attempts: Int = 2, prepare: () throws -> Void
  ) rethrows -> ConfirmReport {
    var last: ConfirmReport?
    for attempt in 1...max(1, attempts) {
      try prepare()
      let report = attemptOnce(probe, number: attempt)
      if report.isConfirmed != false || report.refusal != nil { return report }
      // A surplus frame does not go away by asking again.
      if report.hops.contains(where: { $0.status == .unpredicted }) || attempt == attempts {
        return report
      }
      last = report
    }
    return last ?? attemptOnce(probe, number: 1)
  }

  public func confirm(_ probe: Probe, attempts: Int = 2) -> ConfirmReport {
    confirm(probe, attempts: attempts, prepare: {})
  }

  private func attemptOnce(_ probe: Probe, number: Int) -> ConfirmReport {
    var marked = probe
    do {
      if injector != nil || isFrame(probe) { return try attemptFrame(probe, number) }
      var mark = ProbeMark.random()
      marked.sourcePort = mark.sourcePort
      let (place, source) = try origin(of: probe)
      if case .namespace = probe.origin, marked.source == nil { marked.source = source }
      let result = tracer.trace(marked)
      guard let datagram = ProbeDatagram.encode(marked, from: source, mark) else {
        return refused(result, "a probe of kind \(probe.kind.rawValue) is not one marked packet")
      }
      mark.servicePorts = Self.servicePorts(result)
      let held =
        probe.kind == .udp
        ? ProbeSender.hold(mark.sourcePort, probe.destination.family, in: place) : nil
      defer { if let held { close(held) } }
      captures.drain()
      do {
        try ProbeSender.send(datagram, to: probe.destination, in: place)
      } catch {
        // Its own kernel refuses: the prediction may say just that.
        if result.path.isEmpty { return report(result, [], number, source: source) }
        return refused(result, "the sender's kernel refuses: \(error)")
      }
      return report(result, collect(mark, result, []), number, source: source)
    } catch {
      return refused(tracer.trace(marked), "\(error)")
    }
  }

  /// What no kernel sends when asked: it is sent as a whole frame.
  private func isFrame(_ probe: Probe) -> Bool {
    probe.kind == .arp || probe.kind == .dhcp || probe.sourceMAC != nil
  }

  /// Sends the frame that the prediction begins with.
  private func attemptFrame(_ probe: Probe, _ number: Int) throws -> ConfirmReport {
    var mark = ProbeMark.random()
    var marked = probe
    marked.sourcePort = mark.sourcePort
    let result = tracer.trace(marked)
    guard case .port(let id) = probe.origin, let index = tracer.cloud.guest(id) else {
      return refused(result, "only a guest's frame can be sent whole")
    }
    guard let hop = result.path.first else {
      return refused(result, "the prediction crosses no device, so there is no frame to send")
    }
    let first = result.steps[hop.step].packet
    guard let frame = ProbeFrame.encode(marked, like: first, mark) else {
      return refused(result, "a probe of kind \(probe.kind.rawValue) is not one marked packet")
    }
    mark.servicePorts = Self.servicePorts(result)
    if probe.kind == .arp {
      mark.question = .init(asker: first.arpSHA, address: probe.destination)
    }
    // A guest here that serves every port would answer the answer.
    let shield =
      probe.kind == .udp ? field.guests[id].flatMap { PortShield(mark.sourcePort, in: $0) } : nil
    defer { shield?.end() }
    captures.drain()
    var entered: DeviceKey?
    if let injector {
      let entry = try FrameEntry(of: tracer.cloud.guests[index], in: tracer.cloud)
      try injector.inject(frame, at: entry)
      if case .switchPort = entry { entered = hop.device }
    } else {
      guard let place = field.guests[id] else {
        return refused(result, "port \(id) has no guest here to send from")
      }
      try place.enter { try PacketSocket.send([frame], from: Self.guestDevice) }
    }
    return report(
      result, collect(mark, result, []), number, source: first.source, entered: entered)
  }
  private static let guestDevice = "eth0"

  /// The probe's destination ports on its predicted way.
  private static func servicePorts(_ result: TraceResult) -> Set<UInt16> {
    Set(
      result.steps.map { $0.inner ?? $0.packet }.filter { $0.ipProtocol == IPProtocol.udp }
        .map(\.destinationPort) + [result.probe.destinationPort].compactMap { $0 })
  }

  private func refused(_ result: TraceResult, _ why: String) -> ConfirmReport {
    ConfirmReport(
      result: result, hops: [], reached: [], unreached: [], intruders: [], isReplySeen: false,
      isReplyWatched: false, attempts: 0, gaps: captures.failures, refusal: why)
  }

  // MARK: traffic that somebody else makes

  /// Frames that are kept while the first one of the probe is awaited.
  private static let keptFrames = 20_000

  /// Sends nothing: waits until a packet like the probe enters the first predicted device, takes
  /// its marks from what it carries, and follows it from there.
  public func awaitTraffic(_ probe: Probe, seconds: Double) -> ConfirmReport {
    let first = tracer.trace(probe)
    guard let hop = first.path.first else {
      return refused(first, "the prediction crosses no device, so there is nothing to wait at")
    }
    let predicted = first.steps[hop.step].packet
    let deadline = SteadyClock.now + seconds
    var kept: [Sighting] = []
    captures.drain()
    while SteadyClock.now < deadline {
      let new = captures.read(waiting: 0.05)
      kept = (kept + new).suffix(Self.keptFrames)
      for sighting in new
      where sighting.place == .device(hop.device) && sighting.isOut == hop.isOut {
        let layers = FrameLayers(sighting.frame.bytes, tunnelPorts: tunnelPorts)
        guard let mark = layers.mark(like: predicted, probe) else { continue }
        return follow(probe, mark, kept)
      }
    }
    return refused(first, "no such packet came to \(hop.device) in \(Int(seconds)) s")
  }

  private func follow(_ probe: Probe, _ mark: ProbeMark, _ kept: [Sighting]) -> ConfirmReport {
    var marked = probe
    marked.sourcePort = mark.sourcePort
    let result = tracer.trace(marked)
    var mark = mark
    mark.servicePorts = Self.servicePorts(result)
    let source = result.path.first.flatMap { result.steps[$0.step].packet.source }
    return report(result, Self.first(collect(mark, result, kept), of: probe), 1, source: source)
  }

  /// Linux sends a SYN again after a second, and its answer too: where one was seen, what comes that
  /// late is the next try.
  private static let retryNanoseconds: UInt64 = 900_000_000

  private static func first(_ found: [Marked], of probe: Probe) -> [Marked] {
    guard probe.kind == .tcp else { return found }
    var begins: [Crossing: UInt64] = [:]
    return found.filter { entry in
      let crossing = Crossing(
        place: entry.sighting.place, isOut: entry.sighting.isOut, role: entry.role)
      let time = entry.sighting.frame.nanoseconds
      let begin = begins[crossing] ?? time
      begins[crossing] = begin
      return time - begin < retryNanoseconds
    }
  }

  private struct Crossing: Hashable {
    let place: CapturePlace
    let isOut: Bool
    let role: ProbeRole
  }

  // MARK: where it starts

  private func origin(of probe: Probe) throws -> (NetworkNamespaceFile, IPAddress) {
    switch probe.origin {
    case .port(let id):
      guard let place = field.guests[id], let index = tracer.cloud.guest(id) else {
        throw NamespaceError("port \(id) has no guest here to send from")
      }
      let own = tracer.cloud.guests[index].firstAddress(probe.destination.family)
      guard let source = probe.source ?? own else {
        throw NamespaceError("port \(id) has no address of that family")
      }
      return (place, source)
    case .external(let address):
      let hosts = tracer.cloud.outsideHosts
      let index = hosts.firstIndex { $0.isOnLink(address) } ?? (address.isPrivate ? nil : 0)
      guard let index, field.outside.indices.contains(index),
        hosts[index].owns(address) || !hosts[index].isOnLink(address)
      else { throw NamespaceError("no outside host here has \(address)") }
      return (field.outside[index], address)
    case .namespace(let key):
      guard let place = field.namespaces[key] else { throw NamespaceError("\(key) is not here") }
      let own = try probe.source ?? ProbeSender.source(towards: probe.destination, in: place)
      guard let own else { throw NamespaceError("\(key) has no route to \(probe.destination)") }
      return (place, own)
    }
  }

  // MARK: what is seen

  private typealias Marked = (sighting: Sighting, layers: FrameLayers, role: ProbeRole)

  private func marked(_ sightings: [Sighting], _ mark: ProbeMark) -> [Marked] {
    sightings.compactMap { sighting in
      let layers = FrameLayers(sighting.frame.bytes, tunnelPorts: tunnelPorts)
      return layers.role(for: mark).map { (sighting, layers, $0) }
    }
  }

  /// - Parameter earlier: frames that were read before the marks were known.
  private func collect(_ mark: ProbeMark, _ result: TraceResult, _ earlier: [Sighting]) -> [Marked]
  {
    let expected = result.path.count + result.replyPath.count
    let deadline = SteadyClock.now + Self.patienceSeconds
    var found = marked(earlier, mark)
    var quietSince = SteadyClock.now
    while SteadyClock.now < deadline {
      let new = marked(captures.read(waiting: 0.02), mark)
      if !new.isEmpty { quietSince = SteadyClock.now }
      found += new
      let nodeFrames = found.filter { if case .device = $0.sighting.place { true } else { false } }
      if nodeFrames.count >= expected, SteadyClock.now - quietSince > Self.quietSeconds {
        break
      }
    }
    return found.sorted { $0.sighting.frame.nanoseconds < $1.sighting.frame.nanoseconds }
  }

  private func report(
    _ result: TraceResult, _ found: [Marked], _ number: Int, source: IPAddress?,
    entered: DeviceKey? = nil
  ) -> ConfirmReport {
    var comparison = HopComparison(
      found, source: source, watched: captures.watched, outcome: result.outcome, entry: entered)
    comparison.match(result.path, result.steps, [.forward], .forward)
    comparison.match(result.replyPath, result.replySteps, [.reply, .refusal], .reply)
    // A guest that did not ask refuses the answer to what was put in in its name.
    let isRefused =
      result.outcome.isDelivered == false || injector != nil && result.isReplied == true
    comparison.addUnpredicted(isRefused: isRefused)
    var hops = comparison.hops
    let first = found.first?.sighting.frame.nanoseconds ?? 0
    for index in hops.indices {
      hops[index].microseconds = hops[index].sighting.map {
        Double($0.frame.nanoseconds - first) / 1_000
      }
    }
    let reached = arrivals(found, result)
    let expected = Set(result.receivedBy.filter { isEnd($0) })
    let allowed = expected.union(result.overheardBy).union(owners(result.probe))
    let lost = captures.droppedPackets
    return ConfirmReport(
      result: result, hops: hops, reached: reached,
      unreached: expected.subtracting(reached).sorted(),
      intruders: reached.filter { !allowed.contains($0) && !isRefuser($0, result) },
      isReplySeen: isBack(found, result), isReplyWatched: isOriginWatched(result.probe),
      attempts: number,
      gaps: captures.failures + (lost > 0 ? ["\(lost) captured packets were lost"] : []),
      refusal: nil)
  }

  /// Whom an ARP question is for; it is answered by MACs, which name no guest.
  private func owners(_ probe: Probe) -> [String] {
    guard probe.kind == .arp else { return [] }
    return tracer.cloud.guests.filter { $0.owns(probe.destination) }.map(\.port.rawValue)
      + tracer.cloud.outsideHosts.filter { $0.owns(probe.destination) }.map(\.name)
  }

  /// A guest or outside host whose own device is watched.
  private func isEnd(_ name: String) -> Bool {
    captures.watched.contains(.guest(PortID(name))) || captures.watched.contains(.outside(name))
  }

  /// Whose answer is a refusal, or who lets it vanish, got it all the same.
  private func isRefuser(_ name: String, _ result: TraceResult) -> Bool {
    result.steps.contains { step in
      switch step.place {
      case .guest(_, let guest):
        tracer.cloud.guest(PortID(name)).map { tracer.cloud.guests[$0].name == guest } ?? false
      case .outside(let outside): outside == name
      default: false
      }
    }
  }

  private func arrivals(_ found: [Marked], _ result: TraceResult) -> [String] {
    let names = found.filter { $0.role == .forward && !$0.sighting.isOut }.compactMap {
      switch $0.sighting.place {
      case .guest(let port): port.rawValue
      case .outside(let name): isForeign($0.layers, to: name) ? nil : name
      case .device: nil
      }
    }
    return Set(names).sorted()
  }

  /// A trunk's wire shows an outside host frames of VLANs that are not its own.
  private func isForeign(_ layers: FrameLayers, to name: String) -> Bool {
    let hosts = tracer.cloud.outsideHosts.filter { $0.name == name }
    let tag = layers.outermost?.packet.vlans.outer?.id
    // The host's own device may take its tag off before it shows.
    return tag != nil && !hosts.contains { $0.vlan == tag }
  }

  private func isOriginWatched(_ probe: Probe) -> Bool {
    switch probe.origin {
    case .port(let id): captures.watched.contains(.guest(id))
    case .external: !field.outside.isEmpty
    case .namespace(let key):
      captures.watched.contains {
        if case .device(let device) = $0 { device.namespaceKey == key } else { false }
      }
    }
  }

  private func isBack(_ found: [Marked], _ result: TraceResult) -> Bool {
    found.contains { entry in
      guard entry.role == .reply, !entry.sighting.isOut else { return false }
      switch (result.probe.origin, entry.sighting.place) {
      case (.port(let id), .guest(let port)): return id == port
      case (.external, .outside): return true
      case (.namespace(let key), .device(let device)): return device.namespaceKey == key
      default: return false
      }
    }
  }
}
