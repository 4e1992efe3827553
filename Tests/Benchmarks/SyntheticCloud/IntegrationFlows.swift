// Flows of br-int but for the openvswitch firewall's: entry, distributed routing, provider networks,
// the iptables driver's anti-spoofing, delivery.
// Source: neutron/plugins/ml2/drivers/openvswitch/agent/openflow/native/{br_int,br_dvr_process}.py (Zed).

extension NodePlan {
  /// int-br-ex is port 1, patch-tun port 2.
  mutating func integrationFlows() -> FlowDump {
    var dump = FlowDump(&random)
    addEntry(&dump)
    addProviderTranslation(&dump)
    addDistributedDelivery(&dump)
    addSpoofing(&dump)
    dump.row(59, 0, " actions=goto_table:60")
    if !isHybrid { addClassification(&dump) }
    addDirectDelivery(&dump)
    if !isHybrid { addFirewall(&dump) }
    return dump
  }

  private func addEntry(_ dump: inout FlowDump) {
    dump.row(0, 65535, ",dl_vlan=4095 actions=drop")
    for (plug, _) in distributed {
      let mac = cloud.ports[plug.port].mac
      dump.row(
        0, 99,
        """
        ,arp,dl_dst=\(node.routingMAC),arp_op=2,arp_tha=\(mac) \
        actions=set_field:\(mac)->eth_dst,goto_table:59
        """)
    }
    dump.row(0, 5, ",in_port=1,dl_dst=\(node.routingMAC) actions=goto_table:4")
    dump.row(0, 5, ",in_port=2,dl_dst=\(node.routingMAC) actions=goto_table:3")
    for other in cloud.nodes.refs where other != ref {
      let mac = cloud.nodes[other].routingMAC
      dump.row(0, 4, ",in_port=1,dl_src=\(mac) actions=goto_table:2")
      dump.row(0, 2, ",in_port=2,dl_src=\(mac) actions=goto_table:1")
    }
  }

  private func addProviderTranslation(_ dump: inout FlowDump) {
    for (position, network) in networks.enumerated() {
      switch cloud.networks[network].kind {
      case .vxlan: continue
      case .flat:
        dump.row(
          0, 3,
          """
          ,in_port=1,vlan_tci=0x0000/0x1fff \
          actions=push_vlan:0x8100,set_field:\(4097 + position)->vlan_vid,goto_table:59
          """)
      case .vlan:
        dump.row(
          0, 3,
          """
          ,in_port=1,dl_vlan=\(cloud.networks[network].segment) \
          actions=set_field:\(4097 + position)->vlan_vid,goto_table:59
          """)
      }
    }
    dump.row(0, 2, ",in_port=1 actions=drop")
    dump.row(0, 0, " actions=goto_table:59")
  }

  private func addDistributedDelivery(_ dump: inout FlowDump) {
    for (plug, interface) in served {
      dump.row(
        1, 20,
        """
        ,dl_vlan=\(plug.vlan),dl_dst=\(cloud.ports[plug.port].mac) \
        actions=set_field:\(interface.mac)->eth_src,goto_table:59
        """)
    }
    dump.row(1, 1, " actions=drop")
    dump.row(2, 1, " actions=drop")
    for (plug, _) in distributed {
      dump.row(
        3, 5,
        """
        ,dl_vlan=\(plug.vlan),dl_dst=\(node.routingMAC) \
        actions=set_field:\(cloud.ports[plug.port].mac)->eth_dst,pop_vlan,output:\(plug.number)
        """)
    }
    dump.row(23, 0, " actions=drop")
  }

  /// Tables 24 and 25 serve the iptables driver, which cannot filter ARP.
  private func addSpoofing(_ dump: inout FlowDump) {
    if isHybrid {
      let guests = guests
      for plug in guests {
        dump.row(0, 10, ",icmp6,in_port=\(plug.number),icmp_type=136 actions=goto_table:24")
      }
      for plug in guests where !faults.openSenders.contains(plug.port) {
        dump.row(0, 10, ",arp,in_port=\(plug.number) actions=goto_table:24")
      }
      for plug in guests { dump.row(0, 9, ",in_port=\(plug.number) actions=goto_table:25") }
      for plug in guests {
        for address in cloud.ports[plug.port].linkLocalAndOwn {
          dump.row(
            24, 2,
            """
            ,icmp6,in_port=\(plug.number),icmp_type=136,nd_target=\(address) \
            actions=goto_table:59
            """)
        }
      }
      for plug in guests {
        guard let address = cloud.ports[plug.port].address4 else { continue }
        dump.row(24, 2, ",arp,in_port=\(plug.number),arp_spa=\(address) actions=goto_table:25")
      }
    }
    dump.row(24, 0, " actions=drop")
    if isHybrid {
      for plug in guests {
        let mac = cloud.ports[plug.port].mac
        dump.row(25, 2, ",in_port=\(plug.number),dl_src=\(mac) actions=goto_table:30")
      }
    }
    dump.row(30, 0, " actions=goto_table:59")
    dump.row(31, 0, " actions=goto_table:59")
  }

  /// To what no openvswitch firewall filters, past the learning switch.
  private func addDirectDelivery(_ dump: inout FlowDump) {
    for (plug, _) in served where isHybrid || plug.namespace != nil {
      dump.row(
        60, 20,
        """
        ,dl_vlan=\(plug.vlan),dl_dst=\(cloud.ports[plug.port].mac) \
        actions=pop_vlan,output:\(plug.number)
        """)
    }
    for (network, guest) in faults.bridgedGuests.sorted(by: { $0.key.index < $1.key.index }) {
      guard let plug = plugs.first(where: { $0.port == guest }) else { continue }
      dump.row(
        60, 110,
        """
        ,dl_vlan=\(vlans[network] ?? 0),dl_dst=\(cloud.ports[guest].mac) \
        actions=pop_vlan,output:\(plug.number)
        """)
    }
    dump.row(60, 3, " actions=NORMAL")
    dump.row(62, 3, " actions=NORMAL")
  }
}

extension Port {
  /// IPv6 addresses that it may use, with the one that every card gives itself.
  var linkLocalAndOwn: [IPv6] { [address6, mac.linkLocal].compactMap { $0 } }
}
