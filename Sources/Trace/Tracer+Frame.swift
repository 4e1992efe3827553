// One finished frame, as someone sends it who does not ask a kernel: for witnesses of an audit.
import DataPlane
import Facts
import NetworkTypes

/// What became of a frame.
public struct FrameTrace: Sendable {
  /// A place that took the frame or saw it.
  public enum Receiver: Hashable, Sendable {
    case guest(Int)
    case outside(Int)
    case namespace(NamespaceKey)
    /// The frame came out on the device, whoever it was for.
    case device(DeviceKey)
  }
  public let receivers: Set<Receiver>
  public let steps: [Step]
  public let unknowns: [Reason]
  public let reason: Reason?
}

extension Tracer {
  /// Traces a frame that a guest's device sends as it is: MACs, addresses and tags. See `Pursuit`.
  public func trace(_ packet: Packet, fromGuest index: Int, memory: Pursuit.Memory = .whole)
    -> FrameTrace
  {
    let guest = cloud.guests[index]
    return follow(packet, memory) { simulation in
      let place = Place.guest(node: simulation.node(of: guest), name: guest.name)
      let step = simulation.record(place, .originated(guest.name), Frame(packet), nil)
      simulation.guestTransmit(index, Frame(packet), step)
    }
  }

  /// The same for a host of the outside world.
  public func trace(_ packet: Packet, fromOutside index: Int, memory: Pursuit.Memory = .whole)
    -> FrameTrace
  {
    let host = cloud.outsideHosts[index]
    return follow(packet, memory) { simulation in
      let step = simulation.record(
        .outside(host.name), .originated(host.name), Frame(packet), nil)
      simulation.outsideSource = packet.source
      simulation.outsideTransmit(index, Frame(packet), step)
    }
  }

  private func follow(
    _ packet: Packet, _ memory: Pursuit.Memory, _ send: (inout Simulation) -> Void
  ) -> FrameTrace {
    var state = base
    if memory != .whole {
      for name in state.switches.keys { state.switches[name]?.forgetMACs() }
    }
    var simulation = Simulation(cloud: cloud, state: state)
    simulation.pursuit = Pursuit(memory: memory)
    send(&simulation)
    simulation.run()
    return FrameTrace(
      receivers: simulation.pursuit?.receivers ?? [], steps: simulation.steps,
      unknowns: simulation.unknowns, reason: simulation.firstReason)
  }
}

extension FrameTrace {
  /// The steps that led to `index`, from the first, and no other copy's.
  public func way(to index: Int) -> [Int] {
    var way: [Int] = []
    var current: Int? = index
    while let position = current, way.count <= steps.count {
      way.append(position)
      current = steps[position].parent
    }
    return way.reversed()
  }
}

extension TraceResult {
  /// A frame's way to the step `end`, and no other copy's; nobody asks for an answer to it. Nil `end`:
  /// it does not arrive, and all that became of it is told.
  public init(_ trace: FrameTrace, of packet: Packet, from origin: ProbeOrigin, to end: Int?) {
    let way = end.map(trace.way) ?? Array(trace.steps.indices)
    let steps = way.enumerated().map { position, index in
      let step = trace.steps[index]
      return Step(
        parent: end == nil ? step.parent : position == 0 ? nil : position - 1, place: step.place,
        event: step.event, packet: step.packet, inner: step.inner, evidence: step.evidence)
    }
    let isUnknown = end == nil && !trace.unknowns.isEmpty
    self.init(
      probe: Probe(
        origin: origin, destination: packet.destination ?? .v4(.any), kind: .ofFrame(packet)),
      outcome: end != nil ? .delivered : isUnknown ? .unknown : .dropped, receivedBy: [],
      overheardBy: [], seen: nil, isReplied: nil, path: [], steps: steps, replyPath: [],
      replySteps: [], reason: end == nil ? trace.unknowns.first ?? trace.reason : nil,
      replyReason: Reason(code: "not-asked", text: "one packet shows it, and none was asked for"),
      assumptions: [])
  }
}

extension ProbeProtocol {
  /// The nearest there is: probes know few protocols.
  fileprivate static func ofFrame(_ packet: Packet) -> ProbeProtocol {
    switch packet.ipProtocol {
    case 6: .tcp
    case 17: .udp
    case 132: .sctp
    case 58: .icmp6
    default: packet.etherType == EtherType.arp ? .arp : .icmp
    }
  }
}
