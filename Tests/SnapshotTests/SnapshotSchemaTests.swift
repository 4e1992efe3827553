// The schema is an interface: strict, documented, and every view answers.
import Facts
import Foundation
import GRDB
import Snapshot
import Testing

@Suite struct SnapshotSchemaTests {
  /// One snapshot for all of these tests, which only read.
  private static let shared = Result { () throws -> (TemporaryFolder, DatabaseQueue) in
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    try SnapshotFile.write(
      try Fixture.capture.get(), try Fixture.facts.get(), to: path, toolVersion: "test")
    var configuration = Configuration()
    configuration.readonly = true
    return (folder, try DatabaseQueue(path: path, configuration: configuration))
  }

  private func queue() throws -> DatabaseQueue { try Self.shared.get().1 }

  @Test func everyTableIsStrictAndDocumented() throws {
    try queue().read { database in
      let tables = try Row.fetchAll(
        database, sql: "SELECT name, strict FROM pragma_table_list WHERE type = 'table'")
      for table in tables {
        let name: String = table["name"]
        if name.hasPrefix("sqlite_") { continue }
        #expect(table["strict"] == 1, "\(name)")
        if ["meta", "schema_doc"].contains(name) { continue }
        let undocumented = try String.fetchAll(
          database,
          sql: """
            SELECT name FROM (SELECT '' AS name UNION ALL SELECT name FROM pragma_table_info(?1))
            WHERE NOT EXISTS (
              SELECT 1 FROM schema_doc
              WHERE object = ?1 AND member = name AND length(text) > 3)
            """, arguments: [name])
        #expect(undocumented == [], "\(name)")
      }
    }
  }

  @Test func everyViewIsDocumentedAndAnswers() throws {
    try queue().read { database in
      let views = try String.fetchAll(
        database, sql: "SELECT name FROM sqlite_schema WHERE type = 'view'")
      #expect(views.count >= 12)
      for view in views {
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(view)") ?? 0
        #expect(count > 0, "\(view)")
        let text = try String.fetchOne(
          database, sql: "SELECT text FROM schema_doc WHERE object = ? AND member = ''",
          arguments: [view])
        #expect(text != nil, "\(view)")
      }
    }
  }

  @Test func rowsAgreeWithEachOther() throws {
    try queue().read { database in
      let strangers = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
      let integrity = try String.fetchOne(database, sql: "PRAGMA integrity_check")
      let lost = try Int.fetchOne(database, sql: "SELECT sum(lost_bytes) FROM coverage")
      let application = try Int.fetchOne(database, sql: "PRAGMA application_id")
      #expect(strangers.isEmpty)
      #expect(integrity == "ok")
      #expect(lost == 0)
      #expect(application == SnapshotSchema.applicationID)
    }
  }

  @Test(arguments: [
    ("SELECT count(*) FROM flow", 1013), ("SELECT count(*) FROM link", 124),
    ("SELECT count(*) FROM address", 180), ("SELECT count(*) FROM route", 526),
    ("SELECT count(*) FROM next_hop", 526), ("SELECT count(*) FROM neutron_port", 42),
    ("SELECT count(*) FROM libvirt_interface", 15),
    ("SELECT count(*) FROM v_floating_ip WHERE holders LIKE '%/%'", 5),
    ("SELECT count(*) FROM v_tunnel WHERE remote_node IS NOT NULL", 12),
    ("SELECT count(*) FROM v_port_location WHERE node = host", 35),
    ("SELECT count(DISTINCT network) FROM v_network_local_vlan", 8),
    ("SELECT count(*) FROM flow WHERE NOT is_understood", 0),
    ("SELECT count(*) FROM flow WHERE actions = ''", 0),
  ]) func plainSQLiteAnswers(_ sql: String, _ expected: Int) throws {
    let found = try queue().read { try Int.fetchOne($0, sql: sql) }
    #expect(found == expected)
  }
}
