// Rows into a table without a list of arguments for each: a large cloud has tens of millions.
import Foundation
import GRDB
import GRDBSQLite

/// A prepared statement whose values are bound one by one.
struct RowStatement {
  private let statement: Statement
  private let database: Database
  private let handle: OpaquePointer

  init(_ database: Database, _ table: String, columns: Int) throws {
    let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
    self.database = database
    statement = try database.makeStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
    handle = statement.sqliteStatement
  }

  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
  func bind(_ index: Int32, _ value: Int64?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }
  func bind(_ index: Int32, _ text: String?) {
    guard let text else {
      sqlite3_bind_null(handle, index)
      return
    }
    var copy = text
    _ = copy.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        // A text of no bytes has no address, which would bind NULL.
        text.isEmpty
          ? sqlite3_bind_text(handle, index, "", 0, Self.transient)
          : sqlite3_bind_text(handle, index, text.baseAddress, Int32(text.count), Self.transient)
      }
    }
  }
  func bind(_ index: Int32, _ bytes: Data) {
    _ = bytes.withUnsafeBytes { buffer in
      // As of a text: no bytes have no address.
      buffer.isEmpty
        ? sqlite3_bind_zeroblob(handle, index, 0)
        : sqlite3_bind_blob64(
          handle, index, buffer.baseAddress, UInt64(buffer.count), Self.transient)
    }
  }
  /// A text that outlives the row's insertion, which SQLite needs no copy of.
  func bind(_ index: Int32, _ text: UnsafeBufferPointer<UInt8>) {
    _ = text.withMemoryRebound(to: CChar.self) { text in
      // As above.
      text.isEmpty
        ? sqlite3_bind_text(handle, index, "", 0, Self.transient)
        : sqlite3_bind_text(handle, index, text.baseAddress, Int32(text.count), nil)
    }
  }
  func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }
  func bind(_ index: Int32, _ value: Double) { sqlite3_bind_double(handle, index, value) }
  /// SQLite takes a copy.
  private static var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  /// Inserts what is bound.
  func insert() throws {
    let code = sqlite3_step(handle)
    sqlite3_reset(handle)
    guard code == SQLITE_DONE else {
      throw DatabaseError(
        resultCode: ResultCode(rawValue: code),
        message: String(cString: sqlite3_errmsg(database.sqliteConnection)))
    }
  }
}
