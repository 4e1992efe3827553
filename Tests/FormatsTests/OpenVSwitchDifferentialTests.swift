// ovs-ofctl is the judge: what it makes of a line, and what it makes of our print of our reading of
// that line, must be the same bytes. Skipped where it is not installed.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

private let ofctl = ["/usr/bin/ovs-ofctl", "/usr/local/bin/ovs-ofctl"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

@Suite(.enabled(if: ofctl != nil, "needs ovs-ofctl")) struct OpenVSwitchDifferentialTests {
  @Test(arguments: ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"])
  func ofctlAgreesOnEveryFlow(version: String) throws {
    for line in OpenVSwitchCorpus.flows {
      // Not every action can be said in every version.
      guard let theirs = try Self.reading(of: [line], version)?.first else { continue }
      let ours = try Self.reading(of: [Self.flow(line).description], version)
      #expect(ours == [theirs], "\(line)")
      // What it printed is a dump's spelling in that version: read that too.
      let dumped = theirs.replacing("idle:", with: "idle_timeout=")
        .replacing("hard:", with: "hard_timeout=")
      let again = try Self.reading(of: [Self.flow(dumped).description], version)
      #expect(again == [theirs], "\(theirs)")
    }
  }

  @Test func allOfTheCorpusIsTriedInOneVersionAtLeast() throws {
    for line in OpenVSwitchCorpus.flows {
      let isTaken = try ["OpenFlow15", "OpenFlow10"].contains {
        try Self.reading(of: [line], $0) != nil
      }
      #expect(isTaken, "\(line)")
    }
  }

  @Test func ofctlAgreesOnTheHealthyCloud() throws {
    var flows: Set<String> = []
    for (path, text) in try OpenVSwitchFixture.files() where path.hasSuffix("dump-flows.txt") {
      let parsed = OpenFlowFlowsFormat.parse(text)
      for flow in parsed.records { flows.insert(text.string(flow.evidence.bytes)) }
    }
    #expect(flows.count > 500)
    let lines = flows.sorted()
    let ours = lines.map { Self.flow($0).description }
    let theirs = try #require(try Self.reading(of: lines, "OpenFlow14"))
    #expect(theirs.count == lines.count)
    #expect(try Self.reading(of: ours, "OpenFlow14") == theirs)
  }

  static func flow(_ line: String) -> FlowEntry {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.diagnostics.isEmpty, "\(line): \(parsed.diagnostics.map(\.message))")
    return parsed.records.first ?? FlowEntry(evidence: Evidence.none)
  }

  /// One line of `parse-flows` a flow, from behind `ADD `; nil where it refuses.
  static func reading(of lines: [String], _ version: String) throws -> [String]? {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("ovsight-\(UUID().uuidString).flows")
    try lines.joined(separator: "\n").appending("\n")
      .write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let (status, output) = try run(["-O", version, "parse-flows", file.path])
    guard status == 0 else { return nil }
    return output.split(separator: "\n").compactMap { line in
      line.firstRange(of: ": ADD ").map { String(line[$0.upperBound...]) }
    }
  }

  private static func run(_ arguments: [String]) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(ofctl))
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

extension Evidence {
  static let none = Evidence(file: CaptureFileID(0), line: 1, bytes: 0..<0)
}
