// Rows of the format catalogue: what the kernel says through ip, bridge, ss, sysctl, ps.
import Facts
import NetworkTypes

extension FormatCatalogue {
  static let linux: [CaptureFormat] = links + addressing + bridging + host

  private static let json = "-j|-json|--json|-@j"
  /// One-line and brief layouts have other columns; a filter leaves out what is there.
  private static let partial = "-o -oneline -br -brief -4 -6 -f -0 dev up type master nud proxy"

  private static let links: [CaptureFormat] = [
    .namespace(
      "ip-link", "ip_-d_-j_link.json",
      WordPattern("ip link|l|li", without: "-s -stats -statistics \(partial)"),
      into: \.links, LinkFormat.parse),
    .namespace(
      "ip-link-full", "ip_-d_-s_-j_link.json", isExpected: false,
      WordPattern("ip link|l|li -d|-details -s|-stats|-statistics", without: partial),
      into: \.links, LinkFormat.parse),
    // Behind both, so that the links are there when their counters come.
    .plain(
      "ip-link-statistics", "ip_-s_-j_link.json",
      WordPattern("ip link|l|li -s|-stats|-statistics", without: "-d -details \(partial)"),
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
      "ip-addr", "ip_-j_addr.json", WordPattern("ip addr|address|a", without: partial),
      into: \.addresses, AddressFormat.parse),
    // Without "table all" it is the main table only, which would pass for all of them.
    .plain(
      "ip-route", "ip_route_show_table_all.txt",
      WordPattern("ip route|r|ro table all", without: "-4 -6"), belongs: \.isNamespace,
      { RouteFormat.parse($0, family: nil) }, store: storeBothFamilies),
    .namespace(
      "ip-route-4", "ip_-4_-j_route_table_all.json",
      WordPattern("ip route|r|ro table all -4", without: "-6"), into: \.routes4
    ) { RouteFormat.parse($0, family: .ipv4) },
    .namespace(
      "ip-route-6", "ip_-6_-j_route_table_all.json", WordPattern("ip route|r|ro table all -6"),
      into: \.routes6
    ) { RouteFormat.parse($0, family: .ipv6) },
    .namespace(
      "ip-rule-4", "ip_-4_-j_rule.json", WordPattern("ip rule|ru", without: "-6"),
      into: \.rules4
    ) { RuleFormat.parse($0, family: .ipv4) },
    .namespace(
      "ip-rule-6", "ip_-6_-j_rule.json", WordPattern("ip rule|ru -6"), into: \.rules6
    ) { RuleFormat.parse($0, family: .ipv6) },
    .namespace(
      "ip-neigh", "ip_-j_neigh.json",
      WordPattern("ip neigh|neighbor|neighbour|n", without: partial),
      into: \.neighbours, NeighbourFormat.parse),
  ]

  @Sendable private static func storeBothFamilies(
    _ facts: inout CloudFacts, _ place: FactsPlace, _ routes: [Route], _ gap: Gap?
  ) {
    guard let node = place.node, case .namespace(let name) = place.place else { return }
    let file = routes.first?.evidence.file
    func section(_ family: AddressFamily) -> Section<Route> {
      Section(
        records: routes.filter { $0.destination.family == family }, gap: gap, file: file)
    }
    facts.nodes[node].namespaces[name, default: NamespaceFacts(name: name)].routes4 = section(.ipv4)
    facts.nodes[node].namespaces[name, default: NamespaceFacts(name: name)].routes6 = section(.ipv6)
  }

  private static let bridging: [CaptureFormat] = [
    .rootNamespace(
      "bridge-fdb", "bridge_-j_fdb.json", WordPattern("bridge fdb", without: partial),
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
    .namespace(
      "netns-pids", "ip_netns_pids.txt", isExpected: false, WordPattern("ip netns pids"),
      into: \.processIDs, NamespacePIDFormat.parse),
    .node(
      "netns-list", "ip_netns_list.txt", WordPattern("ip netns list|ls", without: json),
      into: \.namespaceListings, NamespaceListFormat.parse),
    .node(
      "lsns", "lsns_-J_-t_net.json", isExpected: false, WordPattern("lsns -@J|--json"),
      into: \.networkNamespaces, NetworkNamespaceFormat.parse),
    .node("ps", "ps.txt", WordPattern("ps"), into: \.processes, ProcessFormat.parse),
    .node(
      "uname", "uname_-a.txt", isExpected: false, WordPattern("uname"), into: \.kernel,
      KernelFormat.parse),
    .node(
      "uptime", "uptime.txt", isExpected: false, WordPattern("uptime"), into: \.uptime,
      UptimeFormat.parse),
    .node(
      "hosts", "hosts.txt", isExpected: false, WordPattern("hosts"), into: \.staticHosts,
      HostsFormat.parse),
    .plain(
      "hostname", "hostname.txt", WordPattern("hostname"), belongs: \.isRoot,
      HostNameFormat.parse,
      store: { facts, place, records, _ in
        if let node = place.node { facts.nodes[node].hostname = records.first?.name }
      }),
    .plain(
      "date", "date.txt", WordPattern("date"), belongs: \.isRoot, CaptureTimeFormat.parse,
      store: { facts, place, records, _ in
        if let node = place.node { facts.nodes[node].capturedAt = records.first?.utc }
      }),
  ]
}
