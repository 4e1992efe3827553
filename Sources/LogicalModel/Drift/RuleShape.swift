// Rules of iptables as they are compared: what they mean, without what does not matter. Feeds the
// comparisons of filters.
import Facts
import NetworkTypes

/// A rule without counters, comments and what iptables implies.
struct RuleShape: Hashable {
  var matches: Set<IPTablesMatch>
  var target: IPTablesTarget?

  init(_ matches: [IPTablesTest], _ target: IPTablesTarget) {
    self.matches = Set(matches.map { IPTablesMatch($0) })
    self.target = target
  }
  init(_ rule: IPTablesRule) {
    target = rule.target
    matches = Set(
      rule.matches.compactMap { match in
        switch match.test {
        // `-m tcp` beside `-p tcp`.
        case .transportHeader: nil
        case .ipProtocol(0): nil
        case .isBridged: nil
        case .multiport(let end?, let ranges) where ranges.count == 1:
          IPTablesMatch(.ports(end, ranges[0]), isNegated: match.isNegated)
        case .source(let masked) where masked.mask == 0: nil
        case .destination(let masked) where masked.mask == 0: nil
        default: match
        }
      })
  }
}

/// The filter table of one family on a node, by the names of Neutron's chains.
struct FilterTable {
  let table: IPTablesTable
  /// `neutron-openvswi-`.
  let wrap: String
  func chain(_ suffix: String) -> IPTablesChain? {
    table.chain(NetfilterChainName(wrap + suffix))
  }
}
