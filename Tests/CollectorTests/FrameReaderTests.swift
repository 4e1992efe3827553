// Frames come in pieces, hold any bytes, and may be followed by anything.
import Testing

@testable import Collector

@Suite struct FrameReaderTests {
  static let mark = "0123456789abcdef0123456789abcdef"

  private func events(_ chunks: [[UInt8]]) throws -> [FrameEvent] {
    var reader = FrameReader(mark: Self.mark)
    var events: [FrameEvent] = []
    for chunk in chunks { try chunk.withUnsafeBytes { try reader.read($0) { events.append($0) } } }
    return events
  }

  /// Data joined, whatever pieces it came in.
  private func joined(_ events: [FrameEvent]) -> [FrameEvent] {
    events.reduce(into: []) { result, event in
      if case .data(let more) = event, case .data(let bytes) = result.last {
        result[result.count - 1] = .data(bytes + more)
      } else {
        result.append(event)
      }
    }
  }

  static func frame(_ fields: String...) -> [UInt8] {
    ([mark] + fields).flatMap { Array($0.utf8) + [0] }
  }

  @Test func aFrameIsTheSameInWhateverPieces() throws {
    let body = Array("a\0b\n".utf8) + Array(Self.mark.utf8) + [0xff, 0x0a]
    let stream =
      Array("Welcome!\n".utf8) + Self.frame("hello", "12.50", "1700000000", "0")
      + Self.frame("begin", "13.00", "bridge", "br int", "ofctl_show.txt", "2", "ovs-ofctl", "a b")
      + body + Self.frame("end", "oops\(Self.mark) exit 3;") + Self.frame("bye", "14")
    let expected: [FrameEvent] = [
      .hello(uptime: 12.5, epoch: 1_700_000_000, userID: 0),
      .begin(
        FrameHeader(
          kind: .bridge, name: Array("br int".utf8), file: Array("ofctl_show.txt".utf8),
          words: [Array("ovs-ofctl".utf8), Array("a b".utf8)], uptime: 13)),
      .data(body), .end(exitCode: 3, said: Array("oops".utf8)), .bye,
    ]
    #expect(joined(try events([stream])) == expected)
    #expect(joined(try events(stream.map { [$0] })) == expected)
    for size in [2, 7, 31, 33, 64] {
      let chunks = stride(from: 0, to: stream.count, by: size).map { start in
        Array(stream[start..<min(start + size, stream.count)])
      }
      #expect(joined(try events(chunks)) == expected)
    }
  }

  @Test func anExitCodeThatIsOnlySaidDoesNotCount() throws {
    let stream =
      Self.frame("begin", "1", "root", "", "ps.txt", "1", "ps") + Self.frame("end", "exit 0;")
    #expect(try events([stream]).last == .end(exitCode: 255, said: Array("exit 0;".utf8)))
  }

  @Test func whatIsNoFrameEndsTheReading() throws {
    let cases: [([UInt8], FrameError)] = [
      (Self.frame("dance"), .badHeader("an unknown frame")),
      (
        Self.frame("begin", "1", "kitchen", "", "ps.txt", "1", "ps"),
        .badHeader("a frame of no known kind")
      ),
      (
        Self.frame("begin", "1", "root", "", "ps.txt", "4000000", "ps"),
        .badHeader("a frame of no known kind")
      ),
      (
        Self.frame("end", String(repeating: "x", count: 70_000)),
        .badHeader("a field of 70000 bytes")
      ),
    ]
    for (stream, error) in cases { #expect(throws: error) { try events([stream]) } }
  }

  @Test func aHeaderWithoutEndDoesNotGrow() throws {
    var reader = FrameReader(mark: Self.mark)
    let start = Self.frame("begin")
    let endless = [UInt8](repeating: 0x41, count: 1 << 16)
    #expect(throws: FrameError.badHeader("a header without an end")) {
      try start.withUnsafeBytes { try reader.read($0) { _ in } }
      for _ in 0..<100 { try endless.withUnsafeBytes { try reader.read($0) { _ in } } }
    }
  }

  @Test func namesOfTheNodeAreNoPaths() {
    let components: [(String, String?)] = [
      ("qrouter-1", "qrouter-1"), ("we ird$(x)`y`;'\"", "we ird$(x)`y`;'\""), ("..", nil),
      (".", nil), ("", nil), ("a/b", nil), ("a\nb", nil), ("a\u{1b}[2J", nil), ("bücke", "bücke"),
    ]
    for (name, expected) in components {
      #expect(SafeName.component(Array(name.utf8)) == expected, "\(name)")
    }
    #expect(SafeName.component([0x61, 0xff]) == nil)
    let paths: [(String, String?)] = [
      ("/etc/neutron/neutron.conf", "/etc/neutron/neutron.conf"), ("/etc/../x", nil),
      ("etc/x", nil), ("/", nil), ("//x", nil), ("/a/./b", nil), ("/a\tb", nil),
    ]
    for (path, expected) in paths {
      #expect(SafeName.absolutePath(Array(path.utf8)) == expected, "\(path)")
    }
    #expect(SafeName.firstLine(Array("a\tb\u{1b}[1m\nsecond".utf8)) == "a\\x09b\\x1b[1m")
  }
}
