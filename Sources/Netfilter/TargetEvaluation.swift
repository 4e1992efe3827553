// What a rule of iptables does to a packet that it takes.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  func apply(
    _ target: IPTablesTarget?, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    switch target {
    case nil, .noEffect:
      world.note(rule, .passed)
      return .proceed
    case .accept:
      world.note(rule, .accept)
      return .finished
    case .drop: return finish(.drop(rule), .drop, rule, &world)
    case .reject(let kind): return finish(.reject(kind, rule), .reject(kind), rule, &world)
    case .queue: return finish(.queue(rule), .queued, rule, &world)
    case .returnToCaller:
      world.note(rule, .returned)
      return .returned
    case .jump(let name):
      world.note(rule, .jump(name))
      return .jump(name)
    case .goto(let name):
      world.note(rule, .goto(name))
      return .goto(name)
    case .destinationNAT(let range): return bind(.destination, range, rule, &world)
    case .sourceNAT(let range): return bind(.source, range, rule, &world)
    case .masquerade(let range): return masquerade(range, rule, &world)
    case .redirect(let range): return redirect(range, rule, &world)
    case .netmap(let prefix): return netmap(prefix, rule, &world)
    case let target?: return change(target, rule, &world)
    }
  }

  private func finish(
    _ verdict: HookVerdict, _ effect: RuleStep.Effect, _ rule: RuleReference,
    _ world: inout World
  ) -> RuleOutcome {
    world.note(rule, effect)
    world.finish(verdict)
    return .finished
  }

  /// Targets that rewrite something and go on with the next rule.
  private func change(
    _ target: IPTablesTarget, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    switch target {
    case .mark(let mark):
      world.packet.mark = world.packet.mark & ~mark.mask ^ mark.value
      world.note(rule, .marked(world.packet.mark))
    case .connectionMark(let change): connectionMark(change, rule, &world)
    case .track(let options): return track(options, rule, &world)
    case .notrack: notrack(rule, &world)
    case .tos(let value, let mask):
      world.packet.tos = world.packet.tos & ~mask ^ value
      world.note(rule, .noted("TOS \(world.packet.tos)"))
    case .dscp(let value):
      world.packet.tos = world.packet.tos & 3 | value << 2
      world.note(rule, .noted("DSCP \(value)"))
    case .ttl(let change, let amount): timeToLive(change, amount, rule, &world)
    case .changeSet(_, let name, _):
      world.note(rule, .noted("changes ipset \(name)"))
      world.assume("ipset \(name) is as captured, though rules change it")
    default: return unmodelled(target, rule, &world)
    }
    return .proceed
  }

  private func unmodelled(
    _ target: IPTablesTarget, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    let what =
      switch target {
      case .transparentProxy: "TPROXY hands packets to sockets, which is not modelled"
      case .unrecognised(let name, _): "target \(name) is not modelled"
      default: "a target that is not modelled"
      }
    world.finish(.unknown([UnknownReason(what, rule: rule)]))
    return .finished
  }

  private func timeToLive(
    _ change: TTLChange, _ amount: UInt8, _ rule: RuleReference, _ world: inout World
  ) {
    let ttl = world.packet.ttl
    world.packet.ttl =
      switch change {
      case .set: amount
      case .increase: UInt8(clamping: Int(ttl) + Int(amount))
      case .decrease: UInt8(clamping: Int(ttl) - Int(amount))
      }
    world.note(rule, .noted("TTL \(world.packet.ttl)"))
  }

  // MARK: Connections

  private func connectionMark(
    _ change: ConnectionMarkChange, _ rule: RuleReference, _ world: inout World
  ) {
    guard let index = world.entryIndex else { return world.note(rule, .passed) }
    let mark = world.conntrack[index].mark
    switch change {
    case .set(let new): world.conntrack[index].mark = mark & ~new.mask ^ new.value
    case .save(let mask, let connectionMask):
      world.conntrack[index].mark = mark & ~connectionMask ^ (world.packet.mark & mask)
    case .restore(let mask, let connectionMask):
      world.packet.mark = world.packet.mark & ~mask ^ (mark & connectionMask)
      return world.note(rule, .marked(world.packet.mark))
    }
    world.note(rule, .connectionMarked(world.conntrack[index].mark))
  }

  /// The first CT or NOTRACK that a packet meets decides; the rest pass it by.
  private func hasBeenDecided(_ world: World) -> Bool {
    world.connection.tracked != nil || world.connection.template != nil
  }

  private func notrack(_ rule: RuleReference, _ world: inout World) {
    guard !hasBeenDecided(world) else { return world.note(rule, .passed) }
    world.connection.tracked = .untracked
    world.note(rule, .untracked)
  }

  private func track(
    _ options: TrackingOptions, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    guard !hasBeenDecided(world) else {
      world.note(rule, .passed)
      return .proceed
    }
    var template = TrackingTemplate()
    var zone: UInt16 = 0
    switch options.zone {
    case .number(let number): zone = number
    case .fromMark: template.markZone = options.zoneDirection
    case nil: break
    }
    if options.zoneDirection != .reply { template.originalZone = zone }
    if options.zoneDirection != .original { template.replyZone = zone }
    template.helper = options.helper
    world.connection.template = template
    world.note(rule, template.markZone == nil ? .zone(zone) : .noted("zone by mark"))
    return .proceed
  }
}
