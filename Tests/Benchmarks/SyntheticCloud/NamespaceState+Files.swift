// The files of a namespace, as the collector's commands print them. Part of NamespaceState.

extension NamespaceState {
  private func list(_ items: [Text]) -> Text { "[\(items, separator: ",")]\n" }

  var linkFile: Text { list(devices.map(\.link)) }
  var addressFile: Text { list(devices.map(\.address)) }
  var routeFile4: Text {
    list(routes4 + devices.flatMap(\.connectedRoutes4) + devices.flatMap(\.localRoutes4))
  }
  var routeFile6: Text {
    list(devices.flatMap(\.connectedRoutes6) + routes6 + devices.flatMap(\.localRoutes6))
  }
  var ruleFile4: Text {
    list(
      [
        #"{"priority":0,"src":"all","table":"local"}"#,
        #"{"priority":32766,"src":"all","table":"main"}"#,
        #"{"priority":32767,"src":"all","table":"default"}"#,
      ] + rules4)
  }
  var ruleFile6: Text {
    list([
      #"{"priority":0,"src":"all","table":"local"}"#,
      #"{"priority":32766,"src":"all","table":"main"}"#,
    ])
  }
  var neighbourFile: Text { list(neighbours) }

  /// What the collector's filter leaves of `sysctl -a`.
  var sysctlFile: Text {
    var text: Text = """
      net.bridge.bridge-nf-call-arptables = 1
      net.bridge.bridge-nf-call-ip6tables = 1
      net.bridge.bridge-nf-call-iptables = 1
      net.bridge.bridge-nf-filter-pppoe-tagged = 0
      net.bridge.bridge-nf-filter-vlan-tagged = 0
      net.bridge.bridge-nf-pass-vlan-input-dev = 0

      """
    let names: [Text] = ["all", "default"] + devices.map(\.name)
    for (position, name) in names.enumerated() {
      addSysctls4(name, isAll: position == 0, to: &text)
    }
    text += """
      net.ipv4.ip_forward = \(forwards4 ? 1 : 0)
      net.ipv4.ip_forward_update_priority = 1
      net.ipv4.ip_forward_use_pmtu = 0
      net.ipv4.ip_nonlocal_bind = \(bindsForeign ? 1 : 0)

      """
    for (position, name) in names.enumerated() {
      let device = position < 2 ? nil : devices[position - 2]
      text += """
        net.ipv6.conf.\(name).accept_ra = \(isRouter ? 1 : 0)
        net.ipv6.conf.\(name).disable_ipv6 = \(device?.addresses6.isEmpty == true ? 1 : 0)
        net.ipv6.conf.\(name).forwarding = \(forwards6 ? 1 : 0)
        net.ipv6.conf.\(name).proxy_ndp = 0

        """
    }
    text += """
      net.netfilter.nf_conntrack_buckets = 262144
      net.netfilter.nf_conntrack_count = 0
      net.netfilter.nf_conntrack_max = 262144
      net.netfilter.nf_conntrack_tcp_be_liberal = 0

      """
    return text
  }

  private func addSysctls4(_ name: Text, isAll: Bool, to text: inout Text) {
    let answersForOwn = isAll && isRouter && self.name != nil
    // Floating IPs are no device's addresses: the agent's gateway answers for them.
    let isProxy = name.bytes.starts(with: [0x66, 0x67, 0x2d])
    text += """
      net.ipv4.conf.\(name).accept_local = 0
      net.ipv4.conf.\(name).accept_redirects = 1
      net.ipv4.conf.\(name).arp_accept = 0
      net.ipv4.conf.\(name).arp_announce = \(answersForOwn ? 2 : 0)
      net.ipv4.conf.\(name).arp_evict_nocarrier = 1
      net.ipv4.conf.\(name).arp_filter = 0
      net.ipv4.conf.\(name).arp_ignore = \(answersForOwn ? 1 : 0)
      net.ipv4.conf.\(name).arp_notify = 0
      net.ipv4.conf.\(name).forwarding = \(forwards4 ? 1 : 0)
      net.ipv4.conf.\(name).proxy_arp = \(isProxy ? 1 : 0)
      net.ipv4.conf.\(name).proxy_arp_pvlan = 0
      net.ipv4.conf.\(name).route_localnet = 0
      net.ipv4.conf.\(name).rp_filter = 0
      net.ipv4.conf.\(name).send_redirects = 1
      net.ipv4.conf.\(name).src_valid_mark = 0

      """
  }
}
