// Rows of the format catalogue: what the kernel says through ip, bridge, ss, sysctl, ps.
import Facts
import NetworkTypes

extension FormatCatalogue {
  static let linux: [CaptureFormat] = links + addressing + bridging + host

  private static let json = "-j|-json|--json|-@j"

  private static let links: [CaptureFormat] = [
    .namespace(
      "ip-link", "ip_-d_-j_link.json",
      WordPattern("ip link|l|li \(json)", without: "-s -stats -statistics"),
      into: \.links, LinkFormat.parse),
    .namespace(
      "ip-link-full", "ip_-d_-s_-j_link.json", isExpected: false,
      WordPattern("ip link|l|li \(json) -d|-details -s|-stats|-statistics"),
      into: \.links, LinkFormat.parse),
    // Behind both, so that the links are there when their counters come.
    .plain(
      "ip-link-statistics", "ip_-s_-j_link.json",
      WordPattern("ip link|l|li \(json) -s|-stats|-statistics", without: "-d -details"),
      belongs: \.isNamespace, LinkFormat.parse,
      store: { facts, place, records, _ in
        guard let node = place.node, case .namespace(let name) = place.place,
          let links = facts.nodes[node].namespaces[name]?.links.records
        else { return }
        facts.nodes[node].namespaces[name]?.links.records =
          LinkFormat.merging(statistics: records, into: links)
      }),
  ]

  private static let addressing: [CaptureFormat] = [
    .namespace(
      "ip-addr", "ip_-j_addr.json", WordPattern("ip addr|address|a \(json)"),
      into: \.addresses, AddressFormat.parse),
    // Without "table all" it is the main table only, which would pass for all of them.
    .namespace(
      "ip-route-4", "ip_-4_-j_route_table_all.json",
      WordPattern("ip route|r|ro table all \(json)", without: "-6"), into: \.routes4
    ) { RouteFormat.parse($0, family: .ipv4) },
    .namespace(
      "ip-route-6", "ip_-6_-j_route_table_all.json",
      WordPattern("ip route|r|ro table all \(json) -6"), into: \.routes6
    ) { RouteFormat.parse($0, family: .ipv6) },
    .namespace(
      "ip-rule-4", "ip_-4_-j_rule.json", WordPattern("ip rule|ru \(json)", without: "-6"),
      into: \.rules4
    ) { RuleFormat.parse($0, family: .ipv4) },
    .namespace(
      "ip-rule-6", "ip_-6_-j_rule.json", WordPattern("ip rule|ru \(json) -6"), into: \.rules6
    ) { RuleFormat.parse($0, family: .ipv6) },
    .namespace(
      "ip-neigh", "ip_-j_neigh.json",
      WordPattern("ip neigh|neighbor|neighbour|n \(json)", without: "proxy"),
      into: \.neighbours, NeighbourFormat.parse),
  ]

  private static let bridging: [CaptureFormat] = [
    .rootNamespace(
      "bridge-fdb", "bridge_-j_fdb.json", WordPattern("bridge fdb \(json)"),
      into: \.bridgeForwarding, BridgeForwardingFormat.parse),
    .rootNamespace(
      "bridge-vlan", "bridge_-j_vlan.json", isExpected: false,
      WordPattern("bridge vlan \(json)"), into: \.bridgeVLANs, BridgeVLANFormat.parse),
    .rootNamespace(
      "bridge-link", "bridge_-d_-j_link.json", WordPattern("bridge link \(json)"),
      into: \.bridgePorts, BridgePortFormat.parse),
  ]

  private static let host: [CaptureFormat] = [
    .namespace(
      "sysctl", "sysctl.txt", WordPattern("sysctl"), into: \.sysctls, SysctlFormat.parse),
    .namespace(
      "ss", "ss_-H_-lntup.txt", WordPattern("ss -@l -@n", without: "-@x"), into: \.sockets,
      SocketFormat.parse),
    // The same and local sockets beside them.
    .rootNamespace(
      "ss-local", "ss_-H_-lntuxp.txt", isExpected: false, WordPattern("ss -@l -@n -@x"),
      into: \.sockets, SocketFormat.parse),
    .plain(
      "hostname", "hostname.txt", WordPattern("hostname"), belongs: \.isRoot, LineFormat.parse,
      store: { facts, place, records, _ in
        if let node = place.node { facts.nodes[node].hostname = records.first?.text }
      }),
    .plain(
      "date", "date.txt", WordPattern("date"), belongs: \.isRoot, LineFormat.parse,
      store: { facts, place, records, _ in
        if let node = place.node { facts.nodes[node].capturedAt = records.first?.text }
      }),
  ]
}
