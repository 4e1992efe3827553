// Everything that is ever run on a node: the one list to review. Nothing in it changes state: no
// command that writes, flushes, adds or sets, and none that generates keys or loads a configuration.
// Feeds NodeScript, which makes a POSIX shell script of it, and `ovsight collect --print-commands`.

/// The reviewed commands, in the order in which they run.
public enum CommandList {
  /// Where the state of a namespace is read: once in `root/`, and in `ns/<namespace>/` for each.
  static let namespace: [ReviewedCommand] = [
    .json("ip_-d_-j_link.json", "ip -d -j link", or: "ip_-d_link.txt", "ip -d link"),
    .json("ip_-s_-j_link.json", "ip -s -j link", or: "ip_-s_link.txt", "ip -s link"),
    .json("ip_-j_addr.json", "ip -j addr", or: "ip_addr.txt", "ip addr"),
    .json(
      "ip_-4_-j_route_table_all.json", "ip -4 -j route show table all",
      or: "ip_-4_route_table_all.txt", "ip -4 route show table all"),
    .json(
      "ip_-6_-j_route_table_all.json", "ip -6 -j route show table all",
      or: "ip_-6_route_table_all.txt", "ip -6 route show table all"),
    .json("ip_-4_-j_rule.json", "ip -4 -j rule", or: "ip_-4_rule.txt", "ip -4 rule"),
    .json("ip_-6_-j_rule.json", "ip -6 -j rule", or: "ip_-6_rule.txt", "ip -6 rule"),
    .json("ip_-j_neigh.json", "ip -j neigh", or: "ip_neigh.txt", "ip neigh"),
    ReviewedCommand("iptables-save_-c.txt", "iptables-save -c"),
    ReviewedCommand("ip6tables-save_-c.txt", "ip6tables-save -c"),
    .legacyTables("iptables-legacy-save", names: "/proc/net/ip_tables_names"),
    .legacyTables("ip6tables-legacy-save", names: "/proc/net/ip6_tables_names"),
    ReviewedCommand("nft_-j_list_ruleset.json", "nft -j list ruleset"),
    ReviewedCommand("ipset_save.txt", "ipset save"),
    ReviewedCommand("conntrack_-L_-o_extended.txt", "conntrack -L -o extended"),
    ReviewedCommand(
      "sysctl.txt", "sysctl -a -r ^net", filter: .lines(matching: sysctls),
      when: .probe(.sysctlPattern)
    ) {
      ReviewedCommand("sysctl.txt", "sysctl -a", filter: .lines(matching: sysctls))
    },
    ReviewedCommand("ss_-H_-lntup.txt", "ss -H -lntup"),
  ]

  /// Once a node, in `root/`.
  static let host: [ReviewedCommand] = [
    ReviewedCommand("bridge_-j_fdb.json", "bridge -j fdb", when: .probe(.ipJSON)) {
      ReviewedCommand("bridge_fdb.txt", "bridge fdb")
    },
    ReviewedCommand("bridge_-j_vlan.json", "bridge -j vlan"),
    ReviewedCommand("bridge_-d_-j_link.json", "bridge -d -j link"),
    ReviewedCommand("ebtables-save.txt", "ebtables-save", when: .tool("ebtables-save")) {
      ReviewedCommand("ebtables-save.txt", "ebtables-nft-save", when: .tool("ebtables-nft-save")) {
        ReviewedCommand("ebtables-save.txt", "ebtables-legacy-save")
      }
    },
    ReviewedCommand("ss_-H_-lntuxp.txt", "ss -H -lntuxp"),
    ReviewedCommand("ip_netns_list.txt", "ip netns list"),
    ReviewedCommand("lsns_-J_-t_net.json", "lsns -J -t net", filter: .masked(.processes)),
    ReviewedCommand(
      "ps.txt", "ps -eww -o pid,ppid,user,etimes,args", filter: .masked(.processes)),
    ReviewedCommand("hostname.txt", "hostname"),
    ReviewedCommand("uname_-a.txt", "uname -a"),
    ReviewedCommand("date.txt", "date -u +%Y-%m-%dT%H:%M:%SZ"),
    ReviewedCommand("uptime.txt", "uptime"),
    ReviewedCommand("hosts.txt", "cat /etc/hosts"),
    ReviewedCommand("boot_id.txt", "cat /proc/sys/kernel/random/boot_id"),
    ReviewedCommand("netns_self.txt", "readlink /proc/self/ns/net"),
  ]

  /// Once for each `ns/<namespace>/`, from outside of it.
  static let ofNamespace: [ReviewedCommand] = [
    ReviewedCommand("ip_netns_pids.txt", "ip netns pids {namespace}")
  ]

  /// Once a node that runs Open vSwitch, in `ovs/`.
  static let openVSwitch: [ReviewedCommand] = [
    .ovs("ovs-vsctl_show.txt", "ovs-vsctl show", filter: .masked(.switchDatabase)),
    .ovs("ovs-vsctl_--version.txt", "ovs-vsctl --version"),
    .ovs(
      "ovsdb-client_dump.json", "ovsdb-client -f json dump {database} Open_vSwitch",
      filter: .masked(.switchDatabase)),
    .ovs("dpif_show.txt", "ovs-appctl dpif/show"),
    .ovs("dpctl_dump-flows_-m.txt", "ovs-appctl dpctl/dump-flows -m"),
    .ovs("dpctl_dump-conntrack.txt", "ovs-appctl dpctl/dump-conntrack"),
    .ovs("tnl_ports_show.txt", "ovs-appctl tnl/ports/show"),
    .ovs("tnl_neigh_show.txt", "ovs-appctl tnl/neigh/show"),
    .ovs("ovs_route_show.txt", "ovs-appctl ovs/route/show"),
  ]

  /// For each bridge, in `ovs/<bridge>/`. ovs-ofctl takes the highest version that the bridge
  /// allows; a bridge may allow OpenFlow 1.5 only, and 1.4 is what most captures are in.
  static let bridge: [ReviewedCommand] = [
    .ofctl("ofctl_dump-flows.txt", "dump-flows"),
    .ofctl("ofctl_dump-groups.txt", "dump-groups"),
    .ofctl("ofctl_dump-ports-desc.txt", "dump-ports-desc"),
    .ofctl("ofctl_show.txt", "show"),
    // Only OpenFlow 1.0 tells a port's NO_FLOOD.
    .ovs("ofctl_OpenFlow10_show.txt", "ovs-ofctl -O OpenFlow10 show {bridge}"),
    // Only 1.5 tells a group's selection method, and only 1.5 can have set it.
    .ovs(
      "ofctl_OpenFlow15_dump-groups.txt", "ovs-ofctl -O OpenFlow15 dump-groups {bridge}",
      when: .bridgeAllows("OpenFlow15")),
    .ovs("fdb_show.txt", "ovs-appctl fdb/show {bridge}"),
  ]

  /// What agents and libvirt keep on disk, secrets masked on the node: `files/<absolute path>`.
  static let files: [ReviewedFiles] = [
    ReviewedFiles(
      "/var/lib/neutron", in: .all, skip: ["lock", "locks", "tmp", "kolla", ".ssh", ".cache"],
      alsoOf: "neutron-*|dnsmasq"),
    ReviewedFiles("/etc/neutron", in: configuration, skip: ["rootwrap.d"], alsoOf: "neutron-*"),
    ReviewedFiles("/etc/kolla", in: configuration, onlyBelow: "neutron-*"),
    ReviewedFiles("/var/lib/config-data/puppet-generated/neutron/etc/neutron", in: configuration),
    ReviewedFiles(
      "/var/snap/openstack-hypervisors/common/etc/neutron", in: configuration),
    ReviewedFiles("/etc/libvirt/qemu", in: .named("*.xml"), depth: 0, alsoOf: "libvirtd|virtqemud"),
  ]

  private static let configuration = FileNames.named("*.conf|*.ini")

  /// Whatever a forwarding decision of the kernel depends on, and nothing that is secret
  /// (`stable_secret`).
  static let sysctls =
    #"^net\.(ipv4\.(ip_forward[a-z_]*|ip_default_ttl|ip_nonlocal_bind|icmp_echo_ignore_all|fib_multipath_hash_policy|"#
    + #"conf\..*\.(rp_filter|proxy_arp|proxy_arp_pvlan|arp_[a-z_]*|forwarding|accept_local|"#
    + #"accept_redirects|send_redirects|route_localnet|src_valid_mark))|"#
    + #"ipv6\.conf\..*\.(forwarding|disable_ipv6|accept_ra|proxy_ndp)|"#
    + #"bridge\.[a-z0-9-]*|netfilter\.nf_conntrack_(max|count|buckets|tcp_be_liberal))( |$)"#

  /// What is read twice, at the start and at the end: where both differ the node changed meanwhile,
  /// and what was read between may not belong together. Counters and ages are left out, and so are
  /// flows that expire by themselves.
  static let witnesses: [Witness] = [
    Witness("namespaces", .namespaceNames),
    Witness("links", .host("ip -o link")),
    Witness("addresses", .host("ip -o addr")),
    Witness("routes", .host("ip route show table all")),
    Witness("iptables", .host("iptables-save")),
    Witness("bridges", .ovs("ovs-vsctl list-br")),
    Witness(
      "ports",
      .ovs("ovs-vsctl -f csv --columns=name,tag,trunks,vlan_mode,other_config list Port")),
    Witness("flows", .eachBridge("\(ofctl) dump-flows {bridge}")),
    Witness("addresses", .eachNamespace("ip -o addr")),
    Witness("routes", .eachNamespace("ip route show table all")),
    Witness("iptables", .eachNamespace("iptables-save")),
  ]

  /// Asked before anything else: what this node has, and so which way leads to a fact.
  static let probes: [Probe: String] = [
    .ipJSON: "ip -j link show dev lo",
    .sysctlPattern: #"sysctl -a -r ^net\.ipv4\.ip_forward$"#,
  ]

  static let ofctl =
    "ovs-ofctl -O OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14"
}
