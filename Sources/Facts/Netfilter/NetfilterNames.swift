// Names and small values that all netfilter facts share.
import NetworkTypes

public enum NetfilterTableKind {}
public enum NetfilterChainKind {}
public enum IPSetKind {}

/// A table's name inside its family: `filter`, `nat`, …
public typealias NetfilterTableName = Identifier<NetfilterTableKind>
/// A chain's name, unique inside its table.
public typealias NetfilterChainName = Identifier<NetfilterChainKind>
/// An ipset's name, unique inside its namespace.
public typealias IPSetName = Identifier<IPSetKind>

/// Packets and bytes that a rule, a chain's policy or a connection has counted.
public struct PacketCounters: Hashable, Sendable {
  public var packets: UInt64
  public var bytes: UInt64
  public init(packets: UInt64, bytes: UInt64) {
    self.packets = packets
    self.bytes = bytes
  }
}

/// An address under a mask that need not be contiguous.
public struct MaskedAddress: Hashable, Sendable, CustomStringConvertible {
  public let address: IPAddress
  public let mask: UInt128
  /// Clears the bits of `address` outside `mask`.
  public init(address: IPAddress, mask: UInt128) {
    self.mask = mask
    self.address = IPAddress(bits: address.bits & mask, family: address.family)
  }
  public init(_ prefix: IPPrefix) { self.init(address: prefix.address, mask: prefix.mask) }

  /// `address`, `address/length` or `address/mask`; all else gives nil.
  public init?(_ text: some StringProtocol) {
    if let prefix = IPPrefix(text) {
      self.init(prefix)
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, let address = IPAddress(parts[0]), let mask = IPAddress(parts[1]),
      address.family == mask.family
    else { return nil }
    self.init(address: address, mask: mask.bits)
  }
  public func contains(_ other: IPAddress) -> Bool {
    other.family == address.family && other.bits & mask == address.bits
  }
  /// The same as a prefix; nil where the mask has holes.
  public var prefix: IPPrefix? {
    let length = mask.nonzeroBitCount
    guard IPPrefix.mask(length: length, family: address.family) == mask else { return nil }
    return IPPrefix(address, length: length)
  }
  public var description: String {
    if let prefix { return prefix.description }
    return "\(address)/\(IPAddress(bits: mask, family: address.family))"
  }
}

/// A device name, or with `isPrefix` (a trailing `+`) all names that begin so.
public struct InterfacePattern: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  public let isPrefix: Bool
  /// Takes iptables' spelling: `eth0`, `qr-+`, `+`.
  public init(_ text: String) {
    isPrefix = text.hasSuffix("+")
    name = isPrefix ? String(text.dropLast()) : text
  }
  /// No device at all is the empty name.
  public func matches(_ interface: InterfaceName?) -> Bool {
    let other = interface?.rawValue ?? ""
    return isPrefix ? other.hasPrefix(name) : other == name
  }
  public var description: String { isPrefix ? name + "+" : name }
}

/// A 32-bit value under a mask, as of `--mark value/mask`.
public struct MaskedMark: Hashable, Sendable, CustomStringConvertible {
  public var value: UInt32
  public var mask: UInt32
  public init(value: UInt32, mask: UInt32 = .max) {
    self.value = value
    self.mask = mask
  }
  /// Compares as xt_mark does: a value with bits outside the mask never matches.
  public func matches(_ mark: UInt32) -> Bool { mark & mask == value }
  public var description: String {
    "0x" + String(value, radix: 16) + (mask == .max ? "" : "/0x" + String(mask, radix: 16))
  }
}
