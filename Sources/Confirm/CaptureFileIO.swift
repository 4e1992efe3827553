// Capture files through libpcap: predicted frames are written for Wireshark, recorded ones read.
import CLibPcap
import NetworkTypes
import Trace

/// Why a capture file could not be read or written.
public struct PcapError: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public var description: String { "\(path): \(problem)" }
}

public enum PcapFile {
  /// Longer frames are cut: no device of a cloud has a larger MTU.
  private static let snapshotLength: Int32 = 65_535

  /// Writes frames as an Ethernet capture, the n-th one n microseconds after the epoch, so that
  /// the file depends on nothing but its frames.
  public static func write(_ frames: [[UInt8]], to path: String) throws(PcapError) {
    guard let handle = pcap_open_dead(DLT_EN10MB, snapshotLength) else {
      throw PcapError(path: path, problem: "libpcap gives no handle")
    }
    defer { pcap_close(handle) }
    guard let dumper = pcap_dump_open(handle, path) else {
      throw PcapError(path: path, problem: String(cString: pcap_geterr(handle)))
    }
    defer { pcap_dump_close(dumper) }
    for (number, frame) in frames.enumerated() {
      var header = pcap_pkthdr()
      header.ts.tv_sec = number / 1_000_000
      header.ts.tv_usec = number % 1_000_000
      header.caplen = UInt32(frame.count)
      header.len = UInt32(frame.count)
      frame.withUnsafeBufferPointer { buffer in
        pcap_dump(
          UnsafeMutableRawPointer(dumper).assumingMemoryBound(to: UInt8.self), &header,
          buffer.baseAddress)
      }
    }
    guard pcap_dump_flush(dumper) == 0 else {
      throw PcapError(path: path, problem: "cannot be written")
    }
  }

  /// The frames of a capture that `filter` (pcap's language; empty: all) lets through.
  public static func read(_ path: String, filter: String = "") throws(PcapError) -> [[UInt8]] {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = pcap_open_offline(path, &message) else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw PcapError(path: path, problem: String(decoding: text, as: UTF8.self))
    }
    defer { pcap_close(handle) }
    var program = bpf_program()
    guard pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
      throw PcapError(path: path, problem: String(cString: pcap_geterr(handle)))
    }
    defer { pcap_freecode(&program) }
    return try frames(handle, &program, path)
  }

  private static func frames(
    _ handle: OpaquePointer, _ program: inout bpf_program, _ path: String
  ) throws(PcapError) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    while true {
      let result = pcap_next_ex(handle, &header, &data)
      if result == PCAP_ERROR_BREAK { return frames }
      guard result == 1, let header, let data else {
        throw PcapError(path: path, problem: String(cString: pcap_geterr(handle)))
      }
      guard pcap_offline_filter(&program, header, data) != 0 else { continue }
      frames.append(
        Array(UnsafeBufferPointer(start: data, count: Int(header.pointee.caplen))))
    }
  }
}

extension TraceResult {
  /// The predicted frame at each kernel device of the way there, then of the way back.
  public var predictedFrames: [[UInt8]] {
    path.map { PacketBytes.encode(steps[$0.step].packet) }
      + replyPath.map { PacketBytes.encode(replySteps[$0.step].packet) }
  }
}
