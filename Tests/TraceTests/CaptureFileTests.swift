// Packets to bytes and back, and capture files through libpcap.
import Foundation
import NetworkTypes
import Testing

@testable import Confirm

private func ethernet(_ type: UInt16) -> Packet {
  Packet(
    ethSrc: MACAddress("fa:16:3e:00:00:01")!, ethDst: MACAddress("fa:16:3e:00:00:02")!,
    etherType: type)
}

private func ip(_ source: String, _ destination: String, _ next: UInt8) -> Packet {
  var packet = ethernet(source.contains(":") ? EtherType.ipv6 : EtherType.ipv4)
  packet.source = IPAddress(source)
  packet.destination = IPAddress(destination)
  packet.ipProtocol = next
  packet.ttl = 63
  packet.lengthBytes = 100
  return packet
}

private var samples: [Packet] {
  var tcp = ip("10.0.0.5", "8.8.8.8", IPProtocol.tcp)
  (tcp.sourcePort, tcp.destinationPort, tcp.tcpFlags) = (40000, 443, TCPFlags.syn)
  tcp.vlans.push(VLANTag(id: VLANID(200)!, priority: 3))
  var udp = ip("2001:db8::1", "2001:db8::2", IPProtocol.udp)
  (udp.sourcePort, udp.destinationPort, udp.tos) = (53, 5353, 0xb8)
  var echo = ip("10.0.0.5", "10.0.0.6", IPProtocol.icmp)
  (echo.icmpType, echo.icmpID, echo.dontFragment) = (8, 77, true)
  var solicitation = ip("fe80::1", "ff02::1:ff00:2", IPProtocol.icmp6)
  solicitation.icmpType = 135
  solicitation.ndTarget = IPv6Address("fe80::2")
  solicitation.ndSLL = solicitation.ethSrc
  var arp = ethernet(EtherType.arp)
  (arp.arpOperation, arp.ipProtocol, arp.lengthBytes) = (1, 1, 28)
  (arp.source, arp.destination) = (IPAddress("10.0.0.5"), IPAddress("10.0.0.6"))
  arp.arpSHA = arp.ethSrc
  arp.ttl = 64
  return [tcp, udp, echo, solicitation, arp]
}

@Test func packetsSurviveTheWire() {
  for packet in samples {
    #expect(PacketDecoder.decode(PacketBytes.encode(packet)) == packet)
  }
}

@Test func cutFramesAreNoPackets() {
  for packet in samples {
    let bytes = PacketBytes.encode(packet)
    for length in 0..<bytes.count {
      // A cut may leave a whole header; it never traps, and never invents addresses.
      let decoded = PacketDecoder.decode(Array(bytes.prefix(length)))
      #expect(decoded == nil || length >= 14)
    }
  }
}

@Test func captureFilesAreWrittenFilteredAndRead() throws {
  let path = NSTemporaryDirectory() + "ovsight-\(UUID().uuidString).pcap"
  defer { try? FileManager.default.removeItem(atPath: path) }
  let frames = samples.map(PacketBytes.encode)
  try PcapFile.write(frames, to: path)
  #expect(try PcapFile.read(path) == frames)
  #expect(try PcapFile.read(path, filter: "vlan 200 and tcp port 443") == [frames[0]])
  #expect(try PcapFile.read(path, filter: "arp") == [frames[4]])
}

@Test func capturesThatAreNoneSayWhy() {
  #expect(throws: PcapError.self) { try PcapFile.read("/nonexistent/capture.pcap") }
  #expect(throws: PcapError.self) { try PcapFile.write([], to: "/nonexistent/capture.pcap") }
}
