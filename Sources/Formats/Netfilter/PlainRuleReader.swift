// The lines that iptables-save prints, straight into columns. Whatever is not as it prints it goes to
// `IPTablesRuleParser`, which knows everything: both must give the same rule for the same line.
import Facts
import NetworkTypes

/// Reads plain lines of one file into columns.
///
/// A rule is a row of clauses, each of which begins with an option of the rule's own (`-s`, `-m`) and
/// means the same wherever it stands. What a clause says is found by its text; a text that is new is
/// read by the general reader, on its own.
struct PlainRuleReader {
  /// What a clause says. Indices point into the columns.
  private struct Clause {
    var matches: UInt32 = 0
    var matchCount: UInt32 = 0
    /// As a row has it.
    var comment: UInt32 = 0
  }

  private let text: CaptureText
  private let family: AddressFamily
  /// `.max` where not all of a text was understood: its remarks belong to every line.
  private var clauseNumbers = SpellingIndex()
  private var clauses: [Clause] = []
  private var targetNumbers = SpellingIndex()
  /// The present table's.
  private var chainNumbers = SpellingIndex()
  /// One a chain, as a row has it; 0 where no rule has jumped there yet.
  private var jumps: [UInt32] = []
  /// False in a table with names that are equal to others without being spelled alike.
  private var hasPlainNames = true

  init(_ text: CaptureText, family: AddressFamily) {
    self.text = text
    self.family = family
  }

  // MARK: Chains

  mutating func beginTable() {
    chainNumbers = SpellingIndex()
    jumps = []
    hasPlainNames = true
  }

  /// Knows the chain named in `range` as the table's next one.
  mutating func addChain(_ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) {
    if !Self.isPlainName(range, bytes) { hasPlainNames = false }
    chainNumbers.add(
      range, hash: SpellingIndex.hash(bytes, range), UInt32(truncatingIfNeeded: jumps.count))
    jumps.append(0)
  }

  /// No word of a rule that is equal to it is spelled in another way, or means something else.
  private static func isPlainName(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    bytes[range.lowerBound] != UInt8(ascii: "-")
      && range.allSatisfy { index in
        bytes[index] > 0x20 && bytes[index] < 0x7f && bytes[index] != UInt8(ascii: "\"")
      }
  }

  /// `:mine - [0:0]`, `:INPUT ACCEPT [5:300]`; nil where the line is not plain or the chain not new.
  func chain(_ line: Line, _ bytes: UnsafeBufferPointer<UInt8>) -> (IPTablesChain, Range<Int>)? {
    guard hasPlainNames, let base = bytes.baseAddress else { return nil }
    var scanner = PlainScanner(base: base, position: line.content.lowerBound)
    guard scanner.skip(UInt8(ascii: ":")), let name = Self.name(&scanner),
      scanner.skip(UInt8(ascii: " ")), let policy = Self.policy(&scanner),
      let counters = Self.counters(&scanner), scanner.position == line.content.upperBound,
      chainNumbers.number(name, hash: SpellingIndex.hash(bytes, name), bytes) == nil
    else { return nil }
    let chain = IPTablesChain(
      name: NetfilterChainName(text.string(name)), policy: policy, counters: counters,
      evidence: Evidence(file: text.file, line: line.number, bytes: line.content))
    return (chain, name)
  }

  private static func policy(_ scanner: inout PlainScanner) -> IPTablesChain.Policy?? {
    if scanner.skip("- ") { return .some(nil) }
    if scanner.skip("ACCEPT ") { return .some(.accept) }
    return scanner.skip("DROP ") ? .some(.drop) : nil
  }

  /// `[packets:bytes]`.
  private static func counters(_ scanner: inout PlainScanner) -> PacketCounters? {
    guard scanner.skip(UInt8(ascii: "[")), let packets = scanner.decimal(),
      scanner.skip(UInt8(ascii: ":")), let bytes = scanner.decimal(),
      scanner.skip(UInt8(ascii: "]"))
    else { return nil }
    return PacketCounters(packets: packets, bytes: bytes)
  }

  /// Printable letters of ASCII, the first of them no quote.
  private static func name(_ scanner: inout PlainScanner) -> Range<Int>? {
    let start = scanner.position
    guard scanner.current != UInt8(ascii: "\"") else { return nil }
    while scanner.current > 0x20, scanner.current < 0x7f { scanner.position += 1 }
    return scanner.position > start ? start..<scanner.position : nil
  }

  // MARK: Rules

  /// Adds the rule of a line that ends in a line feed; false where it is not plain, and no row is added.
  mutating func read(
    _ line: Line, _ bytes: UnsafeBufferPointer<UInt8>, into columns: inout RuleColumnsBuilder
  ) -> Bool {
    guard hasPlainNames, let base = bytes.baseAddress else { return false }
    var scanner = PlainScanner(base: base, position: line.content.lowerBound)
    var row = RuleColumns.Row()
    if scanner.current == UInt8(ascii: "[") {
      guard let counters = Self.counters(&scanner), scanner.skip(UInt8(ascii: " ")) else {
        return false
      }
      row.packets = counters.packets
      row.bytes = counters.bytes
    }
    row.textStart = Int32(truncatingIfNeeded: scanner.position)
    guard scanner.skip("-A "), let name = Self.name(&scanner),
      let chain = chainNumbers.number(name, hash: SpellingIndex.hash(bytes, name), bytes)
    else { return false }
    row.chain = chain
    row.line = Int32(truncatingIfNeeded: line.number)
    row.start = Int32(truncatingIfNeeded: line.content.lowerBound)
    row.end = Int32(truncatingIfNeeded: line.content.upperBound)
    let end = line.content.upperBound
    let firstNumber = columns.matchNumbers.count
    guard readClauses(&scanner, end, bytes, &row, &columns) else {
      columns.matchNumbers.removeSubrange(firstNumber...)
      return false
    }
    row.matches = UInt32(truncatingIfNeeded: firstNumber)
    row.matchCount = UInt32(truncatingIfNeeded: columns.matchNumbers.count - firstNumber)
    columns.rows.append(row)
    return true
  }

  /// What stands behind the chain's name, to the end of the line.
  private mutating func readClauses(
    _ scanner: inout PlainScanner, _ end: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ row: inout RuleColumns.Row, _ columns: inout RuleColumnsBuilder
  ) -> Bool {
    while scanner.position < end {
      guard scanner.skip(UInt8(ascii: " ")) else { return false }
      if scanner.skip("-j ") {
        guard let target = target(scanner.position..<end, bytes, &columns) else { return false }
        row.target = target
        return true
      }
      let start = scanner.position
      guard scanner.skipClause(end: end) else { return false }
      let range = start..<scanner.position
      guard let clause = clause(range, bytes, &columns) else { return false }
      for index in 0..<clause.matchCount { columns.matchNumbers.append(clause.matches + index) }
      if clause.comment > 0 { row.comment = clause.comment }
    }
    return true
  }

  private mutating func clause(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>,
    _ columns: inout RuleColumnsBuilder
  ) -> Clause? {
    let hash = SpellingIndex.hash(bytes, range)
    if let number = clauseNumbers.number(range, hash: hash, bytes) {
      return number == .max ? nil : clauses[Int(number)]
    }
    let clause = newClause(range, bytes, &columns)
    clauseNumbers.add(
      range, hash: hash, clause == nil ? .max : UInt32(truncatingIfNeeded: clauses.count))
    if let clause { clauses.append(clause) }
    return clause
  }

  private func newClause(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>,
    _ columns: inout RuleColumnsBuilder
  ) -> Clause? {
    let first = UInt32(truncatingIfNeeded: columns.matches.count)
    if let match = PlainMatch.read(range, bytes) {
      columns.matches.append(match)
      return Clause(matches: first, matchCount: 1)
    }
    // A negation that is left over is the next clause's.
    guard let words = ruleWords(text.bytes, range), words.last?.isNegation == false else {
      return nil
    }
    var parser = IPTablesRuleParser(words, text: text, family: family, chains: [:])
    parser.parse()
    guard parser.remarks.isEmpty, parser.target == nil else { return nil }
    var clause = Clause(
      matches: first, matchCount: UInt32(truncatingIfNeeded: parser.matches.count))
    columns.matches += parser.matches
    if let comment = parser.comment {
      columns.comments.append(comment)
      clause.comment = UInt32(truncatingIfNeeded: columns.comments.count)
    }
    return clause
  }

  // MARK: Targets

  /// What stands behind `-j `, as a row has it: a chain's name alone is a jump.
  private mutating func target(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>,
    _ columns: inout RuleColumnsBuilder
  ) -> UInt32? {
    guard let last = range.last, bytes[last] > 0x20 else { return nil }
    let hash = SpellingIndex.hash(bytes, range)
    if let chain = chainNumbers.number(range, hash: hash, bytes) {
      let known = jumps[Int(chain)]
      if known > 0 { return known }
      jumps[Int(chain)] = columns.add(.jump(NetfilterChainName(text.string(range))))
      return jumps[Int(chain)]
    }
    if let number = targetNumbers.number(range, hash: hash, bytes) {
      return number == .max ? nil : number
    }
    let number = newTarget(range).map { columns.add($0) }
    targetNumbers.add(range, hash: hash, number ?? .max)
    return number
  }

  private func newTarget(_ range: Range<Int>) -> IPTablesTarget? {
    let option = range.lowerBound - "-j ".utf8.count
    guard range.allSatisfy({ text.bytes[$0] < 0x7f }),
      let words = ruleWords(text.bytes, option..<range.upperBound)
    else { return nil }
    var parser = IPTablesRuleParser(words, text: text, family: family, chains: [:])
    parser.parse()
    return parser.remarks.isEmpty && parser.matches.isEmpty ? parser.target : nil
  }
}

extension PlainScanner {
  /// Steps to the blank before the rule's next option of its own (`-m`, `! -s`), or to the line's end; false
  /// where blanks or quotes are not as iptables-save prints them.
  @inline(__always)
  fileprivate mutating func skipClause(end: Int) -> Bool {
    if base[position] == UInt8(ascii: "!"), base[position + 1] == 0x20 { position += 2 }
    while true {
      let byte = base[position]
      if byte > 0x20 {
        position += 1
        continue
      }
      guard byte == 0x20, position < end else { return position == end }
      let next = base[position + 1]
      if next == UInt8(ascii: "\"") {
        position += 1
        guard skipQuoted() else { return false }
      } else if next <= 0x20 {
        return false
      } else if isOwnOption(position + 1)
        || (next == UInt8(ascii: "!") && base[position + 2] == 0x20 && isOwnOption(position + 3))
      {
        return true
      } else {
        position += 1
      }
    }
  }

  /// `-m`, but not `--dport`.
  @inline(__always)
  private func isOwnOption(_ place: Int) -> Bool {
    base[place] == UInt8(ascii: "-") && base[place + 1] != UInt8(ascii: "-")
  }

  /// A quoted word and nothing behind it but a blank or the line's end.
  private mutating func skipQuoted() -> Bool {
    position += 1
    while base[position] != UInt8(ascii: "\"") {
      if base[position] == UInt8(ascii: "\\") { position += 1 }
      if base[position] == UInt8(ascii: "\n") { return false }
      position += 1
    }
    position += 1
    return base[position] <= 0x20
  }
}
