// A packet's bytes on the wire, made of its header fields. Feeds capture files and probes.
import NetworkTypes

/// Encodes and decodes the headers that `Packet` holds.
public enum PacketBytes {
  /// The frame, its payload zero up to `lengthBytes`; checksums are right where one is due.
  public static func encode(_ packet: Packet) -> [UInt8] {
    var bytes = mac(packet.ethDst) + mac(packet.ethSrc)
    for tag in [packet.vlans.outer, packet.vlans.inner].compactMap({ $0 }) {
      bytes += big(tag.protocolID) + big(UInt16(tag.priority) << 13 | tag.id.rawValue)
    }
    bytes += big(packet.etherType)
    if packet.isARP { return bytes + arp(packet) }
    guard packet.isIP else { return bytes }
    let payload = padded(transport(packet), of: packet)
    return bytes + (packet.isIPv4 ? ipv4(packet, payload) : ipv6(packet, payload))
  }

  private static func padded(_ payload: [UInt8], of packet: Packet) -> [UInt8] {
    let header = packet.isIPv4 ? 20 : 40
    let missing = packet.lengthBytes - header - payload.count
    guard missing > 0 else { return payload }
    return checksummed(payload + [UInt8](repeating: 0, count: min(missing, 65_535)), packet)
  }

  private static func arp(_ packet: Packet) -> [UInt8] {
    [0, 1, 8, 0, 6, 4] + big(packet.arpOperation) + mac(packet.arpSHA)
      + address(packet.source) + mac(packet.arpTHA) + address(packet.destination)
  }

  private static func ipv4(_ packet: Packet, _ payload: [UInt8]) -> [UInt8] {
    var header: [UInt8] = [0x45, packet.tos]
    header += big(UInt16(truncatingIfNeeded: 20 + payload.count)) + [0, 0]
    header += big(UInt16(packet.dontFragment ? 0x4000 : 0))
    header += [packet.ttl, packet.ipProtocol, 0, 0]
    header += address(packet.source) + address(packet.destination)
    let sum = checksum(header)
    header[10] = UInt8(sum >> 8)
    header[11] = UInt8(sum & 0xff)
    return header + payload
  }

  private static func ipv6(_ packet: Packet, _ payload: [UInt8]) -> [UInt8] {
    let first = UInt32(6) << 28 | UInt32(packet.tos) << 20 | packet.flowLabel & 0xfffff
    return big(UInt16(first >> 16)) + big(UInt16(truncatingIfNeeded: first))
      + big(UInt16(truncatingIfNeeded: payload.count)) + [packet.ipProtocol, packet.ttl]
      + address(packet.source) + address(packet.destination) + payload
  }

  private static func transport(_ packet: Packet) -> [UInt8] {
    let ports = big(packet.sourcePort) + big(packet.destinationPort)
    let bytes: [UInt8]
    switch packet.ipProtocol {
    case IPProtocol.tcp:
      bytes =
        ports + [0, 0, 0, 0, 0, 0, 0, 0] + big(0x5000 | packet.tcpFlags & 0xfff)
        + [0xff, 0xff, 0, 0, 0, 0]
    case IPProtocol.udp: bytes = ports + [0, 8, 0, 0]
    case IPProtocol.icmp where packet.isIPv4:
      bytes = [packet.icmpType, packet.icmpCode, 0, 0] + big(packet.icmpID) + [0, 1]
    case IPProtocol.icmp6 where packet.isIPv6: bytes = icmp6(packet)
    default: bytes = []
    }
    return checksummed(bytes, packet)
  }

  private static func icmp6(_ packet: Packet) -> [UInt8] {
    let head = [packet.icmpType, packet.icmpCode, 0, 0] as [UInt8]
    guard packet.icmpType == 135 || packet.icmpType == 136, let target = packet.ndTarget else {
      return head + big(packet.icmpID) + [0, 1]
    }
    let link =
      packet.icmpType == 135 ? [1, 1] + mac(packet.ndSLL) : [2, 1] + mac(packet.ndTLL)
    return head + [0, 0, 0, 0] + address(.v6(target)) + link
  }

  /// Sets length and checksum of a transport header with its payload.
  private static func checksummed(_ bytes: [UInt8], _ packet: Packet) -> [UInt8] {
    var bytes = bytes
    let offset: Int
    switch packet.ipProtocol {
    case IPProtocol.tcp where bytes.count >= 20: offset = 16
    case IPProtocol.udp where bytes.count >= 8:
      offset = 6
      bytes.replaceSubrange(4..<6, with: big(UInt16(truncatingIfNeeded: bytes.count)))
    case IPProtocol.icmp, IPProtocol.icmp6: offset = 2
    default: return bytes
    }
    guard bytes.count >= offset + 2 else { return bytes }
    bytes.replaceSubrange(offset..<offset + 2, with: [0, 0])
    let isPlain = packet.isIPv4 && packet.ipProtocol == IPProtocol.icmp
    let pseudo =
      isPlain
      ? []
      : address(packet.source) + address(packet.destination)
        + big(UInt16(truncatingIfNeeded: bytes.count)) + [0, packet.ipProtocol]
    let sum = checksum(pseudo + bytes)
    bytes.replaceSubrange(
      offset..<offset + 2,
      with: big(sum == 0 && packet.ipProtocol == IPProtocol.udp ? 0xffff : sum))
    return bytes
  }

  /// The internet checksum (RFC 1071).
  static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8
      if index + 1 < bytes.count { sum += UInt32(bytes[index + 1]) }
      sum = sum & 0xffff + sum >> 16
    }
    return ~UInt16(truncatingIfNeeded: sum)
  }

  private static func mac(_ address: MACAddress) -> [UInt8] {
    stride(from: 40, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: address.rawValue >> UInt64($0))
    }
  }
  private static func address(_ address: IPAddress?) -> [UInt8] {
    guard let address else { return [0, 0, 0, 0] }
    return stride(from: address.family.width - 8, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: address.bits >> UInt128($0))
    }
  }
  private static func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
}
