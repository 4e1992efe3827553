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
    follow(packet, memory) { simulation, step in
      simulation.guestTransmit(index, Frame(packet), step)
    }
  }

  /// The same for a host of the outside world.
  public func trace(_ packet: Packet, fromOutside index: Int, memory: Pursuit.Memory = .whole)
    -> FrameTrace
  {
    follow(packet, memory) { simulation, step in
      simulation.outsideSource = packet.source
      simulation.outsideTransmit(index, Frame(packet), step)
    }
  }

  private func follow(
    _ packet: Packet, _ memory: Pursuit.Memory, _ send: (inout Simulation, Int?) -> Void
  ) -> FrameTrace {
    var state = base
    if memory != .whole {
      for name in state.switches.keys { state.switches[name]?.forgetMACs() }
    }
    var simulation = Simulation(cloud: cloud, state: state)
    simulation.pursuit = Pursuit(memory: memory)
    let step = simulation.record(
      .outside("frame"), .originated("a frame"), Frame(packet), nil)
    send(&simulation, step)
    simulation.run()
    return FrameTrace(
      receivers: simulation.pursuit?.receivers ?? [], steps: simulation.steps,
      unknowns: simulation.unknowns, reason: simulation.firstReason)
  }
}
