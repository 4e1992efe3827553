// A position in bytes, with the few moves that line formats need.
import NetworkTypes

/// Walks over `bytes[position..<end]`.
public struct ByteCursor: Sendable {
  public let bytes: [UInt8]
  public var position: Int
  public let end: Int

  public init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  public var isAtEnd: Bool { position >= end }
  public var current: UInt8? { position < end ? bytes[position] : nil }

  public mutating func skipSpaces() {
    while position < end, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
  }
  /// Steps over `byte` if it is next.
  public mutating func skip(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }
  /// Steps over `literal` if it is next.
  public mutating func skip(_ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard end - position >= count else { return false }
    let matches = literal.withUTF8Buffer { buffer in
      for offset in 0..<count where bytes[position + offset] != buffer[offset] { return false }
      return true
    }
    if matches { position += count }
    return matches
  }
  /// The bytes up to (not including) the first that `isStop` holds for.
  public mutating func take(until isStop: (UInt8) -> Bool) -> Range<Int> {
    let start = position
    while position < end, !isStop(bytes[position]) { position += 1 }
    return start..<position
  }
  /// The next run of bytes that are not spaces, after any spaces; empty at the end.
  public mutating func word() -> Range<Int> {
    skipSpaces()
    return take { $0 == 0x20 || $0 == 0x09 }
  }
  public func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }
  public mutating func wordText() -> String { text(word()) }
  public var rest: String { text(position..<end) }
}

/// Decimal, or hexadecimal behind `0x`; nil for anything else or above 64 bits.
public func parseNumber(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64? {
  var index = range.lowerBound
  guard index < range.upperBound else { return nil }
  var value: UInt64 = 0
  let isHex =
    range.count > 2 && bytes[index] == 0x30
    && (bytes[index + 1] == 0x78 || bytes[index + 1] == 0x58)
  if isHex { index += 2 }
  while index < range.upperBound {
    guard let digit = hexDigit(bytes[index]), isHex || digit < 10 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: isHex ? 16 : 10)
    let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit))
    if overflow || carry { return nil }
    value = sum
    index += 1
  }
  return value
}

/// The same of text.
public func parseNumber(_ text: some StringProtocol) -> UInt64? {
  let bytes = Array(text.utf8)
  return parseNumber(bytes, 0..<bytes.count)
}
