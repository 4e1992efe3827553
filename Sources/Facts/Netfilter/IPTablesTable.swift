// iptables-save and ip6tables-save: tables, chains and rules, in order.
// Made by IPTablesFormat, evaluated by the Netfilter module.
import NetworkTypes

/// One `*table … COMMIT` section.
public struct IPTablesTable: Hashable, Sendable {
  /// Which of the kernel's two engines holds the table.
  public enum Backend: String, Hashable, Sendable {
    case nft, legacy
    /// The header that says so is missing.
    case unknown
  }
  public var family: AddressFamily
  public var backend: Backend
  public var name: NetfilterTableName
  /// In the file's order: built-in chains first.
  public var chains: [IPTablesChain]
  /// False where the file ends before `COMMIT`: rules may be missing.
  public var isComplete: Bool
  public var evidence: Evidence
  public init(
    family: AddressFamily, backend: Backend, name: NetfilterTableName,
    chains: [IPTablesChain] = [], isComplete: Bool = true, evidence: Evidence
  ) {
    self.family = family
    self.backend = backend
    self.name = name
    self.chains = chains
    self.isComplete = isComplete
    self.evidence = evidence
  }
  public func chain(_ name: NetfilterChainName) -> IPTablesChain? {
    chains.first { $0.name == name }
  }
}

public struct IPTablesChain: Hashable, Sendable {
  public enum Policy: Hashable, Sendable {
    case accept, drop
    case unrecognised(String)
  }
  public var name: NetfilterChainName
  /// Nil for a user's chain, which returns at its end.
  public var policy: Policy?
  public var counters: PacketCounters?
  public var rules: RuleList
  public var evidence: Evidence
  public init(
    name: NetfilterChainName, policy: Policy?, counters: PacketCounters? = nil,
    rules: RuleList = [], evidence: Evidence
  ) {
    self.name = name
    self.policy = policy
    self.counters = counters
    self.rules = rules
    self.evidence = evidence
  }
}

public struct IPTablesRule: Hashable, Sendable {
  /// All must hold; none for a rule that takes every packet.
  public var matches: [IPTablesMatch]
  /// Nil for a rule that only counts.
  public var target: IPTablesTarget?
  public var counters: PacketCounters?
  public var comment: String?
  /// Verbatim, from `-A` on.
  public var text: String
  public var evidence: Evidence
  public init(
    matches: [IPTablesMatch], target: IPTablesTarget?, counters: PacketCounters? = nil,
    comment: String? = nil, text: String, evidence: Evidence
  ) {
    self.matches = matches
    self.target = target
    self.counters = counters
    self.comment = comment
    self.text = text
    self.evidence = evidence
  }
}
