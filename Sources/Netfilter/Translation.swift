// The NAT stations: rules decide on a connection's first packet, the connection rewrites every one.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  mutating func translate(
    _ kind: NATKind, _ chains: [BaseChain], _ world: World
  ) -> [World] {
    guard let tracked = world.connection.tracked, let index = tracked.connection else {
      return [world]
    }
    if tracked.state == .related, world.packet.isICMPError {
      return [translateError(kind, tracked, world)]
    }
    let needsDecision =
      tracked.state != .established && !world.conntrack[index].isConfirmed
      && !world.conntrack[index].isDecided(kind)
    let decided = needsDecision ? decide(kind, chains, world, index) : [world]
    return decided.map { $0.verdict == nil ? rewrite(kind, tracked, $0) : $0 }
  }

  /// Runs the nat chains until one has bound the connection, else binds it as it is.
  private mutating func decide(
    _ kind: NATKind, _ chains: [BaseChain], _ world: World, _ index: Int
  ) -> [World] {
    var open = [world]
    var closed: [World] = []
    for base in chains {
      if let defect = model.ruleSets[base.ruleSet].defect {
        return [unknown(world, defect)]
      }
      var next: [World] = []
      for world in open {
        for world in enter(base, world) {
          let isClosed = world.verdict != nil || world.conntrack[index].isDecided(kind)
          if isClosed { closed.append(world) } else { next.append(world) }
        }
      }
      open = next
    }
    return closed + open.map { bindAsItIs(kind, $0, index) }
  }

  /// The null binding: addresses stay, though a source port may have to make way.
  private func bindAsItIs(_ kind: NATKind, _ world: World, _ index: Int) -> World {
    var world = world
    let forward = world.conntrack[index].reply.reversed
    let address = kind == .source ? forward.source : forward.destination
    bind(kind, NATRange(addresses: address...address), index, &world)
    return world
  }

  // MARK: Rules' bindings

  func bind(
    _ kind: NATKind, _ range: NATRange, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    if let text = range.unrecognised {
      world.finish(
        .unknown([UnknownReason("more than one range is not modelled: \(text)", rule: rule)]))
      return .finished
    }
    // In a table or hook where the kernel would not have taken the rule.
    guard let index = world.entryIndex, hook.natKind == kind,
      !world.conntrack[index].isDecided(kind)
    else {
      world.note(rule, .passed)
      return .finished
    }
    let before = world.conntrack[index].reply.reversed
    bind(kind, range, index, &world)
    let after = world.conntrack[index].reply.reversed
    world.note(rule, .translated(kind, from: before.text(kind), to: after.text(kind)))
    return .finished
  }

  private func bind(_ kind: NATKind, _ range: NATRange, _ index: Int, _ world: inout World) {
    let choice = TupleChoice(
      table: world.conntrack, connection: world.conntrack[index], kind: kind, range: range)
    let (tuple, isRandom) = choice.make()
    if kind == .source {
      world.conntrack[index].translate(.source, to: tuple.source, port: tuple.sourcePort)
    } else {
      world.conntrack[index].translate(
        .destination, to: tuple.destination, port: tuple.destinationPort)
    }
    if isRandom { world.flags.isTranslationRandom = true }
  }

  func masquerade(
    _ range: NATRange, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    guard let device = context.outDevice, let destination = world.packet.destination else {
      return bind(.source, range, rule, &world)
    }
    if world.entry?.original.source.isUnspecified == true {
      world.note(rule, .accept)
      return .finished
    }
    guard let addresses = context.addresses(device) else {
      world.finish(.unknown([UnknownReason("\(device)'s addresses are not known", rule: rule)]))
      return .finished
    }
    let own = addresses.filter { $0.address.family == destination.family }
    guard let address = sourceAddress(own, for: destination) else {
      world.note(rule, .noted("\(device) has no address to masquerade with"))
      world.finish(.drop(rule))
      return .finished
    }
    var range = range
    range.addresses = address...address
    return bind(.source, range, rule, &world)
  }

  /// IPv4: the first address whose subnet holds the next hop, else the first. IPv6: of one scope,
  /// the one that shares most with the destination, which is RFC 6724's last rule.
  private func sourceAddress(
    _ addresses: [InterfaceAddress], for destination: IPAddress
  ) -> IPAddress? {
    if destination.family == .ipv4 {
      let hop = context.nextHop ?? destination
      return (addresses.first { $0.prefix.contains(hop) } ?? addresses.first)?.address
    }
    let sameScope = addresses.filter { $0.address.isLinkLocal == destination.isLinkLocal }
    func shared(_ address: InterfaceAddress) -> Int {
      min((address.address.bits ^ destination.bits).leadingZeroBitCount, address.prefixLength)
    }
    return (sameScope.isEmpty ? addresses : sameScope)
      .max { shared($0) < shared($1) }?.address
  }

  func redirect(_ range: NATRange, _ rule: RuleReference, _ world: inout World) -> RuleOutcome {
    var range = range
    if hook == .output {
      let loopback: IPAddress =
        family == .ipv4 ? .v4(IPv4Address(rawValue: 0x7f00_0001)) : .v6(.loopback)
      range.addresses = loopback...loopback
      return bind(.destination, range, rule, &world)
    }
    guard let device = context.inDevice, let addresses = context.addresses(device) else {
      world.finish(
        .unknown([UnknownReason("the incoming device's addresses are not known", rule: rule)]))
      return .finished
    }
    guard let address = ownAddress(addresses, for: world.packet) else {
      world.note(rule, .noted("\(device) has no address to redirect to"))
      world.finish(.drop(rule))
      return .finished
    }
    range.addresses = address...address
    return bind(.destination, range, rule, &world)
  }

  /// The device's first address; IPv6: of the destination's scope.
  private func ownAddress(_ addresses: [InterfaceAddress], for packet: Packet) -> IPAddress? {
    guard let destination = packet.destination else { return nil }
    return addresses.map(\.address).first { address in
      guard address.family == destination.family else { return false }
      return address.family == .ipv4 || address.isLinkLocal == destination.isLinkLocal
    }
  }

  func netmap(_ prefix: IPPrefix, _ rule: RuleReference, _ world: inout World) -> RuleOutcome {
    guard let kind = hook.natKind,
      let old = kind == .source ? world.packet.source : world.packet.destination,
      old.family == prefix.family
    else {
      world.note(rule, .passed)
      return .finished
    }
    let host = old.bits & ~prefix.mask & IPPrefix.mask(length: old.family.width, family: old.family)
    let new = IPAddress(bits: prefix.address.bits | host, family: old.family)
    return bind(kind, NATRange(addresses: new...new), rule, &world)
  }

  // MARK: Rewriting

  private func rewrite(_ hookKind: NATKind, _ tracked: TrackedPacket, _ world: World) -> World {
    guard let index = tracked.connection else { return world }
    var world = world
    let entry = world.conntrack[index]
    // On the way back source NAT is undone on the destination, and the other way round.
    let kind = tracked.direction == .original ? hookKind : hookKind.other
    guard kind == .source ? entry.isSourceNATed : entry.isDestinationNATed else { return world }
    let before = world.packet
    entry.apply(kind, to: &world.packet, direction: tracked.direction)
    note(hookKind, before, &world, isByRule: tracked.state == .new)
    return world
  }

  private func note(
    _ kind: NATKind, _ before: Packet, _ world: inout World, isByRule: Bool
  ) {
    let after = world.packet
    guard after != before else { return }
    if !isByRule {
      world.note(nil, .translated(kind, from: before.text(kind), to: after.text(kind)))
    }
    guard after.destination != before.destination else { return }
    world.flags.destinationChanged = true
    if hook == .output { world.flags.needsRerouting = true }
  }

  /// nf_nat_icmp_reply_translation: the quoted packet and the error's own addresses.
  private func translateError(
    _ hookKind: NATKind, _ tracked: TrackedPacket, _ world: World
  ) -> World {
    guard let index = tracked.connection, var quoted = world.packet.quoted else { return world }
    let entry = world.conntrack[index]
    let kind = tracked.direction == .original ? hookKind : hookKind.other
    guard kind == .source ? entry.isSourceNATed : entry.isDestinationNATed else { return world }
    var world = world
    let before = world.packet
    // The quoted packet ran against the error, as the other direction's packets do.
    let other = tracked.direction == .original ? entry.reply : entry.original
    let isICMP = quoted.ipProtocol == IPProtocol.icmp || quoted.ipProtocol == IPProtocol.icmp6
    if hookKind == .destination {
      quoted.source = other.source
      quoted.sourcePort = other.sourcePort
      world.packet.destination = other.source
    } else {
      quoted.destination = other.destination
      if isICMP {
        quoted.sourcePort = other.sourcePort
      } else {
        quoted.destinationPort = other.destinationPort
      }
      world.packet.source = other.destination
    }
    world.packet.quoted = quoted
    note(hookKind, before, &world, isByRule: false)
    return world
  }
}

extension NATKind {
  var other: NATKind { self == .source ? .destination : .source }
}

extension Connection {
  fileprivate func isDecided(_ kind: NATKind) -> Bool {
    kind == .source ? sourceNATDecided : destinationNATDecided
  }
}

extension ConnectionTuple {
  /// `address:port` of the end that NAT of `kind` rewrites.
  func text(_ kind: NATKind) -> String {
    let isICMP = ipProtocol == IPProtocol.icmp || ipProtocol == IPProtocol.icmp6
    return kind == .source
      ? endText(source, sourcePort) : endText(destination, isICMP ? sourcePort : destinationPort)
  }
}

extension Packet {
  fileprivate func text(_ kind: NATKind) -> String {
    guard let source, let destination else { return "" }
    let (from, to) = isICMP ? (icmpID, icmpID) : (sourcePort, destinationPort)
    return kind == .source ? endText(source, from) : endText(destination, to)
  }
}

private func endText(_ address: IPAddress, _ port: UInt16) -> String {
  address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
}
