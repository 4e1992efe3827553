// A bridge's flow tables.
import Facts

/// The tables of a bridge by number; a table without flows is not there.
public struct FlowTables: Sendable {
  private var tables: [FlowTable?]
  /// Of tables with flows that a timeout will take away: what is left then.
  private var lasting: [UInt8: FlowTable] = [:]

  public init(_ flows: some Sequence<FlowEntry>) {
    tables = Array(repeating: nil, count: 256)
    for (table, entries) in Dictionary(grouping: flows, by: \.table) {
      tables[Int(table)] = FlowTable(entries)
      let left = entries.filter { !$0.hasTimeout }
      if left.count < entries.count { lasting[table] = FlowTable(left) }
    }
  }
  func table(_ number: UInt8, isAfterTimeouts: Bool = false) -> FlowTable? {
    isAfterTimeouts ? lasting[number] ?? tables[Int(number)] : tables[Int(number)]
  }
  public var flowCount: Int { tables.reduce(0) { $0 + ($1?.entries.count ?? 0) } }
  /// Numbers of tables that have flows, rising.
  public var numbers: [UInt8] { (0...255).filter { tables[Int($0)] != nil } }
  public func flows(of table: UInt8) -> [FlowEntry] { tables[Int(table)]?.entries ?? [] }
}
