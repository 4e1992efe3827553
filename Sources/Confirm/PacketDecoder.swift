// A frame's bytes → the header fields that `Packet` holds. Captured bytes are hostile: every read
// is bounded, what is cut short gives nil.
import NetworkTypes

/// Reads one frame.
public struct PacketDecoder {
  private let bytes: [UInt8]
  private var offset = 0

  public static func decode(_ bytes: [UInt8]) -> Packet? {
    var decoder = PacketDecoder(bytes: bytes)
    return decoder.frame()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func frame() -> Packet? {
    guard let destination = mac(), let source = mac(), var type = number() else { return nil }
    var packet = Packet(ethSrc: source, ethDst: destination, etherType: type)
    var tags: [VLANTag] = []
    while type == EtherType.vlan || type == EtherType.serviceVLAN, tags.count < 2 {
      guard let control = number(), let next = number() else { return nil }
      tags.append(
        VLANTag(
          id: VLANID(truncating: control), priority: UInt8(control >> 13), protocolID: type))
      type = next
    }
    packet.vlans = VLANStack(outer: tags.first, inner: tags.count > 1 ? tags[1] : nil)
    packet.etherType = type
    switch type {
    case EtherType.arp: return arp(&packet) ? packet : nil
    case EtherType.ipv4: return ipv4(&packet) ? packet : nil
    case EtherType.ipv6: return ipv6(&packet) ? packet : nil
    default: return packet
    }
  }

  private mutating func arp(_ packet: inout Packet) -> Bool {
    offset += 6
    guard let operation = number(), let sha = mac(), let spa = address(.ipv4), let tha = mac(),
      let tpa = address(.ipv4)
    else { return false }
    packet.arpOperation = operation
    packet.ipProtocol = UInt8(truncatingIfNeeded: operation)
    (packet.arpSHA, packet.arpTHA, packet.source, packet.destination) = (sha, tha, spa, tpa)
    packet.lengthBytes = 28
    return true
  }

  private mutating func ipv4(_ packet: inout Packet) -> Bool {
    guard let first = byte(), let tos = byte(), let length = number(), number() != nil,
      let fragment = number(), let ttl = byte(), let next = byte(), number() != nil,
      let source = address(.ipv4), let destination = address(.ipv4)
    else { return false }
    offset += max(0, Int(first & 15) * 4 - 20)
    (packet.tos, packet.ttl, packet.ipProtocol) = (tos, ttl, next)
    (packet.source, packet.destination) = (source, destination)
    packet.lengthBytes = Int(length)
    packet.dontFragment = fragment & 0x4000 != 0
    packet.fragment =
      fragment & 0x1fff != 0 ? .later : fragment & 0x2000 != 0 ? .first : .no
    return packet.fragment == .later || transport(&packet)
  }

  private mutating func ipv6(_ packet: inout Packet) -> Bool {
    guard let high = number(), let low = number(), let length = number(), let next = byte(),
      let hops = byte(), let source = address(.ipv6), let destination = address(.ipv6)
    else { return false }
    packet.tos = UInt8(truncatingIfNeeded: high >> 4)
    packet.flowLabel = UInt32(high & 0xf) << 16 | UInt32(low)
    (packet.ttl, packet.ipProtocol) = (hops, next)
    (packet.source, packet.destination) = (source, destination)
    packet.lengthBytes = Int(length) + 40
    return transport(&packet)
  }

  private mutating func transport(_ packet: inout Packet) -> Bool {
    switch packet.ipProtocol {
    case IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.udpLite:
      guard let source = number(), let destination = number() else { return false }
      (packet.sourcePort, packet.destinationPort) = (source, destination)
      if packet.ipProtocol == IPProtocol.tcp {
        offset += 8
        guard let flags = number() else { return false }
        packet.tcpFlags = flags & 0xfff
      }
    case IPProtocol.icmp where packet.isIPv4, IPProtocol.icmp6 where packet.isIPv6:
      guard let type = byte(), let code = byte(), number() != nil else { return false }
      (packet.icmpType, packet.icmpCode) = (type, code)
      return icmp(&packet)
    default: break
    }
    return true
  }

  private mutating func icmp(_ packet: inout Packet) -> Bool {
    guard packet.isIPv6, (135...136).contains(packet.icmpType) else {
      packet.icmpID = packet.isICMPError ? 0 : number() ?? 0
      return true
    }
    offset += 4
    guard let target = address(.ipv6) else { return false }
    packet.ndTarget = target.v6
    if let kind = byte(), byte() != nil, let link = mac() {
      if kind == 1 { packet.ndSLL = link }
      if kind == 2 { packet.ndTLL = link }
    }
    return true
  }

  private mutating func byte() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }
  private mutating func number() -> UInt16? {
    guard let high = byte(), let low = byte() else { return nil }
    return UInt16(high) << 8 | UInt16(low)
  }
  private mutating func mac() -> MACAddress? {
    var value: UInt64 = 0
    for _ in 0..<6 {
      guard let next = byte() else { return nil }
      value = value << 8 | UInt64(next)
    }
    return MACAddress(rawValue: value)
  }
  private mutating func address(_ family: AddressFamily) -> IPAddress? {
    var bits: UInt128 = 0
    for _ in 0..<family.width / 8 {
      guard let next = byte() else { return nil }
      bits = bits << 8 | UInt128(next)
    }
    return IPAddress(bits: bits, family: family)
  }
}
