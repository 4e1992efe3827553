// One way that a packet may have gone through a hook so far. There is more than one only behind a
// rule that cannot be decided.
import Conntrack
import Facts
import NetworkTypes

struct World {
  var packet: Packet
  var connection: PacketConnection
  var conntrack: ConntrackTable
  /// Nil while the packet is on its way.
  var verdict: HookVerdict?
  var flags = WorldFlags()
  var steps: [RuleStep] = []
  /// The undecided rules that this way took a side at.
  var doubts: [UnknownReason] = []

  /// The tracked connection; nil for an untracked or invalid packet.
  var entry: Connection? { connection.tracked?.connection.map { conntrack[$0] } }
  var entryIndex: Int? { connection.tracked?.connection }

  /// What matches see as the packet's connection: between CT in raw and the lookup the template, which
  /// is a confirmed connection from nowhere to nowhere.
  var seen: (entry: Connection, direction: ConnectionDirection)? {
    if let entry, let tracked = connection.tracked { return (entry, tracked.direction) }
    guard connection.tracked == nil, let template = connection.template else { return nil }
    let nowhere = IPAddress(bits: 0, family: packet.family ?? .ipv4)
    var entry = Connection(
      zone: template.originalZone,
      original: ConnectionTuple(
        source: nowhere, destination: nowhere, ipProtocol: 0, sourcePort: 0, destinationPort: 0))
    entry.isConfirmed = true
    return (entry, .original)
  }

  mutating func finish(_ verdict: HookVerdict) { self.verdict = verdict }
  mutating func note(_ rule: RuleReference?, _ effect: RuleStep.Effect) {
    steps.append(RuleStep(rule: rule, effect: effect))
  }
  mutating func assume(_ text: String) {
    if !flags.assumptions.contains(text) { flags.assumptions.append(text) }
  }

  /// True where both ways come to the same for everything that follows.
  func agrees(with other: World) -> Bool {
    switch (outcome, other.outcome) {
    case (.passed, .passed):
      packet == other.packet && connection == other.connection && conntrack == other.conntrack
        && flags.needsRerouting == other.flags.needsRerouting
        && flags.destinationChanged == other.flags.destinationChanged
    case (.unknown, _), (_, .unknown): false
    case (let mine, let theirs): mine == theirs
    }
  }

  /// The rule that decided is one that might as well not have taken the packet.
  var isDecidedInDoubt: Bool {
    guard let rule = steps.last?.rule else { return false }
    return doubts.contains { $0.rule == rule }
  }

  private enum Outcome: Equatable {
    case passed, dropped, queued, unknown
    case rejected(RejectKind)
  }
  /// Which rule dropped it makes no difference.
  private var outcome: Outcome {
    switch verdict {
    case nil, .accept: .passed
    case .drop: .dropped
    case .reject(let kind, _): .rejected(kind)
    case .queue: .queued
    case .unknown: .unknown
    }
  }
}

struct WorldFlags {
  var assumptions: [String] = []
  var needsRerouting = false
  var destinationChanged = false
  var isTranslationRandom = false
  var answersARPWith: MACAddress?
}

/// What is known of a condition.
enum Truth: Hashable {
  case no, yes
  /// Why not.
  case unknown(String)

  init(_ value: Bool) { self = value ? .yes : .no }
  init(_ value: Bool?, orUnknown reason: @autoclosure () -> String) {
    self = value.map { Truth($0) } ?? .unknown(reason())
  }
  func inverted(_ isInverted: Bool) -> Truth {
    guard isInverted else { return self }
    return switch self {
    case .no: .yes
    case .yes: .no
    case .unknown: self
    }
  }
  var isNo: Bool { self == .no }
}
