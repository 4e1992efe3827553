// Damages bytes at random, the same way for the same seed.

/// Makes one to four changes a time.
struct Mutator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  /// What nests, repeats or quotes without end.
  static let endless: [[UInt8]] = [
    "[", "{", "(", "<a>", "{\"a\":", "\"", "\\", ",", "a", "a ", "a=b,", "\n", " ", "9", "\u{0}",
    "a b\n",
    "a(",
  ].map { Array($0.utf8) }

  mutating func mutated(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...random(below: 4) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let range = someRange(of: bytes)
    switch random(below: 8) {
    case 0: bytes.replaceSubrange(range, with: Self.tokens[random(below: Self.tokens.count)])
    case 1:
      bytes.insert(contentsOf: Self.tokens[random(below: Self.tokens.count)], at: range.lowerBound)
    case 2: bytes.removeSubrange(range)
    case 3: bytes.insert(contentsOf: bytes[range], at: range.upperBound)
    case 4: bytes.insert(contentsOf: bytes[range], at: someRange(of: bytes).lowerBound)
    case 5: if let index = range.first { bytes[index] = UInt8(truncatingIfNeeded: next()) }
    case 6: if let index = range.first { bytes[index] ^= 1 << UInt8(random(below: 8)) }
    default: bytes.removeSubrange(range.lowerBound...)
    }
  }

  /// Mostly short, now and then long.
  private mutating func someRange(of bytes: [UInt8]) -> Range<Int> {
    let start = random(below: bytes.count + 1)
    let length = random(below: random(below: 8) == 0 ? bytes.count + 1 : 12)
    return start..<min(bytes.count, start + length)
  }

  /// What grammars trip over: brackets, quotes, numbers beyond every type, invalid UTF-8.
  private static let tokens: [[UInt8]] =
    [
      "\"", "'", "[", "]", "{", "}", "(", ")", "<", ">", "&", "\\", "\\u", ",", ";", ":", "=", "/",
      "%",
      "*", "!", "-", "--", "+", ".", "@", "#", " ", "\t", "\n", "\r\n", "\n\n", "0x", "0x1", "0",
      "-1",
      "255", "256", "4294967296", "18446744073709551616", "99999999999999999999999", "1e999",
      "null",
      "true", "default", "all", "10.0.0.300", "::::", "ff:ff:ff:ff:ff:ff:ff", "fe80::1%", "/33",
      "/129",
      "é", "😀", "\u{0}", "\u{7f}", "-A ", "COMMIT", "actions=", "ct(", "users:((", "</a>", "<!--",
      "[]", "{}", "[[[[[[[[", "((((((((", "=====",
    ].map { Array($0.utf8) } + [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]]

  private mutating func random(below bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
