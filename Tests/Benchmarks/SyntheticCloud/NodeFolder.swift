// Writes a node's capture folder as the collector does: every file with the command that printed it.

struct NodeFolder {
  private var plan: NodePlan
  private let folder: Folder
  private var commands = Text()

  /// Gives the number of flows.
  static func write(_ plan: NodePlan, to output: Folder) throws(FolderError) -> Int {
    var writer = NodeFolder(plan: plan, folder: output.folder(plan.node.name))
    let namespaces = NodeNamespaces.make(plan)
    for state in namespaces.states { try writer.writeNamespace(state) }
    try writer.writeHost(namespaces)
    let flows = try writer.writeSwitch()
    try writer.writeCopies(namespaces)
    try writer.writeGuests()
    try writer.folder.write("commands.tsv", writer.commands)
    return flows
  }

  private init(plan: NodePlan, folder: Folder) {
    self.plan = plan
    self.folder = folder
  }

  private mutating func put(_ path: Text, _ command: Text, _ text: Text) throws(FolderError) {
    try folder.write(path, text)
    commands += "\(path)\t0\t\(command)\t\n"
  }

  private static var sysctlCommand: Text {
    #"""
    sh -c sysctl -a 2>/dev/null | grep -E '^net\.(ipv4\.ip_forward|ipv4\.ip_nonlocal_bind|\#
    ipv4\.conf\..*\.(rp_filter|proxy_arp|proxy_arp_pvlan|arp_.*|forwarding|accept_local|\#
    accept_redirects|send_redirects|route_localnet|src_valid_mark) |ipv6\.conf\..*\.(forwarding|\#
    disable_ipv6|accept_ra|proxy_ndp) |bridge\.|netfilter\.nf_conntrack_(max|count|buckets|\#
    tcp_be_liberal))'
    """#
  }

  private mutating func writeNamespace(_ state: NamespaceState) throws(FolderError) {
    let place: Text = state.name.map { "ns/\($0)" } ?? "root"
    let prefix: Text = state.name.map { "ip netns exec \($0)" } ?? "env"
    let files: [(Text, Text, Text)] = [
      ("ip_-d_-j_link.json", "ip -d -j link", state.linkFile),
      ("ip_-j_addr.json", "ip -j addr", state.addressFile),
      (
        "ip_-4_-j_route_table_all.json", "ip -4 -j route show table all", state.routeFile4
      ),
      (
        "ip_-6_-j_route_table_all.json", "ip -6 -j route show table all", state.routeFile6
      ),
      ("ip_-4_-j_rule.json", "ip -4 -j rule", state.ruleFile4),
      ("ip_-6_-j_rule.json", "ip -6 -j rule", state.ruleFile6),
      ("ip_-j_neigh.json", "ip -j neigh", state.neighbourFile),
      ("iptables-save_-c.txt", "iptables-save -c", state.iptables4),
      ("ip6tables-save_-c.txt", "ip6tables-save -c", state.iptables6),
      ("iptables-legacy-save_-c.txt", "iptables-legacy-save -c", ""),
      ("ipset_save.txt", "ipset save", state.ipsets),
      ("conntrack_-L_-o_extended.txt", "conntrack -L -o extended", ""),
      ("sysctl.txt", Self.sysctlCommand, state.sysctlFile),
      ("ss_-H_-lntup.txt", "ss -H -lntup", state.sockets),
    ]
    for (name, command, text) in files { try put("\(place)/\(name)", "\(prefix) \(command)", text) }
    guard let name = state.name else { return }
    let pids: Text = "\(state.pids, separator: "\n")"
    try put(
      "\(place)/ip_netns_pids.txt", "ip netns pids \(name)", pids.isEmpty ? "" : "\(pids)\n")
  }

  private mutating func writeHost(_ namespaces: NodeNamespaces) throws(FolderError) {
    let name = plan.node.name
    try put("root/bridge_-j_fdb.json", "bridge -j fdb", "[]\n")
    try put("root/bridge_-j_vlan.json", "bridge -j vlan", "[]\n")
    try put(
      "root/bridge_-d_-j_link.json", "bridge -d -j link", bridgeLinks(namespaces.states[0]))
    var listing = Text()
    for (number, state) in namespaces.states.dropFirst().enumerated() {
      listing += "\(state.name ?? "") (id: \(number + 1))\n"
    }
    try put("root/ip_netns_list.txt", "ip netns list", listing)
    try put(
      "root/ss_-H_-lntuxp.txt", "ss -H -lntuxp",
      "\(Self.localSockets)\(namespaces.states[0].sockets)")
    try put("root/ebtables-save.txt", "ebtables-save", "")
    try put("root/ps.txt", "ps -eww -o pid,ppid,user,etimes,args", processes(namespaces))
    try put("root/hostname.txt", "hostname", "\(name)\n")
    try put(
      "root/uname_-a.txt", "uname -a",
      "Linux \(name) 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n")
    try put("root/date.txt", "date -u +%FT%TZ", "2026-11-23T01:00:00Z\n")
    try put(
      "root/uptime.txt", "uptime", " 01:00:00 up 34 min,  0 user,  load average: 0.29, 0.49, 0.86\n"
    )
    try put(
      "root/hosts.txt", "cat /etc/hosts", "127.0.0.1 localhost\n\(plan.node.underlay) \(name)\n")
  }

  private static var localSockets: Text {
    """
    u_str LISTEN 0      64        /run/openvswitch/db.sock 996687 * 0 users:(("ovsdb-server",pid=86,fd=18))
    u_str LISTEN 0      4096 /var/lib/neutron/metadata_proxy 12958 * 0 users:(("neutron-metadat",pid=128,fd=7))

    """
  }

  private func bridgeLinks(_ root: NamespaceState) -> Text {
    let links: [Text] = root.devices.compactMap { device in
      guard let master = device.master else { return nil }
      return #"""
        {"ifindex":\#(device.index),"ifname":"\#(device.name)",\#
        "flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":\#(device.mtuBytes),\#
        "master":"\#(master)","state":"forwarding","priority":32,"cost":2,"hairpin":false,\#
        "guard":false,"root_block":false,"fastleave":false,"learning":true,"flood":true,\#
        "mcast_flood":true,"bcast_flood":true,"mcast_router":1,"mcast_to_unicast":false,\#
        "neigh_suppress":false,"vlan_tunnel":false,"isolated":false,"locked":false}
        """#
    }
    return "[\(links, separator: ",")]\n"
  }

  private func processes(_ namespaces: NodeNamespaces) -> Text {
    let agent = "/usr/bin/python3 /usr/bin/neutron"
    let options = "--config-file /etc/neutron/neutron.conf --config-file /etc/neutron"
    var text: Text = """
          PID    PPID USER     ELAPSED COMMAND
            1       0 root       90000 /sbin/init
           86       1 root       89000 ovsdb-server --detach --pidfile /etc/openvswitch/conf.db
           90       1 root       89000 ovs-vswitchd --detach --pidfile
          105       1 neutron    88000 \(agent)-openvswitch-agent \(options)/plugins/ml2/openvswitch_agent.ini
          128       1 neutron    88000 \(agent)-metadata-agent \(options)/metadata_agent.ini
          129       1 neutron    88000 \(agent)-l3-agent \(options)/l3_agent.ini

      """
    if plan.node.role == .network {
      text += "    130       1 neutron    88000 \(agent)-dhcp-agent \(options)/dhcp_agent.ini\n"
    }
    for service in namespaces.services {
      text += "   \(service.pid)       1 root       87000 \(service.command)\n"
    }
    return text
  }

  private mutating func writeSwitch() throws(FolderError) -> Int {
    let files = SwitchFiles(plan)
    try put(
      "ovs/ovs-vsctl_--version.txt", "ovs-vsctl --version",
      "ovs-vsctl (Open vSwitch) 3.1.0\nDB Schema 8.3.1\n")
    try put(
      "ovs/ovsdb-client_dump.json",
      "ovsdb-client -f json dump unix:/run/openvswitch/db.sock Open_vSwitch", files.database())
    try put("ovs/dpif_show.txt", "ovs-appctl dpif/show", files.datapathPorts)
    try put("ovs/dpctl_dump-conntrack.txt", "ovs-appctl dpctl/dump-conntrack", "")
    var count = 0
    for bridge in files.bridges {
      let place: Text = "ovs/\(bridge.name)"
      let dump: FlowDump
      switch bridge.name {
      case "br-int": dump = plan.integrationFlows()
      case "br-tun": dump = plan.tunnelFlows()
      case "br-ex": dump = plan.providerFlows()
      default: dump = plan.underlayFlows()
      }
      count += dump.count
      let tool = "ovs-ofctl -O OpenFlow14"
      try put("\(place)/ofctl_dump-flows.txt", "\(tool) dump-flows \(bridge.name)", dump.text)
      try put(
        "\(place)/ofctl_dump-groups.txt", "\(tool) dump-groups \(bridge.name)",
        "OFPST_GROUP_DESC reply (OF1.4) (xid=0x2):\n")
      try put(
        "\(place)/ofctl_dump-ports-desc.txt", "\(tool) dump-ports-desc \(bridge.name)",
        bridge.portDescriptions)
      try put("\(place)/ofctl_show.txt", "\(tool) show \(bridge.name)", bridge.show)
      try put(
        "\(place)/fdb_show.txt", "ovs-appctl fdb/show \(bridge.name)",
        " port  VLAN  MAC                Age\n")
    }
    return count
  }

  private func writeCopies(_ namespaces: NodeNamespaces) throws(FolderError) {
    for (path, text) in AgentFiles(plan).all + namespaces.copies {
      try folder.write("files\(path)", text)
    }
  }

  private func writeGuests() throws(FolderError) {
    for (number, plug) in plan.guests.enumerated() {
      let name: Text = "instance-\(hex: UInt64(number + 1), width: 8)"
      try folder.write(
        "files/etc/libvirt/qemu/\(name).xml", AgentFiles(plan).domain(plug, name, number + 1))
    }
  }
}
