// How a snapshot keeps tables that a large cloud has millions of rows of, as it keeps flows: what rows that
// stand together have in common once a run, texts that many rows have once a snapshot, numbers in the
// rows. A view of the table's name gives them back as people ask for them.
import GRDB

/// What of a table is kept apart from its rows.
struct NarrowStorage: Sendable {
  /// Columns in which rows that follow each other seldom differ: kept once a run of rows.
  let run: [String]
  /// Columns whose texts many rows have: kept once a snapshot.
  var shared: [String] = []
  /// Columns whose texts are alike but for identifiers and addresses: see `PrintedText`.
  var printed: [String] = []
  /// Columns by which rows of a run are looked up, with commas; rows are in their order then. Without
  /// it rows are numbered and need no index.
  var key: String?
  /// Columns of each index of the runs and of the rows, with commas.
  var runIndexes: [String] = []
  var rowIndexes: [String] = []

  /// How a column is kept.
  enum Kind {
    case run, shared, printed, row
  }

  func kind(of column: String) -> Kind {
    if run.contains(column) { return .run }
    if shared.contains(column) { return .shared }
    return printed.contains(column) ? .printed : .row
  }
}

extension ProjectedTable {
  /// A view over narrow rows; its columns are those of the table that it stands for.
  ///
  /// - Parameters:
  ///   - constraints: Of the runs, SQL.
  ///   - rows: In a stable order.
  init<Row>(
    _ name: String, _ documentation: String, _ columns: [Column<Row>],
    constraints: [String] = [], keptAs storage: NarrowStorage,
    rows: @escaping @Sendable (ProjectionSource) -> [Row]
  ) {
    let layout = NarrowLayout(name, columns, storage)
    self.init(name, documentation, columns, statement: layout.view)
    self.storage = layout.tables(constraints)
    self.rows = { source, texts in layout.batches(rows(source), &texts) }
  }
}

/// A table's columns, shared out between its runs and its rows.
struct NarrowLayout<Row>: Sendable {
  private let name: String
  private let columns: [Column<Row>]
  private let storage: NarrowStorage

  init(_ name: String, _ columns: [Column<Row>], _ storage: NarrowStorage) {
    self.name = name
    self.columns = columns
    self.storage = storage
  }

  private var runColumns: [Column<Row>] { columns.filter { storage.kind(of: $0.name) == .run } }
  private var rowColumns: [Column<Row>] { columns.filter { storage.kind(of: $0.name) != .run } }

  // MARK: SQL

  func tables(_ constraints: [String]) -> [StoredTable] {
    [
      StoredTable(
        "\(name)_run", "Rows of `\(name)` that stand together.",
        [.key("What `\(name)_row.run` refers to.")]
          + runColumns.map { column in
            StoredColumn(
              name: column.name, declaration: column.declaration,
              documentation: column.documentation)
          } + range, constraints: constraints, indexes: storage.runIndexes),
      StoredTable(
        "\(name)_row", "A row of `\(name)` as numbers; the view reads better.",
        numbers + rowColumns.flatMap(stored), key: storage.key.map { "run, \($0), place" },
        indexes: storage.rowIndexes),
    ]
  }

  private var range: [StoredColumn] {
    guard storage.key == nil else { return [] }
    return [
      .integer("first_row", "Of `\(name)_row.id`."),
      .integer("last_row", "Of `\(name)_row.id`; all between are of the run."),
    ]
  }
  private var numbers: [StoredColumn] {
    let run = StoredColumn.integer("run", "`\(name)_run.id`.")
    return storage.key == nil
      ? [.key("In the order of the captured files."), run]
      : [run, .integer("place", "In the run, from 1: of two alike, the first in the file.")]
  }

  private func stored(_ column: Column<Row>) -> [StoredColumn] {
    let isOptional = !column.declaration.contains("NOT NULL")
    let text: StoredColumn =
      isOptional
      ? .optionalInteger(column.name, "`shared_text.id`: \(column.documentation)")
      : .integer(column.name, "`shared_text.id`: \(column.documentation)")
    switch storage.kind(of: column.name) {
    case .shared: return [text]
    case .printed:
      return [
        text,
        .optionalText(
          "\(column.name)_parts", "What stands between the text's pieces; NULL where it is whole."),
      ]
    case .run, .row:
      return [
        StoredColumn(
          name: column.name, declaration: column.declaration,
          documentation: column.documentation)
      ]
    }
  }

  /// Texts are looked up only where a query names their column.
  var view: String {
    let values = columns.map { column in
      switch storage.kind(of: column.name) {
      case .run: "  d.\(column.name)"
      case .row: "  r.\(column.name)"
      case .shared: "  \(Self.text("r.\(column.name)")) AS \(column.name)"
      case .printed: "  \(Self.printed("r.\(column.name)")) AS \(column.name)"
      }
    }
    return """
      CREATE VIEW \(name) AS
      SELECT
      \(values.joined(separator: ",\n"))
      FROM \(name)_run d
      JOIN \(name)_row r ON r.run = d.id\(isNumbered)
      """
  }

  private var isNumbered: String {
    storage.key == nil ? " AND r.id BETWEEN d.first_row AND d.last_row" : ""
  }

  private static func text(_ id: String) -> String {
    "(SELECT text FROM shared_text WHERE id = \(id))"
  }

  private static func printed(_ column: String) -> String {
    """
    CASE WHEN \(column)_parts IS NULL THEN \(text(column)) ELSE (
        SELECT group_concat(
          p.value || coalesce(json_extract(\(column)_parts, '$[' || p.key || ']'), ''), '')
        FROM json_each(\(text(column))) p) END
    """
  }

  // MARK: Rows

  func batches(_ rows: [Row], _ texts: inout PartTexts) -> [RowBatch] {
    let (runColumns, rowColumns) = (runColumns, rowColumns)
    let kinds = rowColumns.map { storage.kind(of: $0.name) }
    let isNumbered = storage.key == nil
    let (ofRuns, ofRows) = (CellRole.parent("\(name)_run"), CellRole.parent("\(name)_row"))
    var runs = RowBatch(
      "\(name)_run",
      roles: [.key] + runColumns.map(\.role) + (isNumbered ? [ofRows, ofRows] : []))
    var narrow = RowBatch(
      "\(name)_row",
      roles: (isNumbered ? [.key, ofRuns] : [ofRuns, .plain]) + rowColumns.flatMap(roles))
    narrow.reserveCapacity(rows: rows.count)
    var (count, first): (Int64, Int64) = (0, 1)
    var current: [DatabaseValue] = []
    var patterns: [String: Int64] = [:]
    func endRun() {
      guard count >= first else { return }
      runs.add(Int64(runs.rowCount + 1))
      for value in current { runs.add(value) }
      if isNumbered {
        runs.add(first)
        runs.add(count)
      }
      first = count + 1
    }
    for row in rows {
      if !runColumns.indices.allSatisfy({ index in
        index < current.count && runColumns[index].value(row) == current[index]
      }) {
        endRun()
        current = runColumns.map { $0.value(row) }
      }
      count += 1
      narrow.add(isNumbered ? count : Int64(runs.rowCount + 1))
      narrow.add(isNumbered ? Int64(runs.rowCount + 1) : count - first + 1)
      for (index, column) in rowColumns.enumerated() {
        let value = column.value(row)
        switch (kinds[index], value.storage) {
        case (.shared, .string(let text)): narrow.add(texts.number(text))
        case (.printed, .string(let text)):
          let printed = PrintedText(text)
          let known = printed.parts == nil ? nil : patterns[printed.skeleton]
          let pattern = known ?? texts.number(printed.pattern)
          if printed.parts != nil { patterns[printed.skeleton] = pattern }
          narrow.add(pattern)
          narrow.add(printed.parts)
        case (.printed, _):
          narrow.add(value)
          narrow.addNull()
        default: narrow.add(value)
        }
      }
    }
    endRun()
    return [runs, narrow]
  }

  private func roles(_ column: Column<Row>) -> [CellRole] {
    switch storage.kind(of: column.name) {
    case .shared: [.sharedText]
    case .printed: [.sharedText, .plain]
    case .run, .row: [column.role]
    }
  }
}
