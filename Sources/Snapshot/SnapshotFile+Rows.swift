// What a snapshot's own rows hold, read as from a stranger: a file may say that it is a snapshot, and
// SQLite's types are a habit and no promise.
import Facts
import Formats
import GRDB
import NetworkTypes

extension SnapshotFile {
  /// zlib packs no more than 1032 bytes into one.
  private static let largestRatio = 1032

  /// Throws where the tables and views are not those that this program makes: a view or a trigger of
  /// another's would run when its name is asked for.
  ///
  /// Cost: that of making the schema in memory, a few milliseconds.
  static func checkTables(_ database: Database, _ path: String) throws {
    let own = try DatabaseQueue().inDatabase { fresh in
      try SnapshotSchema.create(in: fresh)
      try SnapshotSchema.createIndexes(in: fresh)
      return try objects(of: fresh)
    }
    guard try objects(of: database) == own else {
      throw SnapshotError(
        path, "is damaged: its tables are not those of schema version \(SnapshotSchema.version)",
        wanted: "a snapshot made by 'ovsight import'")
    }
  }

  /// `quote` gives text for whatever stands there. Tables of statistics are SQLite's own, and which
  /// there are is its build's choice.
  private static func objects(of database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT quote(type) || quote(name) || quote(tbl_name) || quote(sql) FROM sqlite_schema
        WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4')) ORDER BY 1
        """)
  }

  func unreadableFile(_ row: Row) throws -> Gap {
    Gap(
      node: try row.decode(String?.self, forColumn: "node").map { NodeName($0) },
      path: try row.decode(forColumn: "path"), reason: try row.decode(forColumn: "reason"))
  }

  /// A file that is still packed.
  func packedFile(_ row: Row) throws -> (file: CaptureFile, stream: [UInt8]) {
    let file = CaptureFile(
      id: CaptureFileID(0),
      node: try row.decode(String?.self, forColumn: "node").map { NodeName($0) },
      path: try row.decode(forColumn: "path"), sizeBytes: try row.decode(forColumn: "size_bytes"),
      command: try command(of: row))
    return (file, try bytes(of: row))
  }

  /// Nil where the stream does not hold that many bytes: before there is room made for them.
  static func unpacked(_ stream: [UInt8], count: Int) -> [UInt8]? {
    canHold(stream, count: count) ? Compression.decompressed(stream, count: count) : nil
  }
  static func canHold(_ stream: [UInt8], count: Int) -> Bool {
    (0...min(CaptureFolder.maximumFileBytes, (stream.count + 1) * largestRatio)).contains(count)
  }

  private func bytes(of row: Row) throws -> [UInt8] {
    try row.withUnsafeData(named: "content") { $0.map { Array($0) } ?? [] }
  }

  private func command(of row: Row) throws -> CapturedCommand? {
    guard let line = try row.decode(String?.self, forColumn: "command_line") else { return nil }
    return CapturedCommand(
      commandLine: line, exitCode: try row.decode(Int32?.self, forColumn: "exit_code") ?? 0,
      standardError: try row.decode(String?.self, forColumn: "standard_error") ?? "",
      startedAt: try row.decode(forColumn: "started_at"))
  }
}
