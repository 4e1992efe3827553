// Rows of one table that a part of a capture gives, as they are before they are written: flat, so that
// making them on one thread and binding them on another costs no list of values for each.
import Foundation
import GRDB

/// Rows of a table, cell after cell.
struct RowBatch: Sendable {
  /// What kind of value a cell has; `number` says which.
  enum Kind: UInt8 {
    case null, integer, double, text, blob
  }

  let table: String
  /// One a column.
  let roles: [CellRole]
  private(set) var kinds: [Kind] = []
  /// An integer, a double's bits, where a text begins and how long it is, the index of a blob.
  private(set) var numbers: [UInt64] = []
  /// The UTF-8 of all texts.
  private(set) var bytes: [UInt8] = []
  private(set) var blobs: [Data] = []

  init(_ table: String, roles: [CellRole]) {
    self.table = table
    self.roles = roles
  }

  var rowCount: Int { kinds.count / roles.count }

  mutating func reserveCapacity(rows: Int) {
    kinds.reserveCapacity(rows * roles.count)
    numbers.reserveCapacity(rows * roles.count)
  }

  // MARK: Adding, one cell after another

  mutating func addNull() { add(.null, 0) }
  mutating func add(_ value: Int64) { add(.integer, UInt64(bitPattern: value)) }
  mutating func add(_ value: Int64?) {
    if let value { add(value) } else { addNull() }
  }
  mutating func add(_ text: String) {
    let start = bytes.count
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
    add(.text, UInt64(start) << Self.lengthBits | UInt64(bytes.count - start))
  }
  mutating func add(_ text: String?) {
    if let text { add(text) } else { addNull() }
  }
  mutating func add(_ value: DatabaseValue) {
    switch value.storage {
    case .null: addNull()
    case .int64(let number): add(number)
    case .double(let number): add(.double, number.bitPattern)
    case .string(let text): add(text)
    case .blob(let data):
      add(.blob, UInt64(blobs.count))
      blobs.append(data)
    }
  }
  private mutating func add(_ kind: Kind, _ number: UInt64) {
    kinds.append(kind)
    numbers.append(number)
  }

  // MARK: Reading

  /// A capture file has less than 2³⁰ bytes, so a text made of it fits, however it is quoted.
  private static let lengthBits: UInt64 = 31
  static func start(of number: UInt64) -> Int { Int(number >> lengthBits) }
  static func length(of number: UInt64) -> Int { Int(number & (1 << lengthBits - 1)) }
}
