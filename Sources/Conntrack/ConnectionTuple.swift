// The five values that name a connection in one direction.
import NetworkTypes

/// One direction of a connection. ICMP keeps its echo id in `sourcePort` and type and code in
/// `destinationPort` (type in the high byte), so that a reply's tuple is its request's `reversed`.
public struct ConnectionTuple: Hashable, Sendable {
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

  /// Nil for what conntrack does not track: no IP, later fragments, ICMP errors.
  public init?(_ packet: Packet) {
    guard let source = packet.source, let destination = packet.destination, packet.isIP,
      packet.fragment != .later, !packet.isICMPError
    else { return nil }
    self.source = source
    self.destination = destination
    ipProtocol = packet.ipProtocol
    if packet.isICMP {
      sourcePort = packet.icmpID
      destinationPort = UInt16(packet.icmpType) << 8 | UInt16(packet.icmpCode)
    } else {
      sourcePort = packet.sourcePort
      destinationPort = packet.destinationPort
    }
  }

  /// The tuple that the other side's packets have.
  public var reversed: ConnectionTuple {
    guard ipProtocol == IPProtocol.icmp || ipProtocol == IPProtocol.icmp6 else {
      return ConnectionTuple(
        source: destination, destination: source, ipProtocol: ipProtocol,
        sourcePort: destinationPort, destinationPort: sourcePort)
    }
    let type = Self.answer(to: UInt8(destinationPort >> 8), ipProtocol: ipProtocol)
    return ConnectionTuple(
      source: destination, destination: source, ipProtocol: ipProtocol, sourcePort: sourcePort,
      destinationPort: UInt16(type) << 8 | destinationPort & 0xff)
  }

  /// Request and answer types of ICMP (nf_conntrack_proto_icmp's invmap) and ICMPv6.
  private static func answer(to type: UInt8, ipProtocol: UInt8) -> UInt8 {
    let pairs: [(UInt8, UInt8)] =
      ipProtocol == IPProtocol.icmp
      ? [(8, 0), (13, 14), (15, 16), (17, 18)] : [(128, 129), (139, 140)]
    for (request, reply) in pairs {
      if type == request { return reply }
      if type == reply { return request }
    }
    return type
  }
}
