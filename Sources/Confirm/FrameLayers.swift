// A captured frame, taken apart down to what tunnels carry: VXLAN, Geneve, GRE. Frames are hostile;
// every read is bounded and what is cut short ends the search.
import NetworkTypes
import Trace

/// A frame's headers, outermost first.
public struct FrameLayers: Hashable, Sendable {
  public struct Layer: Hashable, Sendable {
    public let packet: Packet
    /// The key of the tunnel that carries this layer.
    public let tunnelKey: UInt64?
    /// Where the transport header starts; nil where there is none that can be read.
    let transport: Int?
  }
  public let bytes: [UInt8]
  public private(set) var layers: [Layer] = []
  private let tunnelPorts: Set<UInt16>

  /// Tunnels in tunnels: none of our clouds' paths has more than one.
  private static let depthLimit = 3

  public init(_ bytes: [UInt8], tunnelPorts: Set<UInt16> = FrameLayers.usualTunnelPorts) {
    self.bytes = bytes
    self.tunnelPorts = tunnelPorts
    var start = 0
    var key: UInt64?
    while layers.count < Self.depthLimit, start < bytes.count {
      guard let packet = PacketDecoder.decode(Array(bytes[start...])) else { return }
      let transport = transportOffset(start, packet)
      layers.append(Layer(packet: packet, tunnelKey: key, transport: transport))
      guard let transport, let inner = inner(transport, packet, tunnelPorts) else { return }
      (start, key) = inner
    }
  }

  /// VXLAN's registered and Linux's old port; Geneve's.
  public static let usualTunnelPorts: Set<UInt16> = [4789, 8472, 6081]
  private static let genevePort: UInt16 = 6081

  public var innermost: Layer? { layers.last }
  public var outermost: Layer? { layers.first }

  private func transportOffset(_ start: Int, _ packet: Packet) -> Int? {
    let tags = (packet.vlans.outer == nil ? 0 : 4) + (packet.vlans.inner == nil ? 0 : 4)
    let network = start + 14 + tags
    guard packet.isIP, packet.fragment != .later, let first = byte(network) else { return nil }
    return network + (packet.isIPv4 ? Int(first & 15) * 4 : 40)
  }

  private func inner(_ offset: Int, _ packet: Packet, _ ports: Set<UInt16>) -> (Int, UInt64)? {
    if packet.ipProtocol == IPProtocol.udp, ports.contains(packet.destinationPort) {
      let header = offset + 8
      if packet.destinationPort == Self.genevePort {
        guard let first = byte(header), let key = number(header + 4, 3) else { return nil }
        return (header + 8 + Int(first & 0x3f) * 4, key)
      }
      return number(header + 4, 3).map { (header + 8, $0) }
    }
    guard packet.ipProtocol == IPProtocol.gre, let flags = number(offset, 2),
      number(offset + 2, 2) == 0x6558
    else { return nil }
    var position = offset + 4 + (flags & 0x8000 != 0 ? 4 : 0)
    var key: UInt64 = 0
    if flags & 0x2000 != 0 {
      guard let value = number(position, 4) else { return nil }
      key = value
      position += 4
    }
    return (position + (flags & 0x1000 != 0 ? 4 : 0), key)
  }

  func byte(_ offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

  /// A big-endian number of `count` bytes.
  func number(_ offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset + count <= bytes.count else { return nil }
    return bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
  }

  func contains(_ needle: [UInt8], from offset: Int) -> Bool {
    guard !needle.isEmpty, bytes.count - offset >= needle.count else { return false }
    return (offset...bytes.count - needle.count).contains { start in
      bytes[start] == needle[0] && bytes[start..<start + needle.count].elementsEqual(needle)
    }
  }
}

extension FrameLayers {
  /// What the frame is to a probe; nil for somebody else's.
  public func role(for mark: ProbeMark) -> ProbeRole? {
    guard let layer = innermost else { return nil }
    if layer.packet.isARP { return arpRole(mark, layer.packet) }
    guard let offset = layer.transport else { return nil }
    let packet = layer.packet
    if packet.isICMPError { return quotes(mark, packet, offset) ? .refusal : nil }
    switch packet.ipProtocol {
    case IPProtocol.tcp: return tcpRole(mark, offset, packet)
    case IPProtocol.udp:
      if let role = dhcpRole(mark, offset, packet) { return role }
      guard contains(mark.nonce, from: offset) else { return nil }
      return datagramRole(mark, packet)
    case _ where packet.isICMP:
      guard contains(mark.nonce, from: offset) else { return nil }
      switch packet.icmpType {
      case 8, 128: return .forward
      case 0, 129: return .reply
      default: return nil
      }
    default: return nil
    }
  }

  /// A source NAT may have changed the probe's own port, so the service's is asked first.
  private func datagramRole(_ mark: ProbeMark, _ packet: Packet) -> ProbeRole {
    let goesThere = mark.servicePorts.contains(packet.destinationPort)
    let comesThence = mark.servicePorts.contains(packet.sourcePort)
    if goesThere != comesThence { return goesThere ? .forward : .reply }
    return packet.destinationPort == mark.sourcePort ? .reply : .forward
  }

  /// A question has the nonce behind it; an answer that a switch makes of it too, one that a kernel
  /// makes has none.
  private func arpRole(_ mark: ProbeMark, _ packet: Packet) -> ProbeRole? {
    guard let question = mark.question else { return nil }
    if packet.arpOperation == 1 { return contains(mark.nonce, from: 0) ? .forward : nil }
    return packet.arpTHA == question.asker && packet.source == question.address ? .reply : nil
  }

  /// Requests and answers have one transaction id.
  private func dhcpRole(_ mark: ProbeMark, _ offset: Int, _ packet: Packet) -> ProbeRole? {
    guard [67, 68].contains(packet.sourcePort), [67, 68].contains(packet.destinationPort),
      number(offset + 12, 4) == UInt64(mark.sequence)
    else { return nil }
    switch byte(offset + 8) {
    case 1: return .forward
    case 2: return .reply
    default: return nil
    }
  }

  private func tcpRole(_ mark: ProbeMark, _ offset: Int, _ packet: Packet) -> ProbeRole? {
    let isSYN = packet.tcpFlags & (TCPFlags.syn | TCPFlags.ack) == TCPFlags.syn
    if isSYN { return number(offset + 4, 4) == UInt64(mark.sequence) ? .forward : nil }
    let isAcknowledgement = packet.tcpFlags & TCPFlags.ack != 0
    let isFirst = packet.tcpFlags & (TCPFlags.syn | TCPFlags.rst) != 0
    guard isAcknowledgement, isFirst,
      number(offset + 8, 4) == UInt64(mark.sequence &+ 1)
    else { return nil }
    return packet.tcpFlags & TCPFlags.rst != 0 ? .refusal : .reply
  }

  /// The marks of a packet that somebody else sent, if it is one like the probe's: a SYN's sequence
  /// number, or a payload that is long enough to be told from others.
  func mark(like predicted: Packet, _ probe: Probe) -> ProbeMark? {
    guard let layer = innermost, let offset = layer.transport else { return nil }
    let packet = layer.packet
    let isAlike =
      packet.source == predicted.source && packet.destination == predicted.destination
      && packet.ipProtocol == predicted.ipProtocol
      && (probe.destinationPort == nil || !packet.hasPorts
        || packet.destinationPort == predicted.destinationPort)
    guard isAlike else { return nil }
    let isTCP = packet.ipProtocol == IPProtocol.tcp
    if isTCP {
      guard packet.tcpFlags & (TCPFlags.syn | TCPFlags.ack) == TCPFlags.syn,
        let sequence = number(offset + 4, 4)
      else { return nil }
      return ProbeMark(
        nonce: [], sequence: UInt32(truncatingIfNeeded: sequence), sourcePort: packet.sourcePort)
    }
    if packet.isICMP, packet.icmpType != predicted.icmpType { return nil }
    // From ICMP's identifier on: NAT may change that one, the rest stays.
    let payload = bytes.dropFirst(offset + (packet.isICMP ? 6 : 8)).prefix(32)
    guard payload.count >= Self.leastNonceBytes else { return nil }
    return ProbeMark(
      nonce: Array(payload), sequence: 0,
      sourcePort: packet.isICMP ? packet.icmpID : packet.sourcePort)
  }

  /// Less is too likely to be in some other packet as well.
  private static let leastNonceBytes = 8

  /// ICMP errors carry the header of what they are about, and at least eight bytes more. What is about
  /// a tunnel's outer packet is the underlay's: a node whose switch takes tunnels past the kernel lets
  /// that one complain of a port that nobody has.
  private func quotes(_ mark: ProbeMark, _ packet: Packet, _ offset: Int) -> Bool {
    let quoted = offset + 8
    guard let first = byte(quoted) else { return false }
    let isV4 = first >> 4 == 4
    let next = byte(quoted + (isV4 ? 9 : 6))
    let transport = quoted + (isV4 ? Int(first & 15) * 4 : 40)
    if next == IPProtocol.udp, let port = number(transport + 2, 2),
      tunnelPorts.contains(UInt16(truncatingIfNeeded: port))
    {
      return false
    }
    if contains(mark.nonce, from: offset) { return true }
    return next == IPProtocol.tcp && number(transport + 4, 4) == UInt64(mark.sequence)
  }
}
