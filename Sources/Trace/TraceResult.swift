// The answer to a probe: outcome, who took it and how it looked there, the path, and why.
import DataPlane
import Facts
import NetworkTypes

/// What became of a packet.
public enum Outcome: String, Hashable, Sendable, CaseIterable {
  /// The addressee took it; a router or service (a namespace) counts when its answer comes back.
  case delivered
  /// The outside world took it.
  case leftCloud = "left-cloud"
  /// Something on the way let it vanish.
  case dropped
  /// The addressee, or a filter, refused it and said so.
  case rejected
  /// A next hop's MAC could not be resolved.
  case unresolved
  /// What decides is not in the capture, or not modelled.
  case unknown

  /// Nil for unknown.
  public var isDelivered: Bool? {
    switch self {
    case .delivered, .leftCloud: true
    case .dropped, .rejected, .unresolved: false
    case .unknown: nil
    }
  }
}

/// A packet's header as its receiver sees it.
public struct SeenHeader: Hashable, Sendable {
  public let source: IPAddress?
  public let destination: IPAddress?
  public let destinationPort: UInt16?
  public let ttl: UInt8
}

/// The answer to one probe.
public struct TraceResult: Sendable {
  public let probe: Probe
  public let outcome: Outcome
  /// Port ids, `internet`, or namespaces.
  public let receivedBy: [String]
  public let overheardBy: [String]
  public let seen: SeenHeader?
  /// Whether the answer came back to the origin; nil where unknown.
  public let isReplied: Bool?
  public let path: [PathHop]
  public let steps: [Step]
  public let replyPath: [PathHop]
  public let replySteps: [Step]
  public let reason: Reason?
  public let replyReason: Reason?
  public let assumptions: [String]
}
