// One packet through one hook: station by station, chain by chain, rule by rule.
//
// A rule that cannot be decided splits the world in two; worlds that come to the same are merged
// again, and a verdict is unknown only if the worlds at the hook's end differ.
import Conntrack
import Facts
import NetworkTypes

struct HookRun {
  let model: NetfilterModel
  let hook: Hook
  let family: HookFamily
  let context: HookContext
  /// Bridge hooks only.
  let bridge: InterfaceName?
  /// Rules looked at; a rule set without loops never comes near the limit.
  private var work = 0

  init(
    model: NetfilterModel, hook: Hook, family: HookFamily, context: HookContext,
    bridge: InterfaceName? = nil
  ) {
    self.model = model
    self.hook = hook
    self.family = family
    self.context = context
    self.bridge = bridge
  }

  /// The kernel refuses deeper nests (16 in nft) and loops; beyond either limit nothing is known.
  private static let maximumDepth = 128
  private static let maximumWork = 2_000_000
  /// Undecided rules double the ways; 32 at once is more than any sane rule set keeps apart.
  private static let maximumWorlds = 32

  mutating func run(_ plan: [Station], _ start: World) -> (HookResult, World) {
    var worlds = [start]
    for station in plan {
      var next: [World] = []
      for world in worlds {
        next += world.verdict == nil ? pass(station, world) : [world]
      }
      worlds = merged(next)
    }
    return conclude(worlds, start)
  }

  private mutating func pass(_ station: Station, _ world: World) -> [World] {
    switch station {
    case .chain(let base): return passChain(base, world)
    case .track: return [tracked(world)]
    case .translate(let kind, let chains): return translate(kind, chains, world)
    case .confirm: return [confirmed(world)]
    }
  }

  // MARK: The end

  private func conclude(_ worlds: [World], _ start: World) -> (HookResult, World) {
    guard let first = worlds.first else { return (HookResult(verdict: .accept), start) }
    var assumptions = model.assumptions[family] ?? []
    for text in first.flags.assumptions where !assumptions.contains(text) {
      assumptions.append(text)
    }
    var verdict = first.verdict ?? .accept
    if worlds.count > 1 { verdict = .unknown(reasons(worlds)) }
    let result = HookResult(
      verdict: verdict, steps: first.steps, assumptions: assumptions,
      needsRerouting: first.flags.needsRerouting,
      destinationChanged: first.flags.destinationChanged,
      isTranslationRandom: first.flags.isTranslationRandom)
    return (result, first)
  }

  /// The undecided rules that set the worlds apart, and what is unknown inside them.
  private func reasons(_ worlds: [World]) -> [UnknownReason] {
    var reasons: [UnknownReason] = []
    for world in worlds {
      var own = world.doubts
      if case .unknown(let inner) = world.verdict { own += inner }
      for reason in own where !reasons.contains(reason) { reasons.append(reason) }
    }
    return reasons
  }

  private func merged(_ worlds: [World]) -> [World] {
    guard worlds.count > 1 else { return worlds }
    var kept: [World] = []
    for world in worlds {
      guard let index = kept.firstIndex(where: { $0.agrees(with: world) }) else {
        kept.append(world)
        continue
      }
      // Of two that come to the same, the one whose rule is sure to take the packet is shown.
      if kept[index].isDecidedInDoubt, !world.isDecidedInDoubt { kept[index] = world }
    }
    return kept
  }

  // MARK: Chains

  private mutating func passChain(_ base: BaseChain, _ world: World) -> [World] {
    if let devices = base.devices, !devices.contains(where: isAtEdge) { return [world] }
    let set = model.ruleSets[base.ruleSet]
    if let defect = set.defect, !set.chains[base.chain].rules.isEmpty {
      return [unknown(world, defect)]
    }
    let worlds = enter(base, world)
    guard set.isMangle, hook == .output else { return worlds }
    return worlds.map { rerouted($0, since: world.packet) }
  }

  /// Whether a device's own chain meets the packet in this hook.
  private func isAtEdge(_ device: InterfaceName) -> Bool {
    hook == .prerouting
      ? device == context.physicalIn ?? context.inDevice
      : device == context.physicalOut ?? context.outDevice
  }

  private func rerouted(_ world: World, since before: Packet) -> World {
    var world = world
    let after = world.packet
    let hasChanged =
      after.mark != before.mark || after.source != before.source
      || after.destination != before.destination
      || (family == .ipv4 ? after.tos != before.tos : after.ttl != before.ttl)
    if hasChanged { world.flags.needsRerouting = true }
    return world
  }

  /// A base chain with its policy: worlds without a verdict go on to the next station.
  mutating func enter(_ base: BaseChain, _ world: World) -> [World] {
    var (live, done) = evaluate(base.ruleSet, base.chain, [world], depth: 0)
    let set = model.ruleSets[base.ruleSet]
    for index in live.indices {
      let reference = set.policyReference(base.chain)
      switch set.chains[base.chain].policy {
      case .accept, .returns: break
      case .drop:
        live[index].note(reference, .policyDrop)
        live[index].finish(.drop(reference))
      case .unrecognised(let name):
        live[index].finish(
          .unknown([UnknownReason("policy \(name) is not known", rule: reference)]))
      }
    }
    return merged(live + done.map(\.world))
  }

  /// A world that a verdict took out of its chain; `accept` leaves the verdict nil.
  struct Finished { var world: World }

  /// Returns the worlds that came out of the chain's end or by RETURN, and those with a verdict.
  private mutating func evaluate(
    _ set: Int, _ chain: Int, _ worlds: [World], depth: Int
  ) -> (live: [World], done: [Finished]) {
    guard depth < Self.maximumDepth else {
      return (
        [], worlds.map { Finished(world: unknown($0, UnknownReason("chains nest too deep"))) }
      )
    }
    var walk = ChainWalk(live: worlds)
    let rules = model.ruleSets[set].chains[chain].rules
    for rule in rules {
      if walk.live.isEmpty { break }
      step(rule, set, chain, &walk, depth: depth)
    }
    return (walk.live + walk.returned, walk.done)
  }

  private struct ChainWalk {
    var live: [World]
    var returned: [World] = []
    var done: [Finished] = []
  }

  private mutating func step(
    _ rule: ChainRule, _ set: Int, _ chain: Int, _ walk: inout ChainWalk, depth: Int
  ) {
    work += 1
    // The common case: one world, and the rule does not take it.
    if walk.live.count == 1, truth(rule, walk.live[0], set: set).isNo { return }
    let reference = model.ruleSets[set].reference(rule, in: chain)
    let worlds = walk.live
    walk.live = []
    for world in worlds {
      switch truth(rule, world, set: set) {
      case .no: walk.live.append(world)
      case .yes: act(rule, reference, set, world, &walk, depth: depth)
      case .unknown(let why):
        split(rule, reference, set, world, why, &walk, depth: depth)
      }
    }
    walk.live = merged(walk.live)
    bound(reference, &walk)
  }

  /// Takes both sides of a rule that cannot be decided, unless it changes nothing anyway.
  private mutating func split(
    _ rule: ChainRule, _ reference: RuleReference, _ set: Int, _ world: World, _ why: String,
    _ walk: inout ChainWalk, depth: Int
  ) {
    var skipped = world
    skipped.doubts.append(UnknownReason(why, rule: reference))
    walk.live.append(skipped)
    if !rule.hasEffect { return }
    var taken = world
    taken.doubts.append(UnknownReason(why, rule: reference))
    act(rule, reference, set, taken, &walk, depth: depth)
  }

  private func bound(_ reference: RuleReference, _ walk: inout ChainWalk) {
    let isBeyond = walk.live.count + walk.done.count > Self.maximumWorlds
    guard isBeyond || work > Self.maximumWork else { return }
    let reason = UnknownReason("too many rules that cannot be decided", rule: reference)
    let worlds = walk.live + walk.done.map(\.world)
    walk.live = []
    walk.done = worlds.first.map { [Finished(world: unknown($0, reason))] } ?? []
  }

  func unknown(_ world: World, _ reason: UnknownReason) -> World {
    var world = world
    world.finish(.unknown([reason]))
    return world
  }

  // MARK: Rules

  private func truth(_ rule: ChainRule, _ world: World, set: Int) -> Truth {
    switch rule.body {
    case .iptables(let matches, _): truth(matches, world)
    case .nft(let statements): truth(statements, world, model.ruleSets[set])
    case .ebtables(let matches, _): truth(matches, world.packet)
    }
  }

  private mutating func act(
    _ rule: ChainRule, _ reference: RuleReference, _ set: Int, _ world: World,
    _ walk: inout ChainWalk, depth: Int
  ) {
    var world = world
    let outcome: RuleOutcome
    switch rule.body {
    case .iptables(_, let target): outcome = apply(target, reference, &world)
    case .nft(let statements):
      outcome = apply(statements, reference, &world, model.ruleSets[set])
    case .ebtables(_, let target): outcome = applyBridge(target, reference, &world)
    }
    switch outcome {
    case .proceed: walk.live.append(world)
    case .finished: walk.done.append(Finished(world: world))
    case .returned: walk.returned.append(world)
    case .jump(let name): call(name, reference, set, world, &walk, depth: depth, returnsHere: true)
    case .goto(let name):
      call(name, reference, set, world, &walk, depth: depth, returnsHere: false)
    }
  }

  private mutating func call(
    _ name: NetfilterChainName, _ reference: RuleReference, _ set: Int, _ world: World,
    _ walk: inout ChainWalk, depth: Int, returnsHere: Bool
  ) {
    guard let chain = model.ruleSets[set].chain(name) else {
      let reason = UnknownReason("chain \(name) is not in the capture", rule: reference)
      return walk.done.append(Finished(world: unknown(world, reason)))
    }
    var (live, done) = evaluate(set, chain, [world], depth: depth + 1)
    end(set, chain, &live, &done)
    walk.done += done
    if returnsHere {
      walk.live += live
    } else {
      walk.returned += live
    }
  }
}

extension HookRun {
  /// A called chain's own policy: ebtables knows it, elsewhere chains return.
  private func end(
    _ set: Int, _ chain: Int, _ live: inout [World], _ done: inout [Finished]
  ) {
    guard family == .bridge, model.ruleSets[set].chains[chain].policy != .returns else { return }
    let reference = model.ruleSets[set].policyReference(chain)
    for var world in live {
      if model.ruleSets[set].chains[chain].policy == .drop {
        world.note(reference, .policyDrop)
        world.finish(.drop(reference))
      }
      done.append(Finished(world: world))
    }
    live = []
  }
}

/// Where a rule sends the packet next.
enum RuleOutcome {
  case proceed
  /// The world has its verdict, or none for accept.
  case finished
  case returned
  case jump(NetfilterChainName)
  case goto(NetfilterChainName)
}

extension ChainRule {
  /// False for a rule that, taken or not, comes to the same.
  var hasEffect: Bool {
    switch body {
    case .iptables(_, let target):
      switch target {
      case nil, .noEffect: return false
      default: return true
      }
    case .ebtables(_, let target): return target != .proceed
    case .nft(let statements):
      return statements.contains { statement in
        switch statement {
        case .match, .counter, .log, .proceed: false
        default: true
        }
      }
    }
  }
}
