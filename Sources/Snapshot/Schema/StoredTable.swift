// Tables and views that are defined without rows: a writer of their own fills the tables.

/// A column without what makes its values.
struct StoredColumn: Sendable {
  let name: String
  /// SQL behind the name.
  let declaration: String
  let documentation: String
  /// SQL of the value that a rule's test gets where it names none; nil for NULL or a key.
  var emptyValue: String?

  static func key(_ documentation: String) -> StoredColumn {
    StoredColumn(name: "id", declaration: "INTEGER PRIMARY KEY", documentation: documentation)
  }
  static func text(
    _ name: String, _ documentation: String, emptyText: String? = "''"
  ) -> StoredColumn {
    StoredColumn(
      name: name, declaration: "TEXT NOT NULL", documentation: documentation,
      emptyValue: emptyText)
  }
  /// 0 or 1.
  static func flag(_ name: String, _ documentation: String) -> StoredColumn {
    StoredColumn(
      name: name, declaration: "INTEGER NOT NULL CHECK (\(name) IN (0, 1))",
      documentation: documentation, emptyValue: "0")
  }
  static func optionalText(_ name: String, _ documentation: String) -> StoredColumn {
    StoredColumn(name: name, declaration: "TEXT", documentation: documentation)
  }
  static func integer(
    _ name: String, _ documentation: String, emptyNumber: Int? = 0
  ) -> StoredColumn {
    StoredColumn(
      name: name, declaration: "INTEGER NOT NULL", documentation: documentation,
      emptyValue: emptyNumber.map(String.init))
  }
  static func optionalInteger(_ name: String, _ documentation: String) -> StoredColumn {
    StoredColumn(name: name, declaration: "INTEGER", documentation: documentation)
  }
}

/// A table that rows are written to directly.
struct StoredTable: Sendable {
  let name: String
  let documentation: String
  let columnDocumentation: [(name: String, documentation: String)]
  /// `CREATE TABLE`.
  let statement: String
  /// `CREATE INDEX`, for when all rows are there.
  let indexes: [String]

  /// - Parameters:
  ///   - key: Columns of a primary key that is no `id`.
  ///   - constraints: Table constraints, SQL.
  ///   - indexes: Columns of each index, with commas.
  init(
    _ name: String, _ documentation: String, _ columns: [StoredColumn], key: String? = nil,
    constraints: [String] = [], indexes: [String] = []
  ) {
    self.name = name
    self.documentation = documentation
    columnDocumentation = columns.map { ($0.name, $0.documentation) }
    var body = columns.map { "  \($0.name) \($0.declaration)" }
    if let key { body.append("  PRIMARY KEY (\(key))") }
    body += constraints.map { "  \($0)" }
    statement =
      "CREATE TABLE \(name) (\n\(body.joined(separator: ",\n"))\n) STRICT"
      + (key == nil ? "" : ", WITHOUT ROWID")
    self.indexes = TableText.indexes(indexes, on: name)
  }
}

/// SQL that kinds of tables have in common.
enum TableText {
  /// `CREATE INDEX` for each of `indexes`, columns with commas.
  static func indexes(_ indexes: [String], on table: String) -> [String] {
    indexes.map { index in
      let suffix = index.filter { $0 != " " }.replacing(",", with: "_")
      return "CREATE INDEX \(table)_by_\(suffix) ON \(table) (\(index))"
    }
  }

  /// A table with a default for each column and no constraints between tables.
  static func forTests(
    _ name: String, _ columns: [(name: String, declaration: String, emptyValue: String?)]
  ) -> String {
    let body = columns.map { column in
      "  \(column.name) \(column.declaration)"
        + (column.emptyValue.map { " DEFAULT \($0)" } ?? "")
    }
    return "CREATE TABLE \(name) (\n\(body.joined(separator: ",\n"))\n) STRICT"
  }
}
