// A probe as a whole Ethernet frame: for what a kernel would not send by itself, and for frames that
// enter a node as if a guest had sent them.
import NetworkTypes
import Trace

enum ProbeFrame {
  /// The frame that begins the predicted path, with the probe's marks in it. Nil for kinds that nothing
  /// marks.
  static func encode(_ probe: Probe, like first: Packet, _ mark: ProbeMark) -> [UInt8]? {
    let header = bytes(first.ethDst) + bytes(first.ethSrc) + big(first.etherType)
    switch probe.kind {
    case .arp: return arp(first).map { header + $0 + mark.nonce }
    case .dhcp: return header + dhcp(first, mark)
    default:
      return first.source.flatMap { ProbeDatagram.encode(probe, from: $0, mark) }
        .map { header + $0 }
    }
  }

  /// Ethernet pads such short frames; a nonce in the padding goes wherever the frame does.
  private static func arp(_ packet: Packet) -> [UInt8]? {
    guard packet.isARP, let source = packet.source, let destination = packet.destination else {
      return nil
    }
    return [0, 1, 8, 0, 6, 4, 0, 1] + bytes(packet.arpSHA) + ProbeDatagram.address(source)
      + [UInt8](repeating: 0, count: 6) + ProbeDatagram.address(destination)
  }

  /// A DISCOVER whose transaction id is the mark's sequence number: an offer has the same.
  private static func dhcp(_ packet: Packet, _ mark: ProbeMark) -> [UInt8] {
    let id = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mark.sequence >> UInt32($0)) }
    var message: [UInt8] = [1, 1, 6, 0] + id + [UInt8](repeating: 0, count: 20)
    message += bytes(packet.ethSrc) + [UInt8](repeating: 0, count: 202)
    // The magic cookie, message type DISCOVER, some parameters that are asked for, the end.
    message += [0x63, 0x82, 0x53, 0x63, 53, 1, 1, 55, 4, 1, 3, 6, 121, 255]
    var udp = big(68) + big(67) + big(UInt16(message.count + 8)) + [0, 0] + message
    let ends = [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 255, count: 4)
    let pseudo = ends + [0, 0] + big(UInt16(udp.count)) + [0, 0, 0, IPProtocol.udp]
    udp.replaceSubrange(6..<8, with: big(PacketBytes.checksum(pseudo + udp)))
    var header: [UInt8] = [0x45, 0] + big(UInt16(udp.count + 20)) + Array(id.prefix(2))
    header += [0, 0, 64, IPProtocol.udp, 0, 0] + ends
    header.replaceSubrange(10..<12, with: big(PacketBytes.checksum(header)))
    return header + udp
  }

  private static func bytes(_ mac: MACAddress) -> [UInt8] {
    [40, 32, 24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mac.rawValue >> UInt64($0)) }
  }
  private static func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
}
