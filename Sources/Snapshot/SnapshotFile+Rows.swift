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
      return try objects(of: fresh)
    }
    guard try objects(of: database) == own else {
      throw SnapshotError(
        path, "is damaged: its tables are not those of schema version \(SnapshotSchema.version)",
        wanted: "a snapshot made by 'ovsight import'")
    }
  }

  /// `quote` gives text for whatever stands there.
  private static func objects(of database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT quote(type) || quote(name) || quote(tbl_name) || quote(sql) FROM sqlite_schema
        ORDER BY 1
        """)
  }

  func unreadableFile(_ row: Row) throws -> Gap {
    Gap(
      node: try row.decode(String?.self, forColumn: "node").map { NodeName($0) },
      path: try row.decode(forColumn: "path"), reason: try row.decode(forColumn: "reason"))
  }

  func file(_ row: Row) throws -> RawFile {
    let filePath: String = try row.decode(forColumn: "path")
    let size: Int = try row.decode(forColumn: "size_bytes")
    let content: [UInt8] = try bytes(of: row)
    // Before there is room made for it.
    let most = min(CaptureFolder.maximumFileBytes, (content.count + 1) * Self.largestRatio)
    guard size <= most, let bytes = Compression.decompressed(content, count: size) else {
      throw SnapshotError(
        path, "is damaged: the bytes of \(filePath) cannot be unpacked",
        wanted: "a snapshot made by 'ovsight import'")
    }
    return RawFile(
      node: try row.decode(String?.self, forColumn: "node").map { NodeName($0) }, path: filePath,
      bytes: bytes, command: try command(of: row))
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
