// An OpenFlow group, from `ovs-ofctl dump-groups`.
import NetworkTypes

public struct GroupBucket: Hashable, Sendable {
  public var id: UInt32?
  /// Of a select group; nil where none is printed (then 1).
  public var weight: UInt16?
  public var watchPort: OpenFlowPort?
  public var watchGroup: UInt32?
  /// An action set: executed in the order that the switch gives it.
  public var actions: [FlowAction]
  public init(
    id: UInt32? = nil, weight: UInt16? = nil, watchPort: OpenFlowPort? = nil,
    watchGroup: UInt32? = nil, actions: [FlowAction] = []
  ) {
    self.id = id
    self.weight = weight
    self.watchPort = watchPort
    self.watchGroup = watchGroup
    self.actions = actions
  }
}

public struct GroupEntry: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case all, indirect, select
    case fastFailover = "ff"
  }
  public var id: UInt32
  public var kind: Kind
  /// `hash` or `dp_hash`; nil where the dump does not tell (only OpenFlow 1.5's does).
  public var selectionMethod: String?
  public var selectionMethodParameter: UInt64
  /// The fields that `hash` looks at, with their masks.
  public var selectionFields: [FieldMatch]
  public var buckets: [GroupBucket]
  /// Arguments that the parser does not know.
  public var unrecognised: [String]
  public var evidence: Evidence
  public init(
    id: UInt32, kind: Kind, selectionMethod: String? = nil, selectionMethodParameter: UInt64 = 0,
    selectionFields: [FieldMatch] = [], buckets: [GroupBucket] = [], unrecognised: [String] = [],
    evidence: Evidence
  ) {
    self.id = id
    self.kind = kind
    self.selectionMethod = selectionMethod
    self.selectionMethodParameter = selectionMethodParameter
    self.selectionFields = selectionFields
    self.buckets = buckets
    self.unrecognised = unrecognised
    self.evidence = evidence
  }
}
