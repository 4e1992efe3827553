// The prediction beside the wire, one row a difference; and the file that shows it in Wireshark.
import Foundation
import NetworkTypes
import Testing
import Trace

@testable import Confirm

private func packet(_ change: (inout Packet) -> Void = { _ in }) -> Packet {
  var packet = Packet(
    ethSrc: MACAddress(rawValue: 1), ethDst: MACAddress(rawValue: 2), etherType: EtherType.ipv4)
  packet.source = IPAddress("10.0.0.1")
  packet.destination = IPAddress("10.0.0.2")
  packet.ipProtocol = IPProtocol.udp
  packet.ttl = 63
  packet.sourcePort = 40_000
  packet.destinationPort = 53
  packet.lengthBytes = 40
  change(&packet)
  return packet
}

private func differences(
  _ predicted: Packet, _ seen: Packet, source: String = "10.0.0.1", isReply: Bool = false
) -> [String] {
  HeaderDifference.texts(
    (predicted, nil), FrameLayers(PacketBytes.encode(seen)), IPAddress(source), isReply: isReply)
}

@Suite struct ComparisonTests {
  @Test func equalHeadersDoNotDiffer() { #expect(differences(packet(), packet()) == []) }

  @Test func eachFieldIsNamed() {
    #expect(differences(packet(), packet { $0.ttl = 62 }) == ["ttl 62, predicted 63"])
    #expect(
      differences(packet(), packet { $0.destination = IPAddress("10.0.0.3") })
        == ["to 10.0.0.3, predicted 10.0.0.2"])
    #expect(
      differences(packet(), packet { $0.ethDst = MACAddress(rawValue: 3) })
        == ["MAC to 00:00:00:00:00:03, predicted 00:00:00:00:00:02"])
    #expect(
      differences(packet(), packet { $0.vlans.push(VLANTag(id: VLANID(truncating: 7))) })
        == ["VLAN 7, predicted none"])
    #expect(
      differences(packet(), packet { $0.destinationPort = 54 }) == ["to port 54, predicted 53"])
  }

  /// `--random-fully` chooses the port; only where the address was translated too.
  @Test func aSourceNATMayChooseThePort() {
    let seen = packet { $0.sourcePort = 61_000 }
    #expect(differences(packet(), seen) == ["from port 61000, predicted 40000"])
    #expect(differences(packet(), seen, source: "172.16.0.9") == [])
    let reply = packet { ($0.sourcePort, $0.destinationPort) = (53, 40_000) }
    let seenReply = packet { ($0.sourcePort, $0.destinationPort) = (53, 61_000) }
    #expect(differences(reply, seenReply, source: "172.16.0.9", isReply: true) == [])
  }

  @Test func aTunnelIsPartOfThePrediction() {
    let seen = FrameLayers(PacketBytes.encode(packet()))
    #expect(
      HeaderDifference.texts((packet(), packet()), seen, nil, isReply: false)
        == ["seen outside a tunnel, predicted inside one"])
  }

  @Test func aCaptureFileThatToolsRead() throws {
    let frame = CapturedFrame(
      bytes: PacketBytes.encode(packet()), nanoseconds: 1_700_000_000_123_456_789, length: 54)
    let place = CapturePlace.device(DeviceKey("node1", .root, "eth0"))
    let hop = HopReport(
      place: place, isOut: true, role: .forward, status: .unpredicted, predicted: nil,
      sighting: Sighting(place: place, isOut: true, frame: frame),
      layers: FrameLayers(frame.bytes), differences: [], microseconds: 1)
    let bytes = PcapngFile.bytes([hop])
    #expect(bytes.prefix(4) == [0x0a, 0x0d, 0x0d, 0x0a])
    #expect(bytes.count.isMultiple(of: 4))
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("node1/root/eth0"))
    #expect(text.contains("hop 1, forward: not predicted"))
    let path = "/tmp/ovsight-\(UUID().uuidString).pcapng"
    defer { unlink(path) }
    try Data(bytes).write(to: URL(filePath: path))
    #expect(try PcapFile.read(path) == [frame.bytes])
  }

  /// A name and a comment longer than a block's 16 bits can say, cut inside a character, with what a
  /// terminal obeys.
  @Test func longAndHostileTextsFit() throws {
    let name = "x\u{1b}[31m" + String(repeating: "é", count: 50_000)
    let frame = CapturedFrame(
      bytes: PacketBytes.encode(packet()), nanoseconds: 1_700_000_000_123_456_789, length: 54)
    let place = CapturePlace.outside(name)
    let hop = HopReport(
      place: place, isOut: true, role: .forward, status: .seen, predicted: nil,
      sighting: Sighting(place: place, isOut: true, frame: frame),
      layers: FrameLayers(frame.bytes), differences: [name], microseconds: 1)
    let bytes = PcapngFile.bytes([hop])
    #expect(!bytes.contains(0x1b))
    #expect(!String(decoding: bytes, as: UTF8.self).contains("é\u{fffd}"))
    let path = "/tmp/ovsight-\(UUID().uuidString).pcapng"
    defer { unlink(path) }
    try Data(bytes).write(to: URL(filePath: path))
    #expect(try PcapFile.read(path) == [frame.bytes])
  }
}
