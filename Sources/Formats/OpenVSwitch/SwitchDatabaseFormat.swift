// `ovsdb-client -f json dump`: one JSON document a table, one after the other.
import Facts
import NetworkTypes

/// `{"caption":"Port table","headings":["_uuid",…],"data":[[…],…]}`; one record, the database.
public enum SwitchDatabaseFormat {
  public static func parse(_ text: CaptureText) -> Parsed<SwitchDatabase> {
    var log = ParseLog(text)
    var database = SwitchDatabase()
    var parser = JSONParser(text.bytes)
    var accounted = 0
    do throws(JSONError) {
      if parser.isAtEnd() { throw parser.error("a table") }
      while !parser.isAtEnd() {
        let document = try parser.value()
        log.structure(accounted..<document.range.lowerBound)
        accounted = document.range.upperBound
        add(document, to: &database, &log)
      }
      log.structure(accounted..<text.bytes.count)
    } catch {
      log.isIncomplete = true
      log.reject(
        "ovsdb-dump/bad-json", line: error.line, accounted..<text.bytes.count,
        "the JSON breaks off at byte \(error.offset): wanted \(error.wanted)")
    }
    checkTables(database, &log)
    return log.parsed([database])
  }

  private static func add(
    _ document: JSONNode, to database: inout SwitchDatabase, _ log: inout ParseLog
  ) {
    guard let caption = document["caption"]?.string, caption.hasSuffix(" table"),
      let headings = document["headings"]?.strings, let rows = document["data"]?.elements
    else {
      log.reject(
        "ovsdb-dump/bad-table", line: document.line, document.range,
        "\(excerpt(log.text, document.range)): wanted a table with caption, headings and data")
      return
    }
    let table = String(caption.dropLast(" table".count))
    var accounted = document.range.lowerBound
    for row in rows {
      log.structure(accounted..<row.range.lowerBound)
      accounted = row.range.upperBound
      add(row, table, headings, to: &database, &log)
    }
    log.structure(accounted..<document.range.upperBound)
  }

  private static func add(
    _ row: JSONNode, _ table: String, _ headings: [String], to database: inout SwitchDatabase,
    _ log: inout ParseLog
  ) {
    let idIndex = headings.firstIndex(of: "_uuid")
    guard let cells = row.elements, cells.count == headings.count, let idIndex,
      let id = cells[idIndex].rowID
    else {
      log.reject(
        "ovsdb-dump/bad-row", line: row.line, row.range,
        "\(excerpt(log.text, row.range)): wanted \(headings.count) columns with a _uuid")
      return
    }
    let evidence = log.evidence(line: row.line, row.range)
    let texts = zip(headings, cells.map { log.text.string($0.range) })
    database.rows.append(
      DatabaseRow(
        table: table, id: id, columns: Dictionary(texts) { first, _ in first },
        evidence: evidence))
    var columns = DatabaseColumns(headings: headings, cells: cells)
    lift(table, id, &columns, evidence, into: &database)
    for cell in columns.mistyped {
      log.remark(
        "ovsdb-dump/bad-value", .warning, line: cell.line, cell.range,
        "\(table): \(excerpt(log.text, cell.range)) is of another type than its column")
    }
    log.fact(row.range)
  }

  /// Without its core tables a dump is another database's, or a part of this one.
  private static func checkTables(_ database: SwitchDatabase, _ log: inout ParseLog) {
    guard !log.isIncomplete, database.settings == nil else { return }
    log.isIncomplete = true
    let end = log.text.bytes.count
    log.reject(
      "ovsdb-dump/no-settings", line: 1, end..<end, "wanted a row of table Open_vSwitch")
  }
}
