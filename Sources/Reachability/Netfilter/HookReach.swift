// One namespace's netfilter over sets of packets: the same tables, chains and stations that a
// trace runs through. A rule that cannot be decided is followed both ways.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes
import PacketSets

/// Where a hook runs.
struct HookPlace {
  var inDevice: InterfaceName?
  var outDevice: InterfaceName?
  var physicalIn: InterfaceName?
  var physicalOut: InterfaceName?
}

final class HookReach {
  let space: PacketSpace
  let namespace: NamespaceModel
  var unknowns: [UnknownPart] = []
  var place = HookPlace()

  init(_ namespace: NamespaceModel, space: PacketSpace) {
    self.namespace = namespace
    self.space = space
  }

  /// What comes through; fields that NAT rewrites are noted in the beams' trails.
  func run(_ hook: Hook, _ beam: Beam, _ place: HookPlace) -> (
    beams: [Beam], unknowns: [UnknownPart]
  ) {
    self.place = place
    unknowns = []
    var passed: [Beam] = []
    let families: [(HookFamily, PacketSet)] = [
      (.ipv4, space.family(.ipv4)), (.ipv6, space.family(.ipv6)), (.arp, space.arp),
    ]
    var rest = beam.set
    for (family, set) in families {
      let part = space.and(beam.set, set)
      if part.isEmpty { continue }
      rest = space.minus(rest, part)
      passed += run(hook, family, beam.with(part))
    }
    if !rest.isEmpty { passed.append(beam.with(rest)) }
    return (merged(passed), unknowns)
  }

  private func merged(_ beams: [Beam]) -> [Beam] {
    guard beams.count > 1, let first = beams.first,
      beams.allSatisfy({ $0.trail === first.trail && $0.commits == first.commits })
    else { return beams }
    return [first.with(space.union(beams.map(\.set)))]
  }

  private func run(_ hook: Hook, _ family: HookFamily, _ beam: Beam) -> [Beam] {
    let model = namespace.netfilter
    if let reason = model.blind[family] {
      unknown(reason.gap.map { "\(reason.text): \($0)" } ?? reason.text, beam)
      return [beam]
    }
    var beams = [beam]
    for station in model.plans[HookKey(family: family, hook: hook)] ?? [] {
      beams = beams.flatMap { pass(station, hook, $0) }
    }
    return beams
  }

  private func pass(_ station: Station, _ hook: Hook, _ beam: Beam) -> [Beam] {
    switch station {
    case .confirm: return [beam]
    case .track: return [beam.with(tracked(beam.set))]
    case .chain(let base):
      let outcome = enter(base, beam)
      let set = space.or(outcome.through, outcome.accepted)
      return set.isEmpty ? [] : [beam.with(set)]
    case .translate(let kind, let chains): return translate(kind, chains, hook, beam)
    }
  }

  func unknown(_ reason: String, _ beam: Beam, evidence: Evidence? = nil) {
    if beam.set.isEmpty { return }
    unknowns.append(UnknownPart(reason, beam, evidence: evidence))
  }

  // MARK: Tracking

  private func tracked(_ set: PacketSet) -> PacketSet {
    let field = HeaderField.connectionState
    let decided = space.minus(set, space.value(field, 0))
    let open = space.minus(set, decided)
    let discovery = space.all(of: [
      space.family(.ipv6), space.value(.ipProtocol, UInt128(IPProtocol.icmp6)),
      space.or(space.interval(.sourcePort, 130...136), space.value(.sourcePort, 143)),
    ])
    let untracked = space.and(open, discovery)
    let new = space.and(space.minus(open, untracked), beginsConnection)
    let invalid = space.minus(space.minus(open, untracked), new)
    return space.union([
      decided, space.assign(field, ConnectionBits.untracked, in: untracked),
      space.assign(field, ConnectionBits.new, in: new),
      space.assign(field, ConnectionBits.invalid, in: invalid),
    ])
  }

  private lazy var beginsConnection: PacketSet = {
    func icmp(_ family: AddressFamily, _ number: UInt8, _ types: [UInt128]) -> PacketSet {
      let it = space.and(space.family(family), space.value(.ipProtocol, UInt128(number)))
      return space.minus(it, space.union(types.map { space.value(.sourcePort, $0) }))
    }
    return space.minus(
      space.ip,
      space.or(
        icmp(.ipv4, IPProtocol.icmp, [8, 13, 15, 17]), icmp(.ipv6, IPProtocol.icmp6, [128, 139])))
  }()

  // MARK: Chains

  /// What a chain makes of a set.
  struct ChainOutcome {
    /// Came to the end, or returned.
    var through = PacketSet.empty
    var accepted = PacketSet.empty
    /// What NAT rules took, in order.
    var translations: [Translation] = []
  }
  struct Translation {
    let set: PacketSet
    let kind: NATKind
    let range: NATRange
    let evidence: Evidence
  }

  /// A base chain with its policy.
  private func enter(_ base: BaseChain, _ beam: Beam) -> ChainOutcome {
    let table = namespace.netfilter.ruleSets[base.ruleSet]
    if let devices = base.devices {
      let edges = [place.physicalIn ?? place.inDevice, place.physicalOut ?? place.outDevice]
      if !edges.contains(where: { $0.map(devices.contains) ?? false }) {
        return ChainOutcome(through: beam.set)
      }
    }
    if let defect = table.defect, !table.chains[base.chain].rules.isEmpty {
      unknown(defect.text, beam, evidence: table.chains[base.chain].evidence)
    }
    var outcome = evaluate(table, base.chain, beam, depth: 0)
    switch table.chains[base.chain].policy {
    case .accept, .returns: break
    case .drop: outcome.through = .empty
    case .unrecognised(let name):
      unknown(
        "policy \(name) is not known", beam.with(outcome.through),
        evidence: table.chains[base.chain].evidence)
    }
    return outcome
  }

  private static let maximumDepth = 128

  private func evaluate(_ table: RuleSet, _ chain: Int, _ beam: Beam, depth: Int)
    -> ChainOutcome
  {
    guard depth < Self.maximumDepth else {
      unknown("chains nest too deep", beam)
      return ChainOutcome(through: beam.set)
    }
    var walk = ChainWalk(live: beam.set)
    for rule in table.chains[chain].rules {
      if walk.live.isEmpty { break }
      step(rule, table, beam, &walk, depth: depth)
    }
    walk.outcome.through = space.or(walk.live, walk.returned)
    return walk.outcome
  }

  private struct ChainWalk {
    var live: PacketSet
    var returned = PacketSet.empty
    var outcome = ChainOutcome()
  }

  private func step(
    _ rule: ChainRule, _ table: RuleSet, _ beam: Beam, _ walk: inout ChainWalk, depth: Int
  ) {
    guard case .iptables(let matches, let target) = rule.body else {
      unknown(
        "nft's own rules are not modelled here", beam.with(walk.live), evidence: rule.evidence)
      return
    }
    let (taken, doubt) = condition(matches, of: walk.live)
    if taken.isEmpty { return }
    switch target {
    case nil, .noEffect, .changeSet: return
    default: break
    }
    if let doubt {
      unknown(doubt, beam.with(taken), evidence: rule.evidence)
    } else {
      walk.live = space.minus(walk.live, taken)
    }
    act(target, taken, rule, table, beam, &walk, depth: depth)
  }

  private func act(
    _ target: IPTablesTarget?, _ taken: PacketSet, _ rule: ChainRule, _ table: RuleSet,
    _ beam: Beam, _ walk: inout ChainWalk, depth: Int
  ) {
    switch target {
    case .accept: walk.outcome.accepted = space.or(walk.outcome.accepted, taken)
    case .drop, .reject: break
    case .returnToCaller: walk.returned = space.or(walk.returned, taken)
    case .jump(let name), .goto(let name):
      guard let chain = table.chain(name) else {
        unknown("chain \(name) is not in the capture", beam.with(taken), evidence: rule.evidence)
        walk.live = space.or(walk.live, taken)
        return
      }
      let inner = evaluate(table, chain, beam.with(taken), depth: depth + 1)
      walk.outcome.accepted = space.or(walk.outcome.accepted, inner.accepted)
      walk.outcome.translations += inner.translations
      if case .goto = target {
        walk.returned = space.or(walk.returned, inner.through)
      } else {
        walk.live = space.or(walk.live, inner.through)
      }
    case .destinationNAT(let range): note(.destination, range, taken, rule, &walk)
    case .sourceNAT(let range): note(.source, range, taken, rule, &walk)
    case .masquerade(let range): masquerade(range, taken, rule, beam, &walk)
    case .redirect(let range): redirect(range, taken, rule, beam, &walk)
    default: walk.live = space.or(walk.live, changed(target, taken, rule, beam))
    }
  }

  private func note(
    _ kind: NATKind, _ range: NATRange, _ taken: PacketSet, _ rule: ChainRule,
    _ walk: inout ChainWalk
  ) {
    walk.outcome.translations.append(
      Translation(set: taken, kind: kind, range: range, evidence: rule.evidence))
  }

  /// Targets that change a mark, or nothing that sets are over, and go on.
  private func changed(
    _ target: IPTablesTarget?, _ taken: PacketSet, _ rule: ChainRule, _ beam: Beam
  ) -> PacketSet {
    switch target {
    case .mark(let mark): return marked(.packetMark, taken, mark)
    case .connectionMark(.set(let mark)): return marked(.connectionMark, taken, mark)
    case .connectionMark(.save(let mask, let own)):
      return moved(.packetMark, mask, to: .connectionMark, own, taken)
    case .connectionMark(.restore(let mask, let own)):
      return moved(.connectionMark, own, to: .packetMark, mask, taken)
    case .notrack:
      let open = space.and(taken, space.value(.connectionState, 0))
      return space.or(
        space.minus(taken, open),
        space.assign(.connectionState, ConnectionBits.untracked, in: open))
    case .track: return taken
    case .tos, .dscp: return space.forget(HeaderField.tos.bit, in: taken)
    case .ttl: return space.forget(HeaderField.ttl.bit, in: taken)
    default:
      unknown("a target is not modelled: \(rule.text)", beam.with(taken), evidence: rule.evidence)
      return taken
    }
  }

  /// `field = (field & ~mask) ^ value`.
  private func marked(_ field: HeaderField, _ set: PacketSet, _ mark: MaskedMark) -> PacketSet {
    each(field, of: set) { old, rest in
      let kept = UInt32(truncatingIfNeeded: old) & ~mark.mask
      return space.and(rest, space.value(field, UInt128(kept ^ mark.value)))
    }
  }

  /// `to = (to & ~toMask) ^ (from & fromMask)`.
  private func moved(
    _ from: HeaderField, _ fromMask: UInt32, to: HeaderField, _ toMask: UInt32, _ set: PacketSet
  ) -> PacketSet {
    each(from, of: set) { value, rest in
      let bits = UInt32(truncatingIfNeeded: value) & fromMask
      let part = space.and(rest, space.value(from, value))
      return marked(to, part, MaskedMark(value: bits, mask: toMask))
    }
  }

  /// Marks begin as one value and are only ever set to others, so there are few.
  private func each(
    _ field: HeaderField, of set: PacketSet, _ body: (UInt128, PacketSet) -> PacketSet
  ) -> PacketSet {
    space.union(
      space.splits(field, of: set).map { values, rest in
        guard values.lowerBound == values.upperBound else {
          return space.forget(field.bit, in: rest)
        }
        return body(values.lowerBound, rest)
      })
  }

  // MARK: NAT

  private func translate(_ kind: NATKind, _ chains: [BaseChain], _ hook: Hook, _ beam: Beam)
    -> [Beam]
  {
    let isNew =
      space.masked(
        .connectionState, ConnectionBits.new, mask: ConnectionBits.stateMask) ?? .all
    var open = space.and(beam.set, isNew)
    var done: [Beam] = []
    let others = space.minus(beam.set, open)
    if !others.isEmpty { done.append(beam.with(others)) }
    for base in chains where !open.isEmpty {
      let outcome = enter(base, beam.with(open))
      open = outcome.through
      if !outcome.accepted.isEmpty { done.append(beam.with(outcome.accepted)) }
      for translation in outcome.translations {
        done.append(apply(translation, beam))
      }
    }
    if !open.isEmpty { done.append(beam.with(open)) }
    return done
  }

  private func apply(_ translation: Translation, _ beam: Beam) -> Beam {
    let range = translation.range
    if let text = range.unrecognised {
      unknown("more than one NAT range is not modelled: \(text)", beam.with(translation.set))
    }
    var set = translation.set
    var fields: UInt64 = 0
    let isSource = translation.kind == .source
    if let addresses = range.addresses {
      let field: HeaderField = isSource ? .source : .destination
      set = space.assign(
        field.rawValue, [addresses.lowerBound.bits...addresses.upperBound.bits], in: set)
      fields |= field.bit
    }
    if let ports = range.ports {
      let field: HeaderField = isSource ? .sourcePort : .destinationPort
      let able = space.and(set, withPorts)
      let written = space.assign(
        field.rawValue, [UInt128(ports.first)...UInt128(ports.last)], in: able)
      set = space.or(space.minus(set, able), written)
      fields |= field.bit
    }
    set = marked(
      .connectionState, set,
      MaskedMark(
        value: UInt32(isSource ? ConnectionBits.sourceNAT : ConnectionBits.destinationNAT),
        mask: UInt32(isSource ? ConnectionBits.sourceNAT : ConnectionBits.destinationNAT)))
    var after = beam.with(translation.set)
    after.rewrite(fields, to: set)
    return after
  }

  var withPorts: PacketSet {
    space.and(
      space.ip,
      space.union(
        [IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.udpLite].map {
          space.value(.ipProtocol, UInt128($0))
        }))
  }

  private func masquerade(
    _ range: NATRange, _ taken: PacketSet, _ rule: ChainRule, _ beam: Beam,
    _ walk: inout ChainWalk
  ) {
    own(place.outDevice, .source, range, taken, rule, beam, &walk)
  }
  private func redirect(
    _ range: NATRange, _ taken: PacketSet, _ rule: ChainRule, _ beam: Beam,
    _ walk: inout ChainWalk
  ) {
    own(place.inDevice, .destination, range, taken, rule, beam, &walk)
  }

  /// NAT to one of a device's own addresses: any of the family, since the packet says which.
  private func own(
    _ device: InterfaceName?, _ kind: NATKind, _ range: NATRange, _ taken: PacketSet,
    _ rule: ChainRule, _ beam: Beam, _ walk: inout ChainWalk
  ) {
    for family in [AddressFamily.ipv4, .ipv6] {
      let part = space.and(taken, space.family(family))
      if part.isEmpty { continue }
      guard let device else {
        unknown("the device whose address NAT takes is not known", beam.with(part))
        continue
      }
      for address in namespace.usableAddresses(device, family) {
        var range = range
        range.addresses = address.address.address...address.address.address
        note(kind, range, part, rule, &walk)
      }
    }
  }
}
