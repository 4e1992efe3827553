// Cuts flow text into `key`, `key=value`, `key:value` and `key(value)`, as ovs-ofctl does. Matches,
// actions, groups and their arguments are all written so.
import Facts
import NetworkTypes

/// Names that flows may hold in place of numbers (`ovs-ofctl --names`).
public struct SwitchNames: Sendable {
  public var ports: [String: OpenFlowPort]
  public var tables: [String: UInt8]
  public init(ports: [String: OpenFlowPort] = [:], tables: [String: UInt8] = [:]) {
    self.ports = ports
    self.tables = tables
  }
}

/// Something in flow text that could not be understood; what holds it is kept as unrecognised.
public struct FlowProblem: Hashable, Sendable {
  /// A diagnostic's id.
  public let id: String
  public let bytes: Range<Int>
  public let message: String
}

/// One argument of flow text.
struct FlowToken {
  enum Shape { case bare, assigned, bracketed, unbalanced }
  var key: Range<Int>
  /// Behind `=` or `:`, or between the brackets; empty for a bare key.
  var value: Range<Int>
  var shape: Shape
  /// Of `key(value)->target`: the target.
  var target: Range<Int>?
  var whole: Range<Int> { key.lowerBound..<max(value.upperBound, target?.upperBound ?? 0, end) }
  var end: Int
}

/// Walks through a range of flow text.
struct FlowReader {
  /// Nested deeper than any real flow; keeps hostile text from overflowing the stack.
  static let maximumDepth = 32

  var cursor: ByteCursor
  let names: SwitchNames
  var problems: [FlowProblem] = []
  var depth = 0

  init(_ bytes: [UInt8], _ range: Range<Int>, names: SwitchNames) {
    cursor = ByteCursor(bytes, range)
    self.names = names
  }
  var bytes: [UInt8] { cursor.bytes }
  func text(_ range: Range<Int>) -> String { cursor.text(range) }

  /// More than any real line has; a line of nothing but brackets has one a byte.
  static let maximumProblems = 32

  /// Notes that `range` is not what was `wanted`; what it is kept as, the caller decides.
  mutating func problem(_ id: String, _ range: Range<Int>, wanted: String) {
    guard problems.count < Self.maximumProblems else { return }
    let shown = text(range.prefix(120)) + (range.count > 120 ? "…" : "")
    problems.append(FlowProblem(id: id, bytes: range, message: "\(shown): wanted \(wanted)"))
  }

  /// Takes over what was noted inside brackets.
  mutating func absorb(_ inner: FlowReader) {
    problems += inner.problems.prefix(Self.maximumProblems - problems.count)
  }

  /// The same text's inside, with problems carried over by the caller.
  func inside(_ range: Range<Int>) -> FlowReader {
    var inner = FlowReader(bytes, range, names: names)
    inner.depth = depth + 1
    return inner
  }

  /// The key and the delimiter behind it, which is stepped over; 0 at the end or at a blank.
  mutating func nextKey() -> (key: Range<Int>, delimiter: UInt8)? {
    cursor.position = firstByte(from: cursor.position) { !Self.isSeparator($0) }
    guard !cursor.isAtEnd else { return nil }
    let start = cursor.position
    if cursor.current == UInt8(ascii: "\"") { skipQuoted() }
    cursor.position = firstByte(from: cursor.position, where: Self.endsKey)
    let key = start..<cursor.position
    guard let delimiter = cursor.current else { return (key, 0) }
    cursor.position += 1
    return (key, Self.isSeparator(delimiter) ? 0 : delimiter)
  }

  /// Where the first byte stands that `isWanted` holds for; the end without one. Every byte of a
  /// dump goes through here, so it is checked against the end once and not twice.
  @inline(__always)
  private func firstByte(from start: Int, where isWanted: (UInt8) -> Bool) -> Int {
    let end = cursor.end
    return cursor.bytes.withUnsafeBufferPointer { buffer in
      var index = start
      while index < end, !isWanted(buffer[index]) { index += 1 }
      return index
    }
  }

  mutating func nextToken() -> FlowToken? {
    guard let (key, delimiter) = nextKey() else { return nil }
    return token(key, delimiter)
  }

  /// Reads the value behind a key's delimiter.
  mutating func token(_ key: Range<Int>, _ delimiter: UInt8) -> FlowToken {
    let start = cursor.position
    switch delimiter {
    case UInt8(ascii: "="), UInt8(ascii: ":"):
      let isBalanced = skipValue()
      return FlowToken(
        key: key, value: start..<cursor.position, shape: isBalanced ? .assigned : .unbalanced,
        end: cursor.position)
    case UInt8(ascii: "("):
      return bracketedToken(key)
    case UInt8(ascii: ")"):
      return FlowToken(
        key: key, value: key.upperBound..<key.upperBound, shape: .unbalanced,
        end: cursor.position)
    default:
      return FlowToken(
        key: key, value: key.upperBound..<key.upperBound, shape: .bare, end: key.upperBound)
    }
  }

  private mutating func bracketedToken(_ key: Range<Int>) -> FlowToken {
    let start = cursor.position
    var open = 1
    while let byte = cursor.current {
      if byte == UInt8(ascii: "\"") {
        skipQuoted()
        continue
      }
      if byte == UInt8(ascii: "(") { open += 1 }
      if byte == UInt8(ascii: ")") { open -= 1 }
      if open == 0 { break }
      cursor.position += 1
    }
    let value = start..<cursor.position
    guard cursor.skip(UInt8(ascii: ")")) else {
      return FlowToken(key: key, value: value, shape: .unbalanced, end: cursor.position)
    }
    let closed = cursor.position
    let isBalanced = skipValue()
    let tail = closed..<cursor.position
    var token = FlowToken(key: key, value: value, shape: .bracketed, end: cursor.position)
    if tail.isEmpty { return token }
    guard isBalanced, tail.count > 2, bytes[closed] == UInt8(ascii: "-"),
      bytes[closed + 1] == UInt8(ascii: ">")
    else {
      token.shape = .unbalanced
      return token
    }
    token.target = closed + 2..<tail.upperBound
    return token
  }

  /// Steps to the separator that ends a value; false where brackets do not pair up.
  private mutating func skipValue() -> Bool {
    var open = 0
    while true {
      cursor.position = firstByte(from: cursor.position, where: Self.matters)
      guard let byte = cursor.current else { return open == 0 }
      switch byte {
      case UInt8(ascii: "\""):
        skipQuoted()
        continue
      case UInt8(ascii: "("): open += 1
      case UInt8(ascii: ")"):
        open -= 1
        if open < 0 { return false }
      default:
        if open == 0 { return true }
      }
      cursor.position += 1
    }
  }
  /// Whether a byte inside a value is more than a part of it.
  private static func matters(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"): true
    default: isSeparator(byte)
    }
  }

  private mutating func skipQuoted() {
    cursor.position += 1
    while let byte = cursor.current {
      cursor.position += 1
      if byte == UInt8(ascii: "\\") {
        if !cursor.isAtEnd { cursor.position += 1 }
      } else if byte == UInt8(ascii: "\"") {
        return
      }
    }
  }

  static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == 0x20 || byte == 0x09 || byte == 0x0d
  }
  private static func endsKey(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "("), UInt8(ascii: ")"): true
    default: isSeparator(byte)
    }
  }
}

extension FlowReader {
  func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ range: Range<Int>, _ type: Number.Type = Number.self
  ) -> Number? {
    parseNumber(bytes, range).flatMap { Number(exactly: $0) }
  }

  /// The parts between commas outside brackets, blanks trimmed.
  func parts(_ range: Range<Int>, separator: UInt8 = UInt8(ascii: ",")) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = range.lowerBound
    var open = 0
    for index in range {
      if bytes[index] == UInt8(ascii: "(") { open += 1 }
      if bytes[index] == UInt8(ascii: ")") { open -= 1 }
      guard open == 0, bytes[index] == separator else { continue }
      parts.append(trimmed(start..<index))
      start = index + 1
    }
    parts.append(trimmed(start..<range.upperBound))
    return parts
  }

  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return start..<end
  }

  /// What stands before and behind the last `->`.
  func arrow(_ range: Range<Int>) -> (Range<Int>, Range<Int>)? {
    var index = range.upperBound - 2
    while index >= range.lowerBound {
      if bytes[index] == UInt8(ascii: "-"), bytes[index + 1] == UInt8(ascii: ">") {
        return (range.lowerBound..<index, index + 2..<range.upperBound)
      }
      index -= 1
    }
    return nil
  }

  /// A port by number, reserved name or, where the names are known, its own name.
  func port(_ range: Range<Int>) -> OpenFlowPort? {
    if let number: UInt32 = number(range) { return OpenFlowPort(number) }
    if let reserved = reservedPorts.value(bytes, range) { return reserved }
    return names.ports[unquoted(range)]
  }
  func table(_ range: Range<Int>) -> UInt8? {
    if let number: UInt8 = number(range) { return number }
    return names.tables[unquoted(range)]
  }

  /// A name without its quotes and escapes.
  func unquoted(_ range: Range<Int>) -> String {
    guard range.count >= 2, bytes[range.lowerBound] == UInt8(ascii: "\"") else {
      return text(range)
    }
    if let node = try? JSONParser.document(Array(bytes[range])), let name = node.string {
      return name
    }
    return text(range.dropFirst().dropLast())
  }

  /// `name`, `name[]`, `name[bit]` or `name[first..last]` inside the field's width.
  func subfield(_ range: Range<Int>) -> Subfield? {
    let open = range.first { bytes[$0] == UInt8(ascii: "[") } ?? range.upperBound
    guard let field = fieldNames.value(bytes, range.lowerBound..<open) else { return nil }
    if open == range.upperBound { return Subfield(field) }
    guard bytes[range.upperBound - 1] == UInt8(ascii: "]") else { return nil }
    let inner = open + 1..<range.upperBound - 1
    if inner.isEmpty { return Subfield(field) }
    let dots = inner.first { bytes[$0] == UInt8(ascii: ".") } ?? inner.upperBound
    guard let first: UInt16 = number(inner.lowerBound..<dots) else { return nil }
    var last = first
    if dots < inner.upperBound {
      guard dots + 2 < inner.upperBound, bytes[dots + 1] == UInt8(ascii: "."),
        let end: UInt16 = number(dots + 2..<inner.upperBound)
      else { return nil }
      last = end
    }
    guard first <= last, last < field.widthBits else { return nil }
    return Subfield(field, firstBit: first, bitCount: last - first + 1)
  }
}

let fieldNames = NameTable(OpenFlowField.byName.map { ($0.key, $0.value) })

private let reservedPorts = NameTable(
  OpenFlowPort.reservedNames.enumerated().map {
    ($0.element.lowercased(), OpenFlowPort(0xffff_fff7 + UInt32($0.offset)))
  } + [("none", .any)], foldsCase: true)
