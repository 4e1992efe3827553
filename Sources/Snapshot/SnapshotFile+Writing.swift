// Writing a snapshot: into a temporary file beside the target, which then takes its place.
import Dispatch
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes
import Workers

extension SnapshotFile {
  /// Writes `capture` and the facts made of it; the file at `path` is replaced in one step or,
  /// where anything fails, stays as it is. Mode 0600.
  ///
  /// Throws also where `path` holds something that is no snapshot.
  public static func write(
    _ capture: Capture, _ facts: CloudFacts, to path: String, toolVersion: String
  ) throws(SnapshotError) {
    do {
      try write(to: path) { writer in
        var summary = ImportSummary()
        summary.add(facts, unreadable: capture.unreadable)
        try writer.write(PartRows(ProjectionSource(facts: facts, capture: capture)))
        try writer.finish(&summary, sources: capture.sources, toolVersion: toolVersion)
      }
    } catch let error as SnapshotError {
      throw error
    } catch {
      throw SnapshotError(path, "cannot be written: \(error)", wanted: "room for the snapshot")
    }
  }

  /// Makes a snapshot of what `body` writes.
  static func write(to path: String, _ body: (inout SnapshotWriter) throws -> Void) throws {
    try checkTarget(path)
    let file = try AtomicFile(target: path)
    let end = DispatchSemaphore(value: 0)
    let reserve = Workers.start(1) { end.wait() }
    guard reserve.count == 1 else {
      throw SnapshotError(
        path, "cannot be written: no thread can be made",
        wanted: "more memory (ulimit -v) or processes (ulimit -u)")
    }
    do {
      let queue = Result { try DatabaseQueue(path: file.path, configuration: writing) }
      let result = Result {
        try queue.get().inDatabase { database in
          try database.execute(sql: "PRAGMA page_size = 4096")
          try database.inTransaction {
            try SnapshotSchema.create(in: database)
            var writer = try SnapshotWriter(database)
            try body(&writer)
            // Without statistics SQLite joins large tables in the order of their names.
            try database.execute(sql: "PRAGMA analysis_limit = 4000; ANALYZE")
            return .commit
          }
        }
      }
      // A queue that ends asks Dispatch for a thread, which waits for ever where none can be made:
      // now there is the room of this one.
      end.signal()
      reserve.wait()
      try result.get()
      try queue.get().close()
    } catch let error as DatabaseError {
      throw SnapshotError(
        path, "cannot be written: \(error.message ?? "\(error)")", wanted: "room for the snapshot")
    }
    try file.commit()
  }

  /// The file is private until it is renamed: a journal protects nobody, and the one sync that
  /// counts is AtomicFile's.
  private static var writing: Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
      // In KiB: pages that many rows go to are written once, and indexes are sorted in memory.
      try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -131072")
    }
    return configuration
  }

  /// Throws where `path` holds something that a snapshot must not replace.
  public static func checkTarget(_ path: String) throws(SnapshotError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try checkHeader(path)
    } catch {
      throw SnapshotError(
        path, "is there and is no ovsight snapshot, so it stays as it is",
        wanted: "a new file or a snapshot to replace")
    }
  }
}

extension SnapshotWriter {
  /// Writes what is told of the whole capture when all of its parts are written, and the indexes.
  mutating func finish(
    _ summary: inout ImportSummary, sources: [String], toolVersion: String
  ) throws {
    summary.finish()
    for (key, value) in meta(summary, sources, toolVersion) {
      try database.execute(
        sql: "INSERT INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
    }
    var facts = CloudFacts()
    facts.diagnostics = summary.diagnostics
    facts.gaps = summary.gaps
    let capture = Capture(sources: [], nodes: [], files: [], unreadable: summary.unreadable)
    fileCount = 0
    try write(
      PartRows(ProjectionSource(facts: facts, capture: capture), CaptureTables.closing))
    try SnapshotSchema.createIndexes(in: database)
  }

  private func meta(
    _ summary: ImportSummary, _ sources: [String], _ toolVersion: String
  ) -> [(String, String)] {
    let times = summary.captureTimes.sorted()
    var pairs = [
      ("schema_version", "\(SnapshotSchema.version)"), ("tool_version", toolVersion),
    ]
    if let first = times.first, let last = times.last {
      pairs += [("captured_first", first), ("captured_last", last)]
    }
    for (index, name) in sources.enumerated() {
      let digits = String(index + 1)
      pairs.append(
        ("source_" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits, name))
    }
    return pairs
  }
}
