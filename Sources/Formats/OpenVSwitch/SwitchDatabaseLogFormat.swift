// OVSDB's file, `conf.db`: the schema, then every transaction since the file was last compacted. What a
// sosreport has in place of a dump. Source: ovsdb(5), the file format, and `ovsdb/file.c`.
import Facts
import NetworkTypes

/// `OVSDB JSON LENGTH SHA1`, then that many bytes of JSON, record by record; gives one record, the
/// database as the last transaction left it. Columns that are never written to disk (OpenFlow numbers,
/// link states, statistics) are absent, and so is every column that holds its default.
public enum SwitchDatabaseLogFormat {
  public static func parse(_ text: CaptureText) -> Parsed<SwitchDatabase> {
    var log = ParseLog(text)
    var replay = DatabaseReplay()
    var position = 0
    var line = 1
    while position < text.bytes.count {
      guard let record = record(text, at: position) else {
        log.isIncomplete = true
        log.reject(
          "ovsdb-log/bad-record", line: line, position..<text.bytes.count,
          "wanted 'OVSDB JSON LENGTH SHA1' and LENGTH bytes of JSON")
        break
      }
      log.structure(position..<record.lowerBound)
      line += newlines(text, position..<record.lowerBound)
      do throws(JSONError) {
        let document = try JSONParser.document(Array(text.bytes[record]))
        replay.add(document, log.evidence(line: line, record))
        log.fact(record)
      } catch {
        log.isIncomplete = true
        log.reject(
          "ovsdb-log/bad-json", line: line, record,
          "the JSON breaks off at byte \(error.offset): wanted \(error.wanted)")
      }
      line += newlines(text, record)
      position = record.upperBound
    }
    let database = replay.database()
    if !replay.hasSchema, !text.bytes.isEmpty, !log.isIncomplete {
      log.isIncomplete = true
      let end = text.bytes.count
      log.reject(
        "ovsdb-log/no-schema", line: 1, end..<end,
        "wanted the schema as the first record: without it changes of sets cannot be told")
    }
    if database.settings == nil, !log.isIncomplete {
      log.isIncomplete = true
      let end = text.bytes.count
      log.reject(
        "ovsdb-log/no-settings", line: 1, end..<end, "wanted a row of table Open_vSwitch")
    }
    return log.parsed([database])
  }

  /// The bytes of the record whose heading begins at `position`.
  private static func record(_ text: CaptureText, at position: Int) -> Range<Int>? {
    guard let end = text.bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let words = text.string(position..<end).split(separator: " ")
    guard words.count == 4, words[0] == "OVSDB", words[1] == "JSON", let length = Int(words[2]),
      length > 0, length <= text.bytes.count - end - 1
    else { return nil }
    return end + 1..<end + 1 + length
  }

  private static func newlines(_ text: CaptureText, _ range: Range<Int>) -> Int {
    text.bytes[range].count { $0 == UInt8(ascii: "\n") }
  }
}

/// Transactions applied one after the other. Values are kept as OVSDB JSON text.
private struct DatabaseReplay {
  private struct Row {
    var columns: [String: String] = [:]
    var evidence: Evidence
  }
  private var tables: [String: [String: Row]] = [:]
  /// Columns that hold several atoms, `Bridge.ports`: a later change of one is written as what differs.
  private var composites: Set<String> = []
  private(set) var hasSchema = false

  mutating func add(_ document: JSONNode, _ evidence: Evidence) {
    if let schema = document["tables"], document["name"] != nil { return addSchema(schema) }
    let isDifference = document["_is_diff"]?.bool == true
    for member in document.members ?? [] where !member.key.hasPrefix("_") {
      for row in member.value.members ?? [] {
        change(member.key, row.key, row.value, evidence, isDifference: isDifference)
      }
    }
  }

  private mutating func addSchema(_ schema: JSONNode) {
    hasSchema = true
    for table in schema.members ?? [] {
      for column in table.value["columns"]?.members ?? [] {
        guard let most = column.value["type"]?["max"] else { continue }
        if most.number(Int.self).map({ $0 > 1 }) ?? true {
          composites.insert("\(table.key).\(column.key)")
        }
      }
    }
  }

  /// A value of null deletes the row.
  private mutating func change(
    _ table: String, _ id: String, _ value: JSONNode, _ evidence: Evidence, isDifference: Bool
  ) {
    guard let columns = value.members else {
      tables[table]?[id] = nil
      return
    }
    var row = tables[table]?[id] ?? Row(evidence: evidence)
    row.evidence = evidence
    for column in columns {
      let name = "\(table).\(column.key)"
      let old = row.columns[column.key]
      row.columns[column.key] =
        isDifference && composites.contains(name)
        ? DatabaseDifference.applied(column.value, to: old) : column.value.rendered
    }
    tables[table, default: [:]][id] = row
  }

  /// All rows, by table and id.
  func database() -> SwitchDatabase {
    var database = SwitchDatabase()
    for (table, rows) in tables.sorted(by: { $0.key < $1.key }) {
      for (text, row) in rows.sorted(by: { $0.key < $1.key }) {
        let id = RowID(text)
        database.rows.append(
          DatabaseRow(table: table, id: id, columns: row.columns, evidence: row.evidence))
        let cells = row.columns.compactMap { name, text in
          (try? JSONParser.document(Array(text.utf8))).map { (name, $0) }
        }
        var columns = DatabaseColumns(headings: cells.map(\.0), cells: cells.map(\.1))
        SwitchDatabaseFormat.lift(table, id, &columns, row.evidence, into: &database)
      }
    }
    return database
  }
}

/// How OVSDB writes a change of a set or map: members of a set that are in one of both; of a map the
/// pairs that went (as they were), came or changed (as they are).
private enum DatabaseDifference {
  static func applied(_ difference: JSONNode, to old: String?) -> String {
    guard let old, let before = try? JSONParser.document(Array(old.utf8)) else {
      return difference.rendered
    }
    if let pairs = pairs(difference), let earlier = self.pairs(before) {
      return text("map", map(earlier, pairs).map { "[\($0.key),\($0.value)]" })
    }
    return text("set", set(atoms(before), atoms(difference)))
  }

  private static func set(_ before: [String], _ change: [String]) -> [String] {
    before.filter { !change.contains($0) } + change.filter { !before.contains($0) }
  }

  private typealias Pair = (key: String, value: String)

  private static func map(_ before: [Pair], _ change: [Pair]) -> [Pair] {
    var result = before
    for pair in change {
      guard let index = result.firstIndex(where: { $0.key == pair.key }) else {
        result.append(pair)
        continue
      }
      if result[index].value == pair.value {
        result.remove(at: index)
      } else {
        result[index].value = pair.value
      }
    }
    return result
  }

  private static func text(_ kind: String, _ members: [String]) -> String {
    "[\"\(kind)\",[\(members.joined(separator: ","))]]"
  }

  /// Nil for what is no map.
  private static func pairs(_ node: JSONNode) -> [Pair]? {
    guard let elements = node.elements, elements.count == 2, elements[0].string == "map" else {
      return nil
    }
    return (elements[1].elements ?? []).compactMap { pair in
      guard let parts = pair.elements, parts.count == 2 else { return nil }
      return (parts[0].rendered, parts[1].rendered)
    }
  }

  /// A lone atom is a set of one.
  private static func atoms(_ node: JSONNode) -> [String] {
    guard let elements = node.elements, elements.count == 2, elements[0].string == "set" else {
      return [node.rendered]
    }
    return (elements[1].elements ?? []).map(\.rendered)
  }
}

extension JSONNode {
  /// The value as JSON text.
  fileprivate var rendered: String {
    switch value {
    case .object(let members):
      "{"
        + members.map { "\(JSONText.string($0.key).rendered):\($0.value.rendered)" }
        .joined(separator: ",") + "}"
    case .array(let nodes): "[" + nodes.map(\.rendered).joined(separator: ",") + "]"
    case .string(let text): JSONText.string(text).rendered
    case .number(let text): text
    case .bool(let flag): flag ? "true" : "false"
    case .null: "null"
    }
  }
}
