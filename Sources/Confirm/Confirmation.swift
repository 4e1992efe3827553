// Does the wire do what was predicted? Captures are open before the probe goes, everything that
// carries its marks is set beside the prediction.
import DataPlane
import Foundation
import Namespaces
import NetworkTypes
import Trace

/// Where probes can be sent from and frames captured: a replayed cloud, or nodes on this machine.
public struct ConfirmField: Sendable {
  public var points: [CapturePoint]
  public var guests: [PortID: NetworkNamespaceFile]
  public var namespaces: [NamespaceKey: NetworkNamespaceFile]
  /// Hosts of the outside world, in the model's order.
  public var outside: [NetworkNamespaceFile]
  public init(
    points: [CapturePoint], guests: [PortID: NetworkNamespaceFile],
    namespaces: [NamespaceKey: NetworkNamespaceFile], outside: [NetworkNamespaceFile]
  ) {
    self.points = points
    self.guests = guests
    self.namespaces = namespaces
    self.outside = outside
  }
}

/// What came of one confirmation.
public struct ConfirmReport: Sendable {
  public let result: TraceResult
  public let hops: [HopReport]
  /// Guests (by port) and outside hosts that got the probe, addressed to them or not.
  public let reached: [String]
  /// Predicted receivers that did not get it.
  public let unreached: [String]
  /// Those that got it against the prediction.
  public let intruders: [String]
  public let isReplySeen: Bool
  public let attempts: Int
  /// Why the comparison may be incomplete: devices without a capture, lost packets.
  public let gaps: [String]
  /// Why no probe was sent; nothing was compared then.
  public let refusal: String?

  public var disagreements: [HopReport] { hops.filter { !$0.isAsPredicted } }
  /// Nil where nothing can be said: nothing was sent, nothing was predicted, or captures are
  /// missing.
  public var isConfirmed: Bool? {
    if refusal != nil { return nil }
    let isReplyRight = result.isReplied.map { $0 == isReplySeen } ?? true
    let isGood =
      disagreements.isEmpty && unreached.isEmpty && intruders.isEmpty && isReplyRight
    if !isGood { return false }
    return result.outcome == .unknown || !gaps.isEmpty ? nil : true
  }
}

/// Captures that stay open for any number of probes of one kind.
public final class ConfirmSession {
  private let tracer: Tracer
  private let field: ConfirmField
  private let captures: CaptureSet
  private let tunnelPorts: Set<UInt16>

  /// How long the wire may take to show a predicted hop, and how long it must be quiet before what
  /// is there is all that comes.
  private static let patienceSeconds = 1.5
  private static let quietSeconds = 0.25

  /// Opens captures on all points of the field.
  public init(_ tracer: Tracer, _ field: ConfirmField, kind: ProbeProtocol) {
    self.tracer = tracer
    self.field = field
    tunnelPorts = FrameLayers.usualTunnelPorts.union(Self.tunnelPorts(tracer.cloud))
    captures = CaptureSet(
      field.points, filter: CaptureFilter.text(kind, tunnelPorts: tunnelPorts))
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
  public func confirm(_ probe: Probe, attempts: Int = 2) -> ConfirmReport {
    var last: ConfirmReport?
    for attempt in 1...max(1, attempts) {
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

  private func attemptOnce(_ probe: Probe, number: Int) -> ConfirmReport {
    var mark = ProbeMark.random()
    var marked = probe
    marked.sourcePort = mark.sourcePort
    do {
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
      return report(result, collect(mark, result), number, source: source)
    } catch {
      return refused(tracer.trace(marked), "\(error)")
    }
  }

  /// The probe's destination ports on its predicted way.
  private static func servicePorts(_ result: TraceResult) -> Set<UInt16> {
    Set(
      result.steps.map { $0.inner ?? $0.packet }.filter { $0.ipProtocol == IPProtocol.udp }
        .map(\.destinationPort) + [result.probe.destinationPort].compactMap { $0 })
  }

  private func refused(_ result: TraceResult, _ why: String) -> ConfirmReport {
    ConfirmReport(
      result: result, hops: [], reached: [], unreached: [], intruders: [], isReplySeen: false,
      attempts: 0, gaps: captures.failures, refusal: why)
  }

  // MARK: where it starts

  private func origin(of probe: Probe) throws -> (NetworkNamespaceFile, IPAddress) {
    guard probe.sourceMAC == nil else {
      throw NamespaceError("a probe with a MAC that is not its sender's cannot be sent")
    }
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

  private func collect(_ mark: ProbeMark, _ result: TraceResult) -> [Marked] {
    let expected = result.path.count + result.replyPath.count
    let deadline = Date().addingTimeInterval(Self.patienceSeconds)
    var found: [Marked] = []
    var quietSince = Date()
    while Date() < deadline {
      let new = captures.read(waiting: 0.02).compactMap { sighting -> Marked? in
        let layers = FrameLayers(sighting.frame.bytes, tunnelPorts: tunnelPorts)
        return layers.role(for: mark).map { (sighting, layers, $0) }
      }
      if !new.isEmpty { quietSince = Date() }
      found += new
      let nodeFrames = found.filter { if case .device = $0.sighting.place { true } else { false } }
      if nodeFrames.count >= expected, Date().timeIntervalSince(quietSince) > Self.quietSeconds {
        break
      }
    }
    return found.sorted { $0.sighting.frame.nanoseconds < $1.sighting.frame.nanoseconds }
  }

  private func report(
    _ result: TraceResult, _ found: [Marked], _ number: Int, source: IPAddress
  ) -> ConfirmReport {
    var comparison = HopComparison(found, source: source)
    comparison.match(result.path, result.steps, [.forward], .forward)
    comparison.match(result.replyPath, result.replySteps, [.reply, .refusal], .reply)
    comparison.addUnpredicted(isRefused: result.outcome.isDelivered == false)
    var hops = comparison.hops
    let first = found.first?.sighting.frame.nanoseconds ?? 0
    for index in hops.indices {
      hops[index].microseconds = hops[index].sighting.map {
        Double($0.frame.nanoseconds - first) / 1_000
      }
    }
    let reached = arrivals(found, result)
    let expected = Set(result.receivedBy.filter { isEnd($0) })
    let allowed = expected.union(result.overheardBy)
    let lost = captures.droppedPackets
    return ConfirmReport(
      result: result, hops: hops, reached: reached,
      unreached: expected.subtracting(reached).sorted(),
      intruders: reached.filter { !allowed.contains($0) && !isRefuser($0, result) },
      isReplySeen: isBack(found, result), attempts: number,
      gaps: captures.failures + (lost > 0 ? ["\(lost) captured packets were lost"] : []),
      refusal: nil)
  }

  private func isEnd(_ name: String) -> Bool {
    field.guests[PortID(name)] != nil || tracer.cloud.outsideHosts.contains { $0.name == name }
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
      case .outside(let name): name
      case .device: nil
      }
    }
    return Set(names).sorted()
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
