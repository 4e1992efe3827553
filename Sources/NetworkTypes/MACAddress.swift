// An Ethernet address; the one type for it in the whole project.

/// A 48-bit Ethernet address, kept in the low bits of a `UInt64`, first octet highest.
public struct MACAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let rawValue: UInt64

  /// Takes the low 48 bits of `rawValue`.
  public init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

  /// Parses six hexadecimal octets of one or two digits between colons, in either case; nil for all else.
  public init?(_ text: some StringProtocol) {
    var value: UInt64 = 0
    var octets = 0
    for part in text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      guard part.count == 1 || part.count == 2, octets < 6 else { return nil }
      var octet: UInt64 = 0
      for byte in part {
        guard let digit = hexDigit(byte) else { return nil }
        octet = octet << 4 | UInt64(digit)
      }
      value = value << 8 | octet
      octets += 1
    }
    guard octets == 6 else { return nil }
    self.rawValue = value
  }

  public static let broadcast = MACAddress(rawValue: 0xffff_ffff_ffff)
  public static let zero = MACAddress(rawValue: 0)

  /// True for broadcast too: the lowest bit of the first octet is set.
  public var isMulticast: Bool { rawValue & 0x0100_0000_0000 != 0 }
  public var isBroadcast: Bool { self == .broadcast }

  /// 802.1D group addresses (01:80:c2:00:00:0X) that a compliant bridge never forwards.
  public var isReservedForBridges: Bool { rawValue & ~0xf == 0x0180_c200_0000 }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  public var description: String {
    stride(from: 40, through: 0, by: -8)
      .map { hexOctet(UInt8(truncatingIfNeeded: rawValue >> UInt64($0))) }
      .joined(separator: ":")
  }

  /// The address that Ethernet gives an IP multicast or broadcast destination; nil for unicast.
  public init?(multicast address: IPAddress) {
    switch address {
    case .v4(let v4) where v4.isMulticast:
      self.rawValue = 0x0100_5e00_0000 | UInt64(v4.rawValue & 0x7f_ffff)
    case .v6(let v6) where v6.isMulticast:
      self.rawValue = 0x3333_0000_0000 | UInt64(truncatingIfNeeded: v6.rawValue & 0xffff_ffff)
    default: return nil
    }
  }
}

package func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

package func hexOctet(_ byte: UInt8) -> String {
  let text = String(byte, radix: 16)
  return byte < 16 ? "0" + text : text
}
