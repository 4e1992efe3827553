// A table of the snapshot, defined once: its SQL, its documentation and how facts become rows of it
// come from the same columns, so that none of the three can drift from the others.
import Facts
import Formats
import GRDB
import NetworkTypes
import Synchronization

/// What rows are made of: the facts of a capture or of a part of one, and the raw text that they were
/// made of.
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
  var role = CellRole.plain
  let value: @Sendable (Row) -> DatabaseValue
}

/// A table whatever its rows are made of.
struct ProjectedTable: Sendable {
  let name: String
  let documentation: String
  let columnDocumentation: [(name: String, documentation: String)]
  /// Tables below it, where it is a view.
  var storage: [StoredTable] = []
  /// `CREATE TABLE` or `CREATE VIEW`.
  let statement: String
  /// `CREATE INDEX`, for when all rows are there.
  var indexes: [String] = []
  /// The same table with a default for each column, so that a rule's test names only what matters.
  let testStatement: String
  /// Its rows, and the texts that they share with others.
  var rows: @Sendable (ProjectionSource, inout PartTexts) -> [RowBatch] = { _, _ in [] }

  /// - Parameters:
  ///   - constraints: Table constraints, SQL.
  ///   - indexes: Columns of each index, with commas.
  ///   - rows: In a stable order.
  init<Row>(
    _ name: String, _ documentation: String, _ columns: [Column<Row>],
    constraints: [String] = [], indexes: [String] = [],
    rows: @escaping @Sendable (ProjectionSource) -> [Row]
  ) {
    let body = columns.map { "  \($0.name) \($0.declaration)" } + constraints.map { "  \($0)" }
    self.init(
      name, documentation, columns,
      statement: "CREATE TABLE \(name) (\n\(body.joined(separator: ",\n"))\n) STRICT")
    self.indexes = TableText.indexes(indexes, on: name)
    let roles = columns.map(\.role)
    self.rows = { source, _ in
      var batch = RowBatch(name, roles: roles)
      for row in rows(source) {
        for column in columns { batch.add(column.value(row)) }
      }
      return [batch]
    }
  }

  /// A view over tables that hold less than its rows say; a rule's test fills a table in its place.
  init(
    _ name: String, _ documentation: String, _ columns: [StoredColumn], viewing query: String
  ) {
    self.name = name
    self.documentation = documentation
    columnDocumentation = columns.map { ($0.name, $0.documentation) }
    statement = "CREATE VIEW \(name) AS\n\(query)"
    testStatement = TableText.forTests(
      name, columns.map { ($0.name, $0.declaration, $0.emptyValue) })
  }

  init<Row>(
    _ name: String, _ documentation: String, _ columns: [Column<Row>], statement: String
  ) {
    self.name = name
    self.documentation = documentation
    columnDocumentation = columns.map { ($0.name, $0.documentation) }
    self.statement = statement
    testStatement = TableText.forTests(
      name, columns.map { ($0.name, $0.declaration, $0.emptyValue) })
  }
}
