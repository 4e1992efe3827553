// Statements with nested blocks in braces: the ground of keepalived's and radvd's configuration.
// Feeds KeepalivedFormat and RadvdFormat.
import Facts

/// A statement: its words, and its block where it has one.
struct BlockStatement {
  var words: [String]
  var children: [BlockStatement] = []
  var hasBlock = false
  let line: Int
  var range: Range<Int>

  func first(_ keyword: String) -> BlockStatement? {
    children.first { $0.words.first == keyword }
  }
}

/// How a language ends its statements and begins its comments.
struct BlockLanguage {
  let format: String
  /// keepalived: a statement ends with its line; radvd: with `;`.
  let endsAtLine: Bool
  let comments: Set<UInt8>
}

/// Reads top-level statements; each with its block is one fact.
struct BlockReader {
  /// Deeper than keepalived's grammar (4); more is an error, so that no input grows the stack.
  private static let maximumDepth = 32

  private(set) var log: ParseLog
  private let language: BlockLanguage
  private var position = 0
  private var line = 1
  private var accounted = 0
  /// Open statements, outermost first; the last may still take words.
  private var open: [BlockStatement] = []
  private var current: BlockStatement?
  private(set) var statements: [BlockStatement] = []

  init(_ text: CaptureText, _ language: BlockLanguage) {
    log = ParseLog(text)
    self.language = language
  }

  private var bytes: [UInt8] { log.text.bytes }

  mutating func read() {
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\n"): endOfLine()
      case 0x20, 0x09, 0x0d: position += 1
      case _ where language.comments.contains(byte): skipComment()
      case UInt8(ascii: "{"): openBlock()
      case UInt8(ascii: "}"): closeBlock()
      case UInt8(ascii: ";") where !language.endsAtLine:
        position += 1
        endStatement()
      default: word()
      }
    }
    finish()
  }

  private mutating func endOfLine() {
    position += 1
    line += 1
    guard language.endsAtLine, current != nil else { return }
    if !skipToBraceBelow() { endStatement() }
  }

  /// keepalived takes a brace that stands below its keyword; steps over the empty lines before it.
  private mutating func skipToBraceBelow() -> Bool {
    var next = position
    var lines = 0
    while next < bytes.count, [0x20, 0x09, 0x0d, 0x0a].contains(bytes[next]) {
      if bytes[next] == UInt8(ascii: "\n") { lines += 1 }
      next += 1
    }
    guard next < bytes.count, bytes[next] == UInt8(ascii: "{") else { return false }
    position = next
    line += lines
    return true
  }

  private mutating func skipComment() {
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
  }

  private mutating func word() {
    let start = position
    let text = bytes[position] == UInt8(ascii: "\"") ? quotedWord() : plainWord()
    var statement = current ?? BlockStatement(words: [], line: line, range: start..<start)
    // No second reference to the words, or each one more would copy all before it.
    current = nil
    statement.words.append(text)
    statement.range = statement.range.lowerBound..<position
    current = statement
  }

  private mutating func quotedWord() -> String {
    let start = position + 1
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""),
      bytes[position] != UInt8(ascii: "\n")
    {
      position += 1
    }
    let text = log.text.string(start..<position)
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { position += 1 }
    return text
  }

  private mutating func plainWord() -> String {
    let start = position
    while position < bytes.count, !isWordEnd(bytes[position]) { position += 1 }
    return log.text.string(start..<position)
  }

  private func isWordEnd(_ byte: UInt8) -> Bool {
    [0x20, 0x09, 0x0d, 0x0a, UInt8(ascii: "{"), UInt8(ascii: "}")].contains(byte)
      || (byte == UInt8(ascii: ";") && !language.endsAtLine)
  }

  private mutating func openBlock() {
    let start = position
    position += 1
    guard open.count < Self.maximumDepth else { return }
    var statement = current ?? BlockStatement(words: [], line: line, range: start..<start)
    statement.hasBlock = true
    open.append(statement)
    current = nil
  }

  private mutating func closeBlock() {
    endStatement()
    let start = position
    position += 1
    guard var statement = open.popLast() else {
      log.structure(accounted..<start)
      log.reject(
        "\(language.format)/bad-brace", line: line, start..<position,
        "'}' that closes no block")
      accounted = position
      return
    }
    statement.range = statement.range.lowerBound..<position
    add(statement)
  }

  private mutating func endStatement() {
    guard let statement = current else { return }
    current = nil
    add(statement)
  }

  private mutating func add(_ statement: BlockStatement) {
    if open.isEmpty {
      log.structure(accounted..<statement.range.lowerBound)
      log.fact(statement.range)
      accounted = statement.range.upperBound
      statements.append(statement)
    } else {
      open[open.count - 1].children.append(statement)
    }
  }

  private mutating func finish() {
    if open.isEmpty { endStatement() }
    if let unclosed = open.first {
      let start = unclosed.range.lowerBound
      log.structure(accounted..<start)
      log.isIncomplete = true
      log.reject(
        "\(language.format)/cut", line: unclosed.line, start..<bytes.count,
        "the file ends inside a block: wanted '}'")
    } else {
      log.structure(accounted..<bytes.count)
    }
  }

  mutating func remark(_ what: String, _ statement: BlockStatement, _ message: String) {
    log.remark(
      "\(language.format)/\(what)", .warning, line: statement.line, statement.range, message)
  }
}
