// What a hook did with a packet, and by which rules.
import Conntrack
import Facts
import NetworkTypes

public struct HookResult: Hashable, Sendable {
  public var verdict: HookVerdict
  /// The rules that matched, policies that decided and rewrites by connections, in order.
  public var steps: [RuleStep]
  /// What had to be assumed, for the answer's list of assumptions.
  public var assumptions: [String]
  /// Output only: the kernel routes again, since destination, source, mark or TOS changed where it
  /// looks (mangle, NAT).
  public var needsRerouting: Bool
  /// NAT changed where the packet goes: at prerouting of a bridged packet it leaves the bridge's
  /// path unless its new destination is on the same bridge.
  public var destinationChanged: Bool
  /// NAT had to choose a port or address at random: the value shown is one of many.
  public var isTranslationRandom: Bool
  public init(
    verdict: HookVerdict, steps: [RuleStep] = [], assumptions: [String] = [],
    needsRerouting: Bool = false, destinationChanged: Bool = false,
    isTranslationRandom: Bool = false
  ) {
    self.verdict = verdict
    self.steps = steps
    self.assumptions = assumptions
    self.needsRerouting = needsRerouting
    self.destinationChanged = destinationChanged
    self.isTranslationRandom = isTranslationRandom
  }
}

public enum HookVerdict: Hashable, Sendable {
  case accept
  case drop(RuleReference)
  /// Dropped, and the sender is told.
  case reject(RejectKind, RuleReference)
  /// Handed to a program.
  case queue(RuleReference)
  case unknown([UnknownReason])
}

/// A rule, or a chain whose policy decided.
public struct RuleReference: Hashable, Sendable {
  /// `iptables filter`, `ip6tables-legacy nat`, `nft inet firewall`, `ebtables filter`, `conntrack`.
  public var table: String
  public var chain: NetfilterChainName
  /// Verbatim rule, or `policy DROP`.
  public var text: String
  public var comment: String?
  /// Nil for what no line of a capture says: conntrack's own refusals.
  public var evidence: Evidence?
  public init(
    table: String, chain: NetfilterChainName, text: String, comment: String? = nil,
    evidence: Evidence?
  ) {
    self.table = table
    self.chain = chain
    self.text = text
    self.comment = comment
    self.evidence = evidence
  }
}

/// Why a verdict cannot be told.
public struct UnknownReason: Hashable, Sendable {
  /// One sentence without a final stop.
  public var text: String
  public var rule: RuleReference?
  /// What was never captured, where that is the reason.
  public var gap: Gap?
  public init(_ text: String, rule: RuleReference? = nil, gap: Gap? = nil) {
    self.text = text
    self.rule = rule
    self.gap = gap
  }
}

/// One thing that happened to a packet inside a hook.
public struct RuleStep: Hashable, Sendable {
  public enum Effect: Hashable, Sendable {
    case accept, drop, returned
    case reject(RejectKind)
    case jump(NetfilterChainName)
    case goto(NetfilterChainName)
    case policyAccept, policyDrop
    /// Source or destination as it was and as it became, as `address:port` (ICMP: echo id).
    case translated(NATKind, from: String, to: String)
    case marked(UInt32)
    case connectionMarked(UInt32)
    case zone(UInt16)
    case untracked
    case queued
    /// Matched and changed nothing that is modelled: LOG, counters.
    case passed
    /// Anything else, in words.
    case noted(String)
  }
  /// Nil for what a connection did by itself: later packets' NAT.
  public var rule: RuleReference?
  public var effect: Effect
  public init(rule: RuleReference?, effect: Effect) {
    self.rule = rule
    self.effect = effect
  }
}
