// Whether a rule of iptables takes a packet, as the kernel's match modules decide it.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  func truth(_ matches: [IPTablesMatch], _ world: World) -> Truth {
    var result = Truth.yes
    for match in matches {
      switch truth(match, world) {
      case .no: return .no
      case .yes: break
      case .unknown(let why): result = .unknown(why)
      }
    }
    return result
  }

  private func truth(_ match: IPTablesMatch, _ world: World) -> Truth {
    let packet = world.packet
    switch match.test {
    case .source(let address):
      return Truth(contains(address, packet.source)).inverted(match.isNegated)
    case .destination(let address):
      return Truth(contains(address, packet.destination)).inverted(match.isNegated)
    case .inInterface(let pattern):
      return Truth(pattern.matches(context.inDevice)).inverted(match.isNegated)
    case .outInterface(let pattern):
      return Truth(pattern.matches(context.outDevice)).inverted(match.isNegated)
    case .ipProtocol(let number):
      return Truth(number == 0 || packet.ipProtocol == number).inverted(match.isNegated)
    case .laterFragment: return Truth(packet.fragment == .later).inverted(match.isNegated)
    default: break
    }
    switch match.test.group {
    case .header: return transportTruth(match, packet)
    case .bridge: return bridgeTruth(match)
    case .state: return stateTruth(match, world)
    case .surroundings: return surroundingsTruth(match, world)
    }
  }

  private func contains(_ range: MaskedAddress, _ address: IPAddress?) -> Bool {
    address.map { range.contains($0) } ?? false
  }

  // MARK: Headers

  private func transportTruth(_ match: IPTablesMatch, _ packet: Packet) -> Truth {
    let isLater = packet.fragment == .later
    switch match.test {
    case .transportHeader(let number): return Truth(!isLater && packet.ipProtocol == number)
    case .ports(let end, let range):
      return Truth(!isLater && range.contains(packet.port(end)) != match.isNegated)
    case .multiport(let end, let ranges):
      if isLater || !packet.hasTransportPorts { return .no }
      let ends = end.map { [$0] } ?? [.source, .destination]
      let isIn = ends.contains { end in ranges.contains { $0.contains(packet.port(end)) } }
      return Truth(isIn != match.isNegated)
    case .tcpFlags(let mask, let set):
      return Truth(!isLater && (packet.tcpFlags & mask == set) != match.isNegated)
    case .icmp(let type, let codes):
      let isIt = type == nil || packet.icmpType == type && codes.contains(packet.icmpCode)
      return Truth(!isLater && isIt != match.isNegated)
    case .icmp6(let type, let codes):
      let isIt = packet.icmpType == type && codes.contains(packet.icmpCode)
      return Truth(!isLater && isIt != match.isNegated)
    case .tos(let value, let mask):
      return Truth(packet.tos & mask == value).inverted(match.isNegated)
    case .dscp(let value): return Truth(packet.tos >> 2 == value).inverted(match.isNegated)
    case .ttl(let comparison, let value):
      return Truth(packet.compares(comparison, value)).inverted(match.isNegated)
    case .length(let range):
      guard packet.lengthBytes > 0 else { return .unknown("the packet's length is not given") }
      return Truth(range.contains(UInt16(clamping: packet.lengthBytes))).inverted(match.isNegated)
    case .ecn(let test): return Truth(packet.hasECN(test)).inverted(match.isNegated)
    default: return .unknown("TCP options are not part of the packet")
    }
  }

  // MARK: Bridge ports

  /// xt_physdev: without any bridge only negated conditions hold.
  private func bridgeTruth(_ match: IPTablesMatch) -> Truth {
    let hasBridge = context.physicalIn != nil || context.physicalOut != nil
    guard hasBridge else { return Truth(match.isNegated) }
    switch match.test {
    case .isBridged: return Truth(context.physicalOut != nil).inverted(match.isNegated)
    case .isPhysicalIn: return Truth(context.physicalIn != nil).inverted(match.isNegated)
    case .isPhysicalOut: return Truth(context.physicalOut != nil).inverted(match.isNegated)
    case .physicalIn(let pattern):
      guard let port = context.physicalIn else { return .yes }
      return Truth(pattern.matches(port)).inverted(match.isNegated)
    case .physicalOut(let pattern):
      guard let port = context.physicalOut else { return .no }
      return Truth(pattern.matches(port)).inverted(match.isNegated)
    default: return .no
    }
  }

  // MARK: Marks and connections

  private func stateTruth(_ match: IPTablesMatch, _ world: World) -> Truth {
    switch match.test {
    case .mark(let mark): return Truth(mark.matches(world.packet.mark)).inverted(match.isNegated)
    case .connectionMark(let mark):
      guard let entry = world.seen?.entry else { return .no }
      return Truth(mark.matches(entry.mark)).inverted(match.isNegated)
    case .conntrack(let conditions): return truth(conditions, world)
    default: return .no
    }
  }

  // MARK: What the surroundings say

  private func surroundingsTruth(_ match: IPTablesMatch, _ world: World) -> Truth {
    let packet = world.packet
    switch match.test {
    case .macSource(let mac):
      // Only Ethernet devices have one; loopback's header does not count.
      guard context.inDevice != nil, context.inDevice?.rawValue != "lo" else { return .no }
      return Truth(packet.ethSrc == mac).inverted(match.isNegated)
    case .set(let test): return truth(test, world).inverted(match.isNegated)
    case .addressRange(let end, let first, let last):
      guard let address = end == .source ? packet.source : packet.destination else { return .no }
      return Truth(first <= address && address <= last).inverted(match.isNegated)
    case .addressType(let end, let types, let limit):
      return addressTypeTruth(end, types, limit, packet).inverted(match.isNegated)
    case .packetType(let type): return Truth(packet.linkType == type).inverted(match.isNegated)
    case .owner(let options): return ownerTruth(options)
    case .socket:
      return Truth(context.hasSocket(packet), orUnknown: "whether a socket takes it is not known")
    case .reversePath(let options):
      return reversePathTruth(options, packet).inverted(match.isNegated)
    case .policy(let policy): return policyTruth(policy)
    default: return undecidable(match.test)
    }
  }

  private func undecidable(_ test: IPTablesTest) -> Truth {
    switch test {
    case .rateLimit: .unknown("a rate limit depends on other traffic")
    case .statistic: .unknown("a statistic match depends on chance or on other packets")
    case .unrecognised(let module, _): .unknown("match '\(module)' is not modelled")
    default: .unknown("a match that is not modelled")
    }
  }

  private func addressTypeTruth(
    _ end: PacketEnd, _ types: Set<AddressType>, _ limit: InterfaceLimit, _ packet: Packet
  ) -> Truth {
    guard let address = end == .source ? packet.source : packet.destination else { return .no }
    let device: InterfaceName? =
      switch limit {
      case .none: nil
      case .inInterface: context.inDevice
      case .outInterface: context.outDevice
      }
    if case .v6(let own) = address, let certain = classTruth(own, types) { return certain }
    guard let type = context.addressType(address, device) else {
      return .unknown("how routing classes \(address) is not known")
    }
    return Truth(types.contains(type))
  }

  /// xt_addrtype looks at an IPv6 address itself first, where a router's own is unicast too, and wants
  /// all that is asked for; nil where routing has to say.
  private func classTruth(_ address: IPv6Address, _ types: Set<AddressType>) -> Truth? {
    let isAny = address == .any
    if types.contains(.multicast), !address.isMulticast { return .no }
    if types.contains(.unicast), address.isMulticast || isAny { return .no }
    if types.contains(.unspecified), !isAny { return .no }
    return types.isDisjoint(with: [.local, .anycast, .unreachable]) ? .yes : nil
  }

  /// xt_owner looks at the sending socket; a forwarded packet has none and matches negations only.
  private func ownerTruth(_ options: String) -> Truth {
    if context.inDevice == nil { return .unknown("which process sends it is not known") }
    let words = options.split(separator: " ")
    var isNegated = false
    for word in words {
      if word == "!" {
        isNegated = true
      } else if word.hasPrefix("--") {
        if !isNegated, word != "--suppl-groups" { return .no }
        isNegated = false
      }
    }
    return .yes
  }

  private func reversePathTruth(_ options: [String], _ packet: Packet) -> Truth {
    var asked = ReversePathOptions()
    asked.isLoose = options.contains("--loose")
    asked.usesMark = options.contains("--validmark")
    asked.acceptsLocal = options.contains("--accept-local")
    return Truth(
      context.passesReversePath(packet, asked), orUnknown: "the reverse path is not known")
  }

  /// No packet of the model has come out of an IPsec tunnel; what leaves may still enter one.
  private func policyTruth(_ policy: IPsecPolicy) -> Truth {
    if policy.isOutbound { return .unknown("IPsec policies are not captured") }
    return Truth(!policy.isProtected)
  }
}

extension IPTablesTest {
  /// By what a test looks at.
  fileprivate enum Group { case header, bridge, state, surroundings }

  fileprivate var group: Group {
    switch self {
    case .transportHeader, .ports, .multiport, .tcpFlags, .tcpOption, .tcpMSS, .icmp, .icmp6,
      .tos, .dscp, .ttl, .length, .ecn:
      .header
    case .physicalIn, .physicalOut, .isPhysicalIn, .isPhysicalOut, .isBridged: .bridge
    case .mark, .connectionMark, .conntrack: .state
    default: .surroundings
    }
  }
}

extension Packet {
  func port(_ end: PacketEnd) -> UInt16 { end == .source ? sourcePort : destinationPort }

  /// Protocols whose header begins with two ports.
  var hasTransportPorts: Bool { hasPorts || isIP && ipProtocol == 33 }

  func compares(_ comparison: Comparison, _ value: UInt8) -> Bool {
    switch comparison {
    case .equal: ttl == value
    case .less: ttl < value
    case .greater: ttl > value
    }
  }

  func hasECN(_ test: ECNTest) -> Bool {
    switch test {
    case .ip(let value): tos & 3 == value
    case .congestionWindowReduced: ipProtocol == IPProtocol.tcp && tcpFlags & 0x80 != 0
    case .echo: ipProtocol == IPProtocol.tcp && tcpFlags & 0x40 != 0
    }
  }

  var linkType: PacketType {
    ethDst.isBroadcast ? .broadcast : ethDst.isMulticast ? .multicast : .unicast
  }
}
