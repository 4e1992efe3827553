// A capture on a node elsewhere: `tcpdump -w -` there, its stream read here through libpcap. The
// clocks of both machines are compared first.
import CLibPcap
import Foundation
import Namespaces
import NetworkTypes

/// A running capture on all devices of one namespace of a remote node.
final class StreamCapture: @unchecked Sendable {
  private let process: pid_t
  private let lock = NSLock()
  private var waiting: [Sighting] = []
  private var isListening = false
  private var isEnded = false
  private var problem: String?

  /// Held open as long as the capture shall run: its end reaches the node even when we are killed.
  private let leash: Int32

  /// Starts the capture. On the node it ends with our end of the connection, and after `seconds` in
  /// any case.
  init(
    _ key: NamespaceKey, _ access: NodeAccess, links: [Int: InterfaceName], filter: String,
    seconds: Int, skewNanoseconds: Int64
  ) throws {
    let capture = [
      "timeout", "--foreground", "\(seconds)", "tcpdump", "-i", "any", "-y", "LINUX_SLL2", "-p",
      "-n", "-U", "-s", "2048", "--immediate-mode", "--time-stamp-precision=nano", "-w", "-",
      filter,
    ]
    let words = access.command(["sh", "-c", Self.leashScript, "sh"] + capture, in: key.namespace)
    let output = try Pipe()
    let input = try Pipe()
    leash = input.writing
    do {
      process = try Command(words).start(from: input.reading, output: output.writing)
    } catch {
      for descriptor in [input.reading, input.writing, output.reading, output.writing] {
        close(descriptor)
      }
      throw error
    }
    close(input.reading)
    close(output.writing)
    guard let file = fdopen(output.reading, "r") else {
      throw NamespaceError("a stream: \(systemMessage())")
    }
    let reader = StreamReader(file: file, key: key, links: links, skew: skewNanoseconds)
    Thread { [weak self] in
      let ending = reader.run {
        self?.lock.withLock { self?.isListening = true }
      } use: { sighting in
        self?.lock.withLock { self?.waiting.append(sighting) }
      }
      self?.lock.withLock {
        self?.isEnded = true
        self?.problem = ending
      }
    }.start()
  }

  /// Runs what it is given until its input ends.
  private static let leashScript = "\"$@\" & p=$!; cat > /dev/null; kill $p; wait $p"

  deinit { end() }

  private func end() {
    close(leash)
    var status: Int32 = 0
    for _ in 0..<200 {
      if waitpid(process, &status, WNOHANG) != 0 { return }
      usleep(10_000)
    }
    kill(-process, SIGKILL)
    waitpid(process, &status, 0)
  }

  func read() -> [Sighting] {
    lock.withLock {
      defer { waiting = [] }
      return waiting
    }
  }

  /// Waits until it captures: what passes before is not seen. False where it has ended, or does not
  /// begin before `deadline`.
  func isListening(before deadline: Double) -> Bool {
    while SteadyClock.now < deadline {
      let (listens, ended) = lock.withLock { (isListening, isEnded) }
      if listens || ended { return listens && !ended }
      usleep(5_000)
    }
    return false
  }

  /// Why it has ended; nil while it runs.
  var failure: String? { lock.withLock { isEnded ? problem ?? "it ended early" : nil } }

  /// Devices by their index, as the node numbers them now.
  static func links(of key: NamespaceKey, _ access: NodeAccess) throws -> [Int: InterfaceName] {
    let text = try Command(access.command(["ip", "-o", "link"], in: key.namespace)).run()
    let pairs = text.split(separator: "\n").compactMap { line -> (Int, InterfaceName)? in
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count > 1, let index = Int(words[0].dropLast()) else { return nil }
      return (index, InterfaceName(String(words[1].prefix { $0 != "@" && $0 != ":" })))
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }
}

/// Both ends, for this process only.
private struct Pipe {
  let reading: Int32
  let writing: Int32
  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw NamespaceError("a pipe: \(systemMessage())") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }
}

/// Reads one stream to its end, in a thread of its own: libpcap blocks on it.
private struct StreamReader: @unchecked Sendable {
  let file: UnsafeMutablePointer<FILE>
  let key: NamespaceKey
  let links: [Int: InterfaceName]
  let skew: Int64

  /// Returns why the stream has ended. tcpdump sends the file's header once it captures.
  func run(_ listens: () -> Void, use: (Sighting) -> Void) -> String {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard
      let handle = pcap_fopen_offline_with_tstamp_precision(
        file, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
    else {
      fclose(file)
      return "tcpdump does not start there (is it installed, and may it capture?)"
    }
    defer { pcap_close(handle) }
    listens()
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    while pcap_next_ex(handle, &header, &data) == 1, let header, let data {
      let bytes = Array(UnsafeBufferPointer(start: data, count: Int(header.pointee.caplen)))
      guard let cooked = CookedFrame(bytes), let name = links[cooked.interfaceIndex] else {
        continue
      }
      let stamp = header.pointee.ts
      let there = Int64(stamp.tv_sec) * 1_000_000_000 + Int64(stamp.tv_usec)
      use(
        Sighting(
          place: .device(DeviceKey(key, name)), isOut: cooked.isOut,
          frame: CapturedFrame(
            bytes: cooked.ethernet, nanoseconds: UInt64(max(0, there - skew)),
            length: Int(header.pointee.len), hasMACs: false)))
    }
    return "its stream has ended"
  }
}
