// The shipped cloud brought to life for one test, and taken down with it.
import DataPlane
import Facts
import Formats
import Foundation
import Namespaces
import NetworkTypes
import Replay

enum LiveCloud {
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let fixture = package.appending(path: "Tests/Fixtures/healthy-cloud").path()

  /// The shipped cloud, or the folders that `OVSIGHT_REPLAY_CAPTURES` lists, parted by colons.
  static let captures =
    ProcessInfo.processInfo.environment["OVSIGHT_REPLAY_CAPTURES"]?.split(separator: ":")
    .map(String.init) ?? [fixture]

  static func facts(_ folder: String = fixture) throws -> CloudFacts {
    CloudFacts(parsing: try CaptureFolder.read([folder]))
  }

  /// The program beside the test bundle; it serves the replay's ports.
  static var program: String {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(filePath: tests ?? "").deletingLastPathComponent().appending(path: "ovsight")
    return FileManager.default.isExecutableFile(atPath: beside.path())
      ? beside.path() : package.appending(path: ".build/debug/ovsight").path()
  }

  static func freshFolder() -> String { "/run/ovsight-replay/test-\(UUID().uuidString)" }

  static func withReplay<Value>(
    of cloud: DataPlaneModel, _ body: (Replay) throws -> Value
  ) throws -> Value {
    let folder = freshFolder()
    defer { _ = Replay.down(folder) }
    return try body(
      try Replay.up(cloud, snapshot: fixture, folder: folder, serviceProgram: program))
  }
}
