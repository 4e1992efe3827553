// The answer of one evaluation: where the packet leaves, how it got there, what is not known.
import Facts
import NetworkTypes

/// What became of one packet in one node's switch.
public struct Translation: Sendable {
  /// Final ones in the order in which they leave; patch ports are inside.
  public var outputs: [SwitchOutput] = []
  /// What is not modelled and matters to this packet; when not empty, `outputs` is not the truth
  /// but what is known of it.
  public var unknowns: [SwitchUnknown] = []
  /// Why it, or a copy of it, went no further; in the order of the decisions.
  public var drops: [SwitchDrop] = []

  private var record = PipelineRecord()
  /// What the record's numbers count.
  private var sites: [BridgeSite] = []
  private var isAfterTimeouts = false

  public init() {}

  init(
    outputs: [SwitchOutput], drops: [SwitchDrop], unknowns: [SwitchUnknown],
    record: PipelineRecord, sites: [BridgeSite], isAfterTimeouts: Bool
  ) {
    self.outputs = outputs
    self.drops = drops
    self.unknowns = unknowns
    self.record = record
    self.sites = sites
    self.isAfterTimeouts = isAfterTimeouts
  }

  public var isDropped: Bool { outputs.isEmpty }

  private var reader: RecordReader {
    RecordReader(record: record, sites: sites, isAfterTimeouts: isAfterTimeouts)
  }
  /// One root a bridge entered from outside, then one a recirculation. Made anew each time: keep it.
  public var steps: [PipelineStep] { reader.steps }
  /// Table lookups of all steps in the order in which they were made. Made anew each time: keep it.
  public var lookups: [TableLookup] { reader.lookups }
}

/// A packet that leaves the switch.
public struct SwitchOutput: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case device
    case `internal`
    /// The packet inside, and the header that is put around it.
    indirect case tunnel(type: String, TunnelMetadata, destinationPort: UInt16)
    case controller(reason: String)
  }
  public var bridge: BridgeName
  public var port: OpenFlowPort
  /// The port's name; `CONTROLLER` for what a controller gets.
  public var name: InterfaceName
  public var kind: Kind
  /// The copies of a flood share one.
  private var shared: SharedPacket
  public var packet: Packet {
    get { shared.packet }
    set { shared = SharedPacket(newValue) }
  }
  /// False when the device is down: OVS sends, nothing leaves.
  public var isLinkUp: Bool
  /// Made by a mirror.
  public var isMirrored: Bool
  /// Cut to this many bytes.
  public var truncatedBytes: Int?
  /// The flow whose action it was; nil when that is none of the dump's.
  public var flow: Evidence?

  init(
    bridge: BridgeName, port: OpenFlowPort, name: InterfaceName, kind: Kind, packet: SharedPacket,
    isLinkUp: Bool, isMirrored: Bool, truncatedBytes: Int?, flow: Evidence?
  ) {
    self.bridge = bridge
    self.port = port
    self.name = name
    self.kind = kind
    shared = packet
    self.isLinkUp = isLinkUp
    self.isMirrored = isMirrored
    self.truncatedBytes = truncatedBytes
    self.flow = flow
  }
}

/// A packet that several outputs carry.
final class SharedPacket: Hashable, Sendable {
  let packet: Packet
  init(_ packet: Packet) { self.packet = packet }
  static func == (a: SharedPacket, b: SharedPacket) -> Bool {
    a === b || a.packet == b.packet
  }
  func hash(into hasher: inout Hasher) { packet.hash(into: &hasher) }
}

/// Why a packet, or a copy of it, went no further.
public struct SwitchDrop: Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    case noMatch(table: UInt8)
    case flowDrops(table: UInt8)
    case flowEndsWithoutOutput(table: UInt8)
    case event(SwitchEvent)
    case error(TranslationError)
  }
  public var bridge: BridgeName
  public var reason: Reason
  /// The flow, port or record that decides.
  public var evidence: Evidence?
}

/// OVS gave up; the packet is dropped whatever was sent before.
public enum TranslationError: Hashable, Sendable {
  case recursionTooDeep
  case tooManyResubmits
  case stackTooDeep
  case congestionDrop
  case forwardingDisabled
  case tooManyMPLSLabels
  case unsupportedPacketType
  case unknownBridge
}

/// Something that this evaluation would need and does not have.
public struct SwitchUnknown: Hashable, Sendable {
  public enum Cause: Hashable, Sendable {
    /// A match of a flow that would decide is not understood.
    case unmodelledMatch(String)
    case unmodelledAction(String)
    /// The flows, groups or ports of a bridge were not captured.
    case missing(Gap)
    /// A hash, a random number or a clock decides: which of several ways is taken.
    case choice(String)
    /// Several flows of the same priority match; which one wins depends on their history.
    case equalPriority(table: UInt8, priority: UInt16, [Evidence])
    /// A meter may drop it.
    case meter(UInt32)
    case other(String)
  }
  public var bridge: BridgeName
  public var cause: Cause
  public var evidence: Evidence?
}

extension SwitchUnknown.Cause: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unmodelledMatch(let text): "the match \(text) is not modelled"
    case .unmodelledAction(let text): "the action \(text) is not modelled"
    case .missing(let gap): "\(gap)"
    case .choice(let what): "a hash or a clock chooses: \(what)"
    case .equalPriority(let table, let priority, let flows):
      "\(flows.count) flows of priority \(priority) match in table \(table)"
    case .meter(let id): "meter \(id) may drop it"
    case .other(let text): text
    }
  }
}

extension SwitchDrop.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noMatch(let table): "no flow of table \(table) matches"
    case .flowDrops(let table): "a flow of table \(table) drops it"
    case .flowEndsWithoutOutput(let table): "a flow of table \(table) sends it nowhere"
    case .event(let event): "\(event)"
    case .error(let error): error.traceText
    }
  }
}
