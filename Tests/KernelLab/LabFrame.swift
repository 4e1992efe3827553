// Packets as bytes on the wire and back, for probes that a test sends and hears itself.
import NetworkTypes

/// TCP, UDP and ICMP over IPv4 and IPv6, without options, with a payload of four bytes.
public enum LabFrame {
  /// Nil for what a probe cannot be.
  public static func encode(_ packet: Packet) -> [UInt8]? {
    guard let network = network(packet) else { return nil }
    return octets(packet.ethDst) + octets(packet.ethSrc) + big(packet.etherType) + network
  }

  /// The IP packet.
  private static func network(_ packet: Packet) -> [UInt8]? {
    guard let source = packet.source, let destination = packet.destination,
      var transport = transport(packet)
    else { return nil }
    let number = packet.ipProtocol
    let pseudo: [UInt8] =
      octets(source) + octets(destination) + big(UInt32(transport.count)) + [0, 0, 0, number]
    let offset = number == IPProtocol.tcp ? 16 : number == IPProtocol.udp ? 6 : 2
    let sum = checksum(number == IPProtocol.icmp ? transport : pseudo + transport)
    transport.replaceSubrange(offset..<(offset + 2), with: big(sum))
    if packet.isIPv4 {
      var header: [UInt8] =
        [0x45, packet.tos] + big(UInt16(20 + transport.count)) + [0, 1, 0, 0, packet.ttl, number]
        + [0, 0] + octets(source) + octets(destination)
      header.replaceSubrange(10..<12, with: big(checksum(header)))
      return header + transport
    }
    let first = 0x6000_0000 | UInt32(packet.tos) << 20
    return big(first) + big(UInt16(transport.count)) + [number, packet.ttl] + octets(source)
      + octets(destination) + transport
  }

  private static func transport(_ packet: Packet) -> [UInt8]? {
    let payload: [UInt8] = [1, 2, 3, 4]
    let ports = big(packet.sourcePort) + big(packet.destinationPort)
    switch packet.ipProtocol {
    case IPProtocol.tcp:
      let flags = UInt8(truncatingIfNeeded: packet.tcpFlags)
      return ports + big(UInt32(1000)) + big(UInt32(packet.tcpFlags & TCPFlags.ack == 0 ? 0 : 1001))
        + [0x50, flags, 0x20, 0, 0, 0, 0, 0]
    case IPProtocol.udp: return ports + big(UInt16(12)) + [0, 0] + payload
    case IPProtocol.icmp, IPProtocol.icmp6:
      let head: [UInt8] = [packet.icmpType, packet.icmpCode, 0, 0]
      if packet.isICMPError {
        guard let quoted = packet.quoted.flatMap({ network(Packet(quoted: $0, like: packet)) })
        else { return nil }
        return head + [0, 0, 0, 0] + quoted
      }
      return head + big(packet.icmpID) + [0, 1] + payload
    default: return nil
    }
  }

  /// Nil for what is no IP packet of these protocols.
  public static func decode(_ frame: [UInt8]) -> Packet? {
    guard frame.count > 34 else { return nil }
    let type = UInt16(frame[12]) << 8 | UInt16(frame[13])
    guard type == EtherType.ipv4 || type == EtherType.ipv6 else { return nil }
    var packet = Packet(
      ethSrc: mac(frame[6..<12]), ethDst: mac(frame[0..<6]), etherType: type)
    return read(frame[14...], into: &packet) ? packet : nil
  }

  private static func read(_ bytes: ArraySlice<UInt8>, into packet: inout Packet) -> Bool {
    let bytes = Array(bytes)
    let start: Int
    if packet.isIPv4 {
      guard bytes.count >= 20, bytes[0] >> 4 == 4 else { return false }
      start = Int(bytes[0] & 15) * 4
      packet.tos = bytes[1]
      (packet.ttl, packet.ipProtocol) = (bytes[8], bytes[9])
      packet.source = address(bytes[12..<16])
      packet.destination = address(bytes[16..<20])
      packet.lengthBytes = Int(word(bytes, 2))
    } else {
      guard bytes.count >= 40, bytes[0] >> 4 == 6 else { return false }
      start = 40
      packet.tos = bytes[0] << 4 | bytes[1] >> 4
      (packet.ipProtocol, packet.ttl) = (bytes[6], bytes[7])
      packet.source = address(bytes[8..<24])
      packet.destination = address(bytes[24..<40])
      packet.lengthBytes = Int(word(bytes, 4)) + 40
    }
    return readTransport(bytes, start, &packet)
  }

  private static func readTransport(_ bytes: [UInt8], _ start: Int, _ packet: inout Packet) -> Bool
  {
    guard bytes.count >= start + 8 else { return false }
    switch packet.ipProtocol {
    case IPProtocol.tcp, IPProtocol.udp:
      packet.sourcePort = word(bytes, start)
      packet.destinationPort = word(bytes, start + 2)
      if packet.ipProtocol == IPProtocol.tcp, bytes.count > start + 13 {
        packet.tcpFlags = UInt16(bytes[start + 13])
      }
    case IPProtocol.icmp, IPProtocol.icmp6:
      (packet.icmpType, packet.icmpCode) = (bytes[start], bytes[start + 1])
      guard packet.isICMPError else {
        packet.icmpID = word(bytes, start + 4)
        return true
      }
      var inner = Packet(ethSrc: .zero, ethDst: .zero, etherType: packet.etherType)
      if read(bytes[(start + 8)...], into: &inner) { packet.quoted = QuotedHeader(inner) }
    default: return false
    }
    return true
  }

  // MARK: Bytes

  private static func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
  private static func big(_ value: UInt32) -> [UInt8] {
    big(UInt16(value >> 16)) + big(UInt16(value & 0xffff))
  }
  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
    UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }
  private static func octets(_ mac: MACAddress) -> [UInt8] {
    (0..<6).map { UInt8(truncatingIfNeeded: mac.rawValue >> UInt64(40 - 8 * $0)) }
  }
  private static func octets(_ address: IPAddress) -> [UInt8] {
    let count = address.family.width / 8
    return (0..<count).map {
      UInt8(truncatingIfNeeded: address.bits >> UInt128(8 * (count - 1 - $0)))
    }
  }
  private static func mac(_ bytes: ArraySlice<UInt8>) -> MACAddress {
    MACAddress(rawValue: bytes.reduce(0) { $0 << 8 | UInt64($1) })
  }
  private static func address(_ bytes: ArraySlice<UInt8>) -> IPAddress {
    IPAddress(
      bits: bytes.reduce(0) { $0 << 8 | UInt128($1) }, family: bytes.count == 4 ? .ipv4 : .ipv6)
  }
  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
  }
}

extension QuotedHeader {
  /// ICMP as conntrack's tuples have it: the echo id, then type × 256 + code.
  public init?(_ packet: Packet) {
    guard let source = packet.source, let destination = packet.destination else { return nil }
    let code = UInt16(packet.icmpType) << 8 | UInt16(packet.icmpCode)
    self.init(
      source: source, destination: destination, ipProtocol: packet.ipProtocol,
      sourcePort: packet.isICMP ? packet.icmpID : packet.sourcePort,
      destinationPort: packet.isICMP ? code : packet.destinationPort)
  }
}

extension Packet {
  /// The packet that an error of `other`'s family quotes.
  fileprivate init(quoted: QuotedHeader, like other: Packet) {
    self.init(ethSrc: .zero, ethDst: .zero, etherType: other.etherType)
    (source, destination, ipProtocol) = (quoted.source, quoted.destination, quoted.ipProtocol)
    if isICMP {
      icmpID = quoted.sourcePort
      icmpType = UInt8(quoted.destinationPort >> 8)
      icmpCode = UInt8(quoted.destinationPort & 255)
    } else {
      (sourcePort, destinationPort) = (quoted.sourcePort, quoted.destinationPort)
      if ipProtocol == IPProtocol.tcp { tcpFlags = TCPFlags.syn }
    }
  }
}
