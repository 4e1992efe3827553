// Moves over a line whose line feed is there: every loop stops at it, so that nothing is checked twice.
import NetworkTypes

/// A position in a line of a file. Reads stop at the line feed at the latest.
struct PlainScanner {
  let base: UnsafePointer<UInt8>
  var position: Int

  @inline(__always)
  var current: UInt8 { base[position] }

  /// Steps over `byte` if it is next.
  @inline(__always)
  mutating func skip(_ byte: UInt8) -> Bool {
    guard base[position] == byte else { return false }
    position += 1
    return true
  }

  /// Steps over `literal`, which holds no line feed, if it is next.
  @inline(__always)
  mutating func skip(_ literal: StaticString) -> Bool {
    let start = literal.utf8Start
    let count = literal.utf8CodeUnitCount
    var index = 0
    while index < count {
      if base[position + index] != start[index] { return false }
      index += 1
    }
    position += count
    return true
  }

  /// Up to 19 decimal digits; nil without one.
  @inline(__always)
  mutating func decimal() -> UInt64? {
    let start = position
    var value: UInt64 = 0
    while true {
      let digit = base[position] &- UInt8(ascii: "0")
      if digit > 9 { break }
      value = value &* 10 &+ UInt64(digit)
      position += 1
    }
    return position > start && position - start < 20 ? value : nil
  }

  /// Up to 16 hexadecimal digits; nil without one.
  @inline(__always)
  mutating func hexadecimal() -> UInt64? {
    let start = position
    var value: UInt64 = 0
    while let digit = Self.digit(base[position]) {
      value = value << 4 | UInt64(digit)
      position += 1
    }
    return position > start && position - start <= 16 ? value : nil
  }

  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt8? {
    let decimal = byte &- UInt8(ascii: "0")
    if decimal < 10 { return decimal }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter + 10 : nil
  }

  /// Decimal, or hexadecimal behind `0x`.
  @inline(__always)
  mutating func number() -> UInt64? {
    if base[position] == UInt8(ascii: "0"), base[position + 1] == UInt8(ascii: "x") {
      position += 2
      return hexadecimal()
    }
    return decimal()
  }

  /// Six octets of two digits.
  @inline(__always)
  mutating func macAddress() -> UInt64? {
    var value: UInt64 = 0
    var octet = 0
    while octet < 6 {
      guard let high = Self.digit(base[position]), let low = Self.digit(base[position + 1]) else {
        return nil
      }
      value = value << 8 | UInt64(high << 4 | low)
      position += 2
      octet += 1
      if octet < 6, !skip(UInt8(ascii: ":")) { return nil }
    }
    return value
  }

  /// Four decimal octets without leading zeros.
  @inline(__always)
  mutating func ipv4Address() -> UInt64? {
    var value: UInt64 = 0
    var octet = 0
    while octet < 4 {
      let start = position
      guard let part = decimal(), part <= 255 else { return nil }
      if position - start > 1, base[start] == UInt8(ascii: "0") { return nil }
      value = value << 8 | part
      octet += 1
      if octet < 4, !skip(UInt8(ascii: ".")) { return nil }
    }
    return value
  }

  /// Groups of up to four hexadecimal digits, `::` at most once, no IPv4 address inside.
  mutating func ipv6Address() -> UInt128? {
    var (head, tail): (UInt128, UInt128) = (0, 0)
    var (headCount, tailCount) = (0, 0)
    var hasGap = false
    if base[position] == UInt8(ascii: ":") {
      guard base[position + 1] == UInt8(ascii: ":") else { return nil }
      hasGap = true
      position += 2
    }
    while Self.digit(base[position]) != nil {
      let start = position
      guard let group = hexadecimal(), position - start <= 4, base[position] != UInt8(ascii: ".")
      else { return nil }
      if hasGap {
        tail = tail << 16 | UInt128(group)
        tailCount += 1
      } else {
        head = head << 16 | UInt128(group)
        headCount += 1
      }
      guard headCount + tailCount <= 8 else { return nil }
      guard base[position] == UInt8(ascii: ":") else { break }
      position += 1
      if base[position] == UInt8(ascii: ":") {
        guard !hasGap else { return nil }
        hasGap = true
        position += 1
      } else if Self.digit(base[position]) == nil {
        return nil
      }
    }
    let count = headCount + tailCount
    if !hasGap { return count == 8 ? head : nil }
    guard count < 8 else { return nil }
    return headCount == 0 ? tail : head << UInt128(16 * (8 - headCount)) | tail
  }
}
