// The rules of a chain. A file's rules are columns that its chains share: a compute node has tens of
// thousands, and nearly everything they say they say alike. Reads like an array of `IPTablesRule`.
import NetworkTypes

/// The rules of one file: each match, target and comment once, and its rules as numbers of them.
package final class RuleColumns: Sendable {
  /// A rule. Indices point into the columns.
  package struct Row: Sendable {
    /// `.max` where they were not printed.
    package var packets = UInt64.max
    package var bytes = UInt64.max
    /// First of its numbers in `matchNumbers`.
    package var matches: UInt32 = 0
    package var matchCount: UInt32 = 0
    /// Index of `targets` plus 1; 0 for none.
    package var target: UInt32 = 0
    /// Index of `comments` plus 1; 0 for none.
    package var comment: UInt32 = 0
    /// Index of `others` plus 1, for a rule that is kept as it is; 0 for one of columns.
    package var other: UInt32 = 0
    /// Of the table's chains.
    package var chain: UInt32 = 0
    package var line: Int32 = 0
    package var start: Int32 = 0
    /// Where its text begins: behind the counters.
    package var textStart: Int32 = 0
    package var end: Int32 = 0
    package init() {}
  }

  package let file: CaptureFileID
  /// The file's: what rules are written as.
  package let text: [UInt8]
  package let rows: [Row]
  package let matchNumbers: [UInt32]
  package let matches: [IPTablesMatch]
  package let targets: [IPTablesTarget]
  package let comments: [String]
  package let others: [IPTablesRule]

  package init(
    file: CaptureFileID, text: [UInt8], rows: [Row], matchNumbers: [UInt32],
    matches: [IPTablesMatch], targets: [IPTablesTarget], comments: [String],
    others: [IPTablesRule]
  ) {
    self.file = file
    self.text = text
    self.rows = rows
    self.matchNumbers = matchNumbers
    self.matches = matches
    self.targets = targets
    self.comments = comments
    self.others = others
  }

  func rule(_ index: Int) -> IPTablesRule {
    let row = rows[index]
    if row.other > 0 { return others[Int(row.other) - 1] }
    let numbers = matchNumbers[Int(row.matches)..<Int(row.matches) + Int(row.matchCount)]
    return IPTablesRule(
      matches: numbers.map { matches[Int($0)] },
      target: row.target > 0 ? targets[Int(row.target) - 1] : nil,
      counters: row.packets == .max
        ? nil : PacketCounters(packets: row.packets, bytes: row.bytes),
      comment: row.comment > 0 ? comments[Int(row.comment) - 1] : nil,
      text: String(decoding: text[Int(row.textStart)..<Int(row.end)], as: UTF8.self),
      evidence: Evidence(
        file: file, line: Int(row.line), bytes: Int(row.start)..<Int(row.end)))
  }
}

/// The rules of a chain, in order. What a file says is read from its columns, one rule at a time; a list
/// that is changed becomes an array.
public struct RuleList: Sendable {
  private enum Storage: Sendable {
    case columns(RuleColumns, Range<Int>)
    case rules([IPTablesRule])
  }
  private var storage: Storage

  public init() { storage = .rules([]) }

  /// The rules whose rows are `rows`.
  package init(_ columns: RuleColumns, _ rows: Range<Int>) {
    storage = rows.isEmpty ? .rules([]) : .columns(columns, rows)
  }
}

extension RuleList: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int {
    switch storage {
    case .columns(_, let rows): rows.count
    case .rules(let rules): rules.count
    }
  }
  /// Costs an allocation or two: the rule is put together of its columns.
  public subscript(index: Int) -> IPTablesRule {
    get {
      switch storage {
      case .columns(let columns, let rows): columns.rule(rows.lowerBound + index)
      case .rules(let rules): rules[index]
      }
    }
    set { replaceSubrange(index..<index + 1, with: CollectionOfOne(newValue)) }
  }

  public mutating func replaceSubrange(
    _ range: Range<Int>, with rules: some Collection<IPTablesRule>
  ) {
    var all: [IPTablesRule]
    switch storage {
    case .columns: all = Array(self)
    case .rules(let rules): all = rules
    }
    storage = .rules([])
    all.replaceSubrange(range, with: rules)
    storage = .rules(all)
  }
}

extension RuleList: ExpressibleByArrayLiteral {
  public init(arrayLiteral rules: IPTablesRule...) { storage = .rules(rules) }
}

extension RuleList: Hashable {
  public static func == (a: RuleList, b: RuleList) -> Bool { a.elementsEqual(b) }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for rule in self { hasher.combine(rule) }
  }
}
