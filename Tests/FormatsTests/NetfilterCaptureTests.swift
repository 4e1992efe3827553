// The captured files: no byte lost, nothing that is not understood, and no input that breaks a parser.
import Facts
import Formats
import Foundation
import NetworkTypes
import Testing

private struct Outcome {
  var coverage: Coverage
  var diagnostics: [Diagnostic]
  var isIncomplete: Bool
  init<Record>(_ parsed: Parsed<Record>) {
    coverage = parsed.coverage
    diagnostics = parsed.diagnostics
    isIncomplete = parsed.isIncomplete
  }
}

/// Nil for a file of another format.
private func parse(_ name: String, _ text: CaptureText) -> Outcome? {
  if name.hasPrefix("iptables") { return Outcome(IPTablesFormat.parse(text, family: .ipv4)) }
  if name.hasPrefix("ip6tables") { return Outcome(IPTablesFormat.parse(text, family: .ipv6)) }
  if name.hasPrefix("ipset") { return Outcome(IPSetFormat.parse(text)) }
  if name.hasPrefix("ebtables") { return Outcome(EBTablesFormat.parse(text)) }
  if name.hasPrefix("nft_") { return Outcome(NFTablesFormat.parse(text)) }
  if name.contains("conntrack") { return Outcome(ConntrackFormat.parse(text)) }
  return nil
}

/// The shipped capture, and any folders that OVSIGHT_CAPTURES names (separated by colons).
private func captureFiles() -> [(name: String, path: String, bytes: [UInt8])] {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
  let extra = ProcessInfo.processInfo.environment["OVSIGHT_CAPTURES"] ?? ""
  let roots =
    [tests.appendingPathComponent("Fixtures/healthy-cloud").path]
    + extra.split(separator: ":").map(String.init)
  return roots.flatMap { root -> [(name: String, path: String, bytes: [UInt8])] in
    guard let walk = FileManager.default.enumerator(atPath: root) else { return [] }
    return walk.compactMap { entry in
      guard let path = entry as? String, let name = path.split(separator: "/").last,
        parse(String(name), CaptureText("")) != nil,
        let data = FileManager.default.contents(atPath: "\(root)/\(path)")
      else { return nil }
      return (String(name), "\(root)/\(path)", Array(data))
    }
  }
}

@Suite struct NetfilterCaptureTests {
  @Test func everyByteIsAccountedForAndUnderstood() {
    let files = captureFiles()
    #expect(!files.isEmpty)
    for file in files {
      guard let outcome = parse(file.name, CaptureText(file: CaptureFileID(0), bytes: file.bytes))
      else { continue }
      #expect(outcome.coverage.lostBytes == 0, "\(file.path)")
      #expect(outcome.diagnostics.map(\.message) == [], "\(file.path)")
      #expect(!outcome.isIncomplete, "\(file.path)")
    }
  }

  @Test func truncatedFilesAreNamedAndLoseNothing() {
    for file in samples() {
      let lineEnds = file.bytes.indices.filter { file.bytes[$0] == UInt8(ascii: "\n") }
      let cuts = lineEnds.flatMap { [$0, $0 + 1] } + strided(0..<file.bytes.count, 200)
      for cut in cuts where cut < file.bytes.count {
        check(file.name, Array(file.bytes[..<cut]), "\(file.path) cut at \(cut)")
      }
    }
  }

  @Test func mutatedFilesLoseNothing() {
    var random = SplitMix(state: 0x5eed)
    for file in samples() where !file.bytes.isEmpty {
      for round in 0..<150 {
        var bytes = file.bytes
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          mutate(&bytes, &random)
        }
        check(file.name, bytes, "\(file.path) round \(round)")
      }
    }
  }

  private func check(_ name: String, _ bytes: [UInt8], _ label: @autoclosure () -> String) {
    guard let outcome = parse(name, CaptureText(file: CaptureFileID(0), bytes: bytes)) else {
      return
    }
    if outcome.coverage.lostBytes != 0 { Issue.record("lost bytes: \(label())") }
  }

  /// One file a format and a node's kind is enough: the longest.
  private func samples() -> [(name: String, path: String, bytes: [UInt8])] {
    var longest: [String: (name: String, path: String, bytes: [UInt8])] = [:]
    for file in captureFiles() where file.bytes.count > longest[file.name]?.bytes.count ?? 0 {
      longest[file.name] = file
    }
    return longest.values.map { file in
      (file.name, file.path, Array(file.bytes.prefix(6000)))
    }.sorted { $0.name < $1.name }
  }

  private func strided(_ range: Range<Int>, _ count: Int) -> [Int] {
    range.isEmpty ? [] : Array(stride(from: 0, to: range.count, by: max(1, range.count / count)))
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    let position = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.remove(at: position)
    case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
    case 3: bytes.insert(contentsOf: Array(" ! -m \"".utf8), at: position)
    default:
      let end = min(bytes.count, position + Int.random(in: 1...40, using: &random))
      bytes.append(contentsOf: bytes[position..<end])
      bytes.removeSubrange(position..<end)
    }
  }
}

/// A small seeded generator, so that a failure can be had again.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
