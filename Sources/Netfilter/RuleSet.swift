// Tables of any back end in the one shape that the evaluator walks through.
import Facts
import NetworkTypes

/// A table: its chains by index, jumps resolved by name.
package struct RuleSet: Sendable {
  /// `iptables filter`, `nft inet firewall`.
  package let label: String
  let family: HookFamily
  package var chains: [RuleChain]
  let index: [NetfilterChainName: Int]
  /// Native tables: named sets and maps.
  let sets: [String: NFTSet]
  /// Not nil where rules may be missing.
  package let defect: UnknownReason?
  /// iptables' mangle and nft's route chains make the kernel route output again.
  let isMangle: Bool

  package func chain(_ name: NetfilterChainName) -> Int? { index[name] }
}

package struct RuleChain: Sendable {
  package let name: NetfilterChainName
  package let policy: ChainPolicy
  package let evidence: Evidence
  package var rules: [ChainRule]
}

package enum ChainPolicy: Hashable, Sendable {
  /// Users' chains.
  case returns
  case accept, drop
  case unrecognised(String)
}

package struct ChainRule: Sendable {
  package enum Body: Sendable {
    case iptables(matches: [IPTablesMatch], target: IPTablesTarget?)
    case nft([NFTStatement])
    case ebtables(matches: [EBMatch], target: EBTarget)
  }
  package let body: Body
  package let text: String
  let comment: String?
  package let evidence: Evidence
}

/// Which hooks a packet's kind goes through.
package enum HookFamily: Hashable, Sendable { case ipv4, ipv6, arp, bridge }

extension RuleSet {
  init(_ table: IPTablesTable) {
    let command = table.family == .ipv4 ? "iptables" : "ip6tables"
    let suffix = table.backend == .legacy ? "-legacy" : ""
    label = "\(command)\(suffix) \(table.name)"
    family = table.family == .ipv4 ? .ipv4 : .ipv6
    chains = table.chains.map { RuleChain($0) }
    index = Dictionary(
      table.chains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    sets = [:]
    isMangle = table.name == "mangle"
    defect =
      table.isComplete
      ? nil : UnknownReason("table \(table.name) was captured in part: rules may be missing")
  }

  func reference(_ rule: ChainRule, in chain: Int) -> RuleReference {
    RuleReference(
      table: label, chain: chains[chain].name, text: rule.text, comment: rule.comment,
      evidence: rule.evidence)
  }
  func policyReference(_ chain: Int) -> RuleReference {
    let text =
      switch chains[chain].policy {
      case .accept: "policy ACCEPT"
      case .drop: "policy DROP"
      case .returns: "end of chain"
      case .unrecognised(let name): "policy \(name)"
      }
    return RuleReference(
      table: label, chain: chains[chain].name, text: text, evidence: chains[chain].evidence)
  }
}

extension RuleChain {
  init(_ chain: IPTablesChain) {
    name = chain.name
    evidence = chain.evidence
    policy =
      switch chain.policy {
      case nil: .returns
      case .accept: .accept
      case .drop: .drop
      case .unrecognised(let name): .unrecognised(name)
      }
    rules = chain.rules.map { rule in
      ChainRule(
        body: .iptables(matches: rule.matches, target: rule.target), text: rule.text,
        comment: rule.comment, evidence: rule.evidence)
    }
  }
}
