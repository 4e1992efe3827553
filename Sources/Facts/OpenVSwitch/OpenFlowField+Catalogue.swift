// What Open vSwitch's manual of fields says of each: names, width, mask, prerequisites, how its
// values are written. The flow parser reads names and formats here, the evaluator widths.

extension OpenFlowField {
  /// How `ovs-ofctl` writes a field's values.
  public enum ValueFormat: UInt8, Hashable, Sendable {
    case decimal, hexadecimal, ethernet, ipv4, ipv6
    case port16, port32
    /// `no`, `yes`, `first`, `later`, `not_later`.
    case fragment
    /// `+est-rel`, or a number with a mask.
    case ctState, tcpFlags, tunnelFlags
    /// `(namespace,type)`.
    case packetType
  }

  /// What a packet must be to have the field at all.
  public enum Prerequisite: UInt8, Hashable, Sendable {
    case none, ethernet, vlan, mpls, ipv4, ipv6, ip, arp, nsh, tcp, udp, sctp, icmp4, icmp6
    case nd, ndSolicitation, ndAdvertisement
    /// Known only once the packet went through connection tracking.
    case tracked
  }

  /// One row of the catalogue.
  public struct Traits: Hashable, Sendable {
    public let field: OpenFlowField
    /// The name that `ovs-ofctl` prints in a match.
    public let name: String
    /// Other names, and NXM's or OXM's.
    public let aliases: [String]
    /// Bits that a subfield can name.
    public let widthBits: UInt16
    public let isMaskable: Bool
    public let isWritable: Bool
    public let prerequisite: Prerequisite
    public let format: ValueFormat
  }

  public var traits: Traits { Self.catalogue[Int(rawValue)] }
  public var name: String { traits.name }
  public var widthBits: UInt16 { Self.catalogue[Int(rawValue)].widthBits }
  public var isMaskable: Bool { traits.isMaskable }
  public var prerequisite: Prerequisite { Self.catalogue[Int(rawValue)].prerequisite }
  public var format: ValueFormat { Self.catalogue[Int(rawValue)].format }

  /// Bits of a value in a match or `set_field`: `vlan_vid` has one more than its width, and only
  /// eight of `ct_state`'s are defined.
  public var valueBits: UInt16 {
    switch self {
    case .ctState: 8
    case .vlanVID: 13
    case .dlVLAN: 16
    default: min(widthBits, 128)
    }
  }
  /// Ones in every bit of a value.
  public var valueMask: UInt128 {
    let bits = valueBits
    return bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1
  }
  /// What OXM or NXM calls it, for actions that name it so; its plain name without one.
  public var nxmName: String { Self.nxmNames[Int(rawValue)] }

  /// Case-sensitive, as Open vSwitch has it; any alias.
  public init?(name: some StringProtocol) {
    guard let field = Self.byName[String(name)] else { return nil }
    self = field
  }

  /// Ordered as the cases are.
  public static let catalogue: [Traits] = makeCatalogue()

  /// Every name and alias.
  public static let byName: [String: OpenFlowField] = {
    var names: [String: OpenFlowField] = [:]
    for traits in catalogue {
      names[traits.name] = traits.field
      for alias in traits.aliases { names[alias] = traits.field }
    }
    return names
  }()

  /// NXM's name before OXM's, as `ovs-ofctl` prefers.
  private static let nxmNames: [String] = catalogue.map { traits in
    let wired = traits.aliases.filter { $0.contains("XM_") }
    return wired.first { $0.hasPrefix("NXM_") } ?? wired.first ?? traits.name
  }
}

/// A row without its field; `x` marks bits that a mask may leave out, `r` a read-only field.
private struct Row {
  let names: String
  let bits: UInt16
  let access: String
  let prerequisite: OpenFlowField.Prerequisite
  let format: OpenFlowField.ValueFormat
  init(
    _ names: String, _ bits: UInt16, _ access: String,
    _ prerequisite: OpenFlowField.Prerequisite, _ format: OpenFlowField.ValueFormat
  ) {
    self.names = names
    self.bits = bits
    self.access = access
    self.prerequisite = prerequisite
    self.format = format
  }
}

private func makeCatalogue() -> [OpenFlowField.Traits] {
  OpenFlowField.allCases.map { field in
    let row = rows[field] ?? numberedRow(field)
    let names = row.names.split(separator: " ").map(String.init)
    return OpenFlowField.Traits(
      field: field, name: names.first ?? "", aliases: Array(names.dropFirst()),
      widthBits: row.bits, isMaskable: row.access.contains("x"),
      isWritable: row.access.contains("w"), prerequisite: row.prerequisite, format: row.format)
  }
}

/// Registers and tunnel options, which differ by number only.
private func numberedRow(_ field: OpenFlowField) -> Row {
  if let n = field.regIndex {
    return Row("reg\(n) NXM_NX_REG\(n)", 32, "xw", .none, .hexadecimal)
  }
  if let n = field.xregIndex {
    return Row("xreg\(n) OXM_OF_PKT_REG\(n)", 64, "xw", .none, .hexadecimal)
  }
  if let n = field.xxregIndex {
    return Row("xxreg\(n) NXM_NX_XXREG\(n)", 128, "xw", .none, .hexadecimal)
  }
  let n = field.tunMetadataIndex ?? 0
  // 124 bytes at most; how many are used, the switch's TLV mapping says.
  return Row("tun_metadata\(n) NXM_NX_TUN_METADATA\(n)", 992, "xw", .none, .hexadecimal)
}

/// Names (printed first, then aliases), width, access (x: maskable, r or w), prerequisite, format.
private let rows: [OpenFlowField: Row] = [
  .conjID: Row("conj_id NXM_NX_CONJ_ID", 32, "r", .none, .decimal),
  .recircID: Row("recirc_id NXM_NX_RECIRC_ID", 32, "r", .none, .hexadecimal),
  .datapathHash: Row("dp_hash NXM_NX_DP_HASH", 32, "xr", .none, .hexadecimal),
  .metadata: Row("metadata OXM_OF_METADATA", 64, "xw", .none, .hexadecimal),
  .actionSetOutput: Row(
    "actset_output ONFOXM_ET_ACTSET_OUTPUT OXM_OF_ACTSET_OUTPUT", 32, "r", .none, .port32),
  .skbPriority: Row("skb_priority", 32, "r", .none, .hexadecimal),
  .packetMark: Row("pkt_mark NXM_NX_PKT_MARK", 32, "xw", .none, .hexadecimal),
  .inPort: Row("in_port NXM_OF_IN_PORT", 16, "w", .none, .port16),
  .inPort32: Row("in_port_oxm OXM_OF_IN_PORT", 32, "w", .none, .port32),

  .tunID: Row(
    "tun_id tunnel_id NXM_NX_TUN_ID OXM_OF_TUNNEL_ID", 64, "xw", .none, .hexadecimal),
  .tunSrc: Row("tun_src NXM_NX_TUN_IPV4_SRC", 32, "xw", .none, .ipv4),
  .tunDst: Row("tun_dst NXM_NX_TUN_IPV4_DST", 32, "xw", .none, .ipv4),
  .tunIPv6Src: Row("tun_ipv6_src NXM_NX_TUN_IPV6_SRC", 128, "xw", .none, .ipv6),
  .tunIPv6Dst: Row("tun_ipv6_dst NXM_NX_TUN_IPV6_DST", 128, "xw", .none, .ipv6),
  .tunFlags: Row("tun_flags NXM_NX_TUN_FLAGS", 1, "xw", .none, .tunnelFlags),
  .tunTOS: Row("tun_tos", 8, "r", .none, .hexadecimal),
  .tunTTL: Row("tun_ttl", 8, "r", .none, .decimal),
  .tunGBPID: Row("tun_gbp_id NXM_NX_TUN_GBP_ID", 16, "xw", .none, .decimal),
  .tunGBPFlags: Row("tun_gbp_flags NXM_NX_TUN_GBP_FLAGS", 8, "xw", .none, .hexadecimal),
  .tunERSPANVersion: Row("tun_erspan_ver NXOXM_ET_ERSPAN_VER", 4, "xw", .none, .decimal),
  .tunERSPANIndex: Row("tun_erspan_idx NXOXM_ET_ERSPAN_IDX", 20, "xw", .none, .hexadecimal),
  .tunERSPANDirection: Row("tun_erspan_dir NXOXM_ET_ERSPAN_DIR", 1, "xw", .none, .decimal),
  .tunERSPANHardwareID: Row(
    "tun_erspan_hwid NXOXM_ET_ERSPAN_HWID", 6, "xw", .none, .hexadecimal),
  .tunGTPUFlags: Row("tun_gtpu_flags gtpu_flags NXOXM_ET_GTPU_FLAGS", 8, "xr", .none, .hexadecimal),
  .tunGTPUMessageType: Row(
    "tun_gtpu_msgtype gtpu_msgtype NXOXM_ET_GTPU_MSGTYPE", 8, "xr", .none, .decimal),

  .ctState: Row("ct_state NXM_NX_CT_STATE", 32, "xr", .none, .ctState),
  .ctZone: Row("ct_zone NXM_NX_CT_ZONE", 16, "r", .none, .decimal),
  .ctMark: Row("ct_mark NXM_NX_CT_MARK", 32, "xw", .none, .hexadecimal),
  .ctLabel: Row("ct_label NXM_NX_CT_LABEL", 128, "xw", .none, .hexadecimal),
  .ctNwProto: Row("ct_nw_proto NXM_NX_CT_NW_PROTO", 8, "r", .tracked, .decimal),
  .ctNwSrc: Row("ct_nw_src NXM_NX_CT_NW_SRC", 32, "xr", .tracked, .ipv4),
  .ctNwDst: Row("ct_nw_dst NXM_NX_CT_NW_DST", 32, "xr", .tracked, .ipv4),
  .ctIPv6Src: Row("ct_ipv6_src NXM_NX_CT_IPV6_SRC", 128, "xr", .tracked, .ipv6),
  .ctIPv6Dst: Row("ct_ipv6_dst NXM_NX_CT_IPV6_DST", 128, "xr", .tracked, .ipv6),
  .ctTpSrc: Row("ct_tp_src NXM_NX_CT_TP_SRC", 16, "xr", .tracked, .decimal),
  .ctTpDst: Row("ct_tp_dst NXM_NX_CT_TP_DST", 16, "xr", .tracked, .decimal),

  .packetType: Row("packet_type OXM_OF_PACKET_TYPE", 32, "r", .none, .packetType),
  .ethSrc: Row("dl_src eth_src NXM_OF_ETH_SRC OXM_OF_ETH_SRC", 48, "xw", .ethernet, .ethernet),
  .ethDst: Row("dl_dst eth_dst NXM_OF_ETH_DST OXM_OF_ETH_DST", 48, "xw", .ethernet, .ethernet),
  .ethType: Row(
    "dl_type eth_type NXM_OF_ETH_TYPE OXM_OF_ETH_TYPE", 16, "r", .ethernet, .hexadecimal),
  .vlanTCI: Row("vlan_tci NXM_OF_VLAN_TCI", 16, "xw", .ethernet, .hexadecimal),
  .dlVLAN: Row("dl_vlan", 12, "w", .ethernet, .decimal),
  .dlVLANPriority: Row("dl_vlan_pcp", 3, "w", .vlan, .decimal),
  .vlanVID: Row("vlan_vid OXM_OF_VLAN_VID", 12, "xw", .ethernet, .decimal),
  .vlanPriority: Row("vlan_pcp OXM_OF_VLAN_PCP", 3, "w", .vlan, .decimal),
  .mplsLabel: Row("mpls_label OXM_OF_MPLS_LABEL", 20, "w", .mpls, .decimal),
  .mplsTC: Row("mpls_tc OXM_OF_MPLS_TC", 3, "w", .mpls, .decimal),
  .mplsBOS: Row("mpls_bos OXM_OF_MPLS_BOS", 1, "r", .mpls, .decimal),
  .mplsTTL: Row("mpls_ttl NXM_NX_MPLS_TTL", 8, "w", .mpls, .decimal),

  .ipSrc: Row("nw_src ip_src NXM_OF_IP_SRC OXM_OF_IPV4_SRC", 32, "xw", .ipv4, .ipv4),
  .ipDst: Row("nw_dst ip_dst NXM_OF_IP_DST OXM_OF_IPV4_DST", 32, "xw", .ipv4, .ipv4),
  .ipv6Src: Row("ipv6_src NXM_NX_IPV6_SRC OXM_OF_IPV6_SRC", 128, "xw", .ipv6, .ipv6),
  .ipv6Dst: Row("ipv6_dst NXM_NX_IPV6_DST OXM_OF_IPV6_DST", 128, "xw", .ipv6, .ipv6),
  .ipv6Label: Row(
    "ipv6_label NXM_NX_IPV6_LABEL OXM_OF_IPV6_FLABEL", 20, "xw", .ipv6, .hexadecimal),
  .nwProto: Row("nw_proto ip_proto NXM_OF_IP_PROTO OXM_OF_IP_PROTO", 8, "r", .ip, .decimal),
  .nwTOS: Row("nw_tos NXM_OF_IP_TOS", 8, "w", .ip, .decimal),
  .ipDSCP: Row("ip_dscp OXM_OF_IP_DSCP", 6, "w", .ip, .decimal),
  .nwECN: Row("nw_ecn ip_ecn NXM_NX_IP_ECN OXM_OF_IP_ECN", 2, "w", .ip, .decimal),
  .nwTTL: Row("nw_ttl ip_ttl NXM_NX_IP_TTL", 8, "w", .ip, .decimal),
  .ipFrag: Row("nw_frag ip_frag NXM_NX_IP_FRAG", 2, "xr", .ip, .fragment),

  .arpOp: Row("arp_op NXM_OF_ARP_OP OXM_OF_ARP_OP", 16, "w", .arp, .decimal),
  .arpSPA: Row("arp_spa NXM_OF_ARP_SPA OXM_OF_ARP_SPA", 32, "xw", .arp, .ipv4),
  .arpTPA: Row("arp_tpa NXM_OF_ARP_TPA OXM_OF_ARP_TPA", 32, "xw", .arp, .ipv4),
  .arpSHA: Row("arp_sha NXM_NX_ARP_SHA OXM_OF_ARP_SHA", 48, "xw", .arp, .ethernet),
  .arpTHA: Row("arp_tha NXM_NX_ARP_THA OXM_OF_ARP_THA", 48, "xw", .arp, .ethernet),

  .tcpSrc: Row("tcp_src tp_src NXM_OF_TCP_SRC OXM_OF_TCP_SRC", 16, "xw", .tcp, .decimal),
  .tcpDst: Row("tcp_dst tp_dst NXM_OF_TCP_DST OXM_OF_TCP_DST", 16, "xw", .tcp, .decimal),
  .tcpFlags: Row(
    "tcp_flags NXM_NX_TCP_FLAGS ONFOXM_ET_TCP_FLAGS OXM_OF_TCP_FLAGS", 12, "xr", .tcp, .tcpFlags),
  .udpSrc: Row("udp_src NXM_OF_UDP_SRC OXM_OF_UDP_SRC", 16, "xw", .udp, .decimal),
  .udpDst: Row("udp_dst NXM_OF_UDP_DST OXM_OF_UDP_DST", 16, "xw", .udp, .decimal),
  .sctpSrc: Row("sctp_src OXM_OF_SCTP_SRC", 16, "xw", .sctp, .decimal),
  .sctpDst: Row("sctp_dst OXM_OF_SCTP_DST", 16, "xw", .sctp, .decimal),
  .icmpType: Row("icmp_type NXM_OF_ICMP_TYPE OXM_OF_ICMPV4_TYPE", 8, "w", .icmp4, .decimal),
  .icmpCode: Row("icmp_code NXM_OF_ICMP_CODE OXM_OF_ICMPV4_CODE", 8, "w", .icmp4, .decimal),
  .icmp6Type: Row("icmpv6_type NXM_NX_ICMPV6_TYPE OXM_OF_ICMPV6_TYPE", 8, "w", .icmp6, .decimal),
  .icmp6Code: Row("icmpv6_code NXM_NX_ICMPV6_CODE OXM_OF_ICMPV6_CODE", 8, "w", .icmp6, .decimal),
  .ndTarget: Row("nd_target NXM_NX_ND_TARGET OXM_OF_IPV6_ND_TARGET", 128, "xw", .nd, .ipv6),
  .ndSLL: Row("nd_sll NXM_NX_ND_SLL OXM_OF_IPV6_ND_SLL", 48, "xw", .ndSolicitation, .ethernet),
  .ndTLL: Row("nd_tll NXM_NX_ND_TLL OXM_OF_IPV6_ND_TLL", 48, "xw", .ndAdvertisement, .ethernet),
  .ndReserved: Row("nd_reserved ERICOXM_OF_ICMPV6_ND_RESERVED", 32, "w", .nd, .decimal),
  .ndOptionsType: Row("nd_options_type ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE", 8, "w", .nd, .decimal),

  .nshFlags: Row("nsh_flags NXOXM_NSH_FLAGS", 8, "xw", .nsh, .decimal),
  .nshTTL: Row("nsh_ttl NXOXM_NSH_TTL", 8, "w", .nsh, .decimal),
  .nshMDType: Row("nsh_mdtype NXOXM_NSH_MDTYPE", 8, "r", .nsh, .decimal),
  .nshNextProtocol: Row("nsh_np NXOXM_NSH_NP", 8, "r", .nsh, .decimal),
  .nshSPI: Row("nsh_spi nsp NXOXM_NSH_SPI", 24, "w", .nsh, .hexadecimal),
  .nshSI: Row("nsh_si nsi NXOXM_NSH_SI", 8, "w", .nsh, .decimal),
  .nshC1: Row("nsh_c1 nshc1 NXOXM_NSH_C1", 32, "xw", .nsh, .hexadecimal),
  .nshC2: Row("nsh_c2 nshc2 NXOXM_NSH_C2", 32, "xw", .nsh, .hexadecimal),
  .nshC3: Row("nsh_c3 nshc3 NXOXM_NSH_C3", 32, "xw", .nsh, .hexadecimal),
  .nshC4: Row("nsh_c4 nshc4 NXOXM_NSH_C4", 32, "xw", .nsh, .hexadecimal),
]
