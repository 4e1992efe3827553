// The columns of a file's rules while it is read.
import Facts

struct RuleColumnsBuilder {
  var rows: [RuleColumns.Row] = []
  var matchNumbers: [UInt32] = []
  var matches: [IPTablesMatch] = []
  var comments: [String] = []
  private var targets: [IPTablesTarget] = []
  private var others: [IPTablesRule] = []

  /// Room for as many rules as iptables-save writes in that many bytes.
  init(bytes: Int) {
    rows.reserveCapacity(bytes / 80)
    matchNumbers.reserveCapacity(bytes / 40)
  }

  /// Keeps a target; its number as a row has it.
  mutating func add(_ target: IPTablesTarget) -> UInt32 {
    targets.append(target)
    return UInt32(truncatingIfNeeded: targets.count)
  }

  /// Keeps a rule as it is.
  mutating func add(_ rule: IPTablesRule, chain: Int) {
    others.append(rule)
    var row = RuleColumns.Row()
    row.other = UInt32(truncatingIfNeeded: others.count)
    row.chain = UInt32(truncatingIfNeeded: chain)
    rows.append(row)
  }

  /// Where the rules of each chain stand, with the rows from `first` on put into the chains' order.
  mutating func rangesOfChains(from first: Int, chainCount: Int) -> [Range<Int>] {
    var counts = Array(repeating: 0, count: chainCount)
    var isOrdered = true
    for index in first..<rows.count {
      counts[Int(rows[index].chain)] += 1
      if index > first, rows[index].chain < rows[index - 1].chain { isOrdered = false }
    }
    var end = first
    let ranges = counts.map { count in
      end += count
      return end - count..<end
    }
    if !isOrdered { order(from: first, ranges.map(\.lowerBound)) }
    return ranges
  }
  private mutating func order(from first: Int, _ starts: [Int]) {
    var places = starts
    let old = Array(rows[first...])
    for row in old {
      rows[places[Int(row.chain)]] = row
      places[Int(row.chain)] += 1
    }
  }

  func columns(of text: CaptureText) -> RuleColumns {
    RuleColumns(
      file: text.file, text: text.bytes, rows: rows, matchNumbers: matchNumbers,
      matches: matches, targets: targets, comments: comments, others: others)
  }
}
