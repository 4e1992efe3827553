// ebtables, and nft's bridge family, on the evaluator's rule sets.
import Conntrack
import Facts
import NetworkTypes

/// The rules of a namespace's Linux bridges.
///
/// A frame meets ebtables' nat PREROUTING before br_netfilter's prerouting, ebtables' FORWARD before
/// br_netfilter's forward, and br_netfilter's postrouting before ebtables' POSTROUTING.
struct BridgeRules: Sendable {
  var ruleSets: [RuleSet] = []
  var plans: [BridgeHook: [Station]] = [:]
  var blind: UnknownReason?
  var assumptions: [String] = []

  init() {}

  init(_ ebtables: Section<EBTable>, nftables: Section<NFTObject>) {
    var plans: [BridgeHook: [(priority: Int, base: BaseChain)]] = [:]
    for table in ebtables.records { add(table, &plans) }
    let shown = ebtables.records.map { NFTTableKey(family: "bridge", name: $0.name) }
    for set in NativeRules(nftables, shownByIPTables: Set(shown)).ruleSets
    where set.key.family == "bridge" {
      let position = ruleSets.count
      ruleSets.append(set.ruleSet(.bridge))
      for base in set.bases {
        guard let hook = base.hook.flatMap({ BridgeHook(rawValue: $0.rawValue) }) else { continue }
        plans[hook, default: []].append(
          (base.priority, BaseChain(ruleSet: position, chain: base.chain)))
      }
    }
    self.plans = plans.mapValues { entries in
      entries.enumerated()
        .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
        .map { .chain($0.element.base) }
    }
    sayWhatIsMissing(ebtables, nftables)
  }

  private mutating func sayWhatIsMissing(
    _ ebtables: Section<EBTable>, _ nftables: Section<NFTObject>
  ) {
    if ebtables.isKnown { return }
    if nftables.isKnown {
      assumptions.append("ebtables' legacy back end, not captured, has no rules here")
    } else {
      blind = UnknownReason("ebtables' rules are not known", gap: ebtables.gap)
    }
  }

  /// NF_BR_PRI_*: where each table stands in each of its hooks.
  private static let places: [(table: NetfilterTableName, hook: BridgeHook, priority: Int)] = [
    ("broute", .brouting, 0), ("nat", .prerouting, -300), ("filter", .input, -200),
    ("filter", .forward, -200), ("nat", .output, 100), ("filter", .output, 200),
    ("nat", .postrouting, 300),
  ]

  private mutating func add(
    _ table: EBTable, _ plans: inout [BridgeHook: [(priority: Int, base: BaseChain)]]
  ) {
    let position = ruleSets.count
    let set = RuleSet(table)
    ruleSets.append(set)
    for place in Self.places where place.table == table.name {
      guard let chain = set.chain(NetfilterChainName(place.hook.rawValue.uppercased()))
      else { continue }
      plans[place.hook, default: []].append(
        (place.priority, BaseChain(ruleSet: position, chain: chain)))
    }
  }
}

extension NetfilterModel {
  /// Runs a frame through a bridge's own hooks: ebtables, nft's bridge family. `run` is another
  /// matter, see `BridgeRules` for who comes first.
  public func runBridge(
    _ hook: BridgeHook, packet: inout Packet, context: BridgeHookContext
  ) -> BridgeHookResult {
    if let reason = bridge.blind { return BridgeHookResult(verdict: .unknown([reason])) }
    guard let plan = bridge.plans[hook], !plan.isEmpty else {
      return BridgeHookResult(verdict: .accept, assumptions: bridge.assumptions)
    }
    var model = self
    model.ruleSets = bridge.ruleSets
    var run = HookRun(
      model: model, hook: hook.netfilterHook, family: .bridge,
      context: HookContext(inDevice: context.inPort, outDevice: context.outPort),
      bridge: context.bridge)
    let start = World(packet: packet, connection: PacketConnection(), conntrack: ConntrackTable())
    let (result, end) = run.run(plan, start)
    return conclude(hook, result, end, &packet)
  }

  private func conclude(
    _ hook: BridgeHook, _ result: HookResult, _ end: World, _ packet: inout Packet
  ) -> BridgeHookResult {
    var verdict = result.verdict
    var isRouted = false
    // In broute, DROP means: not for the bridge.
    if hook == .brouting, case .drop = verdict {
      verdict = .accept
      isRouted = true
    }
    let hasChanged = end.packet.ethDst != packet.ethDst
    if verdict == .accept { packet = end.packet }
    return BridgeHookResult(
      verdict: verdict, steps: result.steps, assumptions: bridge.assumptions + result.assumptions,
      isRouted: isRouted, destinationChanged: hasChanged && verdict == .accept,
      answersARPWith: end.flags.answersARPWith)
  }
}

extension BridgeHook {
  fileprivate var netfilterHook: Hook { Hook(rawValue: rawValue) ?? .prerouting }
}

extension RuleSet {
  init(_ table: EBTable) {
    label = "ebtables \(table.name)"
    family = .bridge
    chains = table.chains.map { RuleChain($0) }
    index = Dictionary(
      table.chains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    sets = [:]
    isMangle = false
    defect =
      table.isComplete
      ? nil : UnknownReason("table \(table.name) was captured in part: rules may be missing")
  }
}

extension RuleChain {
  fileprivate init(_ chain: EBChain) {
    name = chain.name
    evidence = chain.evidence
    policy =
      switch chain.policy {
      case .accept: .accept
      case .drop: .drop
      case .returnToCaller: .returns
      default: .unrecognised("\(chain.policy)")
      }
    rules = chain.rules.map { rule in
      ChainRule(
        body: .ebtables(matches: rule.matches, target: rule.target), text: rule.text, comment: nil,
        evidence: rule.evidence)
    }
  }
}
