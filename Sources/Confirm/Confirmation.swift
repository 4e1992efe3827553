// Where predictions are confirmed, and what comes of it.
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
  /// Namespaces of nodes elsewhere, watched through a way onto them.
  public var remote: [RemoteNamespace] = []
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
  /// Whether the origin itself was watched, so that an answer would have been seen.
  public let isReplyWatched: Bool
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
    let isReplyRight = isReplyWatched ? result.isReplied.map { $0 == isReplySeen } ?? true : true
    let isGood =
      disagreements.isEmpty && unreached.isEmpty && intruders.isEmpty && isReplyRight
    if !isGood { return false }
    let isWatched = gaps.isEmpty && !hops.contains { $0.status == .unwatched }
    return result.outcome == .unknown || !isWatched ? nil : true
  }
}
