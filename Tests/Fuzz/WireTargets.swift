// What comes over wires: packets on an interface, tcpdump's stream, a node's answer to `collect`.
import Foundation
import NetworkTypes

@testable import Collector
@testable import Confirm

extension FuzzTarget {
  static let packet = FuzzTarget("packet", seeds: frameSeeds) { bytes in
    let layers = FrameLayers(bytes)
    let mark = ProbeMark.random()
    _ = layers.role(for: mark)
    guard let packet = PacketDecoder.decode(bytes) else { return }
    _ = PacketBytes.encode(packet)
  }

  static let cookedFrame = FuzzTarget(
    "cooked-frame", seeds: frameSeeds.map { Array(repeating: 0, count: 20) + $0 }
  ) { bytes in
    guard let frame = CookedFrame(bytes) else { return }
    _ = PacketDecoder.decode(frame.ethernet)
  }

  static let captureFile = FuzzTarget(
    "capture-file",
    seeds: captureFileSeeds
  ) { bytes in
    ScratchFile.with(bytes, named: "a.pcap") { path in _ = try? PcapFile.read(path) }
  }

  private static var captureFileSeeds: [[UInt8]] {
    let path = "/dev/shm/ovsight-fuzz-seed-\(getpid()).pcap"
    defer { unlink(path) }
    try? PcapFile.write(frameSeeds, to: path)
    return [FileManager.default.contents(atPath: path).map { Array($0) } ?? []]
  }

  private static var streamSeeds: [[UInt8]] {
    let fields = [
      "hello", "1.00", "1700000000", "0", "m", "begin", "1.50", "root", "", "hostname.txt", "1",
      "hostname", "n1\nm", "end", "m exit 0;", "m", "begin", "2", "file", "/etc/hosts", "", "0",
      "x", "m", "end", "m exit 3;", "m", "witness", "a", "b", "c", "d", "m", "refuse", "ns", "x",
      "y", "m", "bye", "2.00",
    ]
    let stream = "m\0" + fields.joined(separator: "\0") + "\0"
    return [[7] + Array(stream.utf8), [255] + Array(stream.utf8)]
  }

  /// Frames of every kind that the encoder knows.
  private static let frameSeeds: [[UInt8]] = {
    let addresses = [IPAddress("10.0.0.1"), IPAddress("10.0.0.2")]
    let longer = [IPAddress("fe80::1"), IPAddress("fe80::2")]
    return [
      (EtherType.ipv4, IPProtocol.tcp, addresses), (EtherType.ipv4, IPProtocol.udp, addresses),
      (EtherType.ipv4, 1, addresses), (EtherType.ipv6, IPProtocol.tcp, longer),
      (EtherType.ipv6, 58, longer), (EtherType.arp, 1, addresses),
    ].map { type, number, ends in
      var packet = Packet(ethSrc: .zero, ethDst: .zero, etherType: type)
      packet.ipProtocol = number
      (packet.source, packet.destination) = (ends[0], ends[1])
      packet.lengthBytes = 80
      return PacketBytes.encode(packet)
    }
  }()

  /// The first byte says in how large chunks the stream comes.
  static let frames = FuzzTarget(
    "node-stream",
    seeds: streamSeeds
  ) { bytes in
    let path = "/dev/shm/ovsight-fuzz-node-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard let folder = try? NodeFolder(path: path, limits: NodeLimits()) else { return }
    let stream = FrameStream(folder: folder, limits: NodeLimits(), target: "n1") { _ in }
    stream.start(mark: "m")
    let size = max(1, Int(bytes.first ?? 1))
    let rest = Array(bytes.dropFirst())
    for start in stride(from: 0, to: rest.count, by: size) {
      let chunk = Array(rest[start..<min(start + size, rest.count)])
      guard (try? chunk.withUnsafeBytes { try stream.read($0) }) != nil else { return }
    }
  }
}
