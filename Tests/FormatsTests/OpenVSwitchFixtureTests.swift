// Every Open vSwitch file of the captured cloud: all bytes accounted for, nothing left unread; and
// the same files cut and mutated, which may break nothing.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

enum OpenVSwitchFixture {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud")

  /// Path from the node on, and content.
  static func files() throws -> [(String, CaptureText)] {
    let nodes = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return try nodes.flatMap { node in
      let walk = FileManager.default.enumerator(
        at: node.appendingPathComponent("ovs"), includingPropertiesForKeys: nil)
      return try (walk?.compactMap { $0 as? URL } ?? []).filter { !$0.hasDirectoryPath }.map {
        ($0.path, CaptureText(file: CaptureFileID(0), bytes: Array(try Data(contentsOf: $0))))
      }
    }.sorted { $0.0 < $1.0 }
  }

  struct Outcome {
    let records: Int
    let diagnostics: [Diagnostic]
    let coverage: Coverage
    let isIncomplete: Bool
    init<Records>(_ parsed: ParsedRecords<Records>) {
      records = parsed.records.count
      diagnostics = parsed.diagnostics
      coverage = parsed.coverage
      isIncomplete = parsed.isIncomplete
    }
  }

  /// Nil for files of another's format.
  static func outcome(of path: String, _ text: CaptureText) -> Outcome? {
    switch path.split(separator: "/").last.map(String.init) ?? "" {
    case "ofctl_dump-flows.txt": Outcome(OpenFlowFlowsFormat.parse(text))
    case "ofctl_dump-groups.txt": Outcome(OpenFlowGroupsFormat.parse(text))
    case "ofctl_dump-ports-desc.txt", "ofctl_show.txt": Outcome(OpenFlowPortsFormat.parse(text))
    case "fdb_show.txt": Outcome(LearnedMACFormat.parse(text))
    case "dpif_show.txt": Outcome(DatapathPortsFormat.parse(text))
    case "dpctl_dump-flows_-m.txt": Outcome(DatapathFlowsFormat.parse(text))
    case "tnl_neigh_show.txt": Outcome(TunnelNeighbourFormat.parse(text))
    case "tnl_ports_show.txt": Outcome(TunnelListenerFormat.parse(text))
    case "ovs_route_show.txt": Outcome(TunnelRouteFormat.parse(text))
    case "ovsdb-client_dump.json": Outcome(SwitchDatabaseFormat.parse(text))
    case "ovs-vsctl_show.txt": Outcome(SwitchSummaryFormat.parse(text))
    case "ovs-vsctl_--version.txt": Outcome(SwitchVersionFormat.parse(text))
    default: nil
    }
  }
}

@Suite struct OpenVSwitchFixtureTests {
  @Test func everyFileParsesWithoutLoss() throws {
    var files = 0
    for (path, text) in try OpenVSwitchFixture.files() {
      guard let outcome = OpenVSwitchFixture.outcome(of: path, text) else { continue }
      files += 1
      #expect(outcome.coverage.lostBytes == 0, "\(path)")
      #expect(outcome.diagnostics.isEmpty, "\(path): \(outcome.diagnostics.prefix(3))")
      #expect(!outcome.isIncomplete, "\(path)")
      // Groups are the one thing that this cloud has none of.
      #expect(outcome.records > 0 || path.contains("groups") || path.contains("fdb"), "\(path)")
    }
    #expect(files > 100)
  }

  /// Cut behind any byte: what stood before the cut stays, every byte is accounted for, and a cut
  /// inside a line is told.
  @Test func truncationIsToldAndLosesNothing() throws {
    for (path, text) in try smallest() {
      let whole = try #require(OpenVSwitchFixture.outcome(of: path, text))
      for end in cuts(text) {
        let cut = CaptureText(file: text.file, bytes: Array(text.bytes[..<end]))
        let outcome = try #require(OpenVSwitchFixture.outcome(of: path, cut))
        #expect(outcome.coverage.lostBytes == 0, "\(path) cut at \(end)")
        #expect(outcome.records <= whole.records, "\(path) cut at \(end)")
        if end > 0, cut.bytes.last != UInt8(ascii: "\n") {
          #expect(outcome.isIncomplete, "\(path) cut at \(end)")
        }
      }
    }
  }

  @Test func mutationBreaksNothing() throws {
    var random = SeededRandom(state: 0x5eed)
    for (path, text) in try smallest() where !text.bytes.isEmpty {
      for _ in 0..<60 {
        var bytes = text.bytes
        for _ in 0..<Int.random(in: 1...8, using: &random) { mutate(&bytes, &random) }
        let mutated = CaptureText(file: text.file, bytes: bytes)
        let outcome = try #require(OpenVSwitchFixture.outcome(of: path, mutated))
        #expect(outcome.coverage.lostBytes == 0, "\(path)")
      }
    }
  }

  /// Every kind of file once, the smallest that has records.
  private func smallest() throws -> [(String, CaptureText)] {
    var chosen: [String: (String, CaptureText)] = [:]
    for (path, text) in try OpenVSwitchFixture.files().sorted(by: {
      $0.1.bytes.count < $1.1.bytes.count
    }) {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      guard let outcome = OpenVSwitchFixture.outcome(of: path, text), outcome.records > 1 else {
        continue
      }
      if chosen[name] == nil { chosen[name] = (path, text) }
    }
    return chosen.values.sorted { $0.0 < $1.0 }
  }

  /// Every line's end and the byte before it, and a few places inside, at most 300.
  private func cuts(_ text: CaptureText) -> [Int] {
    var random = SeededRandom(state: 7)
    let ends = Lines(text).flatMap { [$0.whole.upperBound - 1, $0.whole.upperBound] }
    let inside = (0..<100).map { _ in Int.random(in: 0...text.bytes.count, using: &random) }
    return (ends.prefix(200) + inside).filter { $0 < text.bytes.count }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.remove(at: index)
    case 2:
      bytes.insert(Array("()[],=:\"/->\n0x".utf8).randomElement(using: &random) ?? 0, at: index)
    default:
      let end = min(index + Int.random(in: 1...40, using: &random), bytes.count)
      bytes.insert(contentsOf: bytes[index..<end], at: index)
    }
  }
}

/// SplitMix64, so that a failure comes again.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
