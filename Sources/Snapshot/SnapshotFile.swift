// A snapshot: one SQLite file that holds a capture verbatim (compressed) and, beside it, all facts
// as tables for people and rules. Facts are always re-made from the kept bytes by the parsers.
import Facts
import Formats
import Foundation
import GRDB
import Glibc
import NetworkTypes
import Synchronization
import Workers

/// An opened snapshot, read-only.
public struct SnapshotFile: Sendable {
  public let path: String
  private let queue: DatabaseQueue
  /// Of the file that was opened; nil where another took its place meanwhile.
  private let identity: FileIdentity?

  private struct FileIdentity: Hashable {
    let device: UInt64
    let number: UInt64
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
    }
  }

  /// Opens a snapshot of this schema version.
  public static func open(path: String) throws(SnapshotError) -> SnapshotFile {
    let identity = FileIdentity(path)
    try checkHeader(path)
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.prepareDatabase { database in
        // What queries make on the way stays in memory: nobody else's folder is written to.
        try database.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let version = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      guard version == SnapshotSchema.version else { throw wrongVersion(path, version) }
      try queue.read { try checkTables($0, path) }
      return SnapshotFile(
        path: path, queue: queue, identity: identity == FileIdentity(path) ? identity : nil)
    } catch let error as SnapshotError {
      throw error
    } catch {
      throw damaged(path, error)
    }
  }

  /// A connection of its own to the same file; nil where the path leads to another one by now, or none
  /// can be made.
  package func another() -> SnapshotFile? {
    guard let identity, let other = try? Self.open(path: path), other.identity == identity else {
      return nil
    }
    return other
  }

  /// The capture that the snapshot was made of.
  public func loadCapture() throws(SnapshotError) -> Capture { try loadCapture(isChecked: true) }

  /// - Parameter isChecked: Whether the files of a large capture are unpacked once to see that they can
  ///   be; who parses them all sees it too.
  private func loadCapture(isChecked: Bool) throws(SnapshotError) -> Capture {
    try read { database in
      let sources = try String.fetchAll(
        database, sql: "SELECT value FROM meta WHERE key LIKE 'source_%' ORDER BY key")
      let nodes = try String.fetchAll(database, sql: "SELECT name FROM node ORDER BY name")
      let unreadable = try Row.fetchAll(
        database, sql: "SELECT node, path, reason FROM gap WHERE is_unreadable"
      ).map(unreadableFile)
      return Capture(
        sources: sources, nodes: nodes.map { NodeName($0) },
        files: try loadFiles(database, isChecked: isChecked), unreadable: unreadable)
    }
  }

  /// All facts, re-made from the kept bytes.
  ///
  /// Cost: that of parsing the capture.
  public func loadFacts() throws(SnapshotError) -> CloudFacts { try load().facts }

  /// Both the capture and all facts, re-made from its bytes.
  public func load() throws(SnapshotError) -> (capture: Capture, facts: CloudFacts) {
    let capture = try loadCapture(isChecked: false)
    let facts = CloudFacts(parsing: capture)
    for (file, coverage) in zip(facts.files, facts.coverage) {
      if let coverage, coverage.totalBytes != file.sizeBytes { throw notUnpacked(file) }
    }
    return (capture, facts)
  }

  private func notUnpacked(_ file: CaptureFile) -> SnapshotError {
    SnapshotError(
      path, "is damaged: the bytes of \(file.path) cannot be unpacked",
      wanted: "a snapshot made by 'ovsight import'")
  }

  /// Runs queries; errors become the snapshot's.
  package func read<Value>(
    _ body: (Database) throws -> Value
  ) throws(SnapshotError) -> Value {
    do {
      return try queue.read(body)
    } catch let error as SnapshotError {
      throw error
    } catch {
      throw Self.damaged(path, error)
    }
  }

  /// Above this many bytes files stay packed: the whole would not fit into memory.
  private static let maximumPlainBytes = 1 << 29

  private func loadFiles(_ database: Database, isChecked: Bool) throws -> [RawFile] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT node, path, size_bytes, command_line, exit_code, standard_error, started_at, content
        FROM capture_file ORDER BY id
        """)
    var packed: [(file: CaptureFile, stream: [UInt8])] = []
    while let row = try rows.next() {
      packed.append(try packedFile(row))
    }
    let staysPacked = packed.reduce(0) { $0 &+ max(0, $1.file.sizeBytes) } > Self.maximumPlainBytes
    let files = packed
    let contents = Mutex<[FileContent?]>(Array(repeating: nil, count: files.count))
    Workers.perform(files.count) { index in
      let (file, stream) = files[index]
      if staysPacked, !isChecked, Self.canHold(stream, count: file.sizeBytes) {
        return contents.withLock { $0[index] = .packed(stream, count: file.sizeBytes) }
      }
      guard let bytes = Self.unpacked(stream, count: file.sizeBytes) else { return }
      let content: FileContent =
        staysPacked ? .packed(stream, count: file.sizeBytes) : .plain(bytes)
      contents.withLock { $0[index] = content }
    }
    return try zip(files, contents.withLock { $0 }).map { entry, content in
      guard let content else { throw notUnpacked(entry.file) }
      return RawFile(description: entry.file, content: content)
    }
  }
}

extension SnapshotFile {
  /// What SQLite's file header says, before SQLite itself is asked: it would call a text file
  /// damaged.
  static func checkHeader(_ path: String) throws(SnapshotError) {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw SnapshotError(
        path, isThere ? "cannot be read" : "no such file",
        wanted: "a snapshot made by 'ovsight import'")
    }
    defer { try? handle.close() }
    let header = [UInt8]((try? handle.read(upToCount: 100)) ?? Data())
    let isSnapshot =
      header.count == 100 && header.starts(with: Array("SQLite format 3\0".utf8))
      && bigEndian(header[68..<72]) == SnapshotSchema.applicationID
    guard isSnapshot else {
      throw SnapshotError(
        path, "not an ovsight snapshot", wanted: "a snapshot made by 'ovsight import'")
    }
  }

  private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func wrongVersion(_ path: String, _ version: Int) -> SnapshotError {
    SnapshotError(
      path, "schema version \(version)",
      wanted: "version \(SnapshotSchema.version); import the capture again with this ovsight")
  }

  private static func damaged(_ path: String, _ error: any Error) -> SnapshotError {
    // GRDB's short description names the statement's error, not its arguments.
    let detail = (error as? DatabaseError)?.message ?? "it cannot be read"
    return SnapshotError(
      path, "is damaged: \(detail)", wanted: "a snapshot made by 'ovsight import'")
  }
}
