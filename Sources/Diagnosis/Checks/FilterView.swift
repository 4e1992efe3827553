// One iptables table of a namespace as checks read it, whichever back end holds it.
import DataPlane
import Facts
import NetworkTypes

/// A rule with the chain that it stands in.
struct PlacedRule {
  let chain: NetfilterChainName
  let rule: IPTablesRule
  var matches: [IPTablesMatch] { rule.matches }

  private func host(_ test: (IPTablesTest) -> MaskedAddress?) -> IPAddress? {
    for match in matches where !match.isNegated {
      if let prefix = test(match.test)?.prefix, prefix.isHost { return prefix.address }
    }
    return nil
  }
  var destinationHost: IPAddress? {
    host { if case .destination(let masked) = $0 { masked } else { nil } }
  }
  var sourceHost: IPAddress? {
    host { if case .source(let masked) = $0 { masked } else { nil } }
  }
  var translatedSource: IPAddress? {
    if case .sourceNAT(let range)? = rule.target { range.addresses?.lowerBound } else { nil }
  }
  var translatedDestination: IPAddress? {
    if case .destinationNAT(let range)? = rule.target { range.addresses?.lowerBound } else { nil }
  }
  var looksAtPorts: Bool {
    matches.contains { match in
      switch match.test {
      case .ports, .multiport, .ipProtocol: true
      default: false
      }
    }
  }
  /// What the namespace's own processes send takes another chain.
  var chainIsInput: Bool { !chain.rawValue.hasSuffix("OUTPUT") }
}

struct FilterView {
  let table: IPTablesTable
  let isLegacy: Bool

  /// Nil where the table was not captured; an empty one where neither back end has it.
  init?(_ space: NamespaceModel, _ family: AddressFamily, _ name: NetfilterTableName) {
    let nft = family == .ipv4 ? space.facts.iptables4 : space.facts.iptables6
    let legacy = family == .ipv4 ? space.facts.iptables4Legacy : space.facts.iptables6Legacy
    guard nft.isKnown || legacy.isKnown else { return nil }
    func size(_ table: IPTablesTable?) -> Int {
      table?.chains.reduce(0) { $0 + $1.rules.count } ?? 0
    }
    let first = nft.records.first { $0.name == name }
    let second = legacy.records.first { $0.name == name }
    guard let table = size(second) > size(first) ? second : first ?? second else { return nil }
    self.table = table
    isLegacy = table.backend == .legacy && first != nil && size(second) > size(first)
  }

  var all: [PlacedRule] {
    table.chains.flatMap { chain in chain.rules.map { PlacedRule(chain: chain.name, rule: $0) } }
  }
  func chain(_ name: NetfilterChainName) -> IPTablesChain? { table.chain(name) }

  /// The command that changes it: `ip netns exec … iptables`.
  func command(_ key: NamespaceKey) -> String {
    Shell.inside(key) + (table.family == .ipv4 ? "iptables" : "ip6tables")
      + (isLegacy ? "-legacy" : "")
  }
}

extension IPTablesRule {
  /// `-D CHAIN …` for `-A CHAIN …`, as words for a shell.
  var deletion: String {
    Shell.rule(text.hasPrefix("-A ") ? "-D " + text.dropFirst(3) : text)
  }
}
