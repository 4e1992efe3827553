// Clauses of rules that hardly ever repeat, as iptables-save prints them. All others are read once a file
// by the general reader.
import Facts
import NetworkTypes

enum PlainMatch {
  /// `-s 10.0.0.1/32`, `! -d fe80::/64`, `-i tap1`; nil for everything else.
  static func read(_ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> IPTablesMatch? {
    guard let base = bytes.baseAddress else { return nil }
    var scanner = PlainScanner(base: base, position: range.lowerBound)
    let isNegated = scanner.skip("! ")
    guard scanner.skip(UInt8(ascii: "-")) else { return nil }
    let option = scanner.current
    scanner.position += 1
    guard scanner.skip(UInt8(ascii: " ")), scanner.position < range.upperBound else { return nil }
    let value = scanner.position..<range.upperBound
    let test: IPTablesTest? =
      switch option {
      case UInt8(ascii: "s"): address(&scanner, value).map { .source($0) }
      case UInt8(ascii: "d"): address(&scanner, value).map { .destination($0) }
      case UInt8(ascii: "i"): interface(value, bytes).map { .inInterface($0) }
      case UInt8(ascii: "o"): interface(value, bytes).map { .outInterface($0) }
      default: nil
      }
    return test.map { IPTablesMatch($0, isNegated: isNegated) }
  }

  /// `10.0.0.0/8`, `fe80::/64`.
  private static func address(
    _ scanner: inout PlainScanner, _ value: Range<Int>
  ) -> MaskedAddress? {
    if let bits = scanner.ipv4Address() {
      guard scanner.skip(UInt8(ascii: "/")) else { return nil }
      return prefix(IPAddress(bits: UInt128(bits), family: .ipv4), &scanner, value)
    }
    scanner.position = value.lowerBound
    guard let bits = scanner.ipv6Address(), scanner.skip(UInt8(ascii: "/")) else { return nil }
    return prefix(IPAddress(bits: bits, family: .ipv6), &scanner, value)
  }
  private static func prefix(
    _ address: IPAddress, _ scanner: inout PlainScanner, _ value: Range<Int>
  ) -> MaskedAddress? {
    guard let length = scanner.decimal(), length <= 128, scanner.position == value.upperBound
    else { return nil }
    return IPPrefix(address, length: Int(length)).map { MaskedAddress($0) }
  }

  /// A word that is no option and has no quotes.
  private static func interface(
    _ value: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> InterfacePattern? {
    guard let first = value.first, bytes[first] != UInt8(ascii: "-"),
      value.allSatisfy({ bytes[$0] > 0x22 && bytes[$0] < 0x7f })
    else { return nil }
    return InterfacePattern(String(decoding: bytes[value], as: UTF8.self))
  }
}
