// One capture on one device in one direction, through libpcap: no promiscuous mode, a filter in the
// kernel, never blocking.
import CLibPcap
import Foundation
import Namespaces

/// A frame as it was captured.
public struct CapturedFrame: Hashable, Sendable {
  public let bytes: [UInt8]
  /// Since the epoch, by the capturing machine's clock.
  public let nanoseconds: UInt64
  /// On the wire; more than `bytes` where it was cut.
  public let length: Int
  /// False where the capture did not keep the Ethernet header; its MACs and tags say nothing then.
  public var hasMACs = true
}

/// An open capture. Used by one thread at a time.
final class LiveCapture: @unchecked Sendable {
  private let handle: OpaquePointer
  let descriptor: Int32
  private var isOpen = true

  /// Headers of a tunnel and of what it carries, and a payload's marks.
  private static let snapshotLength: Int32 = 2_048
  /// A probe is one packet; this holds hundreds.
  private static let bufferBytes: Int32 = 262_144

  /// Opens a capture in the calling thread's network namespace.
  init(device: String, outgoing: Bool, filter: String) throws(PcapError) {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = pcap_create(device, &message) else {
      throw PcapError(path: device, problem: Self.text(message))
    }
    pcap_set_snaplen(handle, Self.snapshotLength)
    pcap_set_promisc(handle, 0)
    pcap_set_immediate_mode(handle, 1)
    pcap_set_buffer_size(handle, Self.bufferBytes)
    pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
    guard pcap_activate(handle) >= 0 else {
      let problem = String(cString: pcap_geterr(handle))
      pcap_close(handle)
      throw PcapError(path: device, problem: problem)
    }
    do throws(PcapError) {
      try Self.configure(handle, device, outgoing, filter)
    } catch {
      pcap_close(handle)
      throw error
    }
    self.handle = handle
    descriptor = pcap_get_selectable_fd(handle)
  }

  deinit { close() }

  func close() {
    guard isOpen else { return }
    isOpen = false
    pcap_close(handle)
  }

  private static func configure(
    _ handle: OpaquePointer, _ device: String, _ outgoing: Bool, _ filter: String
  ) throws(PcapError) {
    func check(_ isGood: Bool) throws(PcapError) {
      guard isGood else {
        throw PcapError(path: device, problem: String(cString: pcap_geterr(handle)))
      }
    }
    try check(pcap_datalink(handle) == DLT_EN10MB)
    try check(pcap_setdirection(handle, outgoing ? PCAP_D_OUT : PCAP_D_IN) == 0)
    var program = bpf_program()
    try check(pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0)
    let isSet = pcap_setfilter(handle, &program) == 0
    pcap_freecode(&program)
    try check(isSet)
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    try check(pcap_setnonblock(handle, 1, &message) == 0)
  }

  /// All frames that wait.
  func read() -> [CapturedFrame] {
    var frames: [CapturedFrame] = []
    guard isOpen else { return frames }
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    while pcap_next_ex(handle, &header, &data) == 1, let header, let data {
      let stamp = header.pointee.ts
      frames.append(
        CapturedFrame(
          bytes: Array(UnsafeBufferPointer(start: data, count: Int(header.pointee.caplen))),
          // With nanosecond precision `tv_usec` counts nanoseconds.
          nanoseconds: UInt64(stamp.tv_sec) * 1_000_000_000 + UInt64(stamp.tv_usec),
          length: Int(header.pointee.len)))
    }
    return frames
  }

  /// Packets that the kernel had no room for.
  var droppedPackets: Int {
    var statistics = pcap_stat()
    return isOpen && pcap_stats(handle, &statistics) == 0 ? Int(statistics.ps_drop) : 0
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
