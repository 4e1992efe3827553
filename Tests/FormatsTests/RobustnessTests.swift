// Every row of the format catalogue against damaged input: cut at every line, mutated at random with
// a fixed seed, and made of what nests or repeats without end. Nothing may crash, hang, or lose a byte
// without saying so. A new row takes part by itself: it has a file in the fixture or a sample here.
import Facts
import Foundation
import NetworkTypes
import ProcessorTime
import Testing

@testable import Formats

@Suite struct RobustnessTests {
  @Test func everyFormatHasAFileOrASample() {
    let without = FormatCatalogue.rows.map(\.name).filter { RobustnessCorpus.files[$0] == nil }
    #expect(without == [], "give these a sample in RobustnessCorpus.samples")
    let known = Set(FormatCatalogue.rows.map(\.name))
    #expect(RobustnessCorpus.samples.keys.filter { !known.contains($0) } == [])
  }

  @Test(arguments: FormatCatalogue.rows.map(\.name))
  func wholeFilesLoseNothing(_ name: String) throws {
    for file in RobustnessCorpus.files[name] ?? [] {
      let outcome = try check(file, file.bytes)
      #expect(!outcome.isIncomplete, "\(file.path)")
    }
  }

  @Test(arguments: FormatCatalogue.rows.map(\.name))
  func cutFilesSaySo(_ name: String) throws {
    for file in RobustnessCorpus.files[name] ?? [] {
      let silent = try file.cuts.filter { end in
        let outcome = try check(file, Array(file.bytes[..<end]))
        return file.isCutInsideARecord(at: end) && !outcome.isIncomplete
      }
      #expect(silent == [], "\(file.path): bytes where a cut does not show")
    }
  }

  @Test(arguments: FormatCatalogue.rows.map(\.name))
  func mutatedFilesAreAccountedFor(_ name: String) throws {
    for file in RobustnessCorpus.files[name] ?? [] {
      var mutator = Mutator(seed: 0x0f5)
      for _ in 0..<file.mutations { try check(file, mutator.mutated(file.bytes)) }
    }
  }

  /// Quadratic scans show here: what takes a second at these sizes takes hours at a megabyte.
  @Test(arguments: FormatCatalogue.rows.map(\.name))
  func endlessInputEnds(_ name: String) throws {
    guard let file = RobustnessCorpus.files[name]?.first else { return }
    for unit in Mutator.endless {
      let flood = Array(repeating: unit, count: 4_000 / unit.count).joined()
      let start = threadSeconds()
      try check(file, Array(flood) + file.bytes.prefix(1_000))
      let elapsed = threadSeconds() - start
      #expect(elapsed < 5, "\(file.path): flood of \(shown(unit)) took \(elapsed) s")
    }
  }

  /// Parses and checks what holds for every input, whatever it is.
  @discardableResult
  private func check(_ file: CorpusFile, _ bytes: [UInt8]) throws -> ParsedFile {
    let text = CaptureText(file: CaptureFileID(7), bytes: bytes)
    let outcome = file.format.parse(text, file.description)
    let coverage = outcome.coverage
    try #require(coverage.lostBytes == 0, "\(file.path): \(shown(bytes))")
    let parts = [coverage.factBytes, coverage.structuralBytes, coverage.diagnosedBytes]
    #expect(parts.allSatisfy { (0...bytes.count).contains($0) })
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    for diagnostic in outcome.diagnostics {
      let place = diagnostic.evidence
      let isInside = 0 <= place.start && place.start <= place.end && place.end <= bytes.count
      try #require(isInside, "\(file.path): \(diagnostic)")
      try #require((1...lines).contains(Int(place.line)), "\(file.path): \(diagnostic)")
      #expect(place.file == CaptureFileID(7))
      #expect(!diagnostic.message.isEmpty)
    }
    return outcome
  }

  private func shown(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix(400), as: UTF8.self)
  }
}
