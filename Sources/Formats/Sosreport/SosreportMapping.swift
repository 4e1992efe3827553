// sos's own file names → capture files: which of a sosreport's thousands of files tell of the network,
// and what each is in a capture folder. Sources: sos's `report/plugins/{networking,openvswitch,
// openstack_neutron,firewall_tables,libvirt,process,kernel,conntrack,host}.py` for the commands, and
// `sos/utilities.py: mangle_command` for the names: characters other than letters, digits, `_`, `-`
// and `.` become `_`, `/` becomes `.`, so `ovs-appctl fdb/show br-int` is
// `sos_commands/openvswitch/ovs-appctl_fdb.show_br-int`.

/// A file of a sosreport that is read.
struct SosreportFile: Hashable {
  /// Relative to the node's folder of a capture.
  let path: String
  /// Where several files tell the same, the highest is taken.
  let rank: Int
}

enum SosreportMapping {
  /// What `path`, relative to the sosreport's folder, is; nil for what nobody reads.
  static func file(_ path: String) -> SosreportFile? {
    guard path.hasPrefix("sos_commands/") else { return copied(path) }
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count > 2, let name = parts.last else { return nil }
    if parts.count == 5, parts[2] == "namespaces" {
      return inNamespace(parts[3], name, prefix: "ip_netns_exec_\(mangled(parts[3]))_")
    }
    if name.hasPrefix("ip_netns_exec_") { return inNamespace(flat: name) }
    guard parts.count == 3 else { return nil }
    return openVSwitch(name) ?? onHost(name)
  }

  static func mangled(_ text: String) -> String {
    String(
      text.map { character in
        character.isASCII && (character.isLetter || character.isNumber) || "_-.".contains(character)
          ? character : character == "/" ? "." : "_"
      })
  }
}

extension SosreportMapping {
  /// In the initial namespace and in every other.
  private static let ofNamespace: [String: SosreportFile] = [
    "ip_-d_address": SosreportFile(path: "ip_-d_address.txt", rank: 2),
    "ip_-d_address_show": SosreportFile(path: "ip_-d_address.txt", rank: 2),
    "ip_address_show": SosreportFile(path: "ip_-d_address.txt", rank: 1),
    "ip_-s_-d_link": SosreportFile(path: "ip_-s_-d_link.txt", rank: 1),
    "ip_-d_link": SosreportFile(path: "ip_-d_link.txt", rank: 1),
    "ip_route_show_table_all": SosreportFile(path: "ip_route_show_table_all.txt", rank: 1),
    "ip_-6_route_show_table_all": SosreportFile(path: "ip_-6_route_show_table_all.txt", rank: 1),
    "ip_-4_rule_list": SosreportFile(path: "ip_-4_rule.txt", rank: 2),
    "ip_rule_list": SosreportFile(path: "ip_-4_rule.txt", rank: 1),
    "ip_-6_rule_list": SosreportFile(path: "ip_-6_rule.txt", rank: 1),
    "ip_-s_-s_neigh_show": SosreportFile(path: "ip_-s_-s_neigh_show.txt", rank: 1),
    "iptables-save": SosreportFile(path: "iptables-save_-c.txt", rank: 1),
    "iptables-save_-c": SosreportFile(path: "iptables-save_-c.txt", rank: 2),
    "ip6tables-save": SosreportFile(path: "ip6tables-save_-c.txt", rank: 1),
    "ip6tables-save_-c": SosreportFile(path: "ip6tables-save_-c.txt", rank: 2),
    "sysctl_-a": SosreportFile(path: "sysctl.txt", rank: 1),
    "conntrack_-L_-o_extended": SosreportFile(path: "conntrack_-L_-o_extended.txt", rank: 1),
    "nft_-j_list_ruleset": SosreportFile(path: "nft_-j_list_ruleset.json", rank: 1),
    "ipset_save": SosreportFile(path: "ipset_save.txt", rank: 1),
  ]

  private static let ofHost: [String: SosreportFile] = [
    "ip_netns": SosreportFile(path: "ip_netns_list.txt", rank: 1),
    "ip_netns_list": SosreportFile(path: "ip_netns_list.txt", rank: 2),
    "bridge_-s_-s_-d_-t_fdb_show": SosreportFile(path: "bridge_fdb.txt", rank: 1),
    "bridge_-s_-s_-d_fdb_show": SosreportFile(path: "bridge_fdb.txt", rank: 2),
    "uname_-a": SosreportFile(path: "uname_-a.txt", rank: 1),
    "hostname": SosreportFile(path: "hostname.txt", rank: 1),
    "uptime": SosreportFile(path: "uptime.txt", rank: 1),
    "ps_alxwww": SosreportFile(path: "ps.txt", rank: 1),
  ]

  private static let ofSwitch: [String: SosreportFile] = [
    "ovs-vsctl_-t_5_show": SosreportFile(path: "ovs-vsctl_show.txt", rank: 1),
    "ovs-vsctl_show": SosreportFile(path: "ovs-vsctl_show.txt", rank: 1),
    "ovsdb-client_-f_json_dump": SosreportFile(path: "ovsdb-client_dump.json", rank: 1),
    "ovs-appctl_dpif.show": SosreportFile(path: "dpif_show.txt", rank: 1),
    "ovs-appctl_ovs.route.show": SosreportFile(path: "ovs_route_show.txt", rank: 1),
    "ovs-appctl_tnl.arp.show": SosreportFile(path: "tnl_arp_show.txt", rank: 1),
    "ovs-appctl_tnl.neigh.show": SosreportFile(path: "tnl_neigh_show.txt", rank: 2),
    "ovs-appctl_tnl.ports.show_-v": SosreportFile(path: "tnl_ports_show.txt", rank: 1),
  ]

  /// A command for one datapath, whose name follows.
  private static let ofDatapath: [(prefix: String, file: String)] = [
    ("ovs-appctl_dpctl.dump-flows_-m_", "dpctl_dump-flows_-m.txt"),
    ("ovs-appctl_dpctl.dump-conntrack_-m_", "dpctl_dump-conntrack.txt"),
  ]

  /// OpenFlow 1.4 is what captures are in; the others stand in where it is not allowed.
  private static let versions = [
    "": 0, "-O_OpenFlow11_": 1, "-O_OpenFlow12_": 2, "-O_OpenFlow10_": 3, "-O_OpenFlow13_": 4,
    "-O_OpenFlow15_": 5, "-O_OpenFlow14_": 6,
  ]
  private static let requests = ["dump-flows", "dump-groups", "dump-ports-desc", "show"]

  private static func onHost(_ name: String) -> SosreportFile? {
    (ofHost[name] ?? ofNamespace[name]).map {
      SosreportFile(path: "root/\($0.path)", rank: $0.rank)
    }
  }

  private static func inNamespace(
    _ namespace: String, _ name: String, prefix: String
  ) -> SosreportFile? {
    guard name.hasPrefix(prefix), let file = ofNamespace[String(name.dropFirst(prefix.count))]
    else {
      return nil
    }
    return SosreportFile(path: "ns/\(namespace)/\(file.path)", rank: file.rank)
  }

  /// Older releases of sos have the namespace in the name only: whatever is before a known command.
  private static func inNamespace(flat name: String) -> SosreportFile? {
    let rest = String(name.dropFirst("ip_netns_exec_".count))
    let commands = ofNamespace.keys.filter { rest.hasSuffix("_\($0)") }
    guard let command = commands.max(by: { $0.count < $1.count }) else { return nil }
    let namespace = String(rest.dropLast(command.count + 1))
    return namespace.isEmpty
      ? nil : inNamespace(namespace, name, prefix: "ip_netns_exec_\(namespace)_")
  }

  private static func openVSwitch(_ name: String) -> SosreportFile? {
    if let file = ofSwitch[name] { return SosreportFile(path: "ovs/\(file.path)", rank: file.rank) }
    for (prefix, file) in ofDatapath where name.hasPrefix(prefix) {
      return SosreportFile(path: "ovs/\(file)", rank: 1)
    }
    if let bridge = rest(of: name, behind: "ovs-appctl_fdb.show_") {
      return SosreportFile(path: "ovs/\(bridge)/fdb_show.txt", rank: 1)
    }
    for (version, rank) in versions {
      for request in requests {
        guard let bridge = rest(of: name, behind: "ovs-ofctl_\(version)\(request)_") else {
          continue
        }
        return bridgeFile(bridge, request, version, rank)
      }
    }
    return nil
  }

  /// Only OpenFlow 1.0 tells NO_FLOOD and only 1.5 selection methods: both have files of their own.
  private static func bridgeFile(
    _ bridge: String, _ request: String, _ version: String, _ rank: Int
  ) -> SosreportFile {
    switch (request, version) {
    case ("show", "-O_OpenFlow10_"), ("dump-groups", "-O_OpenFlow15_"):
      return SosreportFile(path: "ovs/\(bridge)/ofctl_\(version)\(request).txt", rank: rank)
    default: return SosreportFile(path: "ovs/\(bridge)/ofctl_\(request).txt", rank: rank)
    }
  }

  private static func rest(of name: String, behind prefix: String) -> String? {
    guard name.hasPrefix(prefix) else { return nil }
    let rest = String(name.dropFirst(prefix.count))
    // `show` is also how `show-…` begins.
    return rest.isEmpty || rest.hasPrefix("-O_") ? nil : rest
  }

  /// Files that sos copies as they are, below their own absolute path.
  private static func copied(_ path: String) -> SosreportFile? {
    switch path {
    case "etc/hosts": return SosreportFile(path: "root/hosts.txt", rank: 1)
    case "proc/sys/kernel/random/boot_id": return SosreportFile(path: "root/boot_id.txt", rank: 1)
    case "etc/openvswitch/conf.db", "var/lib/openvswitch/conf.db":
      return SosreportFile(path: "ovs/conf.db", rank: 1)
    default: break
    }
    let folders = [
      "etc/neutron/", "var/lib/neutron/", "var/lib/config-data/", "etc/libvirt/qemu/",
    ]
    guard folders.contains(where: path.hasPrefix), !path.hasPrefix("var/lib/neutron/lock/"),
      NodeFilePaths.isRead("/" + path)
    else { return nil }
    return SosreportFile(path: "files/\(path)", rank: 1)
  }
}
