// Lines in the tools' own syntax → facts: what a fix's command says and what the search tries are
// made of one text.
import Facts
import Formats
import NetworkTypes

enum LineParsing {
  /// `table=4,priority=1,tun_id=0x1 actions=…`; nil where a word is not understood.
  static func flow(_ text: String, names: SwitchNames = SwitchNames()) -> FlowEntry? {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText(text + "\n"), names: names)
    guard parsed.diagnostics.isEmpty, parsed.records.count == 1, var flow = parsed.records.first
    else { return nil }
    flow.evidence = .none
    return flow
  }

  /// What follows `-A CHAIN `; `chains` are names that are jumps.
  static func filterRule(
    _ text: String, in place: FilterChain, chains: [NetfilterChainName] = []
  ) -> IPTablesRule? {
    let names = Set(chains + [place.chain]).sorted()
    let lines =
      ["*\(place.table)"] + names.map { ":\($0) - [0:0]" } + [
        "-A \(place.chain) \(text)", "COMMIT", "",
      ]
    let parsed = IPTablesFormat.parse(
      CaptureText(lines.joined(separator: "\n")), family: place.family)
    let rules = parsed.records.first?.chain(place.chain)?.rules ?? []
    guard parsed.diagnostics.isEmpty, rules.count == 1, var rule = rules.first else { return nil }
    rule.evidence = .none
    return rule
  }

  /// `default via 10.0.0.1 dev eth0 table 16`.
  static func route(_ text: String, _ family: AddressFamily) -> Route? {
    let parsed = RouteFormat.parse(CaptureText(text + "\n"), family: family)
    guard parsed.diagnostics.isEmpty, parsed.records.count == 1, var route = parsed.records.first
    else { return nil }
    route.evidence = .none
    return route
  }

  /// `39641: from 10.0.0.5 lookup 16`, as `ip rule show` prints it.
  static func rule(_ text: String, _ family: AddressFamily) -> RoutingRule? {
    let parsed = RuleFormat.parse(CaptureText(text + "\n"), family: family)
    guard parsed.diagnostics.isEmpty, parsed.records.count == 1, var rule = parsed.records.first
    else { return nil }
    rule.evidence = .none
    return rule
  }
}
