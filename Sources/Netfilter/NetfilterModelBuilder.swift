// Makes the rule sets and the order of stations out of a namespace's facts, and says what is missing.
import Conntrack
import Facts
import NetworkTypes

struct NetfilterModelBuilder {
  private let facts: NamespaceFacts
  private var ruleSets: [RuleSet] = []
  private var hooks: [HookKey: HookPlanBuilder] = [:]
  private var natFamilies: Set<HookFamily> = []
  private var trackingFamilies: Set<HookFamily> = []
  private var blind: [HookFamily: UnknownReason] = [:]
  private var assumptions: [HookFamily: [String]] = [:]

  init(_ facts: NamespaceFacts) { self.facts = facts }

  mutating func build(into model: inout NetfilterModel) {
    addIPTables(facts.iptables4, .ipv4)
    addIPTables(facts.iptables6, .ipv6)
    let native = NativeRules(facts.nftables, shownByIPTables: shownTables())
    for set in native.ruleSets { addNative(set) }
    addLegacy(facts.iptables4Legacy, beside: facts.iptables4, .ipv4)
    addLegacy(facts.iptables6Legacy, beside: facts.iptables6, .ipv6)
    sayWhatIsMissing(.ipv4, facts.iptables4, facts.iptables4Legacy)
    sayWhatIsMissing(.ipv6, facts.iptables6, facts.iptables6Legacy)
    model.ruleSets = ruleSets
    model.trackingFamilies = trackingFamilies
    model.blind = blind
    model.assumptions = assumptions
    for family in [HookFamily.ipv4, .ipv6, .arp] {
      for hook in Hook.allCases {
        let key = HookKey(family: family, hook: hook)
        model.plans[key] = (hooks[key] ?? HookPlanBuilder()).plan(
          hook, tracks: trackingFamilies.contains(family),
          translates: natFamilies.contains(family))
      }
    }
  }

  // MARK: iptables

  private mutating func addIPTables(_ section: Section<IPTablesTable>, _ family: HookFamily) {
    for table in section.records { add(table, family) }
  }

  /// A node whose plain command is the legacy one prints the same tables twice.
  private mutating func addLegacy(
    _ section: Section<IPTablesTable>, beside plain: Section<IPTablesTable>, _ family: HookFamily
  ) {
    guard !plain.records.contains(where: { $0.backend == .legacy }) else { return }
    for table in section.records { add(table, family) }
  }

  private mutating func add(_ table: IPTablesTable, _ family: HookFamily) {
    let position = ruleSets.count
    let set = RuleSet(table)
    ruleSets.append(set)
    if set.needsTracking { trackingFamilies.insert(family) }
    if table.name == "nat" { natFamilies.insert(family) }
    for hook in Hook.allCases {
      guard let chain = set.chain(hook.chainName) else { continue }
      let key = HookKey(family: family, hook: hook)
      let base = BaseChain(ruleSet: position, chain: chain)
      if table.name == "nat", let kind = hook.natKind {
        let priority = kind == .source ? HookPriority.sourceNAT : HookPriority.destinationNAT
        hooks[key, default: HookPlanBuilder()].addNAT(base, priority: priority)
      } else if let priority = HookPriority.iptables(table.name) {
        hooks[key, default: HookPlanBuilder()].add(base, priority: priority)
      }
    }
  }

  /// The nft tables that iptables-nft shows too, with more meaning than nft can.
  private func shownTables() -> Set<NFTTableKey> {
    let sections = [("ip", facts.iptables4), ("ip6", facts.iptables6)]
    return Set(
      sections.flatMap { family, section in
        section.records.filter { $0.backend != .legacy }
          .map { NFTTableKey(family: family, name: $0.name) }
      })
  }

  // MARK: Native nft

  private mutating func addNative(_ set: NativeRuleSet) {
    for family in set.families {
      let position = ruleSets.count
      ruleSets.append(set.ruleSet(family))
      if set.needsTracking { trackingFamilies.insert(family) }
      for base in set.bases {
        guard let hook = base.hook else { continue }
        let key = HookKey(family: family, hook: hook)
        let chain = BaseChain(ruleSet: position, chain: base.chain, devices: base.devices)
        if base.isNAT {
          natFamilies.insert(family)
          hooks[key, default: HookPlanBuilder()].addNAT(chain, priority: base.priority)
        } else {
          hooks[key, default: HookPlanBuilder()].add(chain, priority: base.priority)
        }
      }
    }
  }

  // MARK: Gaps

  private mutating func sayWhatIsMissing(
    _ family: HookFamily, _ plain: Section<IPTablesTable>, _ legacy: Section<IPTablesTable>
  ) {
    let command = family == .ipv4 ? "iptables" : "ip6tables"
    let plainIsLegacy = plain.records.contains { $0.backend == .legacy }
    let knowsNFT = facts.nftables.isKnown || plain.isKnown && !plainIsLegacy
    let knowsLegacy = legacy.isKnown || plain.isKnown && plainIsLegacy
    // The legacy back end alone says nothing of what nft's tables do, and the other way round a
    // host without the legacy tool hardly has rules of it.
    if !knowsNFT, !plain.isKnown {
      blind[family] = UnknownReason("\(command)' rules are not known", gap: plain.gap)
      return
    }
    if !knowsLegacy {
      assumptions[family, default: []].append(
        "\(command)'s legacy back end, not captured, has no rules here")
    }
    if !knowsNFT {
      assumptions[family, default: []].append("nft's tables, not captured, have no rules here")
    } else if !facts.nftables.isKnown {
      assumptions[family, default: []].append(
        "nft's own tables, not captured, have no rules here")
    }
  }
}

extension RuleSet {
  /// True where some rule makes the kernel track this family's connections.
  var needsTracking: Bool {
    chains.contains { chain in chain.rules.contains { $0.needsTracking } }
  }
}

extension ChainRule {
  fileprivate var needsTracking: Bool {
    guard case .iptables(let matches, let target) = body else { return false }
    for match in matches {
      switch match.test {
      case .conntrack, .connectionMark, .unrecognised: return true
      default: break
      }
    }
    switch target {
    case .destinationNAT, .sourceNAT, .masquerade, .redirect, .netmap, .connectionMark, .track,
      .unrecognised:
      return true
    default: return false
    }
  }
}
