// A flow of an OpenFlow table, from `ovs-ofctl dump-flows` or a flow file.
import NetworkTypes

/// Flags of a flow.
public struct FlowFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let sendFlowRemoved = FlowFlags(rawValue: 1)
  public static let checkOverlap = FlowFlags(rawValue: 2)
  public static let resetCounts = FlowFlags(rawValue: 4)
  public static let noPacketCounts = FlowFlags(rawValue: 8)
  public static let noByteCounts = FlowFlags(rawValue: 16)
}

/// What a switch counted for a flow; nil for what was not printed.
public struct FlowStatistics: Hashable, Sendable {
  public var durationMilliseconds: UInt64?
  public var packets: UInt64?
  public var bytes: UInt64?
  /// Seconds since the last packet, and since the last change.
  public var idleAgeSeconds: UInt32?
  public var hardAgeSeconds: UInt32?
  public init(
    durationMilliseconds: UInt64? = nil, packets: UInt64? = nil, bytes: UInt64? = nil,
    idleAgeSeconds: UInt32? = nil, hardAgeSeconds: UInt32? = nil
  ) {
    self.durationMilliseconds = durationMilliseconds
    self.packets = packets
    self.bytes = bytes
    self.idleAgeSeconds = idleAgeSeconds
    self.hardAgeSeconds = hardAgeSeconds
  }
}

/// One flow.
public struct FlowEntry: Hashable, Sendable {
  public static let defaultPriority: UInt16 = 32768

  public var table: UInt8
  public var priority: UInt16
  public var cookie: UInt64
  public var match: FlowMatch
  /// Actions and instructions in the order printed; empty means drop, as `[.drop]` does.
  public var actions: [FlowAction]
  /// Seconds; 0 means never.
  public var idleTimeoutSeconds: UInt16
  public var hardTimeoutSeconds: UInt16
  public var importance: UInt16
  public var flags: FlowFlags
  public var statistics: FlowStatistics
  /// Words of the line outside match and actions that the parser does not know.
  public var unrecognised: [String]
  public var evidence: Evidence

  public init(
    table: UInt8 = 0, priority: UInt16 = defaultPriority, cookie: UInt64 = 0,
    match: FlowMatch = FlowMatch(), actions: [FlowAction] = [], idleTimeoutSeconds: UInt16 = 0,
    hardTimeoutSeconds: UInt16 = 0, importance: UInt16 = 0, flags: FlowFlags = [],
    statistics: FlowStatistics = FlowStatistics(), unrecognised: [String] = [],
    evidence: Evidence
  ) {
    self.table = table
    self.priority = priority
    self.cookie = cookie
    self.match = match
    self.actions = actions
    self.idleTimeoutSeconds = idleTimeoutSeconds
    self.hardTimeoutSeconds = hardTimeoutSeconds
    self.importance = importance
    self.flags = flags
    self.statistics = statistics
    self.unrecognised = unrecognised
    self.evidence = evidence
  }

  /// Whether it goes by itself.
  public var hasTimeout: Bool { idleTimeoutSeconds != 0 || hardTimeoutSeconds != 0 }
}
