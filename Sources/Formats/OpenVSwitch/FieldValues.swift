// A field's value and mask out of the text that ovs-ofctl writes for its kind.
import Facts
import NetworkTypes

extension FlowReader {
  typealias MaskedValue = (value: UInt128, mask: UInt128)

  /// Nil where the text is no value of that field.
  func value(of field: OpenFlowField, _ range: Range<Int>) -> MaskedValue? {
    guard !range.isEmpty, let found = formatted(field, range), found.value <= field.valueMask,
      found.mask <= field.valueMask || found.mask == .max
    else { return nil }
    return (found.value, found.mask & field.valueMask)
  }

  private func formatted(_ field: OpenFlowField, _ range: Range<Int>) -> MaskedValue? {
    switch field.format {
    case .decimal, .hexadecimal: masked(range) { integer($0) }
    case .ethernet: masked(range) { macAddress($0).map { UInt128($0) } }
    case .ipv4: address(range, width: 32) { ipv4($0) }
    case .ipv6: address(range, width: 128) { ipv6($0) }
    case .port16: port(range).map { (UInt128($0.sixteenBits), .max) }
    case .port32: port(range).map { (UInt128($0.rawValue), .max) }
    case .fragment: fragmentNames.value(bytes, range) ?? masked(range) { integer($0) }
    case .ctState: flags(range, CTStateBits.names)
    case .tcpFlags: flags(range, TCPFlagNames.all)
    case .tunnelFlags: flags(range, ["oam"])
    case .packetType: packetType(range)
    }
  }

  /// `value` or `value/mask`, both of one kind.
  private func masked(_ range: Range<Int>, _ parse: (Range<Int>) -> UInt128?) -> MaskedValue? {
    guard let slash = range.first(where: { bytes[$0] == UInt8(ascii: "/") }) else {
      return parse(range).map { ($0, .max) }
    }
    guard let value = parse(range.lowerBound..<slash),
      let mask = parse(slash + 1..<range.upperBound)
    else { return nil }
    return (value & mask, mask)
  }

  /// The same where the mask may be a prefix length too.
  private func address(
    _ range: Range<Int>, width: Int, _ parse: (Range<Int>) -> UInt128?
  ) -> MaskedValue? {
    if let slash = range.first(where: { bytes[$0] == UInt8(ascii: "/") }),
      let length: UInt8 = number(slash + 1..<range.upperBound)
    {
      guard Int(length) <= width, let value = parse(range.lowerBound..<slash) else { return nil }
      let mask = IPPrefix.mask(length: Int(length), family: width == 32 ? .ipv4 : .ipv6)
      return (value & mask, mask)
    }
    return masked(range, parse)
  }

  /// Decimal or `0x…`, up to 128 bits.
  func integer(_ range: Range<Int>) -> UInt128? {
    if range.count <= 18, let number = parseNumber(bytes, range) { return UInt128(number) }
    let digits = range.count > 2 && bytes[range.lowerBound + 1] == UInt8(ascii: "x")
    guard digits else { return UInt128(text(range)) }
    guard range.lowerBound < range.upperBound, bytes[range.lowerBound] == UInt8(ascii: "0") else {
      return nil
    }
    var value: UInt128 = 0
    for index in range.dropFirst(2) {
      guard let digit = hexDigit(bytes[index]), value >> 124 == 0 else { return nil }
      value = value << 4 | UInt128(digit)
    }
    return value
  }

  /// Six octets of one or two hexadecimal digits.
  func macAddress(_ range: Range<Int>) -> UInt64? {
    var (value, octet, digits, colons): (UInt64, UInt64, Int, Int) = (0, 0, 0, 0)
    for index in range {
      if bytes[index] == UInt8(ascii: ":") {
        guard digits > 0 else { return nil }
        value = value << 8 | octet
        (octet, digits, colons) = (0, 0, colons + 1)
      } else {
        guard digits < 2, let digit = hexDigit(bytes[index]) else { return nil }
        octet = octet << 4 | UInt64(digit)
        digits += 1
      }
    }
    return digits > 0 && colons == 5 ? value << 8 | octet : nil
  }
  private func ipv4(_ range: Range<Int>) -> UInt128? {
    // At most 15 bytes, which a String holds without the heap.
    range.count <= 15 ? IPv4Address(text(range)).map { UInt128($0.rawValue) } : nil
  }
  private func ipv6(_ range: Range<Int>) -> UInt128? {
    range.count <= 45 ? IPv6Address(text(range))?.rawValue : nil
  }

  /// `+a-b` (a set, b not), `a|b` (just these), or a number with or without a mask.
  private func flags(_ range: Range<Int>, _ names: [String]) -> MaskedValue? {
    let signs = [UInt8(ascii: "+"), UInt8(ascii: "-")]
    if signs.contains(bytes[range.lowerBound]) { return signedFlags(range, names) }
    if let number = masked(range, { integer($0) }) { return number }
    var value: UInt128 = 0
    for part in parts(range, separator: UInt8(ascii: "|")) {
      guard let bit = flag(part, names) else { return nil }
      value |= bit
    }
    return (value, .max)
  }
  private func signedFlags(_ range: Range<Int>, _ names: [String]) -> MaskedValue? {
    var (value, mask): MaskedValue = (0, 0)
    var index = range.lowerBound
    while index < range.upperBound {
      let isSet = bytes[index] == UInt8(ascii: "+")
      var end = index + 1
      while end < range.upperBound, bytes[end] != UInt8(ascii: "+"),
        bytes[end] != UInt8(ascii: "-")
      { end += 1 }
      guard let bit = flag(index + 1..<end, names), mask & bit == 0 else { return nil }
      mask |= bit
      if isSet { value |= bit }
      index = end
    }
    return (value, mask)
  }
  private func flag(_ range: Range<Int>, _ names: [String]) -> UInt128? {
    if let index = names.firstIndex(where: { equals($0, range) }) { return 1 << UInt128(index) }
    // Bits without a name are printed as numbers: `[200]` is 1 << 9.
    guard range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "[") else { return nil }
    return UInt128(text(range.dropFirst().dropLast()), radix: 16)
  }
  func equals(_ name: String, _ range: Range<Int>) -> Bool {
    name.utf8.count == range.count && name.utf8.elementsEqual(bytes[range])
  }

  /// `(namespace,type)`.
  private func packetType(_ range: Range<Int>) -> MaskedValue? {
    guard range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "("),
      bytes[range.upperBound - 1] == UInt8(ascii: ")")
    else { return nil }
    let parts = parts(range.lowerBound + 1..<range.upperBound - 1)
    guard parts.count == 2, let namespace: UInt16 = number(parts[0]),
      let type: UInt16 = number(parts[1])
    else { return nil }
    return (UInt128(namespace) << 16 | UInt128(type), .max)
  }
}

private let fragmentNames = NameTable<FlowReader.MaskedValue>([
  ("no", (0, 3)), ("yes", (1, 1)), ("first", (1, 3)), ("later", (3, 3)), ("not_later", (0, 2)),
])
