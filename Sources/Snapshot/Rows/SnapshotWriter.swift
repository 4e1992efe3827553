// Writes the rows of parts into a snapshot's tables, one part after another: the only place that knows
// how many rows there were before. Fed by PartRows.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes

/// Writes into one database, in one transaction of the caller's.
struct SnapshotWriter {
  let database: Database
  private var statements: [String: RowStatement] = [:]
  private var dictionary: FlowDictionary
  private var sharedTexts: SharedTexts
  /// Rows written so far, by table.
  private var rowCounts: [String: Int64] = [:]
  /// Files of the parts written so far: where the next part's numbers begin.
  var fileCount = 0

  init(_ database: Database) throws {
    self.database = database
    dictionary = try FlowDictionary(database)
    sharedTexts = try SharedTexts(database)
  }

  /// The snapshot's numbers of what a part numbers itself.
  private struct Numbers {
    var texts: [Int64] = []
    var shapes: [Int64] = []
    var actions: [Int64] = []
    var cookies: [Int64] = []
  }

  mutating func write(_ part: PartRows) throws {
    var numbers = Numbers()
    numbers.texts = try part.texts.map { try sharedTexts.number($0) }
    numbers.shapes = try part.flows.shapes.map { try dictionary.number($0) }
    numbers.actions = try part.flows.actions.map { try dictionary.number($0) }
    numbers.cookies = try part.flows.cookies.map { try dictionary.number($0) }
    let batches = part.batches + [part.flows.runs, part.flows.rows].filter { $0.rowCount > 0 }
    for batch in batches { try write(batch, numbers) }
    for batch in batches { rowCounts[batch.table, default: 0] += Int64(batch.rowCount) }
    fileCount += part.fileCount
  }

  private mutating func write(_ batch: RowBatch, _ numbers: Numbers) throws {
    let statement = try insertion(into: batch)
    let countings = batch.roles.map { counting(of: $0, in: batch.table) }
    let columns = batch.roles.count
    try batch.bytes.withUnsafeBufferPointer { bytes in
      var cell = 0
      for _ in 0..<batch.rowCount {
        for column in 0..<columns {
          let index = Int32(truncatingIfNeeded: column + 1)
          let number = batch.numbers[cell]
          switch batch.kinds[cell] {
          case .null: statement.bindNull(index)
          case .integer:
            let value = Int64(bitPattern: number)
            switch countings[column] {
            case .from(let base): statement.bind(index, value + base)
            case .texts: statement.bind(index, numbers.texts[Int(value)])
            case .shapes: statement.bind(index, numbers.shapes[Int(value)])
            case .actions: statement.bind(index, numbers.actions[Int(value)])
            case .cookies: statement.bind(index, numbers.cookies[Int(value)])
            }
          case .double: statement.bind(index, Double(bitPattern: number))
          case .text:
            let start = RowBatch.start(of: number)
            let length = RowBatch.length(of: number)
            statement.bind(index, UnsafeBufferPointer(rebasing: bytes[start..<start + length]))
          case .blob: statement.bind(index, batch.blobs[Int(number)])
          }
          cell += 1
        }
        try statement.insert()
      }
    }
  }

  private mutating func insertion(into batch: RowBatch) throws -> RowStatement {
    if let statement = statements[batch.table] { return statement }
    let statement = try RowStatement(database, batch.table, columns: batch.roles.count)
    statements[batch.table] = statement
    return statement
  }

  /// How a column's numbers become the snapshot's, without the texts that a role has.
  private enum Counting {
    case from(Int64)
    case texts, shapes, actions, cookies
  }

  private func counting(of role: CellRole, in table: String) -> Counting {
    switch role {
    case .plain: .from(0)
    case .file: .from(Int64(fileCount))
    case .key: .from(rowCounts[table] ?? 0)
    case .parent(let parent): .from(rowCounts[parent] ?? 0)
    case .sharedText: .texts
    case .flowShape: .shapes
    case .flowActions: .actions
    case .flowCookie: .cookies
    }
  }
}

/// The table of texts that many rows share.
struct SharedTexts {
  static let table = StoredTable(
    "shared_text", "A text that many rows have; views put it in its place.",
    [.key("What columns of the tables ending in `_row` refer to."), .text("text", "The text.")])

  private let statement: RowStatement
  private var numbers: [String: Int64] = [:]

  init(_ database: Database) throws {
    statement = try RowStatement(database, Self.table.name, columns: 2)
  }

  mutating func number(_ text: String) throws -> Int64 {
    if let number = numbers[text] { return number }
    let number = Int64(numbers.count + 1)
    numbers[text] = number
    statement.bind(1, number)
    statement.bind(2, text)
    try statement.insert()
    return number
  }
}
