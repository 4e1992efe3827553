// The words of a rule's line, with iptables' quoting undone.
import Facts
import NetworkTypes

struct RuleWord: Sendable {
  let text: String
  let range: Range<Int>
  /// A quoted word is never an option.
  let isQuoted: Bool
  var option: String? { !isQuoted && text.hasPrefix("-") && text.utf8.count > 1 ? text : nil }
  /// Of the rule, no match module's or target's: `-s`, `-m`, `--jump`.
  var isOwnOption: Bool {
    guard let option else { return false }
    return !option.hasPrefix("--") || ["--match", "--jump", "--goto"].contains(option)
  }
  var isNegation: Bool { !isQuoted && text == "!" }
}

/// Nil where a quote stays open.
func ruleWords(_ bytes: [UInt8], _ range: Range<Int>) -> [RuleWord]? {
  var cursor = ByteCursor(bytes, range)
  var words: [RuleWord] = []
  cursor.skipSpaces()
  while !cursor.isAtEnd {
    if cursor.current == UInt8(ascii: "\"") {
      guard let word = quotedWord(&cursor) else { return nil }
      words.append(word)
    } else {
      let range = cursor.word()
      words.append(RuleWord(text: cursor.text(range), range: range, isQuoted: false))
    }
    cursor.skipSpaces()
  }
  return words
}

private func quotedWord(_ cursor: inout ByteCursor) -> RuleWord? {
  let start = cursor.position
  cursor.position += 1
  var text: [UInt8] = []
  while let byte = cursor.current {
    cursor.position += 1
    switch byte {
    case UInt8(ascii: "\""):
      return RuleWord(
        text: String(decoding: text, as: UTF8.self), range: start..<cursor.position, isQuoted: true)
    case UInt8(ascii: "\\"):
      guard let escaped = cursor.current else { return nil }
      text.append(escaped)
      cursor.position += 1
    default: text.append(byte)
    }
  }
  return nil
}

/// Walks over a rule's words.
struct RuleWordCursor: Sendable {
  let words: [RuleWord]
  var position = 0
  init(_ words: [RuleWord]) { self.words = words }

  var current: RuleWord? { position < words.count ? words[position] : nil }
  mutating func next() -> RuleWord? {
    guard let word = current else { return nil }
    position += 1
    return word
  }
  /// The next word as an option's value.
  mutating func value() throws(UnreadOption) -> String {
    guard let word = next(), word.option == nil else { throw UnreadOption() }
    return word.text
  }
  /// The words up to the next one that `isStop` holds for.
  mutating func take(until isStop: (RuleWord) -> Bool) -> ArraySlice<RuleWord> {
    let start = position
    while let word = current, !isStop(word) { position += 1 }
    return words[start..<position]
  }
}

/// An option's value is not what it should be.
struct UnreadOption: Error {}

func required<Value>(_ value: Value?) throws(UnreadOption) -> Value {
  guard let value else { throw UnreadOption() }
  return value
}
