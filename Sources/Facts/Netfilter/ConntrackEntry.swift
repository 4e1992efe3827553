// `conntrack -L -o extended` and `ovs-appctl dpctl/dump-conntrack`: connections that a tracker knows.
import NetworkTypes

public struct ConntrackEntry: Hashable, Sendable {
  /// A connection's packets in one direction, as on the wire on that side.
  public struct Tuple: Hashable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    public var icmpType: UInt8?
    public var icmpCode: UInt8?
    public var icmpID: UInt16?
    public var counters: PacketCounters?
    public init(
      source: IPAddress, destination: IPAddress, sourcePort: UInt16? = nil,
      destinationPort: UInt16? = nil, icmpType: UInt8? = nil, icmpCode: UInt8? = nil,
      icmpID: UInt16? = nil, counters: PacketCounters? = nil
    ) {
      self.source = source
      self.destination = destination
      self.sourcePort = sourcePort
      self.destinationPort = destinationPort
      self.icmpType = icmpType
      self.icmpCode = icmpCode
      self.icmpID = icmpID
      self.counters = counters
    }
  }
  public var ipProtocol: UInt8
  public var original: Tuple
  public var reply: Tuple
  /// Zone of packets in the original and in the reply direction.
  public var originalZone: UInt16
  public var replyZone: UInt16
  public var mark: UInt32
  public var labels: UInt128
  /// `ESTABLISHED`, `SYN_SENT`, …; nil for protocols without states.
  public var state: String?
  /// Nil where the dump does not say.
  public var hasSeenReply: Bool?
  /// `ASSURED`, `UNREPLIED`, `OFFLOAD`, `CONFIRMED`, …
  public var flags: Set<String>
  /// Seconds.
  public var timeoutSeconds: UInt64?
  public var use: UInt64?
  public var helper: String?
  /// What else was printed: `key=value` or a bare word.
  public var others: [String]
  public var evidence: Evidence
  public init(
    ipProtocol: UInt8, original: Tuple, reply: Tuple, originalZone: UInt16 = 0,
    replyZone: UInt16 = 0, mark: UInt32 = 0, labels: UInt128 = 0, state: String? = nil,
    hasSeenReply: Bool? = nil, flags: Set<String> = [], timeoutSeconds: UInt64? = nil,
    use: UInt64? = nil, helper: String? = nil, others: [String] = [], evidence: Evidence
  ) {
    self.ipProtocol = ipProtocol
    self.original = original
    self.reply = reply
    self.originalZone = originalZone
    self.replyZone = replyZone
    self.mark = mark
    self.labels = labels
    self.state = state
    self.hasSeenReply = hasSeenReply
    self.flags = flags
    self.timeoutSeconds = timeoutSeconds
    self.use = use
    self.helper = helper
    self.others = others
    self.evidence = evidence
  }
}
