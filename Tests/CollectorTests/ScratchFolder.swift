// A folder that is gone when the test has ended, and programs that tests start.
import Foundation

final class ScratchFolder: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "ovsight-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ text: String, _ name: String, isProgram: Bool = false) throws -> String {
    let path = file(name)
    try FileManager.default.createDirectory(
      atPath: URL(filePath: path).deletingLastPathComponent().path(),
      withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: path))
    if isProgram {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    return path
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) }
  }
  func names(_ name: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: file(name))) ?? []).sorted()
  }
  /// All files below, with their bytes as text.
  func everything() -> [String: String] {
    var result: [String: String] = [:]
    for name in FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? [] {
      if let text = text(name) { result[name] = text }
    }
    return result
  }
}

enum Shell {
  /// What a program prints for `input`; nil where it is missing or fails.
  static func output(_ words: [String], input: [UInt8] = []) throws -> [UInt8]? {
    let scratch = try ScratchFolder()
    let source = scratch.file("input")
    try Data(input).write(to: URL(filePath: source))
    try Data().write(to: URL(filePath: scratch.file("output")))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: source))
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: scratch.file("output")))
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return try [UInt8](Data(contentsOf: URL(filePath: scratch.file("output"))))
  }

  static func has(_ program: String) -> Bool {
    let folders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
  }
  static var isRoot: Bool { geteuid() == 0 }
}
