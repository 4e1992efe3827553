// Writing a snapshot: into a temporary file beside the target, which then takes its place.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes

extension SnapshotFile {
  /// Writes `capture` and the facts made of it; the file at `path` is replaced in one step or,
  /// where anything fails, stays as it is. Mode 0600.
  ///
  /// `progress` hears of each table before it is written.
  ///
  /// Throws also where `path` holds something that is no snapshot.
  public static func write(
    _ capture: Capture, _ facts: CloudFacts, to path: String, toolVersion: String,
    progress: (_ done: Int, _ total: Int, _ table: String) -> Void = { _, _, _ in }
  ) throws(SnapshotError) {
    try checkTarget(path)
    let file = try AtomicFile(target: path)
    do {
      let queue = try DatabaseQueue(path: file.path, configuration: writing)
      try queue.inDatabase { database in
        try database.execute(sql: "PRAGMA page_size = 4096")
        try database.inTransaction {
          try SnapshotSchema.create(in: database)
          try fill(
            database, ProjectionSource(facts: facts, capture: capture), toolVersion, progress)
          // Without statistics SQLite joins large tables in the order of their names.
          try database.execute(sql: "PRAGMA analysis_limit = 4000; ANALYZE")
          return .commit
        }
      }
      try queue.close()
    } catch let error as SnapshotError {
      throw error
    } catch {
      throw SnapshotError(
        path, "cannot be written: \((error as? DatabaseError)?.message ?? "\(error)")",
        wanted: "room for the snapshot")
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

  private static func fill(
    _ database: Database, _ source: ProjectionSource, _ toolVersion: String,
    _ progress: (Int, Int, String) -> Void
  ) throws {
    for (key, value) in meta(source, toolVersion) {
      try database.execute(
        sql: "INSERT INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
    }
    for (index, table) in SnapshotSchema.tables.enumerated() {
      progress(index, SnapshotSchema.tables.count, table.name)
      try table.fill(database, source)
    }
  }

  private static func meta(
    _ source: ProjectionSource, _ toolVersion: String
  ) -> [(String, String)] {
    let times = source.facts.nodes.compactMap(\.capturedAt).sorted()
    var pairs = [
      ("schema_version", "\(SnapshotSchema.version)"), ("tool_version", toolVersion),
    ]
    if let first = times.first, let last = times.last {
      pairs += [("captured_first", first), ("captured_last", last)]
    }
    for (index, name) in source.capture.sources.enumerated() {
      let digits = String(index + 1)
      pairs.append(
        ("source_" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits, name))
    }
    return pairs
  }
}
