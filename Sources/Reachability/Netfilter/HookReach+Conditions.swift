// What packets a rule of iptables takes, as a set; what cannot be told as a doubt.
import Facts
import NetworkTypes
import PacketSets

extension HookReach {
  /// The packets that may match, and why that is not certain; nil where it is.
  func condition(_ matches: [IPTablesMatch], of live: PacketSet) -> (PacketSet, String?) {
    var set = live
    var doubt: String?
    for match in matches {
      switch condition(match, of: set) {
      case .set(let part): set = space.and(set, part)
      case .doubt(let why, let part):
        set = space.and(set, part)
        doubt = why
      }
      if set.isEmpty { return (.empty, nil) }
    }
    return (set, doubt)
  }

  private enum Condition {
    case set(PacketSet)
    /// At most these packets.
    case doubt(String, PacketSet)
  }

  private func condition(_ match: IPTablesMatch, of live: PacketSet) -> Condition {
    func negated(_ set: PacketSet) -> Condition {
      .set(match.isNegated ? space.complement(set) : set)
    }
    func constant(_ isTrue: Bool) -> Condition { .set(isTrue != match.isNegated ? .all : .empty) }
    switch match.test {
    case .source(let range): return address(.source, range, match.isNegated)
    case .destination(let range): return address(.destination, range, match.isNegated)
    case .inInterface(let pattern): return constant(pattern.matches(place.inDevice))
    case .outInterface(let pattern): return constant(pattern.matches(place.outDevice))
    case .ipProtocol(let number):
      return number == 0
        ? constant(true) : negated(space.value(.ipProtocol, UInt128(number)))
    // No packet here is a later fragment.
    case .laterFragment: return constant(false)
    case .transportHeader(let number):
      return .set(space.value(.ipProtocol, UInt128(number)))
    case .ports(let end, let range): return negated(space.ports(end.portField, range))
    case .multiport(let end, let ranges):
      let fields = end.map { [$0.portField] } ?? [.sourcePort, .destinationPort]
      let asked = space.union(fields.flatMap { f in ranges.map { space.ports(f, $0) } })
      return .set(
        space.and(withPorts, match.isNegated ? space.complement(asked) : asked))
    case .tcpFlags(let mask, let set):
      guard let flags = space.masked(.tcpFlags, UInt128(set), mask: UInt128(mask)) else {
        return .doubt("a condition on TCP flags is not modelled", .all)
      }
      return negated(flags)
    case .icmp(let type, let codes):
      return negated(type.map { icmp(UInt128($0), codes) } ?? .all)
    case .icmp6(let type, let codes): return negated(icmp(UInt128(type), codes))
    case .physicalIn, .physicalOut, .isPhysicalIn, .isPhysicalOut, .isBridged:
      return .set(bridge(match) ? .all : .empty)
    case .mark(let mark): return negated(marked(.packetMark, mark, in: live))
    case .connectionMark(let mark): return negated(marked(.connectionMark, mark, in: live))
    case .conntrack(let conditions): return conntrack(conditions)
    case .macSource(let mac):
      guard let device = place.inDevice, device.rawValue != "lo" else { return .set(.empty) }
      return negated(space.value(.ethSource, UInt128(mac.rawValue)))
    case .set(let test): return members(test, match.isNegated)
    case .addressRange(let end, let first, let last):
      return negated(
        space.and(
          space.family(first.family), space.interval(end.addressField, first.bits...last.bits)))
    case .addressType(let end, let types, let limit):
      guard limit == .none, let set = addressTypes(end, types) else {
        return .doubt("a condition on the type of an address is not modelled", .all)
      }
      return negated(set)
    case .packetType(let type):
      let group = space.isGroup(.ethDestination)
      let broadcast = space.value(.ethDestination, 0xffff_ffff_ffff)
      return switch type {
      case .broadcast: negated(broadcast)
      case .multicast: negated(space.minus(group, broadcast))
      case .unicast: negated(space.complement(group))
      }
    case .tos(let value, let mask):
      return space.masked(.tos, UInt128(value), mask: UInt128(mask)).map(negated)
        ?? .doubt("a condition on TOS is not modelled", .all)
    case .dscp(let value):
      return space.masked(.tos, UInt128(value) << 2, mask: 0xfc).map(negated)
        ?? .doubt("a condition on DSCP is not modelled", .all)
    case .policy(let policy) where !policy.isOutbound: return constant(!policy.isProtected)
    default: return .doubt("a condition is not modelled: \(match.test.word)", .all)
    }
  }

  private func address(_ field: HeaderField, _ range: MaskedAddress, _ isNegated: Bool)
    -> Condition
  {
    guard let set = space.maskedAddress(field, range) else {
      return .doubt("the mask \(range) is not modelled", .all)
    }
    return .set(isNegated ? space.complement(set) : set)
  }

  private func icmp(_ type: UInt128, _ codes: ClosedRange<UInt8>) -> PacketSet {
    space.and(
      space.value(.sourcePort, type),
      space.interval(.destinationPort, UInt128(codes.lowerBound)...UInt128(codes.upperBound)))
  }

  /// xt_mark: a value with bits outside the mask never matches.
  private func marked(_ field: HeaderField, _ mark: MaskedMark, in live: PacketSet) -> PacketSet {
    if mark.value & ~mark.mask != 0 { return .empty }
    return space.bits(field, UInt128(mark.value), mask: UInt128(mark.mask), in: live)
  }

  /// xt_physdev: without any bridge only negated conditions hold.
  private func bridge(_ match: IPTablesMatch) -> Bool {
    guard place.physicalIn != nil || place.physicalOut != nil else { return match.isNegated }
    switch match.test {
    case .isPhysicalIn: return (place.physicalIn != nil) != match.isNegated
    case .isBridged, .isPhysicalOut: return (place.physicalOut != nil) != match.isNegated
    case .physicalIn(let pattern):
      return place.physicalIn.map { pattern.matches($0) != match.isNegated } ?? true
    case .physicalOut(let pattern):
      return place.physicalOut.map { pattern.matches($0) != match.isNegated } ?? false
    default: return false
    }
  }

  // MARK: Connections

  private func conntrack(_ conditions: [ConntrackCondition]) -> Condition {
    var set = PacketSet.all
    var doubt: String?
    for condition in conditions {
      switch condition.test {
      case .state(let names):
        let asked = space.union(names.map(state))
        set = space.and(set, condition.isNegated ? space.complement(asked) : asked)
      case .ipProtocol(let number):
        let asked = space.value(.ipProtocol, UInt128(number))
        set = space.and(set, condition.isNegated ? space.complement(asked) : asked)
      case .isReplyDirection(let isReply):
        if isReply != condition.isNegated { return .set(.empty) }
      case .status(let names) where names.isDisjoint(with: [.none]):
        // A connection's first packet has no status yet.
        if !condition.isNegated { return .set(.empty) }
      default: doubt = "a condition on a connection is not modelled"
      }
    }
    return doubt.map { .doubt($0, set) } ?? .set(set)
  }

  private func state(_ name: ConntrackStateName) -> PacketSet {
    func state(_ value: UInt128) -> PacketSet {
      space.masked(.connectionState, value, mask: ConnectionBits.stateMask) ?? .all
    }
    switch name {
    case .new: return state(ConnectionBits.new)
    // What no tracker has seen counts as invalid.
    case .invalid: return space.or(state(ConnectionBits.invalid), state(0))
    case .untracked: return state(ConnectionBits.untracked)
    case .established, .related: return .empty
    case .sourceNAT:
      return space.masked(
        .connectionState, ConnectionBits.sourceNAT, mask: ConnectionBits.sourceNAT) ?? .all
    case .destinationNAT:
      return space.masked(
        .connectionState, ConnectionBits.destinationNAT, mask: ConnectionBits.destinationNAT)
        ?? .all
    }
  }

  // MARK: Address types

  /// By the namespace's own local table, the longest prefix first.
  private func addressTypes(_ end: PacketEnd, _ types: Set<AddressType>) -> PacketSet? {
    var found = PacketSet.empty
    for family in [AddressFamily.ipv4, .ipv6] {
      var rest = space.family(family)
      let groups =
        family == .ipv4
        ? IPPrefix(.v4(IPv4Address(rawValue: 0xe000_0000)), length: 4)
        : IPPrefix(.v6(IPv6Address(rawValue: 0xff << 120)), length: 8)
      func take(_ prefix: IPPrefix?, _ isAsked: Bool) {
        guard let prefix else { return }
        let part = space.and(rest, space.bits(end.addressField, prefix))
        if isAsked { found = space.or(found, part) }
        rest = space.minus(rest, part)
      }
      take(groups, types.contains(.multicast))
      for route in namespace.routing(family).routes(in: .local) {
        let type: AddressType? =
          switch route.type {
          case .local, .anycast: .local
          case .broadcast: .broadcast
          case .unicast: .unicast
          default: nil
          }
        guard let type else { return nil }
        take(route.destination, types.contains(type))
      }
      if types.contains(.unicast) { found = space.or(found, rest) }
    }
    let known: Set<AddressType> = [.local, .broadcast, .multicast, .unicast]
    return types.isSubset(of: known) ? found : nil
  }

  // MARK: ipsets

  private func members(_ test: IPSetTest, _ isNegated: Bool) -> Condition {
    let (set, doubt) = members(test, test.name, depth: 0)
    if let doubt { return .doubt(doubt, .all) }
    return .set(isNegated ? space.complement(set) : set)
  }

  private func members(_ test: IPSetTest, _ name: IPSetName, depth: Int)
    -> (PacketSet, String?)
  {
    guard let set = namespace.netfilter.ipsets[name], depth < 2 else {
      return (.all, "ipset \(name) is not in the capture")
    }
    guard let dimensions = set.type.dimensions, test.counterTests.isEmpty else {
      return (.all, "ipset \(name) is not modelled")
    }
    guard set.isComplete else { return (.all, "ipset \(name) was captured in part") }
    if dimensions == [.set] {
      var found = PacketSet.empty
      for member in set.members {
        guard case .set(let inner)? = member.elements.first else { continue }
        let (part, doubt) = members(test, inner, depth: depth + 1)
        if doubt != nil { return (.all, doubt) }
        found = space.or(found, part)
      }
      return (found, nil)
    }
    guard test.ends.count >= dimensions.count else { return (.empty, nil) }
    var found = PacketSet.empty
    var exceptions = PacketSet.empty
    for member in set.members {
      guard let part = element(member, set, dimensions, test.ends) else {
        return (.all, "an element of ipset \(name) is not modelled")
      }
      if member.isException {
        exceptions = space.or(exceptions, part)
      } else {
        found = space.or(found, part)
      }
    }
    // The most specific element decides, and one set says both only with exceptions.
    if !exceptions.isEmpty, !test.returnsNomatch { found = space.minus(found, exceptions) }
    return (space.and(found, set.family.map(space.family) ?? .all), nil)
  }

  private func element(
    _ member: IPSetMember, _ set: IPSet, _ dimensions: [IPSetType.Dimension], _ ends: [PacketEnd]
  ) -> PacketSet? {
    guard member.elements.count == dimensions.count,
      set.options["netmask"] == nil, set.options["bitmask"] == nil
    else { return nil }
    var whole = PacketSet.all
    for (element, end) in zip(member.elements, ends) {
      guard let part = values(element, end) else { return nil }
      whole = space.and(whole, part)
    }
    return whole
  }

  private func values(_ element: IPSetElement, _ end: PacketEnd) -> PacketSet? {
    switch element {
    case .network(let prefix): return space.prefix(end.addressField, prefix)
    case .addresses(let range):
      return space.and(
        space.family(range.lowerBound.family),
        space.interval(end.addressField, range.lowerBound.bits...range.upperBound.bits))
    case .port(let number, let range):
      let ports = space.and(withPorts, space.ports(end.portField, range))
      return number.map { space.and(ports, space.value(.ipProtocol, UInt128($0))) } ?? ports
    case .mac(let mac):
      return space.value(
        end == .source ? .ethSource : .ethDestination, UInt128(mac.rawValue))
    case .mark(let mark): return space.value(.packetMark, UInt128(mark))
    case .interface(let name, let isPhysical):
      let device =
        end == .source
        ? (isPhysical ? place.physicalIn : place.inDevice)
        : (isPhysical ? place.physicalOut : place.outDevice)
      return device == name ? .all : .empty
    case .set, .unrecognised: return nil
    }
  }
}

extension PacketEnd {
  var portField: HeaderField { self == .source ? .sourcePort : .destinationPort }
  var addressField: HeaderField { self == .source ? .source : .destination }
}

extension IPTablesTest {
  fileprivate var word: String {
    if case .unrecognised(let module, _) = self { return module }
    return String("\(self)".prefix { $0 != "(" })
  }
}
