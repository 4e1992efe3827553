// The bytes of a probe: an IP datagram that carries its marks, as a raw socket takes it.
import NetworkTypes
import Trace

enum ProbeDatagram {
  /// Nil for kinds of probes that are no single datagram (ARP, DHCP) or that nothing marks (SCTP).
  static func encode(_ probe: Probe, from source: IPAddress, _ mark: ProbeMark) -> [UInt8]? {
    let isV4 = probe.destination.family == .ipv4
    guard source.family == probe.destination.family else { return nil }
    let header = isV4 ? 20 : 40
    let length = probe.lengthBytes ?? (isV4 ? 60 : 80)
    let number: UInt8
    var transport: [UInt8]
    switch probe.kind {
    case .icmp, .icmp6:
      number = isV4 ? IPProtocol.icmp : IPProtocol.icmp6
      transport = [isV4 ? 8 : 128, 0, 0, 0] + big(mark.sourcePort) + [0, 1] + mark.nonce
    case .udp:
      number = IPProtocol.udp
      transport =
        big(mark.sourcePort) + big(probe.destinationPort ?? 0) + [0, 0, 0, 0] + mark.nonce
    case .tcp:
      number = IPProtocol.tcp
      transport =
        big(mark.sourcePort) + big(probe.destinationPort ?? 0) + big(mark.sequence)
        + [0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]
    case .sctp, .arp, .dhcp: return nil
    }
    // A SYN with data is unusual; one that must have a size gets it all the same.
    let isPadded = probe.kind != .tcp || probe.lengthBytes != nil
    let missing = length - header - transport.count
    if isPadded, missing > 0 { transport += [UInt8](repeating: 0x78, count: missing) }
    transport = checksummed(transport, number, source, probe.destination)
    return isV4
      ? ipv4(transport, number, source, probe.destination, isWhole: probe.lengthBytes != nil, mark)
      : ipv6(transport, number, source, probe.destination)
  }

  private static func ipv4(
    _ payload: [UInt8], _ number: UInt8, _ source: IPAddress, _ destination: IPAddress,
    isWhole: Bool, _ mark: ProbeMark
  ) -> [UInt8] {
    let id = UInt16(truncatingIfNeeded: mark.sequence)
    var header: [UInt8] = [0x45, 0] + big(UInt16(truncatingIfNeeded: 20 + payload.count))
    header += big(id) + big(UInt16(isWhole ? 0x4000 : 0)) + [64, number, 0, 0]
    header += address(source) + address(destination)
    header.replaceSubrange(10..<12, with: big(PacketBytes.checksum(header)))
    return header + payload
  }

  private static func ipv6(
    _ payload: [UInt8], _ number: UInt8, _ source: IPAddress, _ destination: IPAddress
  ) -> [UInt8] {
    [0x60, 0, 0, 0] + big(UInt16(truncatingIfNeeded: payload.count)) + [number, 64]
      + address(source) + address(destination) + payload
  }

  private static func checksummed(
    _ bytes: [UInt8], _ number: UInt8, _ source: IPAddress, _ destination: IPAddress
  ) -> [UInt8] {
    var bytes = bytes
    let offset: Int
    switch number {
    case IPProtocol.tcp: offset = 16
    case IPProtocol.udp:
      offset = 6
      bytes.replaceSubrange(4..<6, with: big(UInt16(truncatingIfNeeded: bytes.count)))
    default: offset = 2
    }
    let pseudo =
      number == IPProtocol.icmp
      ? []
      : address(source) + address(destination) + big(UInt32(bytes.count)) + [0, 0, 0, number]
    let sum = PacketBytes.checksum(pseudo + bytes)
    let isAbsent = sum == 0 && number == IPProtocol.udp
    bytes.replaceSubrange(offset..<offset + 2, with: big(isAbsent ? 0xffff : sum))
    return bytes
  }

  static func address(_ address: IPAddress) -> [UInt8] {
    stride(from: address.family.width - 8, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: address.bits >> UInt128($0))
    }
  }
  private static func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
  private static func big(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }
}
