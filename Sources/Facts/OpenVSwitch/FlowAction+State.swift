// The arguments of the two actions that make state: connection tracking and learning.
import NetworkTypes

/// `ct(…)`.
public struct CTAction: Hashable, Sendable {
  public enum Zone: Hashable, Sendable {
    case number(UInt16)
    case field(Subfield)
  }
  public var isCommit = false
  /// Takes over a connection that runs the other way.
  public var isForced = false
  /// Zone 0 where none is written.
  public var zone = Zone.number(0)
  /// Where the packet goes on once it is tracked; nil: tracked, and the flow goes on untracked.
  public var table: UInt8?
  public var nat: NATAction?
  /// Set `ct_mark` and `ct_label` of the connection.
  public var exec: [FlowAction] = []
  /// `ftp`, `tftp`.
  public var helper: String?
  public init() {}
}

/// `nat` inside `ct(…)`.
public struct NATAction: Hashable, Sendable {
  public enum Direction: Hashable, Sendable { case source, destination }
  /// Nil: translate as the connection's entry says, and make no new translation.
  public var direction: Direction?
  public var firstAddress: IPAddress?
  /// Equal to the first one for a single address.
  public var lastAddress: IPAddress?
  public var ports: PortRange?
  public var isPersistent = false
  public var isHashed = false
  public var isRandom = false
  public init() {}
}

/// `learn(…)`: adds a flow made of the packet that ran into it.
public struct LearnAction: Hashable, Sendable {
  public enum Specification: Hashable, Sendable {
    /// The new flow matches a constant.
    case match(Subfield, value: UInt128)
    /// The new flow matches what the packet had in another field (or the same one).
    case matchField(Subfield, from: Subfield)
    case load(UInt128, into: Subfield)
    case loadField(from: Subfield, into: Subfield)
    /// The new flow outputs to the port whose number the packet had there.
    case output(Subfield)
  }
  public var table: UInt8 = 1
  public var priority = FlowEntry.defaultPriority
  public var cookie: UInt64 = 0
  public var idleTimeoutSeconds: UInt16 = 0
  public var hardTimeoutSeconds: UInt16 = 0
  public var finIdleTimeoutSeconds: UInt16 = 0
  public var finHardTimeoutSeconds: UInt16 = 0
  public var sendsFlowRemoved = false
  public var deletesLearned = false
  /// Of learned flows; 0 means none.
  public var limit: UInt32 = 0
  /// Set to 1 where a flow was learned, to 0 where the limit forbade it.
  public var result: Subfield?
  public var specifications: [Specification] = []
  public init() {}
}
