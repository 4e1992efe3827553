// Flows of br-tun as the agent builds them with l2population, ARP responder and distributed routing.
// Source: neutron/plugins/ml2/drivers/openvswitch/agent/openflow/native/br_tun.py (Zed).

extension NodePlan {
  /// patch-int is port 1.
  mutating func tunnelFlows() -> FlowDump {
    var dump = FlowDump(&random)
    addTunnelEntry(&dump)
    addSourceRewriting(&dump)
    addTunnelTranslation(&dump)
    addLearning(&dump)
    addPopulation(&dump)
    addFlooding(&dump)
    return dump
  }

  private func addTunnelEntry(_ dump: inout FlowDump) {
    dump.row(0, 1, ",in_port=1 actions=goto_table:1")
    for peer in peers {
      dump.row(0, 1, ",in_port=\(tunnels[peer] ?? 0) actions=goto_table:4")
    }
    dump.row(0, 0, " actions=drop")
  }

  /// A gateway's address stays on its node; what it sends carries the node's own.
  private func addSourceRewriting(_ dump: inout FlowDump) {
    for (plug, _) in distributed {
      dump.row(1, 2, ",dl_vlan=\(plug.vlan),dl_dst=\(cloud.ports[plug.port].mac) actions=drop")
    }
    for (plug, _) in distributed {
      dump.row(
        1, 1,
        """
        ,dl_vlan=\(plug.vlan),dl_src=\(cloud.ports[plug.port].mac) \
        actions=set_field:\(node.routingMAC)->eth_src,goto_table:2
        """)
    }
    dump.row(1, 0, " actions=goto_table:2")
    dump.row(2, 1, ",arp,dl_dst=ff:ff:ff:ff:ff:ff actions=goto_table:21")
    dump.row(2, 0, ",dl_dst=00:00:00:00:00:00/01:00:00:00:00:00 actions=goto_table:20")
    dump.row(2, 0, ",dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=goto_table:22")
  }

  private func addTunnelTranslation(_ dump: inout FlowDump) {
    dump.row(3, 0, " actions=drop")
    for network in networks where cloud.networks[network].kind == .vxlan {
      let target = faults.wrongSegments[network] ?? network
      dump.row(
        4, 1,
        """
        ,tun_id=\(hex: cloud.networks[network].segment) \
        actions=push_vlan:0x8100,set_field:\(4096 + (vlans[target] ?? 0))->vlan_vid,goto_table:9
        """)
    }
    dump.row(4, 0, " actions=drop")
    dump.row(6, 0, " actions=drop")
  }

  private func addLearning(_ dump: inout FlowDump) {
    for other in cloud.nodes.refs where other != ref {
      dump.row(9, 1, ",dl_src=\(cloud.nodes[other].routingMAC) actions=output:1")
    }
    dump.row(9, 0, " actions=goto_table:10")
    dump.row(
      10, 1,
      """
       actions=learn(table=20,hard_timeout=300,priority=1,cookie=0x\(hex: dump.cookie, width: 1),\
      NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],\
      load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],output:OXM_OF_IN_PORT[]),output:1
      """)
  }

  private func addPopulation(_ dump: inout FlowDump) {
    for (vlan, network) in tunnelled {
      let segment = cloud.networks[network].segment
      for (port, number) in remotePorts(of: network) {
        dump.row(
          20, 2,
          """
          ,dl_vlan=\(vlan),dl_dst=\(port.mac) \
          actions=pop_vlan,set_field:\(hex: segment)->tun_id,output:\(number)
          """)
      }
    }
    dump.row(20, 0, " actions=goto_table:22")
    for (vlan, network) in tunnelled {
      for (port, _) in remotePorts(of: network) {
        guard let address = port.address4 else { continue }
        dump.row(
          21, 1,
          """
          ,arp,dl_vlan=\(vlan),arp_tpa=\(address) actions=set_field:2->arp_op,\
          move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],\
          set_field:\(port.mac)->arp_sha,set_field:\(address)->arp_spa,\
          move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],set_field:\(port.mac)->eth_src,IN_PORT
          """)
      }
    }
    dump.row(21, 0, " actions=goto_table:22")
  }

  private func addFlooding(_ dump: inout FlowDump) {
    for (plug, _) in distributed {
      guard let address = cloud.ports[plug.port].address4 else { continue }
      dump.row(22, 3, ",arp,dl_vlan=\(plug.vlan),arp_tpa=\(address) actions=drop")
    }
    for (vlan, network) in tunnelled {
      let targets = floodTargets(of: network)
      // A network of one node is flooded nowhere: the agent has no row for it.
      guard !targets.isEmpty else { continue }
      dump.row(
        22, 1,
        """
        ,dl_vlan=\(vlan) actions=pop_vlan,\
        set_field:\(hex: cloud.networks[network].segment)->tun_id,\
        output:\(targets, separator: ",output:")
        """)
    }
    dump.row(22, 0, " actions=drop")
  }

  private var tunnelled: [(vlan: Int, network: Ref<Network>)] {
    networks.enumerated().compactMap { position, network in
      cloud.networks[network].kind == .vxlan ? (position + 1, network) : nil
    }
  }
}
