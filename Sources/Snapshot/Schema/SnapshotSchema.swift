// The whole schema of a snapshot: its version, its tables in the order in which they are made and
// filled, its views, and their documentation in `schema_doc`.
import Facts
import Formats
import GRDB
import NetworkTypes

package enum SnapshotSchema {
  /// `PRAGMA user_version`; a change of any table or view that a query could notice raises it.
  package static let version = 4
  /// `PRAGMA application_id`, "OVSI": what tells a snapshot from other SQLite files.
  package static let applicationID = 0x4f56_5349

  static let tables: [ProjectedTable] =
    CaptureTables.all + LinkTables.all + RoutingTables.all + HostTables.all + SwitchTables.all
    + FlowTables.all + NetfilterTables.all + NodeFileTables.all + NeutronTables.all

  /// Makes all tables and views in an empty database.
  package static func create(in database: Database) throws {
    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    try database.execute(sql: "PRAGMA user_version = \(version)")
    try database.execute(sql: metaTable)
    try database.execute(sql: documentationTable)
    for table in storage {
      try database.execute(sql: table.statement)
      try document(table.name, table.documentation, table.columnDocumentation, in: database)
    }
    for table in tables {
      try database.execute(sql: table.statement)
      try document(table.name, table.documentation, table.columnDocumentation, in: database)
    }
    for view in SnapshotViews.all {
      try database.execute(
        sql: "CREATE VIEW \(view.name) AS -- \(view.documentation)\n\(view.sql)")
      try document(view.name, nil, view.documentation, in: database)
    }
  }

  /// Makes the indexes: cheaper when all rows are there.
  package static func createIndexes(in database: Database) throws {
    for index in storage.flatMap(\.indexes) + tables.flatMap(\.indexes) {
      try database.execute(sql: index)
    }
  }

  /// Tables below views.
  private static let storage =
    FlowStorage.tables + [SharedTexts.table] + tables.flatMap(\.storage)

  /// The same tables and views with a default for each column and no foreign keys enforced, for
  /// tests that name only what matters to them.
  package static func createForTests(in database: Database) throws {
    try database.execute(sql: "PRAGMA foreign_keys = OFF")
    for table in tables { try database.execute(sql: table.testStatement) }
    for view in SnapshotViews.all {
      try database.execute(sql: "CREATE VIEW \(view.name) AS \(view.sql)")
    }
  }

  /// Names of all formats of capture files: what `capture_file.format` and `gap.format` may hold.
  package static let formatNames = Set(FormatCatalogue.rows.map(\.name))

  private static let metaTable = """
    CREATE TABLE meta (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT
    """

  private static let documentationTable = """
    CREATE TABLE schema_doc (
      object TEXT NOT NULL,
      member TEXT NOT NULL DEFAULT '',
      text TEXT NOT NULL,
      PRIMARY KEY (object, member)
    ) STRICT, WITHOUT ROWID
    """

  private static func document(
    _ table: String, _ documentation: String, _ columns: [(name: String, documentation: String)],
    in database: Database
  ) throws {
    try document(table, nil, documentation, in: database)
    for column in columns { try document(table, column.name, column.documentation, in: database) }
  }

  private static func document(
    _ object: String, _ member: String?, _ text: String, in database: Database
  ) throws {
    try database.execute(
      sql: "INSERT INTO schema_doc (object, member, text) VALUES (?, ?, ?)",
      arguments: [object, member ?? "", text])
  }
}
