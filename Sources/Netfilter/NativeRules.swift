// nft tables that iptables-save does not show, as rule sets.
import Facts
import NetworkTypes

/// The native tables of one namespace.
struct NativeRules {
  private(set) var ruleSets: [NativeRuleSet] = []

  /// Tables in `shown` come from iptables-nft or ebtables-nft and are read from there.
  init(_ section: Section<NFTObject>, shownByIPTables shown: Set<NFTTableKey>) {
    var tables: [NFTTableKey: NativeRuleSet] = [:]
    for object in section.records {
      guard let key = object.table, !shown.contains(key) else { continue }
      tables[key, default: NativeRuleSet(key)].add(object)
    }
    ruleSets = tables.keys.sorted().compactMap { tables[$0] }
  }
}

extension NFTObject {
  fileprivate var table: NFTTableKey? {
    switch kind {
    case .metainfo, .other: nil
    case .table(let key): key
    case .chain(let chain): chain.table
    case .rule(let rule): rule.table
    case .set(let set): set.table
    }
  }
}

/// One table with its base chains.
struct NativeRuleSet {
  struct Base {
    let chain: Int
    /// Nil for hooks that only bridges and devices have.
    let hook: Hook?
    let priority: Int
    let isNAT: Bool
    /// Ingress and egress chains: the devices they hang on.
    let devices: Set<InterfaceName>?
  }
  let key: NFTTableKey
  private(set) var bases: [Base] = []
  private var chains: [RuleChain] = []
  private var index: [NetfilterChainName: Int] = [:]
  private var sets: [String: NFTSet] = [:]
  private(set) var needsTracking = false
  private var hasRouteChain = false

  init(_ key: NFTTableKey) { self.key = key }

  var families: [HookFamily] {
    switch key.family {
    case "ip": [.ipv4]
    case "ip6": [.ipv6]
    case "inet": [.ipv4, .ipv6]
    case "arp": [.arp]
    case "netdev": [.ipv4, .ipv6, .arp]
    default: []
    }
  }

  func ruleSet(_ family: HookFamily) -> RuleSet {
    RuleSet(
      label: "nft \(key)", family: family, chains: chains, index: index, sets: sets, defect: nil,
      isMangle: hasRouteChain)
  }

  mutating func add(_ object: NFTObject) {
    switch object.kind {
    case .chain(let chain): add(chain, object)
    case .rule(let rule):
      guard let position = index[rule.chain] else { return }
      if rule.statements.contains(where: \.needsTracking) { needsTracking = true }
      chains[position].rules.append(
        ChainRule(
          body: .nft(rule.statements), text: "handle \(rule.handle.map(String.init) ?? "?")",
          comment: rule.comment, evidence: object.evidence))
    case .set(let set): sets[set.name] = set
    default: break
    }
  }

  private mutating func add(_ chain: NFTChain, _ object: NFTObject) {
    let position = chains.count
    index[chain.name] = position
    chains.append(
      RuleChain(name: chain.name, policy: policy(chain), evidence: object.evidence, rules: []))
    guard let name = chain.hook else { return }
    if chain.type == "route" { hasRouteChain = true }
    let devices = (object.value["dev"]?.elements ?? object.value["dev"].map { [$0] })?
      .compactMap { $0.text.map { InterfaceName($0) } }
    // A device's own hooks stand before and after all of the family's.
    let own = Int(Int32(clamping: chain.priority ?? 0))
    let edges: [String: (Hook, Int)] = [
      "ingress": (.prerouting, own - (1 << 40)), "egress": (.postrouting, own + (1 << 40)),
    ]
    let (hook, priority) = edges[name] ?? (Hook(rawValue: name), own)
    bases.append(
      Base(
        chain: position, hook: hook, priority: priority, isNAT: chain.type == "nat",
        devices: devices.map { Set($0) }))
  }

  private func policy(_ chain: NFTChain) -> ChainPolicy {
    guard chain.hook != nil else { return .returns }
    switch chain.policy {
    case "accept", nil: return .accept
    case "drop": return .drop
    case let other?: return .unrecognised(other)
    }
  }
}

extension NFTStatement {
  /// ct expressions and NAT make the kernel track; what is not understood may.
  fileprivate var needsTracking: Bool {
    switch self {
    case .match(_, let left, _): left.single?.key == "ct"
    case .mangle(let key, let value): key.single?.key == "ct" || value.single?.key == "ct"
    case .verdictMap(let key, _): key.mentionsConntrack
    case .nat, .unrecognised, .extensionModule: true
    default: false
    }
  }
}

extension NFTValue {
  fileprivate var mentionsConntrack: Bool {
    switch self {
    case .object(let members):
      members.contains { $0.key == "ct" || $0.value.mentionsConntrack }
    case .list(let values): values.contains { $0.mentionsConntrack }
    default: false
    }
  }
}
