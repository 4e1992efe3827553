// Flows of br-ex, the bridge to the provider's network, with distributed routing, and of br-phy, the
// underlay's, which no agent programs.
// Source: neutron/plugins/ml2/drivers/openvswitch/agent/openflow/native/{br_phys,br_dvr_process}.py (Zed).

extension NodePlan {
  /// The card is port 1, phy-br-ex port 2.
  mutating func providerFlows() -> FlowDump {
    var dump = FlowDump(&random)
    dump.row(0, 2, ",in_port=2 actions=goto_table:1")
    dump.row(0, 0, " actions=NORMAL")
    dump.row(0, 1, " actions=goto_table:3")
    dump.row(1, 0, " actions=goto_table:2")
    for (position, network) in networks.enumerated() {
      switch cloud.networks[network].kind {
      case .vxlan: continue
      case .flat: dump.row(2, 4, ",in_port=2,dl_vlan=\(position + 1) actions=pop_vlan,NORMAL")
      case .vlan:
        dump.row(
          2, 4,
          """
          ,in_port=2,dl_vlan=\(position + 1) \
          actions=set_field:\(4096 + cloud.networks[network].segment)->vlan_vid,NORMAL
          """)
      }
    }
    dump.row(2, 2, ",in_port=2 actions=drop")
    for other in cloud.nodes.refs where other != ref {
      dump.row(3, 2, ",dl_src=\(cloud.nodes[other].routingMAC) actions=output:2")
    }
    dump.row(3, 1, " actions=NORMAL")
    return dump
  }

  mutating func underlayFlows() -> FlowDump {
    var dump = FlowDump(&random)
    dump.row(0, 0, " actions=NORMAL")
    return dump
  }
}
