// One packet among many: what belongs to a probe after NAT, in tunnels and in what answers it, and
// what only looks like it.
import NetworkTypes
import Testing
import Trace

@testable import Confirm

private let mark = ProbeMark(
  nonce: Array("0123456789abcdef".utf8), sequence: 0xdead_beef, sourcePort: 40_123,
  servicePorts: [53, 5353])
private let other = ProbeMark(
  nonce: Array("fedcba9876543210".utf8), sequence: 0xdead_bee0, sourcePort: 40_123,
  servicePorts: [53])

private func address(_ text: String) -> IPAddress { IPAddress(text)! }

/// The frame of a probe with the marks, as it stands on a wire.
private func frame(
  _ kind: ProbeProtocol, _ mark: ProbeMark, from: String = "10.0.0.1", to: String = "10.0.0.2",
  port: UInt16 = 53, ethernet: [UInt8]? = nil
) -> [UInt8] {
  let probe = Probe(
    origin: .external(address(from)), destination: address(to), kind: kind, destinationPort: port)
  let type: [UInt8] = address(to).family == .ipv4 ? [8, 0] : [0x86, 0xdd]
  return (ethernet ?? [UInt8](repeating: 2, count: 12) + type)
    + ProbeDatagram.encode(probe, from: address(from), mark)!
}

private func inVXLAN(_ inner: [UInt8]) -> [UInt8] {
  let length = UInt16(inner.count + 16)
  var bytes = [UInt8](repeating: 4, count: 12) + [8, 0]
  bytes += [
    0x45, 0, UInt8((length + 20) >> 8), UInt8((length + 20) & 255), 0, 0, 0, 0, 64, 17, 0, 0,
  ]
  bytes += [192, 0, 2, 1, 192, 0, 2, 2, 0xc0, 0, 0x12, 0xb5]
  bytes += [UInt8(length >> 8), UInt8(length & 255), 0, 0]
  bytes += [8, 0, 0, 0, 0, 0x30, 0x39, 0]
  return bytes + inner
}

@Suite struct RecognitionTests {
  @Test(arguments: [ProbeProtocol.icmp, .udp, .tcp])
  func itsOwnAndNobodyElses(kind: ProbeProtocol) {
    #expect(FrameLayers(frame(kind, mark)).role(for: mark) == .forward)
    #expect(FrameLayers(frame(kind, mark)).role(for: other) == nil)
  }

  @Test func ipv6() {
    let bytes = frame(.icmp6, mark, from: "fd00::1", to: "fd00::2")
    #expect(FrameLayers(bytes).role(for: mark) == .forward)
  }

  @Test func anAddressTranslationDoesNotHideIt() {
    let bytes = frame(.tcp, mark, from: "203.0.113.7", to: "198.51.100.1", port: 8443)
    #expect(FrameLayers(bytes).role(for: mark) == .forward)
  }

  @Test func aTunnelDoesNotHideIt() throws {
    let layers = FrameLayers(inVXLAN(frame(.icmp, mark)))
    #expect(layers.role(for: mark) == .forward)
    #expect(layers.innermost?.tunnelKey == 12345)
    #expect(layers.outermost?.packet.destination == address("192.0.2.2"))
  }

  @Test func aTagDoesNotHideIt() {
    let tagged = [UInt8](repeating: 2, count: 12) + [0x81, 0, 0, 200, 8, 0]
    let layers = FrameLayers(frame(.udp, mark, ethernet: tagged))
    #expect(layers.role(for: mark) == .forward)
    #expect(layers.outermost?.packet.vlans.outer?.id.rawValue == 200)
  }

  @Test func anEchoReply() {
    var bytes = frame(.icmp, mark)
    bytes[34] = 0
    #expect(FrameLayers(bytes).role(for: mark) == .reply)
  }

  @Test func aDatagramSentBackFromTheServicesPort() {
    var bytes = frame(.udp, mark)
    // Source and destination port change places; the nonce is the same.
    bytes.replaceSubrange(34..<38, with: [0, 53, 0x11, 0x22])
    #expect(FrameLayers(bytes).role(for: mark) == .reply)
  }

  @Test(arguments: [
    (UInt8(0x12), ProbeRole?.some(.reply)), (0x14, .refusal), (0x10, nil), (0x18, nil),
  ])
  func whatAcknowledgesASYN(flags: UInt8, role: ProbeRole?) {
    var bytes = frame(.tcp, mark)
    bytes.replaceSubrange(38..<46, with: [1, 2, 3, 4, 0xde, 0xad, 0xbe, 0xf0])
    bytes[47] = flags
    #expect(FrameLayers(bytes).role(for: mark) == role)
  }

  @Test(arguments: [ProbeProtocol.icmp, .udp, .tcp])
  func anErrorThatQuotesIt(kind: ProbeProtocol) {
    let quoted = frame(kind, mark).dropFirst(14)
    var bytes = frame(.icmp, other)
    bytes.replaceSubrange(34..., with: [3, 1, 0, 0, 0, 0, 0, 0] + quoted)
    let length = UInt16(bytes.count - 14)
    bytes.replaceSubrange(16..<18, with: [UInt8(length >> 8), UInt8(length & 255)])
    #expect(FrameLayers(bytes).role(for: mark) == .refusal)
    #expect(FrameLayers(bytes).role(for: other) == nil)
  }

  @Test func aComplaintAboutTheTunnelIsNotTheProbesRefusal() {
    let tunnelled = inVXLAN(frame(.icmp, mark))
    var bytes =
      [UInt8](repeating: 2, count: 12) + [8, 0, 0x45, 0xc0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0]
    bytes += [192, 0, 2, 2, 192, 0, 2, 1, 3, 3, 0, 0, 0, 0, 0, 0] + tunnelled.dropFirst(14)
    #expect(FrameLayers(bytes).role(for: mark) == nil)
  }

  /// Captured bytes are hostile: whatever is cut off or changed, nothing traps.
  @Test func cutAndBentFrames() {
    let whole = inVXLAN(frame(.icmp, mark))
    for count in 0...whole.count {
      _ = FrameLayers(Array(whole.prefix(count))).role(for: mark)
    }
    for index in whole.indices {
      for value in [UInt8(0), 0xff, whole[index] ^ 0x55] {
        var bent = whole
        bent[index] = value
        _ = FrameLayers(bent).role(for: mark)
      }
    }
  }

  @Test func probesThatAreNoMarkedPacket() {
    for kind in [ProbeProtocol.arp, .dhcp, .sctp] {
      let probe = Probe(
        origin: .external(address("10.0.0.1")), destination: address("10.0.0.2"), kind: kind)
      #expect(ProbeDatagram.encode(probe, from: address("10.0.0.1"), mark) == nil)
    }
  }

  @Test(arguments: [ProbeProtocol.icmp, .udp, .tcp])
  func aSizeIsTheDatagrams(kind: ProbeProtocol) throws {
    let probe = Probe(
      origin: .external(address("10.0.0.1")), destination: address("10.0.0.2"), kind: kind,
      destinationPort: 80, lengthBytes: 1450)
    let bytes = try #require(ProbeDatagram.encode(probe, from: address("10.0.0.1"), mark))
    #expect(bytes.count == 1450)
    // May not be fragmented.
    #expect(bytes[6] == 0x40)
    #expect(PacketBytes.checksum(Array(bytes[..<20])) == 0)
  }
}

/// Frames that no kernel sends when asked.
@Suite struct WholeFrameTests {
  private let asker = MACAddress("02:00:00:00:00:01")!
  private let asked = MACAddress("02:00:00:00:00:02")!

  private func probe(_ kind: ProbeProtocol, to: String) -> Probe {
    Probe(origin: .external(address("10.0.0.1")), destination: address(to), kind: kind)
  }
  private func question() -> Packet {
    var packet = Packet(ethSrc: asker, ethDst: .broadcast, etherType: EtherType.arp)
    (packet.arpOperation, packet.arpSHA) = (1, asker)
    (packet.source, packet.destination) = (address("10.0.0.1"), address("10.0.0.2"))
    return packet
  }
  private var asking: ProbeMark {
    var asking = mark
    asking.question = .init(asker: asker, address: address("10.0.0.2"))
    return asking
  }

  @Test func anARPQuestionCarriesItsNonce() throws {
    let bytes = try #require(
      ProbeFrame.encode(probe(.arp, to: "10.0.0.2"), like: question(), mark))
    let packet = try #require(PacketDecoder.decode(bytes))
    #expect(packet.arpOperation == 1 && packet.arpSHA == asker)
    #expect(packet.source == address("10.0.0.1") && packet.destination == address("10.0.0.2"))
    #expect(FrameLayers(bytes).role(for: asking) == .forward)
    #expect(FrameLayers(inVXLAN(bytes)).role(for: asking) == .forward)
    // The same question of somebody else's, and of ours before.
    var before = other
    before.question = asking.question
    #expect(FrameLayers(bytes).role(for: before) == nil)
    #expect(FrameLayers(bytes).role(for: mark) == nil)
  }

  @Test(arguments: [
    ("10.0.0.2", "02:00:00:00:00:01", true), ("10.0.0.3", "02:00:00:00:00:01", false),
    ("10.0.0.2", "02:00:00:00:00:03", false),
  ])
  func anAnswerIsToldByWhomItTellsWhat(from: String, to: String, isOurs: Bool) {
    let tellers: [UInt8] = [2, 0, 0, 0, 0, 2]
    let takers = [40, 32, 24, 16, 8, 0].map {
      UInt8(truncatingIfNeeded: MACAddress(to)!.rawValue >> UInt64($0))
    }
    let bytes: [UInt8] =
      takers + tellers + [8, 6, 0, 1, 8, 0, 6, 4, 0, 2] + tellers
      + ProbeDatagram.address(address(from)) + takers + [10, 0, 0, 1]
    #expect(FrameLayers(bytes).role(for: asking) == (isOurs ? .reply : nil))
  }

  @Test func aDiscoverAndItsOffer() throws {
    var first = Packet(ethSrc: asker, ethDst: .broadcast, etherType: EtherType.ipv4)
    first.source = address("0.0.0.0")
    let bytes = try #require(
      ProbeFrame.encode(probe(.dhcp, to: "255.255.255.255"), like: first, mark))
    let packet = try #require(PacketDecoder.decode(bytes))
    #expect(packet.destinationPort == 67 && packet.sourcePort == 68 && packet.ethSrc == asker)
    #expect(PacketBytes.checksum(Array(bytes[14..<34])) == 0)
    #expect(FrameLayers(bytes).role(for: mark) == .forward)
    #expect(FrameLayers(bytes).role(for: other) == nil)
    var offer = bytes
    offer[42] = 2
    #expect(FrameLayers(offer).role(for: mark) == .reply)
  }

  @Test func anythingElseIsItsDatagramBehindTheFirstHeader() throws {
    var first = Packet(ethSrc: asker, ethDst: asked, etherType: EtherType.ipv4)
    first.source = address("10.0.0.1")
    let bytes = try #require(
      ProbeFrame.encode(probe(.icmp, to: "10.0.0.2"), like: first, mark))
    let packet = try #require(PacketDecoder.decode(bytes))
    #expect(packet.ethSrc == asker && packet.ethDst == asked)
    #expect(FrameLayers(bytes).role(for: mark) == .forward)
  }
}

@Suite struct AdoptedMarkTests {
  private func packet(_ kind: ProbeProtocol) -> Packet {
    var packet = Packet(ethSrc: .zero, ethDst: .zero, etherType: EtherType.ipv4)
    packet.source = address("10.0.0.1")
    packet.destination = address("10.0.0.2")
    packet.ipProtocol =
      kind == .tcp ? IPProtocol.tcp : kind == .udp ? IPProtocol.udp : IPProtocol.icmp
    packet.destinationPort = kind == .icmp ? 0 : 53
    if kind == .icmp { packet.icmpType = 8 }
    return packet
  }

  /// A packet that somebody else sent gives its own marks, by which it is known from there on.
  @Test(arguments: [ProbeProtocol.icmp, .udp, .tcp])
  func aForeignPacketIsFollowed(kind: ProbeProtocol) throws {
    let probe = Probe(
      origin: .external(address("10.0.0.1")), destination: address("10.0.0.2"), kind: kind,
      destinationPort: kind == .icmp ? nil : 53)
    let layers = FrameLayers(frame(kind, mark))
    let adopted = try #require(layers.mark(like: packet(kind), probe))
    #expect(layers.role(for: adopted) == .forward)
    #expect(FrameLayers(frame(kind, other)).role(for: adopted) == nil)
    let translated = FrameLayers(frame(kind, mark, from: "203.0.113.9"))
    #expect(translated.role(for: adopted) == .forward)
    #expect(translated.mark(like: packet(kind), probe) == nil)
  }
}
