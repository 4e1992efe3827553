// Runs ovs-ofctl on flow text; the tests that call it the judge share this.
import Facts
import Foundation
import Testing

@testable import Formats

enum OfctlJudge {
  private static let path = ["/usr/bin/ovs-ofctl", "/usr/local/bin/ovs-ofctl"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }
  static var isInstalled: Bool { path != nil }

  /// Our reading of one line, which must hold nothing unrecognised.
  static func flow(_ line: String) -> FlowEntry {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.diagnostics.isEmpty, "\(line): \(parsed.diagnostics.map(\.message))")
    let evidence = Evidence(file: CaptureFileID(0), line: 1, bytes: 0..<0)
    return parsed.records.first ?? FlowEntry(evidence: evidence)
  }

  /// One line of `parse-flows` a flow, from behind `ADD `; nil where it refuses any.
  static func reading(of lines: [String], _ version: String) throws -> [String]? {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("ovsight-\(UUID().uuidString).flows")
    try lines.joined(separator: "\n").appending("\n")
      .write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try printed(["-O", version, "parse-flows", file.path], behind: ": ADD ")
  }

  /// The same of one group.
  static func group(_ line: String, _ version: String) throws -> String? {
    try printed(["-O", version, "parse-group", line], behind: " ADD ")?.first
  }

  private static func printed(_ arguments: [String], behind mark: String) throws -> [String]? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path))
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: output, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.firstRange(of: mark).map { String(line[$0.upperBound...]) }
    }
  }
}
