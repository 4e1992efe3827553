// What a rule of iptables can ask of a packet. One test an option, but for conntrack's options,
// whose meaning depends on each other.
import NetworkTypes

/// One condition, negated where `!` stands before it.
public struct IPTablesMatch: Hashable, Sendable {
  public var isNegated: Bool
  public var test: IPTablesTest
  public init(_ test: IPTablesTest, isNegated: Bool = false) {
    self.test = test
    self.isNegated = isNegated
  }
}

public enum PacketEnd: Hashable, Sendable { case source, destination }

public enum IPTablesTest: Hashable, Sendable {
  case source(MaskedAddress)
  case destination(MaskedAddress)
  case inInterface(InterfacePattern)
  case outInterface(InterfacePattern)
  /// 0 is every protocol.
  case ipProtocol(UInt8)
  /// `-f`: second and later fragments.
  case laterFragment
  /// A match module that looks at the transport header and hence at no later fragment: `-m tcp`.
  case transportHeader(UInt8)
  /// TCP, UDP, UDP-Lite, SCTP, DCCP.
  case ports(PacketEnd, PortRange)
  /// `--tcp-flags mask set`; `--syn` is FIN,SYN,RST,ACK SYN.
  case tcpFlags(mask: UInt16, set: UInt16)
  case tcpOption(UInt8)
  /// Type nil is any.
  case icmp(type: UInt8?, codes: ClosedRange<UInt8>)
  case icmp6(type: UInt8, codes: ClosedRange<UInt8>)
  /// End nil is either: `--ports`.
  case multiport(PacketEnd?, [PortRange])
  /// All conditions of one `-m conntrack` or `-m state`.
  case conntrack([ConntrackCondition])
  case mark(MaskedMark)
  case connectionMark(MaskedMark)
  case physicalIn(InterfacePattern)
  case physicalOut(InterfacePattern)
  case isPhysicalIn
  case isPhysicalOut
  case isBridged
  case macSource(MACAddress)
  case set(IPSetTest)
  case addressType(PacketEnd, Set<AddressType>, limit: InterfaceLimit)
  /// Both ends inclusive.
  case addressRange(PacketEnd, first: IPAddress, last: IPAddress)
  /// `limit`, `hashlimit`: the text of all its options.
  case rateLimit(String)
  case statistic(String)
  /// IP length in bytes.
  case length(ClosedRange<UInt16>)
  case tos(value: UInt8, mask: UInt8)
  case dscp(UInt8)
  /// IPv4's TTL, IPv6's hop limit.
  case ttl(Comparison, UInt8)
  case packetType(PacketType)
  case ecn(ECNTest)
  case tcpMSS(ClosedRange<UInt16>)
  /// The text of all its options: uid, gid, `--socket-exists`.
  case owner(String)
  case policy(IPsecPolicy)
  case socket(options: [String])
  case reversePath(options: [String])
  /// A module or option that is not modelled, as printed.
  case unrecognised(module: String, text: String)
}

public enum Comparison: Hashable, Sendable { case equal, less, greater }

public enum PacketType: String, Hashable, Sendable {
  case unicast, broadcast, multicast
}

public enum ECNTest: Hashable, Sendable {
  /// 0...3.
  case ip(UInt8)
  case congestionWindowReduced
  case echo
}

public struct IPsecPolicy: Hashable, Sendable {
  public var isOutbound: Bool
  /// `--pol ipsec` against `--pol none`.
  public var isProtected: Bool
  /// `--strict`, `--reqid`, …
  public var elements: String
  public init(isOutbound: Bool, isProtected: Bool, elements: String) {
    self.isOutbound = isOutbound
    self.isProtected = isProtected
    self.elements = elements
  }
}

/// One option of `-m conntrack`, negated where `!` stands before it.
public struct ConntrackCondition: Hashable, Sendable {
  public enum Test: Hashable, Sendable {
    case state(Set<ConntrackStateName>)
    case status(Set<ConntrackStatusName>)
    case ipProtocol(UInt8)
    case originalSource(MaskedAddress)
    case originalDestination(MaskedAddress)
    case replySource(MaskedAddress)
    case replyDestination(MaskedAddress)
    case originalPorts(PacketEnd, PortRange)
    case replyPorts(PacketEnd, PortRange)
    case isReplyDirection(Bool)
    case expires(ClosedRange<UInt32>)
    case unrecognised(String)
  }
  public var isNegated: Bool
  public var test: Test
  public init(_ test: Test, isNegated: Bool = false) {
    self.test = test
    self.isNegated = isNegated
  }
}

public enum ConntrackStateName: String, Hashable, Sendable, CaseIterable {
  case invalid = "INVALID"
  case new = "NEW"
  case established = "ESTABLISHED"
  case related = "RELATED"
  case untracked = "UNTRACKED"
  case sourceNAT = "SNAT"
  case destinationNAT = "DNAT"
}

public enum ConntrackStatusName: String, Hashable, Sendable, CaseIterable {
  case none = "NONE"
  case expected = "EXPECTED"
  case seenReply = "SEEN_REPLY"
  case assured = "ASSURED"
  case confirmed = "CONFIRMED"
}

/// How routing classes an address, as `-m addrtype` names it.
public enum AddressType: String, Hashable, Sendable, CaseIterable {
  case unspecified = "UNSPEC"
  case unicast = "UNICAST"
  case local = "LOCAL"
  case broadcast = "BROADCAST"
  case anycast = "ANYCAST"
  case multicast = "MULTICAST"
  case blackhole = "BLACKHOLE"
  case unreachable = "UNREACHABLE"
  case prohibit = "PROHIBIT"
  case throwing = "THROW"
  case nat = "NAT"
  case external = "XRESOLVE"
}

/// `--limit-iface-in`, `--limit-iface-out`.
public enum InterfaceLimit: Hashable, Sendable { case none, inInterface, outInterface }

/// `--match-set name src,dst …`.
public struct IPSetTest: Hashable, Sendable {
  public var name: IPSetName
  /// One a dimension of the set's type.
  public var ends: [PacketEnd]
  /// `--return-nomatch`: exceptions count as members.
  public var returnsNomatch: Bool
  /// Tests of an element's counters (`--packets-gt 5`), which a capture cannot decide; empty for none.
  public var counterTests: String
  public init(
    name: IPSetName, ends: [PacketEnd], returnsNomatch: Bool = false, counterTests: String = ""
  ) {
    self.name = name
    self.ends = ends
    self.returnsNomatch = returnsNomatch
    self.counterTests = counterTests
  }
}
