// The captured cloud that the tests run on, and folders that a test makes and drops.
import Facts
import Formats
import Foundation
import NetworkTypes

enum Fixture {
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let folder = package.appending(path: "Tests/Fixtures/healthy-cloud").path()

  static let capture: Result<Capture, any Error> = Result { try CaptureFolder.read([folder]) }

  /// The healthy cloud, parsed once.
  static let facts: Result<CloudFacts, any Error> = capture.map { CloudFacts(parsing: $0) }

  /// The healthy cloud with the text of some files changed.
  static func changed(_ change: (RawFile) -> String?) throws -> Capture {
    let healthy = try capture.get()
    let files = healthy.files.map { file in
      guard let text = change(file) else { return file }
      return RawFile(
        node: file.description.node, path: file.description.path, bytes: Array(text.utf8),
        command: file.description.command)
    }
    return Capture(
      sources: healthy.sources, nodes: healthy.nodes, files: files,
      unreadable: healthy.unreadable)
  }

  /// The healthy cloud without some files.
  static func without(_ isDropped: (CaptureFile) -> Bool) throws -> Capture {
    let healthy = try capture.get()
    return Capture(
      sources: healthy.sources, nodes: healthy.nodes,
      files: healthy.files.filter { !isDropped($0.description) }, unreadable: [])
  }
}

extension RawFile {
  var text: String { String(decoding: bytes, as: UTF8.self) }
  func isFile(_ node: NodeName?, _ path: String) -> Bool {
    description.node == node && description.path == path
  }
}

/// A folder that is gone when the test has ended.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "ovsight-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with the folders above it; gives its path.
  @discardableResult func write(_ text: String, _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    let folder = URL(filePath: file).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }
  func file(_ name: String) -> String { "\(path)/\(name)" }
  func text(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: file(name)) ?? Data(), as: UTF8.self)
  }
}
