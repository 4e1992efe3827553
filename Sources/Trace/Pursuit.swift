// A frame that is followed for its own sake, to find everyone whom it may get to: for an audit's
// witnesses, and for the sets that these are members of.
import DataPlane
import NetworkTypes

/// What is noted, and what is let go, while a frame is followed.
///
/// Nobody answers it: an answer would be another frame. Where several claim the address of its
/// next hop, each of them gets it: whose answer is heard first, no capture says.
public struct Pursuit: Sendable {
  var receivers: Set<FrameTrace.Receiver> = []
  let memory: Memory

  /// What was learnt before, or is learnt on the way, may have been forgotten.
  public enum Memory: Sendable, CaseIterable {
    /// Tables are as they were captured.
    case whole
    /// MAC tables are empty at every step: what is not for a port's own sender is flooded.
    case flowsOnly
    /// Flows with a timeout are gone too.
    case none
  }
}

extension Simulation {
  /// A tunnel's outer packet is another than the one that is followed.
  mutating func note(_ receiver: FrameTrace.Receiver, _ frame: Frame) {
    if isRecording, frame.inner == nil { pursuit?.receivers.insert(receiver) }
  }
  var forgets: Bool { pursuit.map { $0.memory != .whole } ?? false }
  var isAfterTimeouts: Bool { pursuit?.memory == Pursuit.Memory.none }
  /// Whether hosts answer what reaches them now.
  var isAnswered: Bool { pursuit == nil || !isRecording }
}
