// A match as a dump prints it, taken apart into what many flows have in common and the numbers in which
// they differ: `tcp,reg5=0x5,nw_dst=10.0.0.7` is `tcp,reg5=%s,nw_dst=%s` with 5 and 167772167.
import Facts

/// How a number of a pattern is printed.
enum PrintedKind: UInt8 {
  case decimal = 100  // d
  case hexadecimal = 120  // x
  case mac = 109  // m
  case ipv4 = 52  // 4
}

/// Takes matches apart; one is used for many, so that nothing is allocated for each.
struct PrintedMatch {
  static let slotCount = 6
  /// With `%s` in a number's place, and `%%` for a percent sign.
  private(set) var pattern: [UInt8] = []
  private(set) var kinds: [PrintedKind] = []
  private(set) var numbers: [Int64] = []
  /// The key of each number, a range of the bytes that were read.
  private(set) var keys: [Range<Int>] = []

  /// Reads the line of a flow.
  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) {
    pattern.removeAll(keepingCapacity: true)
    kinds.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    guard let words = Self.match(bytes, line) else { return }
    var start = words.lowerBound
    while start < words.upperBound {
      var end = start
      var equals: Int?
      while end < words.upperBound, bytes[end] != UInt8(ascii: ",") {
        if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
        end += 1
      }
      if end > start, !Self.isPriority(bytes, start..<end) {
        if !pattern.isEmpty { pattern.append(UInt8(ascii: ",")) }
        token(bytes, start..<end, equals)
      }
      start = end + 1
    }
  }

  /// The last word before `actions=`; nil where there is none, or it is of the head.
  private static func match(
    _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
  ) -> Range<Int>? {
    guard let index = heading(bytes, line) else { return nil }
    var end = index
    while end > line.lowerBound, bytes[end - 1] == 0x20 { end -= 1 }
    guard end > line.lowerBound, bytes[end - 1] != UInt8(ascii: ",") else { return nil }
    var start = end
    while start > line.lowerBound, bytes[start - 1] != 0x20 { start -= 1 }
    return start..<end
  }
  /// Where `actions=` begins.
  private static func heading(
    _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
  ) -> Int? {
    let raw = UnsafeRawBufferPointer(bytes)
    let word = headingWord
    var index = line.lowerBound
    while index + 8 <= line.upperBound {
      if raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) == word { return index }
      index += 1
    }
    return nil
  }
  /// `actions=` as it lies in memory.
  private static let headingWord = Array("actions=".utf8).withUnsafeBytes {
    $0.loadUnaligned(as: UInt64.self)
  }
  /// What stands behind `actions=`; empty without it.
  static func actions(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> Range<Int> {
    (heading(bytes, line).map { $0 + 8 } ?? line.upperBound)..<line.upperBound
  }
  private static func isPriority(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) -> Bool {
    let word: StaticString = "priority="
    return range.count >= 9
      && (0..<9).allSatisfy { bytes[range.lowerBound + $0] == word.utf8Start[$0] }
  }

  private mutating func token(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ equals: Int?
  ) {
    guard let equals, numbers.count < Self.slotCount,
      let (kind, number, end) = Self.number(bytes, equals + 1..<range.upperBound)
    else { return literal(bytes, range) }
    literal(bytes, range.lowerBound..<equals + 1)
    pattern.append(UInt8(ascii: "%"))
    pattern.append(UInt8(ascii: "s"))
    literal(bytes, end..<range.upperBound)
    kinds.append(kind)
    numbers.append(number)
    keys.append(range.lowerBound..<equals)
  }

  private mutating func literal(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
    for index in range {
      pattern.append(bytes[index])
      if bytes[index] == UInt8(ascii: "%") { pattern.append(UInt8(ascii: "%")) }
    }
  }

  // MARK: Numbers

  /// A number at the beginning of a value that is printed the way SQL prints it again, up to the end
  /// or a mask.
  private static func number(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) -> (PrintedKind, Int64, end: Int)? {
    var end = range.lowerBound
    var (dots, colons) = (0, 0)
    while end < range.upperBound, bytes[end] != UInt8(ascii: "/") {
      if bytes[end] == UInt8(ascii: ".") { dots += 1 }
      if bytes[end] == UInt8(ascii: ":") { colons += 1 }
      end += 1
    }
    let text = range.lowerBound..<end
    if colons == 5, dots == 0 { return mac(bytes, text).map { (.mac, $0, end) } }
    guard colons == 0 else { return nil }
    if dots == 3 { return ipv4(bytes, text).map { (.ipv4, $0, end) } }
    guard dots == 0 else { return nil }
    if text.count > 2, bytes[text.lowerBound] == UInt8(ascii: "0"),
      bytes[text.lowerBound + 1] == UInt8(ascii: "x")
    {
      return hexadecimal(bytes, text.dropFirst(2)).map { (.hexadecimal, $0, end) }
    }
    return decimal(bytes, text).map { (.decimal, $0, end) }
  }

  private static func decimal(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) -> Int64? {
    guard !range.isEmpty, range.count < 19,
      range.count == 1 || bytes[range.lowerBound] != UInt8(ascii: "0")
    else { return nil }
    var value: Int64 = 0
    for index in range {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int64(digit)
    }
    return value
  }

  private static func hexadecimal(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) -> Int64? {
    guard !range.isEmpty, range.count < 16,
      range.count == 1 || bytes[range.lowerBound] != UInt8(ascii: "0")
    else { return nil }
    var value: Int64 = 0
    for index in range {
      guard let digit = lowerHexDigit(bytes[index]) else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  private static func mac(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int64? {
    guard range.count == 17 else { return nil }
    var value: Int64 = 0
    for (offset, index) in range.enumerated() {
      if offset % 3 == 2 {
        guard bytes[index] == UInt8(ascii: ":") else { return nil }
      } else {
        guard let digit = lowerHexDigit(bytes[index]) else { return nil }
        value = value << 4 | digit
      }
    }
    return value
  }

  private static func ipv4(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int64? {
    var value: Int64 = 0
    var start = range.lowerBound
    for octet in 0..<4 {
      var end = start
      while end < range.upperBound, bytes[end] != UInt8(ascii: ".") { end += 1 }
      guard end - start <= 3, let part = decimal(bytes, start..<end), part <= 255,
        octet == 3 ? end == range.upperBound : end < range.upperBound
      else { return nil }
      value = value << 8 | part
      start = end + 1
    }
    return value
  }

  @inline(__always)
  private static func lowerHexDigit(_ byte: UInt8) -> Int64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int64(byte - UInt8(ascii: "a") + 10)
    default: nil
    }
  }
}
