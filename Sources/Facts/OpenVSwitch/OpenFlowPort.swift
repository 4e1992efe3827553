// A port number in OpenFlow, with the reserved ones by name; flows, groups and port lists use it.
import NetworkTypes

/// An OpenFlow port in OpenFlow 1.1's 32-bit numbering; OpenFlow 1.0's reserved numbers
/// (0xfff8...0xffff) become their 32-bit counterparts, so that LOCAL is one value everywhere.
public struct OpenFlowPort: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let rawValue: UInt32

  /// Takes either numbering.
  public init(_ number: UInt32) {
    rawValue = (0xfff8...0xffff).contains(number) ? number | 0xffff_0000 : number
  }

  /// Zero: no port has it; `in_port=0` in a flow is what a controller loads to allow hairpins.
  public static let none = OpenFlowPort(0)
  public static let unset = OpenFlowPort(0xffff_fff7)
  public static let inPort = OpenFlowPort(0xffff_fff8)
  public static let table = OpenFlowPort(0xffff_fff9)
  public static let normal = OpenFlowPort(0xffff_fffa)
  public static let flood = OpenFlowPort(0xffff_fffb)
  public static let all = OpenFlowPort(0xffff_fffc)
  public static let controller = OpenFlowPort(0xffff_fffd)
  public static let local = OpenFlowPort(0xffff_fffe)
  public static let any = OpenFlowPort(0xffff_ffff)

  /// The 16 bits that the switch itself uses (`NXM_OF_IN_PORT`): LOCAL is 0xfffe.
  public var sixteenBits: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
  /// One of the numbers above 0xfffffff6, which stand for no single device but LOCAL.
  public var isReserved: Bool { rawValue >= 0xffff_fff7 }

  /// `ovs-ofctl`'s word for a reserved port; nil for a plain number.
  public var reservedName: String? {
    isReserved ? Self.reservedNames[Int(rawValue - 0xffff_fff7)] : nil
  }
  /// By rising number from 0xfffffff7 on.
  public static let reservedNames = [
    "UNSET", "IN_PORT", "TABLE", "NORMAL", "FLOOD", "ALL", "CONTROLLER", "LOCAL", "ANY",
  ]

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String { reservedName ?? "\(rawValue)" }
}
