// SQLite files that say they are snapshots and are not: refused in one line, whatever they hold.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes
import Snapshot
import Testing

@Suite struct HostileSnapshotTests {
  /// A snapshot of one file, changed by SQL.
  private func changed(_ statements: String...) throws -> (TemporaryFolder, String) {
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    let file = RawFile(
      node: NodeName("n1"), path: "root/hostname.txt", bytes: Array("n1\n".utf8))
    let capture = Capture(sources: ["a"], nodes: [NodeName("n1")], files: [file], unreadable: [])
    try SnapshotFile.write(capture, CloudFacts(parsing: capture), to: path, toolVersion: "test")
    for statement in statements {
      // A connection each: SQLite reads the schema anew.
      try DatabaseQueue(path: path).inDatabase { database in
        try database.execute(
          sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
            + "PRAGMA writable_schema = ON; \(statement)")
      }
    }
    return (folder, path)
  }

  private func problem(_ path: String) -> String? {
    do {
      _ = try SnapshotFile.open(path: path).loadFacts()
      return nil
    } catch {
      return "\(error)".replacing(path, with: "a.db")
    }
  }

  @Test(arguments: [
    "CREATE VIEW evil AS SELECT 1", "CREATE TABLE evil (a)", "DROP VIEW v_place",
    "CREATE TRIGGER evil AFTER INSERT ON meta BEGIN SELECT 1; END",
    "CREATE INDEX evil ON meta (value)",
    "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'meta'",
  ])
  func otherTablesAreRefused(_ statement: String) throws {
    let (folder, path) = try changed(statement)
    #expect(
      problem(path)
        == "a.db: is damaged: its tables are not those of schema version 4: "
        + "wanted a snapshot made by 'ovsight import'")
    withExtendedLifetime(folder) {}
  }

  @Test(arguments: ["1099511627776", "9223372036854775807", "600000000", "4", "-1"])
  func sizesThatAreNotTheFilesAreRefused(_ size: String) throws {
    let (folder, path) = try changed("UPDATE capture_file SET size_bytes = \(size)")
    #expect(
      problem(path)
        == "a.db: is damaged: the bytes of root/hostname.txt cannot be unpacked: "
        + "wanted a snapshot made by 'ovsight import'")
    withExtendedLifetime(folder) {}
  }

  /// So many bytes that files stay packed until they are parsed.
  @Test func largeSizesThatAreNotTheFilesAreRefused() throws {
    let (folder, path) = try changed("UPDATE capture_file SET size_bytes = 1032 * length(content)")
    #expect(
      problem(path)?.hasSuffix(
        " cannot be unpacked: wanted a snapshot made by 'ovsight import'") == true)
    withExtendedLifetime(folder) {}
  }

  /// STRICT and NOT NULL hold for who writes through SQLite, not for who writes the file.
  @Test(arguments: [
    "path = NULL", "path = x'ff'", "size_bytes = 'many'", "size_bytes = NULL", "content = 7",
    "content = NULL", "content = 'text'", "exit_code = 99999999999", "command_line = x'00ff'",
    "node = 1.5", "started_at = 4",
  ])
  func valuesOfOtherTypesAreNoCrash(_ change: String) throws {
    let (folder, path) = try changed(
      "CREATE TABLE kept AS SELECT name, sql FROM sqlite_schema WHERE name = 'capture_file'",
      """
      UPDATE sqlite_schema
      SET sql = replace(replace(replace(sql, 'STRICT', ''), 'NOT NULL CHECK', 'CHECK'),
        'BLOB NOT NULL', 'BLOB')
      WHERE name = 'capture_file'
      """,
      "UPDATE capture_file SET command_line = 'hostname', exit_code = 0; "
        + "UPDATE capture_file SET \(change)",
      """
      UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'capture_file';
      DROP TABLE kept
      """)
    if let problem = problem(path) {
      #expect(problem.hasPrefix("a.db: is damaged: "))
      #expect(!problem.contains("\n"))
    }
    withExtendedLifetime(folder) {}
  }

  @Test func anyByteMayBeWrong() throws {
    let (folder, path) = try changed()
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    var random = SeededGenerator(state: 11)
    for _ in 0..<150 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
      }
      try Data(bytes).write(to: URL(filePath: path))
      if let problem = problem(path) { #expect(problem.hasPrefix("a.db: ")) }
    }
    withExtendedLifetime(folder) {}
  }
}
