// A question: which packet, from where. Made by the command line or read from a batch file.
import NetworkTypes

/// Where a probe starts.
public enum ProbeOrigin: Hashable, Sendable {
  case port(PortID)
  /// A host of the outside world with this address.
  case external(IPAddress)
  case namespace(NamespaceKey)
}

public enum ProbeProtocol: String, Hashable, Sendable, CaseIterable {
  case icmp, icmp6, tcp, udp, sctp, arp, dhcp
}

/// One packet to be traced.
public struct Probe: Hashable, Sendable {
  public var id: String
  public var origin: ProbeOrigin
  public var destination: IPAddress
  public var kind: ProbeProtocol
  public var destinationPort: UInt16?
  public var sourcePort: UInt16?
  /// Nil: the origin's first address of the destination's family.
  public var source: IPAddress?
  public var sourceMAC: MACAddress?
  /// IP length; the packet then may not be fragmented. Nil: a small packet.
  public var lengthBytes: Int?

  public init(
    id: String = "", origin: ProbeOrigin, destination: IPAddress, kind: ProbeProtocol,
    destinationPort: UInt16? = nil, sourcePort: UInt16? = nil, source: IPAddress? = nil,
    sourceMAC: MACAddress? = nil, lengthBytes: Int? = nil
  ) {
    self.id = id
    self.origin = origin
    self.destination = destination
    self.kind = kind
    self.destinationPort = destinationPort
    self.sourcePort = sourcePort
    self.source = source
    self.sourceMAC = sourceMAC
    self.lengthBytes = lengthBytes
  }

  /// The probe's packet with no Ethernet addresses yet.
  func packet(from source: IPAddress) -> Packet {
    var packet = Packet(
      ethSrc: .zero, ethDst: .zero,
      etherType: destination.family == .ipv4 ? EtherType.ipv4 : EtherType.ipv6)
    packet.source = source
    packet.destination = destination
    packet.ttl = 64
    packet.dontFragment = lengthBytes != nil
    packet.lengthBytes = lengthBytes ?? (destination.family == .ipv4 ? 60 : 80)
    // An unprivileged source port, out of the way of every service.
    packet.sourcePort = sourcePort ?? 40_000
    packet.destinationPort = destinationPort ?? 0
    switch kind {
    case .tcp:
      packet.ipProtocol = IPProtocol.tcp
      packet.tcpFlags = TCPFlags.syn
    case .udp: packet.ipProtocol = IPProtocol.udp
    case .sctp: packet.ipProtocol = IPProtocol.sctp
    case .icmp, .icmp6, .arp, .dhcp:
      let isV4 = destination.family == .ipv4
      packet.ipProtocol = isV4 ? IPProtocol.icmp : IPProtocol.icmp6
      packet.icmpType = isV4 ? 8 : 128
      packet.icmpCode = 0
      packet.icmpID = sourcePort ?? 40_000
    }
    return packet
  }
}
