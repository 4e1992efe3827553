// Every field that Open vSwitch can match or write: one case each, what is known of it in
// `OpenFlowField+Catalogue.swift`. Flow matches and actions are made of them.

/// A match field of Open vSwitch up to 3.1. Bits count from 0, the least significant.
public enum OpenFlowField: UInt8, Hashable, Sendable, CaseIterable, Comparable {
  // Metadata of the pipeline.
  case conjID, recircID, datapathHash, metadata, actionSetOutput, skbPriority, packetMark
  /// 16 bits, as `NXM_OF_IN_PORT`: what matches are normalised to.
  case inPort
  /// 32 bits, as `OXM_OF_IN_PORT`.
  case inPort32
  case reg0, reg1, reg2, reg3, reg4, reg5, reg6, reg7
  case reg8, reg9, reg10, reg11, reg12, reg13, reg14, reg15
  case xreg0, xreg1, xreg2, xreg3, xreg4, xreg5, xreg6, xreg7
  case xxreg0, xxreg1, xxreg2, xxreg3
  // Tunnel.
  case tunID, tunSrc, tunDst, tunIPv6Src, tunIPv6Dst, tunFlags, tunTOS, tunTTL
  case tunGBPID, tunGBPFlags, tunERSPANVersion, tunERSPANIndex, tunERSPANDirection
  case tunERSPANHardwareID, tunGTPUFlags, tunGTPUMessageType
  case tunMetadata0, tunMetadata1, tunMetadata2, tunMetadata3, tunMetadata4, tunMetadata5
  case tunMetadata6, tunMetadata7, tunMetadata8, tunMetadata9, tunMetadata10, tunMetadata11
  case tunMetadata12, tunMetadata13, tunMetadata14, tunMetadata15, tunMetadata16, tunMetadata17
  case tunMetadata18, tunMetadata19, tunMetadata20, tunMetadata21, tunMetadata22, tunMetadata23
  case tunMetadata24, tunMetadata25, tunMetadata26, tunMetadata27, tunMetadata28, tunMetadata29
  case tunMetadata30, tunMetadata31, tunMetadata32, tunMetadata33, tunMetadata34, tunMetadata35
  case tunMetadata36, tunMetadata37, tunMetadata38, tunMetadata39, tunMetadata40, tunMetadata41
  case tunMetadata42, tunMetadata43, tunMetadata44, tunMetadata45, tunMetadata46, tunMetadata47
  case tunMetadata48, tunMetadata49, tunMetadata50, tunMetadata51, tunMetadata52, tunMetadata53
  case tunMetadata54, tunMetadata55, tunMetadata56, tunMetadata57, tunMetadata58, tunMetadata59
  case tunMetadata60, tunMetadata61, tunMetadata62, tunMetadata63
  // Connection tracking.
  case ctState, ctZone, ctMark, ctLabel, ctNwProto, ctNwSrc, ctNwDst, ctIPv6Src, ctIPv6Dst
  case ctTpSrc, ctTpDst
  // Ethernet and tags.
  /// Namespace in the upper 16 bits, type in the lower; absent from a match: Ethernet (0, 0).
  case packetType
  case ethSrc, ethDst, ethType
  /// 16 bits: priority, the present bit 0x1000, id; zero without a tag. Matches on any VLAN
  /// field are normalised to it.
  case vlanTCI
  /// The id alone, 12 bits, of OpenFlow 1.0; 0xffff in a match means no tag.
  case dlVLAN
  case dlVLANPriority
  /// 12 bits as a subfield; a value in a match or `set_field` has the present bit 0x1000 too.
  case vlanVID
  case vlanPriority
  case mplsLabel, mplsTC, mplsBOS, mplsTTL
  // IP; `nw…` are either family's.
  case ipSrc, ipDst, ipv6Src, ipv6Dst, ipv6Label, nwProto
  /// 8 bits of which a match and a `set_field` concern the upper six: matches on either
  /// spelling of DSCP are normalised to it, with mask 0xfc.
  case nwTOS
  /// The same six bits, shifted down.
  case ipDSCP
  case nwECN, nwTTL
  /// Bit 0: is a fragment; bit 1: is not the first one.
  case ipFrag
  // ARP.
  case arpOp, arpSPA, arpTPA, arpSHA, arpTHA
  // Transport.
  case tcpSrc, tcpDst, tcpFlags, udpSrc, udpDst, sctpSrc, sctpDst
  case icmpType, icmpCode, icmp6Type, icmp6Code
  case ndTarget, ndSLL, ndTLL, ndReserved, ndOptionsType
  // Network service header.
  case nshFlags, nshTTL, nshMDType, nshNextProtocol, nshSPI, nshSI, nshC1, nshC2, nshC3, nshC4

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// `reg0`...`reg15`; nil outside.
  public static func reg(_ index: Int) -> OpenFlowField? { nth(index, of: reg0, count: 16) }
  public static func xreg(_ index: Int) -> OpenFlowField? { nth(index, of: xreg0, count: 8) }
  public static func xxreg(_ index: Int) -> OpenFlowField? { nth(index, of: xxreg0, count: 4) }
  public static func tunMetadata(_ index: Int) -> OpenFlowField? {
    nth(index, of: tunMetadata0, count: 64)
  }

  /// Its number where it is one of `reg0`...`reg15`.
  public var regIndex: Int? { index(from: .reg0, count: 16) }
  public var xregIndex: Int? { index(from: .xreg0, count: 8) }
  public var xxregIndex: Int? { index(from: .xxreg0, count: 4) }
  public var tunMetadataIndex: Int? { index(from: .tunMetadata0, count: 64) }

  /// The 32-bit registers that a wide one overlays, most significant first; itself for `reg…`.
  public var overlaidRegisters: Range<Int>? {
    if let index = regIndex { return index..<index + 1 }
    if let index = xregIndex { return index * 2..<index * 2 + 2 }
    if let index = xxregIndex { return index * 4..<index * 4 + 4 }
    return nil
  }

  private static func nth(_ index: Int, of first: Self, count: Int) -> OpenFlowField? {
    guard (0..<count).contains(index) else { return nil }
    return OpenFlowField(rawValue: first.rawValue + UInt8(index))
  }
  private func index(from first: Self, count: Int) -> Int? {
    let index = Int(rawValue) - Int(first.rawValue)
    return (0..<count).contains(index) ? index : nil
  }
}

/// `bitCount` bits of a field from `firstBit` up; the whole field where they say so.
public struct Subfield: Hashable, Sendable {
  public var field: OpenFlowField
  public var firstBit: UInt16
  public var bitCount: UInt16

  public init(_ field: OpenFlowField, firstBit: UInt16, bitCount: UInt16) {
    self.field = field
    self.firstBit = firstBit
    self.bitCount = bitCount
  }
  /// All bits of a field.
  public init(_ field: OpenFlowField) {
    self.init(field, firstBit: 0, bitCount: field.widthBits)
  }
  public var isWhole: Bool { firstBit == 0 && bitCount == field.widthBits }

  /// Ones at the subfield's place in its field; bits above 127 fall off.
  public var mask: UInt128 {
    let ones = bitCount >= 128 ? UInt128.max : (UInt128(1) << UInt128(bitCount)) - 1
    return firstBit >= 128 ? 0 : ones << UInt128(firstBit)
  }
}
