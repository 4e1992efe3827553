// The captures of broken clouds: the healthy one's files with each fault's changes made to them.
// See Tests/Fixtures/faults/README.md; feeds every test that walks the faults.
import Facts
import Formats
import Foundation
import NetworkTypes

/// The healthy cloud with one fault.
public struct FaultCapture: Sendable, CustomStringConvertible {
  /// Its folder: `06-fip-dnat-missing-dvr`.
  public let name: String
  public let title: String
  public let node: NodeName
  public let category: String
  /// What an expert names.
  public let rootCause: String
  /// Kinds of change (`broken`, `newly_delivered`, …) with the probes that showed them.
  public let observed: [String: [String]]

  public var description: String { name }

  /// All captures, by name.
  ///
  /// Empty where the fixtures are not there; a test that walks them must ask for some.
  public static let all: [FaultCapture] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap(FaultCapture.init)
  }()

  public static func named(_ name: String) -> FaultCapture? { all.first { $0.name == name } }

  /// The capture, its secrets masked as an import masks them.
  public func capture() throws -> Capture {
    let healthy = try Self.healthy.get()
    let edits = try FileEdits.parse(text(of: "changes.txt"))
    var missing = Set(edits.keys)
    let files = try healthy.files.map { file in
      let path = (file.description.node.map { "\($0)/" } ?? "") + file.description.path
      guard let edit = edits[path] else { return file }
      missing.remove(path)
      return RawFile(
        node: file.description.node, path: file.description.path,
        bytes: Array(
          try edit.applied(to: String(decoding: file.bytes, as: UTF8.self), path: path).utf8),
        command: file.description.command)
    }
    guard missing.isEmpty else { throw FixtureError("no such files: \(missing.sorted())") }
    return Capture(
      sources: [name], nodes: healthy.nodes, files: files, unreadable: healthy.unreadable)
  }

  /// The same, parsed; cost: a second in a debug build.
  public func facts() throws -> CloudFacts { CloudFacts(parsing: try capture()) }

  /// The healthy cloud with the text of some files changed: gets `cmp1/root/ps.txt` and the text, gives
  /// the new text, or nil to leave it.
  public static func healthy(changing change: (String, String) -> String?) throws -> CloudFacts {
    let healthy = try healthy.get()
    let files = healthy.files.map { file in
      let path = (file.description.node.map { "\($0)/" } ?? "") + file.description.path
      guard let text = change(path, String(decoding: file.bytes, as: UTF8.self)) else {
        return file
      }
      return RawFile(
        node: file.description.node, path: file.description.path, bytes: Array(text.utf8),
        command: file.description.command)
    }
    return CloudFacts(
      parsing: Capture(
        sources: ["changed"], nodes: healthy.nodes, files: files,
        unreadable: healthy.unreadable))
  }

  /// The healthy cloud's files and facts, read once.
  public static let healthy = Result { try CaptureFolder.read([fixtures + "/healthy-cloud"]) }
  public static let healthyFacts = healthy.map { CloudFacts(parsing: $0) }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures").path
  private static let folder = fixtures + "/faults"

  private init?(name: String) {
    struct Description: Decodable {
      let title, node, category, rootCause: String
      let observed: [String: [String]]
      enum CodingKeys: String, CodingKey {
        case title, node, category, observed
        case rootCause = "root_cause"
      }
    }
    guard let data = FileManager.default.contents(atPath: "\(Self.folder)/\(name)/fault.json"),
      let fault = try? JSONDecoder().decode(Description.self, from: data)
    else { return nil }
    self.name = name
    title = fault.title
    node = NodeName(fault.node)
    category = fault.category
    rootCause = fault.rootCause
    observed = fault.observed
  }

  /// Lines of JSON: the row of the healthy cloud's truth (from 1) and what its probe did here, of
  /// those that did something else.
  public func truth() throws -> String { try text(of: "truth.jsonl") }

  private func text(of file: String) throws -> String {
    try String(contentsOfFile: "\(Self.folder)/\(name)/\(file)", encoding: .utf8)
  }
}

public struct FixtureError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
