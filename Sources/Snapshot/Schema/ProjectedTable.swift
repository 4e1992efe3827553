// A table of the snapshot, defined once: its SQL, its documentation and how facts become rows of it
// come from the same columns, so that none of the three can drift from the others.
import Facts
import Formats
import GRDB
import NetworkTypes
import Synchronization

/// What rows are made of: the facts, and the raw text that they were made of.
struct ProjectionSource: Sendable {
  let facts: CloudFacts
  let capture: Capture
  /// The file that was unpacked last: rows come file by file.
  private let unpacked = Unpacked()

  init(facts: CloudFacts, capture: Capture) {
    self.facts = facts
    self.capture = capture
  }
  /// The text of a fact as its file has it.
  func text(_ evidence: Evidence) -> String {
    let bytes = bytes(of: evidence.file)
    return String(decoding: bytes[evidence.bytes.clamped(to: 0..<bytes.count)], as: UTF8.self)
  }
}

extension ProjectionSource {
  /// Nothing where there is no such file.
  func bytes(of file: CaptureFileID) -> [UInt8] {
    unpacked.bytes(of: file, in: capture)
  }

  private final class Unpacked: Sendable {
    private let last = Mutex<(file: CaptureFileID, bytes: [UInt8])?>(nil)

    func bytes(of file: CaptureFileID, in capture: Capture) -> [UInt8] {
      last.withLock { last in
        if let last, last.file == file { return last.bytes }
        let index = Int(file.rawValue)
        let bytes = capture.files.indices.contains(index) ? capture.files[index].bytes : []
        last = (file, bytes)
        return bytes
      }
    }
  }
}

/// A column with its value in each row.
struct Column<Row>: Sendable {
  let name: String
  /// SQL behind the name.
  let declaration: String
  let documentation: String
  /// SQL of the value that a rule's test gets where it names none; nil for NULL or a key.
  var emptyValue: String?
  let value: @Sendable (Row) -> DatabaseValue
}

/// A table whatever its rows are made of.
struct ProjectedTable: Sendable {
  let name: String
  let documentation: String
  let columnDocumentation: [(name: String, documentation: String)]
  /// `CREATE TABLE` and its indexes.
  let statements: [String]
  /// The same table with a default for each column, so that a rule's test names only what matters.
  let testStatement: String
  let fill: @Sendable (Database, ProjectionSource) throws -> Void

  /// - Parameters:
  ///   - constraints: Table constraints, SQL.
  ///   - indexes: Columns of each index, with commas.
  ///   - rows: In a stable order.
  init<Row>(
    _ name: String, _ documentation: String, _ columns: [Column<Row>],
    constraints: [String] = [], indexes: [String] = [],
    rows: @escaping @Sendable (ProjectionSource) -> [Row]
  ) {
    self.name = name
    self.documentation = documentation
    columnDocumentation = columns.map { ($0.name, $0.documentation) }
    let body = columns.map { "  \($0.name) \($0.declaration)" } + constraints.map { "  \($0)" }
    let testBody = columns.map { column in
      "  \(column.name) \(column.declaration)"
        + (column.emptyValue.map { " DEFAULT \($0)" } ?? "")
    }
    testStatement = "CREATE TABLE \(name) (\n\(testBody.joined(separator: ",\n"))\n) STRICT"
    statements =
      ["CREATE TABLE \(name) (\n\(body.joined(separator: ",\n"))\n) STRICT"]
      + TableText.indexes(indexes, on: name)
    fill = { database, source in
      let statement = try RowStatement(database, name, columns: columns.count)
      for row in rows(source) {
        for (index, column) in columns.enumerated() {
          statement.bind(Int32(index + 1), column.value(row))
        }
        try statement.insert()
      }
    }
  }

  /// A view over tables that hold less than its rows say; a rule's test fills a table in its place.
  init(
    _ name: String, _ documentation: String, _ columns: [StoredColumn], viewing query: String,
    fill: @escaping @Sendable (Database, ProjectionSource) throws -> Void = { _, _ in }
  ) {
    self.name = name
    self.documentation = documentation
    self.fill = fill
    columnDocumentation = columns.map { ($0.name, $0.documentation) }
    let body = columns.map { column in
      "  \(column.name) \(column.declaration)"
        + (column.emptyValue.map { " DEFAULT \($0)" } ?? "")
    }
    testStatement = "CREATE TABLE \(name) (\n\(body.joined(separator: ",\n"))\n) STRICT"
    statements = ["CREATE VIEW \(name) AS\n\(query)"]
  }
}
