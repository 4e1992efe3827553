// Captures that are cut, scrambled or hostile: the import neither crashes nor loses a byte, and the
// snapshot's constraints hold for whatever the parsers make of them.
import Facts
import Formats
import Foundation
import NetworkTypes
import Snapshot
import Testing

/// A small generator with a seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var value = state
    value ^= value >> 33
    value = value &* 0xff51_afd7_ed55_8ccd
    return value ^ value >> 33
  }
}

@Suite struct HostileCaptureTests {
  private func importSucceeds(_ capture: Capture) throws {
    let folder = try TemporaryFolder()
    let facts = CloudFacts(parsing: capture)
    #expect(ImportSummary(facts).lostBytes == 0)
    try SnapshotFile.write(capture, facts, to: folder.file("a.db"), toolVersion: "test")
  }

  private func changed(
    seed: UInt64, _ change: (inout [UInt8], inout SeededGenerator) -> Void
  ) throws -> Capture {
    var random = SeededGenerator(state: seed)
    let healthy = try Fixture.capture.get()
    let files = healthy.files.map { file in
      var bytes = file.bytes
      if file.description.path != "commands.tsv", !bytes.isEmpty { change(&bytes, &random) }
      return RawFile(
        node: file.description.node, path: file.description.path, bytes: bytes,
        command: file.description.command)
    }
    return Capture(sources: [], nodes: healthy.nodes, files: files, unreadable: [])
  }

  @Test(arguments: [1, 2, 3]) func everyFileCutSomewhere(_ seed: UInt64) throws {
    try importSucceeds(
      try changed(seed: seed) { bytes, random in
        bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
      })
  }

  @Test(arguments: [4, 5, 6]) func everyFileWithBytesChanged(_ seed: UInt64) throws {
    try importSucceeds(
      try changed(seed: seed) { bytes, random in
        for _ in 0..<max(1, bytes.count / 300) {
          let index = Int.random(in: 0..<bytes.count, using: &random)
          bytes[index] = UInt8.random(in: 0...255, using: &random)
        }
      })
  }

  @Test(arguments: [7, 8]) func everyFileWithPiecesRepeated(_ seed: UInt64) throws {
    try importSucceeds(
      try changed(seed: seed) { bytes, random in
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let piece = bytes[start..<min(bytes.count, start + 200)]
        bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
      })
  }

  @Test func everyFileTwiceInARow() throws {
    try importSucceeds(try changed(seed: 9) { bytes, _ in bytes += bytes })
  }

  @Test func namesThatMeanSomethingElsewhere() throws {
    let name = "x'); DROP TABLE node; --<script>\\u001b[31m"
    let capture = try Fixture.changed { file in
      guard file.isFile(nil, "neutron/networks.json") else { return nil }
      return file.text.replacing("a-net1", with: name)
    }
    let folder = try TemporaryFolder()
    let facts = CloudFacts(parsing: capture)
    try SnapshotFile.write(capture, facts, to: folder.file("a.db"), toolVersion: "test")
    let loaded = try SnapshotFile.open(path: folder.file("a.db")).loadFacts()
    let names = loaded.neutron.networks.records.map(\.name)
    #expect(names.contains("x'); DROP TABLE node; --<script>\u{1b}[31m"))
  }
}
