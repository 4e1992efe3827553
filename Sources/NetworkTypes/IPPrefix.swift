// A CIDR block, and an interface address with its on-link prefix.

/// A CIDR block; host bits of `address` are always zero.
public struct IPPrefix: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let address: IPAddress
  /// 0...32 for IPv4, 0...128 for IPv6.
  public let length: Int

  /// Clears the host bits; a length outside the family's range gives nil.
  public init?(_ address: IPAddress, length: Int) {
    guard (0...address.family.width).contains(length) else { return nil }
    self.length = length
    self.address = IPAddress(
      bits: address.bits & Self.mask(length: length, family: address.family),
      family: address.family)
  }

  /// The block of one address.
  public init(host address: IPAddress) {
    self.address = address
    self.length = address.family.width
  }

  /// Parses `address/length`, or a lone address as its host block.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(first) else { return nil }
    guard parts.count == 2 else {
      self.init(host: address)
      return
    }
    guard let length = Int(parts[1]) else { return nil }
    self.init(address, length: length)
  }

  public static func everything(_ family: AddressFamily) -> IPPrefix {
    IPPrefix(host: IPAddress(bits: 0, family: family)).widened(to: 0)
  }

  private init(unchecked address: IPAddress, _ length: Int) {
    self.address = address
    self.length = length
  }

  /// The enclosing block of `length` bits; a longer one than this stays as it is.
  public func widened(to length: Int) -> IPPrefix {
    let length = min(max(length, 0), self.length)
    let bits = address.bits & Self.mask(length: length, family: family)
    return IPPrefix(unchecked: IPAddress(bits: bits, family: family), length)
  }

  public var family: AddressFamily { address.family }
  public var isHost: Bool { length == family.width }
  public var mask: UInt128 { Self.mask(length: length, family: family) }
  /// The last address of the block: for IPv4 its directed broadcast.
  public var last: IPAddress {
    let all: UInt128 = family == .ipv4 ? 0xffff_ffff : .max
    return IPAddress(bits: address.bits | all & ~mask, family: family)
  }

  public func contains(_ other: IPAddress) -> Bool {
    other.family == family && other.bits & mask == address.bits
  }
  public func contains(_ other: IPPrefix) -> Bool {
    other.length >= length && contains(other.address)
  }

  /// The netmask of `length` leading ones in the family's width.
  public static func mask(length: Int, family: AddressFamily) -> UInt128 {
    if length <= 0 { return 0 }
    return switch family {
    case .ipv4: UInt128(UInt32.max << UInt32(32 - min(length, 32)))
    case .ipv6: UInt128.max << UInt128(128 - min(length, 128))
    }
  }

  public static func < (a: Self, b: Self) -> Bool {
    a.address == b.address ? a.length < b.length : a.address < b.address
  }
  public var description: String { "\(address)/\(length)" }
}

/// An address on an interface, with the length of its on-link prefix.
public struct InterfaceAddress: Hashable, Sendable, CustomStringConvertible {
  public let address: IPAddress
  public let prefixLength: Int

  public init(address: IPAddress, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }
  public var prefix: IPPrefix { IPPrefix(host: address).widened(to: prefixLength) }
  public var description: String { "\(address)/\(prefixLength)" }
}

/// An inclusive range of transport ports.
public struct PortRange: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let first: UInt16
  public let last: UInt16

  /// An empty range (`last` below `first`) gives nil.
  public init?(first: UInt16, last: UInt16) {
    guard first <= last else { return nil }
    self.first = first
    self.last = last
  }
  public init(single port: UInt16) {
    first = port
    last = port
  }
  public static let all = PortRange(first: 0, last: .max)!
  public func contains(_ port: UInt16) -> Bool { first <= port && port <= last }
  public static func < (a: Self, b: Self) -> Bool { (a.first, a.last) < (b.first, b.last) }
  public var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
