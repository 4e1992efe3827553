// A match in ovs-ofctl's syntax, as its own dumps write it.
import NetworkTypes

extension FieldMatch: CustomStringConvertible {
  /// `reg5=0xb`, `nw_dst=10.0.0.0/8`.
  public var description: String { "\(field.name)=\(field.text(value: value, mask: mask))" }
}

extension FlowMatch: CustomStringConvertible {
  /// `tcp,reg5=0xb,dl_vlan=3,tp_dst=80`; empty where everything matches.
  public var description: String {
    var parts: [String] = []
    let word = protocolWord
    if let word { parts.append(word.name) }
    for match in fields {
      switch match.field {
      case .ethType where word != nil: continue
      case .nwProto where word?.hasIPProtocol == true: continue
      case .vlanTCI: parts.append(vlanText(match))
      case .nwTOS: parts.append("nw_tos=\(match.value)")
      case .tcpSrc, .udpSrc, .sctpSrc: parts.append(text(match, as: "tp_src", word))
      case .tcpDst, .udpDst, .sctpDst: parts.append(text(match, as: "tp_dst", word))
      case .icmp6Type: parts.append(text(match, as: "icmp_type", word))
      case .icmp6Code: parts.append(text(match, as: "icmp_code", word))
      default: parts.append("\(match)")
      }
    }
    parts += unrecognised.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
    return parts.joined(separator: ",")
  }

  private typealias Word = (name: String, hasIPProtocol: Bool)

  /// `tcp6` for what it stands for; nil where no word does.
  private var protocolWord: Word? {
    guard let type = exact(.ethType).map({ UInt16(truncatingIfNeeded: $0) }) else { return nil }
    let number = exact(.nwProto).map { UInt8(truncatingIfNeeded: $0) }
    switch (type, number) {
    case (EtherType.ipv4, IPProtocol.tcp): return ("tcp", true)
    case (EtherType.ipv4, IPProtocol.udp): return ("udp", true)
    case (EtherType.ipv4, IPProtocol.sctp): return ("sctp", true)
    case (EtherType.ipv4, IPProtocol.icmp): return ("icmp", true)
    case (EtherType.ipv6, IPProtocol.tcp): return ("tcp6", true)
    case (EtherType.ipv6, IPProtocol.udp): return ("udp6", true)
    case (EtherType.ipv6, IPProtocol.sctp): return ("sctp6", true)
    case (EtherType.ipv6, IPProtocol.icmp6): return ("icmp6", true)
    case (EtherType.ipv4, _): return ("ip", false)
    case (EtherType.ipv6, _): return ("ipv6", false)
    case (EtherType.arp, _): return ("arp", false)
    case (EtherType.rarp, _): return ("rarp", false)
    case (EtherType.mpls, _): return ("mpls", false)
    case (0x8848, _): return ("mplsm", false)
    default: return nil
    }
  }

  /// Transport fields go by one name behind a protocol's word.
  private func text(_ match: FieldMatch, as name: String, _ word: Word?) -> String {
    guard word?.hasIPProtocol == true else { return "\(match)" }
    return "\(name)=\(match.field.text(value: match.value, mask: match.mask))"
  }

  private func vlanText(_ match: FieldMatch) -> String {
    let (id, priority) = (match.value & 0xfff, match.value >> 13)
    let isTagged = match.value & 0x1000 != 0
    switch (match.mask, isTagged) {
    case (0x1fff, true): return "dl_vlan=\(id)"
    case (0xf000, true): return "dl_vlan_pcp=\(priority)"
    case (0xffff, true): return "dl_vlan=\(id),dl_vlan_pcp=\(priority)"
    default:
      return "vlan_tci=" + OpenFlowField.vlanTCI.text(value: match.value, mask: match.mask)
    }
  }
}
