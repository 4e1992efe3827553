// A cursor over JSON bytes. Strict RFC 8259, nesting bounded so that no input overflows the stack.
import NetworkTypes

/// Parses one JSON value after another out of a file.
public struct JSONParser: Sendable {
  /// Deeper than any tool's output (`nft -j` nests about 20); the 201st level is an error.
  public static let maximumDepth = 200

  let bytes: [UInt8]
  public private(set) var position = 0
  private var line = 1

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The whole text as one value; anything behind it is an error.
  public static func document(_ bytes: [UInt8]) throws(JSONError) -> JSONNode {
    var parser = JSONParser(bytes)
    let node = try parser.value()
    guard parser.isAtEnd() else { throw parser.error("the end of the file") }
    return node
  }

  /// Skips white space and says whether nothing else follows.
  public mutating func isAtEnd() -> Bool {
    skipWhitespace()
    return position >= bytes.count
  }

  /// The next value.
  public mutating func value() throws(JSONError) -> JSONNode { try value(depth: 0) }

  /// Steps over `byte` if it is the next one that is no white space.
  public mutating func skip(_ byte: UInt8) -> Bool {
    skipWhitespace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  public func error(_ wanted: String) -> JSONError {
    JSONError(offset: position, line: line, wanted: wanted)
  }

  private mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x0a: line += 1
      case 0x20, 0x09, 0x0d: break
      default: return
      }
      position += 1
    }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONNode {
    skipWhitespace()
    guard position < bytes.count else { throw error("a JSON value") }
    guard depth < Self.maximumDepth else {
      throw error("nesting of at most \(Self.maximumDepth) levels")
    }
    let start = position
    let startLine = line
    let value: JSONNode.Value
    switch bytes[position] {
    case UInt8(ascii: "{"): value = .object(try members(depth: depth))
    case UInt8(ascii: "["): value = .array(try elements(depth: depth))
    case UInt8(ascii: "\""): value = .string(try string())
    case UInt8(ascii: "t"): value = .bool(try literal("true", true))
    case UInt8(ascii: "f"): value = .bool(try literal("false", false))
    case UInt8(ascii: "n"):
      _ = try literal("null", false)
      value = .null
    default: value = .number(try number())
    }
    return JSONNode(value: value, range: start..<position, line: startLine)
  }

  private mutating func members(depth: Int) throws(JSONError) -> [JSONNode.Member] {
    position += 1
    var members: [JSONNode.Member] = []
    if skip(UInt8(ascii: "}")) { return members }
    while true {
      skipWhitespace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw error("a key in double quotes")
      }
      let key = try string()
      guard skip(UInt8(ascii: ":")) else { throw error("':' after the key \"\(key)\"") }
      members.append(JSONNode.Member(key: key, value: try value(depth: depth + 1)))
      if skip(UInt8(ascii: ",")) { continue }
      guard skip(UInt8(ascii: "}")) else { throw error("',' or '}'") }
      return members
    }
  }

  private mutating func elements(depth: Int) throws(JSONError) -> [JSONNode] {
    position += 1
    var nodes: [JSONNode] = []
    if skip(UInt8(ascii: "]")) { return nodes }
    while true {
      nodes.append(try value(depth: depth + 1))
      if skip(UInt8(ascii: ",")) { continue }
      guard skip(UInt8(ascii: "]")) else { throw error("',' or ']'") }
      return nodes
    }
  }

  private mutating func literal(_ text: StaticString, _ value: Bool) throws(JSONError) -> Bool {
    let count = text.utf8CodeUnitCount
    let matches =
      bytes.count - position >= count
      && text.withUTF8Buffer { buffer in
        for offset in 0..<count where bytes[position + offset] != buffer[offset] { return false }
        return true
      }
    guard matches else { throw error("a JSON value") }
    position += count
    return value
  }

  private mutating func number() throws(JSONError) -> String {
    let start = position
    _ = take(UInt8(ascii: "-"))
    // A zero stands alone before the point: `01` is no number.
    if !take(UInt8(ascii: "0")) { try digits(orElse: "a JSON value") }
    if take(UInt8(ascii: ".")) { try digits(orElse: "a digit after '.'") }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits(orElse: "a digit in the exponent")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func digits(orElse wanted: String) throws(JSONError) {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    if position == start { throw error(wanted) }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        defer { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
      case UInt8(ascii: "\\"): return try escapedString(from: start)
      case 0..<0x20: throw error("no control character inside a string")
      default: position += 1
      }
    }
    throw error("'\"' at the end of the string")
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw error("no control character inside a string")
      default: text.append(byte)
      }
    }
    throw error("'\"' at the end of the string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard position < bytes.count else { throw error("an escape after '\\'") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text += Array(String(try unicodeEscape()).utf8)
    default: throw error("one of \" \\ / b f n r t u after '\\'")
    }
  }

  /// The scalar of `\uXXXX` or of a surrogate pair; half a pair becomes U+FFFD.
  private mutating func unicodeEscape() throws(JSONError) -> Character {
    let first = try hexQuad()
    if (0xd800..<0xdc00).contains(first), position + 1 < bytes.count,
      bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    {
      let afterFirst = position
      position += 2
      let second = try hexQuad()
      if (0xdc00..<0xe000).contains(second) {
        let code = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
        return Unicode.Scalar(code).map(Character.init) ?? "\u{fffd}"
      }
      position = afterFirst
    }
    return Unicode.Scalar(UInt32(first)).map(Character.init) ?? "\u{fffd}"
  }

  private mutating func hexQuad() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("four hexadecimal digits") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = hexDigit(bytes[position]) else {
        throw error("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
