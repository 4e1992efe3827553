// A bridge's flow tables.
import Facts

/// The tables of a bridge by number; a table without flows is not there.
public struct FlowTables: Sendable {
  private var tables: [FlowTable?]
  /// Of tables with flows that a timeout will take away: what is left then.
  private var lasting: [UInt8: FlowTable] = [:]

  public init(_ flows: FlowList) {
    tables = Array(repeating: nil, count: 256)
    var rows: [[Int32]] = Array(repeating: [], count: 256)
    for index in flows.indices { rows[Int(flows.table(at: index))].append(Int32(index)) }
    for number in rows.indices where !rows[number].isEmpty {
      tables[number] = FlowTable(flows, rows: rows[number])
      let left = rows[number].filter { !flows.hasTimeout(at: Int($0)) }
      if left.count < rows[number].count {
        lasting[UInt8(number)] = FlowTable(flows, rows: left)
      }
    }
  }
  func table(_ number: UInt8, isAfterTimeouts: Bool = false) -> FlowTable? {
    isAfterTimeouts ? lasting[number] ?? tables[Int(number)] : tables[Int(number)]
  }
  public var flowCount: Int { tables.reduce(0) { $0 + ($1?.count ?? 0) } }
  /// Numbers of tables that have flows, rising.
  public var numbers: [UInt8] { (0...255).filter { tables[Int($0)] != nil } }
  func flowCount(of table: UInt8, cookie: UInt64) -> Int {
    tables[Int(table)]?.count(cookie: cookie) ?? 0
  }
  /// Put together of columns: cost an allocation or two each.
  public func flows(of table: UInt8) -> [FlowEntry] { tables[Int(table)]?.entries ?? [] }
}

extension FlowList {
  fileprivate func hasTimeout(at index: Int) -> Bool {
    let row = rows[index]
    guard row.rare > 0 else { return false }
    let record = rare[Int(row.rare) - 1]
    return record.idleTimeoutSeconds != 0 || record.hardTimeoutSeconds != 0
  }
}
