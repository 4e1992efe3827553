// A frame as the data plane sees it: the header fields that any engine of a node can match or
// rewrite, and the metadata (mark, tunnel) that rides along with it on one node.

/// IP protocol and EtherType numbers that the project names.
public enum IPProtocol {
  public static let icmp: UInt8 = 1
  public static let igmp: UInt8 = 2
  public static let tcp: UInt8 = 6
  public static let udp: UInt8 = 17
  public static let gre: UInt8 = 47
  public static let esp: UInt8 = 50
  public static let icmp6: UInt8 = 58
  public static let vrrp: UInt8 = 112
  public static let sctp: UInt8 = 132
  public static let udpLite: UInt8 = 136
}

public enum EtherType {
  public static let ipv4: UInt16 = 0x0800
  public static let arp: UInt16 = 0x0806
  public static let rarp: UInt16 = 0x8035
  public static let vlan: UInt16 = 0x8100
  public static let ipv6: UInt16 = 0x86dd
  public static let serviceVLAN: UInt16 = 0x88a8
  public static let mpls: UInt16 = 0x8847
}

/// One 802.1Q or 802.1ad tag.
public struct VLANTag: Hashable, Sendable {
  public var protocolID: UInt16
  public var id: VLANID
  /// 0...7.
  public var priority: UInt8

  public init(id: VLANID, priority: UInt8 = 0, protocolID: UInt16 = EtherType.vlan) {
    self.id = id
    self.priority = priority
    self.protocolID = protocolID
  }
}

/// Up to two VLAN tags: real OVS and kernel paths look at no more.
public struct VLANStack: Hashable, Sendable {
  public var outer: VLANTag?
  /// Nil whenever `outer` is.
  public var inner: VLANTag?
  public init(outer: VLANTag? = nil, inner: VLANTag? = nil) {
    self.outer = outer
    self.inner = inner
  }
  public static let none = VLANStack()
  public mutating func push(_ tag: VLANTag) { (outer, inner) = (tag, outer) }
  /// Removes and returns the outer tag.
  @discardableResult
  public mutating func pop() -> VLANTag? {
    defer { (outer, inner) = (inner, nil) }
    return outer
  }
}

public enum Fragment: UInt8, Hashable, Sendable {
  case no, first, later
}

public enum TCPFlags {
  public static let fin: UInt16 = 0x01
  public static let syn: UInt16 = 0x02
  public static let rst: UInt16 = 0x04
  public static let psh: UInt16 = 0x08
  public static let ack: UInt16 = 0x10
}

/// Where a frame came out of, or shall go into, a tunnel (OVS `tun_*` fields).
public struct TunnelMetadata: Hashable, Sendable {
  /// VNI or GRE key, 24 or 32 bits used.
  public var id: UInt64
  public var source: IPAddress?
  public var destination: IPAddress?
  public var tos: UInt8
  public var ttl: UInt8
  public var flags: UInt16
  public var gbpID: UInt16
  public var gbpFlags: UInt8

  public init(
    id: UInt64 = 0, source: IPAddress? = nil, destination: IPAddress? = nil, tos: UInt8 = 0,
    ttl: UInt8 = 0, flags: UInt16 = 0, gbpID: UInt16 = 0, gbpFlags: UInt8 = 0
  ) {
    self.id = id
    self.source = source
    self.destination = destination
    self.tos = tos
    self.ttl = ttl
    self.flags = flags
    self.gbpID = gbpID
    self.gbpFlags = gbpFlags
  }
}

/// The packet that an ICMP error quotes: what a NAT or a conntrack needs to find its connection.
public struct QuotedHeader: Hashable, Sendable {
  public var source: IPAddress
  public var destination: IPAddress
  public var ipProtocol: UInt8
  public var sourcePort: UInt16
  public var destinationPort: UInt16
  public init(
    source: IPAddress, destination: IPAddress, ipProtocol: UInt8, sourcePort: UInt16,
    destinationPort: UInt16
  ) {
    self.source = source
    self.destination = destination
    self.ipProtocol = ipProtocol
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
  }
}

/// A frame's headers and per-node metadata; fields that its kind does not have are zero or nil.
///
/// ARP keeps spa/tpa in `source`/`destination`, as `struct flow` of OVS does; ICMP keeps type
/// and code in `sourcePort`/`destinationPort` (low byte) and its echo id in `icmpID`.
public struct Packet: Hashable, Sendable {
  public var ethSrc: MACAddress
  public var ethDst: MACAddress
  public var vlans: VLANStack = .none
  /// The type behind all VLAN tags.
  public var etherType: UInt16

  public var source: IPAddress?
  public var destination: IPAddress?
  public var ipProtocol: UInt8 = 0
  /// DSCP in the upper six bits, ECN in the lower two.
  public var tos: UInt8 = 0
  public var ttl: UInt8 = 64
  public var flowLabel: UInt32 = 0
  public var fragment: Fragment = .no
  public var dontFragment = false
  /// IP total length in bytes, headers included; 0 where nobody asks.
  public var lengthBytes: Int = 0

  public var sourcePort: UInt16 = 0
  public var destinationPort: UInt16 = 0
  public var tcpFlags: UInt16 = 0
  public var icmpID: UInt16 = 0

  public var arpOperation: UInt16 = 0
  public var arpSHA: MACAddress = .zero
  public var arpTHA: MACAddress = .zero

  public var ndTarget: IPv6Address?
  public var ndSLL: MACAddress = .zero
  public var ndTLL: MACAddress = .zero

  public var quoted: QuotedHeader?

  /// skb->mark, OVS `pkt_mark`.
  public var mark: UInt32 = 0
  public var tunnel: TunnelMetadata?

  public init(ethSrc: MACAddress, ethDst: MACAddress, etherType: UInt16) {
    self.ethSrc = ethSrc
    self.ethDst = ethDst
    self.etherType = etherType
  }

  public var isARP: Bool { etherType == EtherType.arp }
  public var isIPv4: Bool { etherType == EtherType.ipv4 }
  public var isIPv6: Bool { etherType == EtherType.ipv6 }
  public var isIP: Bool { isIPv4 || isIPv6 }
  public var isICMP: Bool {
    isIPv4 && ipProtocol == IPProtocol.icmp || isIPv6 && ipProtocol == IPProtocol.icmp6
  }
  public var hasPorts: Bool {
    isIP
      && (ipProtocol == IPProtocol.tcp || ipProtocol == IPProtocol.udp
        || ipProtocol == IPProtocol.sctp || ipProtocol == IPProtocol.udpLite)
  }
  public var family: AddressFamily? { isIPv4 ? .ipv4 : isIPv6 ? .ipv6 : nil }

  public var icmpType: UInt8 {
    get { UInt8(truncatingIfNeeded: sourcePort) }
    set { sourcePort = UInt16(newValue) }
  }
  public var icmpCode: UInt8 {
    get { UInt8(truncatingIfNeeded: destinationPort) }
    set { destinationPort = UInt16(newValue) }
  }

  /// ICMP destination unreachable, time exceeded, parameter problem, redirect, or v6's errors.
  public var isICMPError: Bool {
    if isIPv6 { return ipProtocol == IPProtocol.icmp6 && icmpType < 128 }
    guard isIPv4, ipProtocol == IPProtocol.icmp else { return false }
    return [3, 4, 5, 11, 12].contains(icmpType)
  }

  /// Neighbour solicitation or advertisement, router solicitation or advertisement, redirect.
  public var isNeighbourDiscovery: Bool {
    isIPv6 && ipProtocol == IPProtocol.icmp6 && (133...137).contains(icmpType)
  }
}
