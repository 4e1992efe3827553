// Rows of the format catalogue: packet filters, address translation and connection tracking.
import Facts
import NetworkTypes

extension FormatCatalogue {
  /// `iptables-save` is whichever back end the node's alternatives chose; the `-nft` and `-legacy`
  /// spellings name one.
  static let netfilter: [CaptureFormat] = [
    .namespace(
      "iptables", "iptables-save_-c.txt", WordPattern("iptables-save|iptables-nft-save"),
      into: \.iptables4
    ) { IPTablesFormat.parse($0, family: .ipv4) },
    .namespace(
      "iptables-legacy", "iptables-legacy-save_-c.txt", isExpected: false,
      WordPattern("iptables-legacy-save"), into: \.iptables4Legacy
    ) { IPTablesFormat.parse($0, family: .ipv4) },
    .namespace(
      "ip6tables", "ip6tables-save_-c.txt", WordPattern("ip6tables-save|ip6tables-nft-save"),
      into: \.iptables6
    ) { IPTablesFormat.parse($0, family: .ipv6) },
    .namespace(
      "ip6tables-legacy", "ip6tables-legacy-save_-c.txt", isExpected: false,
      WordPattern("ip6tables-legacy-save"), into: \.iptables6Legacy
    ) { IPTablesFormat.parse($0, family: .ipv6) },
    .namespace(
      "nft", "nft_-j_list_ruleset.json", isExpected: false,
      WordPattern("nft list ruleset -j|--json|-@j"), into: \.nftables, NFTablesFormat.parse),
    .namespace(
      "ipset", "ipset_save.txt", isExpected: false, WordPattern("ipset save"), into: \.ipsets,
      IPSetFormat.parse),
    .namespace(
      "ebtables", "ebtables-save.txt", isExpected: false,
      WordPattern("ebtables-save|ebtables-nft-save|ebtables-legacy-save"), into: \.ebtables,
      EBTablesFormat.parse),
    .namespace(
      "conntrack", "conntrack_-L_-o_extended.txt", isExpected: false,
      WordPattern("conntrack -L|--dump"), into: \.conntrack, ConntrackFormat.parse),
    .openVSwitch(
      "dpctl-conntrack", "dpctl_dump-conntrack.txt", isExpected: false,
      WordPattern("dpctl dump-conntrack"), into: \.conntrack, ConntrackFormat.parse),
  ]
}
