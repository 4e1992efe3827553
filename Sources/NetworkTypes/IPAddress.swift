// IPv4 and IPv6 addresses; the only types for them in the project.

/// An IPv4 address in host order: 10.0.0.1 is `0x0a000001`.
public struct IPv4Address: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Parses four decimal octets without leading signs; an octet above 255 or a fifth one gives nil.
  public init?(_ text: some StringProtocol) {
    var value: UInt32 = 0
    var octet: UInt32 = 0
    var digits = 0
    var dots = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") {
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | octet
        (octet, digits, dots) = (0, 0, dots + 1)
      } else {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 3 else { return nil }
        octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
        digits += 1
        guard octet <= 255 else { return nil }
      }
    }
    guard digits > 0, dots == 3 else { return nil }
    rawValue = value << 8 | octet
  }

  public static let any = IPv4Address(rawValue: 0)
  public static let broadcast = IPv4Address(rawValue: 0xffff_ffff)
  public var isMulticast: Bool { rawValue >> 28 == 0xe }
  public var isLoopback: Bool { rawValue >> 24 == 127 }
  public var isLinkLocal: Bool { rawValue >> 16 == 0xa9fe }

  /// RFC 1918, 6598 (carrier NAT), 2544 (benchmarks), 3927, 6890 and loopback: no router of the
  /// internet has a route to it. Documentation ranges count as public: they stand for it in examples.
  public var isPrivate: Bool {
    rawValue >> 24 == 10 || rawValue >> 20 == 0xac1 || rawValue >> 16 == 0xc0a8
      || rawValue >> 22 == 0x191 || rawValue >> 17 == 0x6309 || rawValue >> 8 == 0xc00000
      || isLinkLocal || isLoopback || rawValue >> 24 == 0
      || rawValue >> 28 >= 0xe
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String {
    "\(rawValue >> 24).\(rawValue >> 16 & 255).\(rawValue >> 8 & 255).\(rawValue & 255)"
  }
}

/// An IPv6 address, most significant group highest.
public struct IPv6Address: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let rawValue: UInt128
  public init(rawValue: UInt128) { self.rawValue = rawValue }

  /// Parses RFC 4291 text including `::` and an embedded IPv4 tail; a zone (`%eth0`) gives nil.
  public init?(_ text: some StringProtocol) {
    guard let value = parseIPv6(Array(text.utf8)) else { return nil }
    rawValue = value
  }

  public static let any = IPv6Address(rawValue: 0)
  public static let loopback = IPv6Address(rawValue: 1)
  public var isMulticast: Bool { rawValue >> 120 == 0xff }
  public var isLinkLocal: Bool { rawValue >> 118 == 0x3fa }
  public var isLoopback: Bool { rawValue == 1 }
  /// fc00::/7, link-local, loopback and unspecified: not routed on the internet.
  public var isPrivate: Bool {
    rawValue >> 121 == 0x7e || isLinkLocal || rawValue <= 1 || isMulticast
  }

  /// The link-local address that EUI-64 makes of a MAC (RFC 4291, appendix A).
  public init(linkLocal mac: MACAddress) {
    self.init(prefix: 0xfe80 << 112, mac: mac)
  }

  /// The SLAAC address that EUI-64 makes of a MAC in the /64 at `prefix`.
  public init(prefix: UInt128, mac: MACAddress) {
    let high = (mac.rawValue >> 24) ^ 0x020000
    let low = mac.rawValue & 0xff_ffff
    let identifier = high << 40 | 0xff_fe00_0000 | low
    rawValue = prefix & ~UInt128(UInt64.max) | UInt128(identifier)
  }

  /// The solicited-node multicast group of this address (RFC 4291, 2.7.1).
  public var solicitedNode: IPv6Address {
    IPv6Address(
      rawValue: 0xff02_0000_0000_0000_0000_0001_ff00_0000 | rawValue & 0xff_ffff)
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// RFC 5952 text: lower case, the longest run of two or more zero groups as `::`.
  public var description: String {
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: rawValue >> UInt128(112 - 16 * $0)) }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(best.count, 1) { best = start..<end }
      start = max(end, start + 1)
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    if best.isEmpty { return text(groups[...]) }
    return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
  }
}

private func parseIPv6(_ bytes: [UInt8]) -> UInt128? {
  var groups: [UInt16] = []
  var gap: Int?
  var index = 0
  if bytes.starts(with: [0x3a, 0x3a]) {
    gap = 0
    index = 2
  }
  while index < bytes.count {
    guard groups.count < 8 else { return nil }
    let end = bytes[index...].firstIndex(of: 0x3a) ?? bytes.count
    let part = bytes[index..<end]
    if end == bytes.count, part.contains(0x2e) {
      guard groups.count <= 6, let v4 = IPv4Address(String(decoding: part, as: UTF8.self))
      else { return nil }
      groups += [UInt16(v4.rawValue >> 16), UInt16(v4.rawValue & 0xffff)]
      break
    }
    guard (1...4).contains(part.count) else { return nil }
    var value: UInt16 = 0
    for byte in part {
      guard let digit = hexDigit(byte) else { return nil }
      value = value << 4 | UInt16(digit)
    }
    groups.append(value)
    if end == bytes.count { break }
    index = end + 1
    if index == bytes.count { return nil }
    if bytes[index] == 0x3a {
      guard gap == nil else { return nil }
      gap = groups.count
      index += 1
    }
  }
  if let gap {
    guard groups.count < 8 else { return nil }
    groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
  }
  guard groups.count == 8 else { return nil }
  return groups.reduce(0) { $0 << 16 | UInt128($1) }
}

/// An address of either family. Orders all IPv4 before all IPv6.
public enum IPAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
  case v4(IPv4Address)
  case v6(IPv6Address)

  public init?(_ text: some StringProtocol) {
    if let v4 = IPv4Address(text) {
      self = .v4(v4)
    } else if let v6 = IPv6Address(text) {
      self = .v6(v6)
    } else {
      return nil
    }
  }

  public var family: AddressFamily {
    switch self {
    case .v4: .ipv4
    case .v6: .ipv6
    }
  }
  public var v4: IPv4Address? { if case .v4(let address) = self { address } else { nil } }
  public var v6: IPv6Address? { if case .v6(let address) = self { address } else { nil } }

  public var isMulticast: Bool {
    switch self {
    case .v4(let address): address.isMulticast
    case .v6(let address): address.isMulticast
    }
  }
  public var isLoopback: Bool {
    switch self {
    case .v4(let address): address.isLoopback
    case .v6(let address): address.isLoopback
    }
  }
  public var isLinkLocal: Bool {
    switch self {
    case .v4(let address): address.isLinkLocal
    case .v6(let address): address.isLinkLocal
    }
  }
  public var isPrivate: Bool {
    switch self {
    case .v4(let address): address.isPrivate
    case .v6(let address): address.isPrivate
    }
  }
  public var isUnspecified: Bool { bits == 0 }

  /// The address as a number, IPv4 in the low 32 bits.
  public var bits: UInt128 {
    switch self {
    case .v4(let address): UInt128(address.rawValue)
    case .v6(let address): address.rawValue
    }
  }
  public init(bits: UInt128, family: AddressFamily) {
    self =
      switch family {
      case .ipv4: .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: bits)))
      case .ipv6: .v6(IPv6Address(rawValue: bits))
      }
  }

  public static func < (a: Self, b: Self) -> Bool {
    a.family == b.family ? a.bits < b.bits : a.family < b.family
  }
  public var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}

public enum AddressFamily: UInt8, Hashable, Sendable, Comparable, CaseIterable {
  case ipv4 = 4
  case ipv6 = 6
  /// Bits in an address: 32 or 128.
  public var width: Int { self == .ipv4 ? 32 : 128 }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
