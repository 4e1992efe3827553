// One flow table, indexed for lookups: a subtable for each set of masks, a hash table in each, and filters
// that say which subtables a packet can meet at all. Made of a bridge's flows, asked by the Translator.
import Facts

/// Tuple space search, as OVS's classifier does it, so that a lookup costs one hash for each distinct mask
/// that the packet can meet and stops at the first subtable that cannot win any more.
///
/// Flows stay in the bridge's list: the table has numbers of them, and words to compare.
final class FlowTable: Sendable {
  private let list: FlowList
  /// Of the list, in its order; what is called a position below counts these.
  private let rows: [Int32]
  let priorities: [UInt16]
  /// By position, of the list's.
  private let actionNumbers: [Int32]
  private let actionLists: [[FlowAction]]
  /// Whether any flow has words that are not understood.
  private let hasUnrecognised: Bool
  /// By position: a number of `conjunctionSets`; -1 for flows that are part of none. Empty where all are.
  private let conjunctionNumbers: [Int32]
  private let conjunctionSets: [ConjunctionSet]
  /// By position: keys of a match that are not understood, or fields that are not modelled.
  let unmodelled: [Int32: [String]]
  /// By falling highest priority.
  let subtables: [FlowSubtable]
  let words: SubtableWords
  let filters: [SubtableFilter]

  init(_ list: FlowList, rows: [Int32]) {
    self.list = list
    self.rows = rows
    priorities = rows.map { list.rows[Int($0)].priority }
    actionNumbers = rows.map { Int32(truncatingIfNeeded: list.actionIndex(at: Int($0))) }
    actionLists = list.actionLists
    hasUnrecognised = rows.contains { row in
      let rare = list.rows[Int(row)].rare
      return rare > 0 && !list.rare[Int(rare) - 1].unrecognised.isEmpty
    }
    var builder = FlowTableBuilder(list, rows, priorities)
    builder.build()
    conjunctionNumbers = builder.conjunctionNumbers
    conjunctionSets = builder.conjunctionSets
    unmodelled = builder.unmodelled
    subtables = builder.subtables
    words = builder.words
    filters = builder.filters
  }

  @inline(__always)
  func isConjunctive(_ position: Int) -> Bool {
    !conjunctionNumbers.isEmpty && conjunctionNumbers[position] >= 0
  }
  /// The conjunctions that a flow is part of; nil for none.
  func conjunction(_ position: Int) -> ConjunctionSet? {
    guard isConjunctive(position) else { return nil }
    return conjunctionSets[Int(conjunctionNumbers[position])]
  }

  var count: Int { rows.count }
  func count(cookie: UInt64) -> Int { rows.count { list.rows[Int($0)].cookie == cookie } }
  var entries: [FlowEntry] { rows.map { list[Int($0)] } }
  func entry(_ position: Int) -> FlowEntry { list[Int(rows[position])] }
  func evidence(_ position: Int) -> Evidence { list.evidence(at: Int(rows[position])) }
  func actions(_ position: Int) -> [FlowAction] {
    actionLists[Int(actionNumbers[position])]
  }
  /// Words of the flow's line that are not understood.
  func unrecognised(_ position: Int) -> [String] {
    guard hasUnrecognised else { return [] }
    let rare = list.rows[Int(rows[position])].rare
    return rare == 0 ? [] : list.rare[Int(rare) - 1].unrecognised
  }
  func match(_ position: Int) -> CompiledMatch { CompiledMatch(entry(position).match) }
}

/// The flows of a table that look at the same bits: where their words stand in `SubtableWords`.
struct FlowSubtable: Sendable {
  /// Of `indices` and `masks`.
  var firstMask: Int32
  var maskCount: Int32
  /// Of `rows`, each `1 + maskCount` words long: a flow's position plus 1 (0 is free), then its values.
  var firstRow: Int32
  /// One less than the number of rows, which is a power of two.
  var rowMask: Int32
  var maximumPriority: Int32
}

/// The words of all subtables of a table, one subtable's behind another's.
struct SubtableWords: Sendable {
  /// Of a key, rising in each subtable.
  var indices: [UInt8] = []
  var masks: [UInt64] = []
  /// Hash tables with open addressing; each value's flow of the highest priority.
  var rows: [UInt64] = []
  /// By position: the next lower flow of the same value; -1 for none. Empty where no two have the same.
  var lower: [Int32] = []
  /// Of `SubtableFilter`s.
  var filters: [UInt64] = []

  @inline(__always)
  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word &+ 0x517c_c1b7_2722_0a95)
      .multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }
  @inline(__always)
  static func place(_ hash: UInt64, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
  }
}

extension FlowTable {
  /// The flow of the highest priority in `subtable` whose value the key has; -1 for none.
  @inline(__always)
  func find(_ subtable: FlowSubtable, _ key: inout FlowKey) -> Int32 {
    let count = Int(subtable.maskCount)
    let first = Int(subtable.firstMask)
    var hash: UInt64 = 0
    for part in first..<first + count {
      hash = SubtableWords.mix(
        hash, key.words[Int(words.indices[part])] & words.masks[part])
    }
    let mask = Int(subtable.rowMask)
    var place = SubtableWords.place(hash, mask)
    while true {
      let row = Int(subtable.firstRow) + place * (count + 1)
      let flow = words.rows[row]
      if flow == 0 { return -1 }
      if hasValues(row + 1, first, count, &key) { return Int32(truncatingIfNeeded: flow) - 1 }
      place = (place + 1) & mask
    }
  }

  @inline(__always)
  private func hasValues(
    _ row: Int, _ first: Int, _ count: Int, _ key: inout FlowKey
  ) -> Bool {
    for part in 0..<count
    where key.words[Int(words.indices[first + part])] & words.masks[first + part]
      != words.rows[row + part]
    {
      return false
    }
    return true
  }

  /// The next lower flow with the same value; -1 for none.
  func next(after flow: Int32) -> Int32 { words.lower.isEmpty ? -1 : words.lower[Int(flow)] }
}
