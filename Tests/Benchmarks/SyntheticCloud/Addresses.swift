// MAC and IP addresses and object ids, spelled as the tools print them. Feeds the plan and writers.

/// A 48-bit address.
struct MAC: Hashable, Spelled {
  let rawValue: UInt64
  func spell(into bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(40), through: 0, by: -8) {
      if shift != 40 { bytes.append(0x3a) }
      Digits.spellHexadecimal(rawValue >> shift & 0xff, width: 2, into: &bytes)
    }
  }
  /// libvirt gives the host's end of a guest's device the guest's address with a first byte fe.
  var hostSide: MAC { MAC(rawValue: rawValue & 0xff_ffff_ffff | 0xfe00_0000_0000) }
  /// The modified EUI-64 of RFC 4291, appendix A.
  var interfaceID: UInt64 {
    let high = rawValue >> 24 ^ 0x02_0000
    return high << 40 | 0xff_fe00_0000 | rawValue & 0xff_ffff
  }
  var linkLocal: IPv6 { IPv6(high: 0xfe80_0000_0000_0000, low: interfaceID) }
}

struct IPv4: Hashable, Comparable, Spelled {
  let rawValue: UInt32
  init(_ rawValue: UInt32) { self.rawValue = rawValue }
  init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) {
    rawValue = a << 24 | b << 16 | c << 8 | d
  }
  func spell(into bytes: inout [UInt8]) { spell(into: &bytes, separator: 0x2e) }
  func spell(into bytes: inout [UInt8], separator: UInt8) {
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      if shift != 24 { bytes.append(separator) }
      Digits.spellDecimal(Int(rawValue >> shift & 0xff), width: 1, into: &bytes)
    }
  }
  /// `10-0-0-5`, as dnsmasq's host names have it.
  var dashed: Text {
    var text = Text()
    spell(into: &text.bytes, separator: 0x2d)
    return text
  }
  static func < (left: IPv4, right: IPv4) -> Bool { left.rawValue < right.rawValue }
  static func + (address: IPv4, offset: Int) -> IPv4 {
    IPv4(UInt32(truncatingIfNeeded: Int(address.rawValue) + offset))
  }
}

struct IPv6: Hashable, Spelled {
  let high: UInt64
  let low: UInt64
  private func group(_ index: Int) -> UInt64 {
    (index < 4 ? high : low) >> UInt64((3 - index % 4) * 16) & 0xffff
  }
  /// RFC 5952: the first longest run of two zero groups or more becomes `::`.
  func spell(into bytes: inout [UInt8]) {
    let gap = longestGap
    var index = 0
    while index < 8 {
      if index == gap.lowerBound, !gap.isEmpty {
        bytes.append(contentsOf: [0x3a, 0x3a])
        index = gap.upperBound
        continue
      }
      if index > 0, index != gap.upperBound || gap.isEmpty { bytes.append(0x3a) }
      Digits.spellHexadecimal(group(index), width: 1, into: &bytes)
      index += 1
    }
  }
  private var longestGap: Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || group(index) != 0 {
      if index - start >= 2, index - start > best.count { best = start..<index }
      start = index + 1
    }
    return best
  }
  /// `fd00--5`, as dnsmasq's host names have it.
  var dashed: Text {
    var text: Text = "\(self)"
    for index in text.bytes.indices where text.bytes[index] == 0x3a { text.bytes[index] = 0x2d }
    return text
  }
}

/// A UUID. Projects print theirs without dashes.
struct ObjectID: Hashable, Spelled {
  let high: UInt64
  let low: UInt64
  func spell(into bytes: inout [UInt8]) {
    Digits.spellHexadecimal(high >> 32, width: 8, into: &bytes)
    for part in [high >> 16, high, low >> 48] {
      bytes.append(0x2d)
      Digits.spellHexadecimal(part & 0xffff, width: 4, into: &bytes)
    }
    bytes.append(0x2d)
    Digits.spellHexadecimal(low & 0xffff_ffff_ffff, width: 12, into: &bytes)
  }
  var undashed: Text { "\(hex: high, width: 16)\(hex: low, width: 16)" }
  /// The first `count` characters: Neutron makes names of devices and chains with them.
  func prefix(_ count: Int) -> Text {
    var text: Text = "\(self)"
    text.bytes.removeLast(36 - count)
    return text
  }
  var sortKey: (UInt64, UInt64) { (high, low) }
}
