// Values, masks and subfields in ovs-ofctl's syntax; matches and actions are printed with these.
import NetworkTypes

extension OpenFlowField {
  /// `value` or `value/mask` as ovs-ofctl writes it for this field.
  public func text(value: UInt128, mask: UInt128) -> String {
    let isExact = mask & valueMask == valueMask
    switch format {
    case .decimal: return isExact ? "\(value)" : hexadecimal(value, mask)
    case .hexadecimal: return isExact ? hexadecimal(value) : hexadecimal(value, mask)
    case .ethernet:
      let address = MACAddress(rawValue: UInt64(truncatingIfNeeded: value))
      let bits = MACAddress(rawValue: UInt64(truncatingIfNeeded: mask))
      return isExact ? "\(address)" : "\(address)/\(bits)"
    case .ipv4: return addressText(value, mask, .ipv4)
    case .ipv6: return addressText(value, mask, .ipv6)
    case .port16, .port32: return "\(OpenFlowPort(UInt32(truncatingIfNeeded: value)))"
    case .fragment: return fragmentText(value, mask)
    case .ctState: return flagsText(value, mask, CTStateBits.names)
    case .tcpFlags: return flagsText(value, mask, TCPFlagNames.all)
    case .tunnelFlags: return flagsText(value, mask, ["oam"])
    case .packetType: return "(\(value >> 16),\(hexadecimal(value & 0xffff)))"
    }
  }

  /// What a `set_field` calls it: `eth_src` where a match says `dl_src`.
  var actionName: String {
    switch self {
    case .ethSrc: "eth_src"
    case .ethDst: "eth_dst"
    case .ethType: "eth_type"
    case .ipSrc: "ip_src"
    case .ipDst: "ip_dst"
    case .ipFrag: "ip_frag"
    default: name
    }
  }

  private func addressText(_ value: UInt128, _ mask: UInt128, _ family: AddressFamily) -> String {
    let address = IPAddress(bits: value, family: family)
    let ones = (mask & valueMask).nonzeroBitCount
    if ones == family.width { return "\(address)" }
    if IPPrefix.mask(length: ones, family: family) == mask & valueMask {
      return "\(address)/\(ones)"
    }
    return "\(address)/\(IPAddress(bits: mask, family: family))"
  }

  private func fragmentText(_ value: UInt128, _ mask: UInt128) -> String {
    switch (value, mask) {
    case (0, 3): "no"
    case (1, 1): "yes"
    case (1, 3): "first"
    case (3, 3): "later"
    case (0, 2): "not_later"
    default: hexadecimal(value, mask)
    }
  }

  /// `+a-b`; a number where a bit has no name or every bit is given.
  private func flagsText(_ value: UInt128, _ mask: UInt128, _ names: [String]) -> String {
    let isNamed = mask >> UInt128(names.count) == 0
    guard isNamed, mask & valueMask != valueMask || names.count == 1 else {
      return mask & valueMask == valueMask ? hexadecimal(value) : hexadecimal(value, mask)
    }
    return names.enumerated().map { bit, name in
      if mask >> UInt128(bit) & 1 == 0 { return "" }
      return (value >> UInt128(bit) & 1 == 1 ? "+" : "-") + name
    }.joined()
  }
}

/// Bits of `tcp_flags` by name.
public enum TCPFlagNames {
  /// By rising bit.
  public static let all = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"]
}

func hexadecimal(_ value: some BinaryInteger) -> String {
  value == 0 ? "0" : "0x" + String(value, radix: 16)
}
func hexadecimal(_ value: UInt128, _ mask: UInt128) -> String {
  "0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))"
}

extension Subfield: CustomStringConvertible {
  /// `NXM_NX_REG6[0..15]`, `NXM_NX_REG6[3]`, `NXM_NX_REG6[]`.
  public var description: String {
    if isWhole { return "\(field.nxmName)[]" }
    let last = firstBit + max(bitCount, 1) - 1
    return firstBit == last
      ? "\(field.nxmName)[\(firstBit)]" : "\(field.nxmName)[\(firstBit)..\(last)]"
  }
}
