// Values of rule options as iptables, ip6tables, ebtables and ipset spell them.
import Facts
import NetworkTypes

/// Protocol names as getprotobynumber gives them to the savers, with their common variants.
private let protocolNumbers: [String: UInt8] = [
  "all": 0, "ip": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipip": 4, "ipv4": 4, "st": 5,
  "tcp": 6, "egp": 8, "igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27,
  "iso-tp4": 29, "dccp": 33, "xtp": 36, "ddp": 37, "idpr-cmtp": 38, "ipv6": 41,
  "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50,
  "ipv6-crypt": 50, "ah": 51, "ipv6-auth": 51, "skip": 57, "ipv6-icmp": 58, "icmpv6": 58,
  "icmp6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88,
  "ospf": 89, "ax.25": 93, "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112,
  "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility-header": 135, "ipv6-mh": 135,
  "mh": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140,
  "wesp": 141, "rohc": 142,
]

enum RuleValue {
  /// A name or a number; names in either case.
  static func ipProtocol(_ text: some StringProtocol) -> UInt8? {
    protocolNumbers[text.lowercased()] ?? UInt8(String(text))
  }

  /// `80`, `80:90`, `:90`, `80:` (or with another separator).
  static func ports(_ text: some StringProtocol, separator: Character = ":") -> PortRange? {
    let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first else { return nil }
    if parts.count == 1 { return UInt16(first).map(PortRange.init(single:)) }
    guard let low = first.isEmpty ? 0 : UInt16(first),
      let high = parts[1].isEmpty ? .max : UInt16(parts[1])
    else { return nil }
    return PortRange(first: low, last: high)
  }

  static func range<Number: FixedWidthInteger & Sendable>(
    _ text: some StringProtocol, of type: Number.Type = Number.self, separator: Character = ":"
  ) -> ClosedRange<Number>? {
    let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first else { return nil }
    if parts.count == 1 { return number(first, of: type).map { $0...$0 } }
    guard let low = first.isEmpty ? 0 : number(first, of: type),
      let high = parts[1].isEmpty ? .max : number(parts[1], of: type), low <= high
    else { return nil }
    return low...high
  }

  /// Decimal, or hexadecimal behind `0x`.
  static func number<Number: FixedWidthInteger>(
    _ text: some StringProtocol, of type: Number.Type = Number.self
  ) -> Number? {
    parseNumber(text).flatMap { Number(exactly: $0) }
  }

  /// `value` or `value/mask`.
  static func mark(_ text: some StringProtocol) -> MaskedMark? {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let value = number(first, of: UInt32.self) else { return nil }
    guard parts.count == 2 else { return MaskedMark(value: value) }
    guard let mask = number(parts[1], of: UInt32.self) else { return nil }
    return MaskedMark(value: value, mask: mask)
  }

  /// `value` or `value/mask` of one byte.
  static func maskedByte(_ text: some StringProtocol) -> (value: UInt8, mask: UInt8)? {
    guard let mark = mark(text), mark.value <= 255 else { return nil }
    return (UInt8(mark.value), UInt8(truncatingIfNeeded: mark.mask))
  }

  /// `mac` or `mac/mask`.
  static func mac(_ text: some StringProtocol) -> MaskedMAC? {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, let address = MACAddress(first) else { return nil }
    guard parts.count == 2 else { return MaskedMAC(address: address) }
    return MACAddress(parts[1]).map { MaskedMAC(address: address, mask: $0) }
  }

  /// `a-b`, or a lone address.
  static func addresses(_ text: some StringProtocol) -> ClosedRange<IPAddress>? {
    let parts = text.split(separator: "-", maxSplits: 1)
    guard let first = parts.first.flatMap({ IPAddress($0) }) else { return nil }
    guard parts.count == 2 else { return first...first }
    guard let last = IPAddress(parts[1]), last.family == first.family, first <= last
    else { return nil }
    return first...last
  }

  /// `src,dst,…`.
  static func ends(_ text: some StringProtocol) -> [PacketEnd]? {
    var ends: [PacketEnd] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      switch part {
      case "src": ends.append(.source)
      case "dst": ends.append(.destination)
      default: return nil
      }
    }
    return ends
  }

  private static let flagBits: [String: UInt16] = [
    "FIN": 0x01, "SYN": 0x02, "RST": 0x04, "PSH": 0x08, "ACK": 0x10, "URG": 0x20, "ALL": 0x3f,
    "NONE": 0,
  ]
  /// `FIN,SYN`, `ALL`, `NONE`.
  static func tcpFlags(_ text: some StringProtocol) -> UInt16? {
    var flags: UInt16 = 0
    for part in text.split(separator: ",") {
      guard let bit = flagBits[String(part)] else { return nil }
      flags |= bit
    }
    return flags
  }

  /// `[packets:bytes]`.
  static func counters(_ text: some StringProtocol) -> PacketCounters? {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
    let parts = text.dropFirst().dropLast().split(separator: ":")
    guard parts.count == 2, let packets = UInt64(parts[0]), let bytes = UInt64(parts[1])
    else { return nil }
    return PacketCounters(packets: packets, bytes: bytes)
  }
}
