// The rows of `ovsdb-client -f json dump`: one JSON object a table, one line each. Part of SwitchFiles.

extension SwitchFiles {
  /// Tables that nothing of the cloud is in are left out: a dump has them empty.
  func database() -> Text {
    var random = RandomSource(seed: plan.node.underlayMAC.rawValue &+ 9)
    var (bridgeRows, portRows, interfaceRows): ([Text], [Text], [Text]) = ([], [], [])
    var (bridgeIDs, controllers): ([Text], [Text]) = ([], [])
    for bridge in bridges {
      var portIDs: [Text] = []
      for port in bridge.ports {
        let (id, interface) = (uuid(&random), uuid(&random))
        portIDs.append(id)
        portRows.append(row(port, id, interface))
        interfaceRows.append(interfaceRow(port, interface))
      }
      let (id, controller) = (uuid(&random), uuid(&random))
      bridgeIDs.append(id)
      if bridge.isSecure { controllers.append(controllerRow(controller)) }
      bridgeRows.append(row(bridge, id, bridge.isSecure ? controller : Self.none, portIDs))
    }
    return """
      \(table("Bridge", Self.bridgeColumns, bridgeRows))
      \(table("Controller", Self.controllerColumns, controllers))
      \(table("Interface", Self.interfaceColumns, interfaceRows))
      \(table("Open_vSwitch", Self.rootColumns, [rootRow(uuid(&random), bridgeIDs)]))
      \(table("Port", Self.portColumns, portRows))

      """
  }

  private static var none: Text { #"["set",[]]"# }
  private func uuid(_ random: inout RandomSource) -> Text {
    #"["uuid","\#(random.objectID())"]"#
  }
  private func table(_ name: String, _ columns: String, _ rows: [Text]) -> Text {
    let headings = columns.split(separator: " ").map { Text(stringLiteral: "\"\($0)\"") }
    return #"""
      {"caption":"\#(name) table","data":[\#(rows, separator: ",")],\#
      "headings":[\#(headings, separator: ",")]}
      """#
  }
  private func map(_ pairs: [(String, Text)]) -> Text {
    let items: [Text] = pairs.map { #"["\#($0.0)","\#($0.1)"]"# }
    return #"["map",[\#(items, separator: ",")]]"#
  }
  private func optional(_ value: Text?) -> Text { value ?? Self.none }

  private static var bridgeColumns: String {
    """
    _uuid auto_attach controller datapath_id datapath_type datapath_version external_ids fail_mode \
    flood_vlans flow_tables ipfix mcast_snooping_enable mirrors name netflow other_config ports \
    protocols rstp_enable rstp_status sflow status stp_enable
    """
  }
  private func row(
    _ bridge: SwitchBridge, _ id: Text, _ controller: Text, _ ports: [Text]
  ) -> Text {
    let none = Self.none
    let mode: Text = bridge.isSecure ? #""secure""# : none
    let protocols: Text =
      bridge.isSecure ? #"["set",["OpenFlow10","OpenFlow13","OpenFlow14"]]"# : none
    return #"""
      [\#(id),\#(none),\#(controller),"0000\#(hex: bridge.mac.rawValue, width: 12)","netdev",\#
      "<built-in>",["map",[]],\#(mode),\#(none),["map",[]],\#(none),false,\#(none),\#
      "\#(bridge.name)",\#(none),["map",[["mac-table-size","50000"]]],\#
      ["set",[\#(ports, separator: ",")]],\#(protocols),false,["map",[]],\#(none),["map",[]],false]
      """#
  }

  private static var controllerColumns: String {
    """
    _uuid connection_mode controller_burst_limit controller_queue_size controller_rate_limit \
    enable_async_messages external_ids inactivity_probe is_connected local_gateway local_ip \
    local_netmask max_backoff other_config role status target type
    """
  }
  private func controllerRow(_ id: Text) -> Text {
    let none = Self.none
    return #"""
      [\#(id),"out-of-band",\#(none),\#(none),\#(none),\#(none),["map",[]],10000,true,\#(none),\#
      \#(none),\#(none),\#(none),["map",[]],"other",["map",[["state","ACTIVE"]]],\#
      "tcp:127.0.0.1:6633",\#(none)]
      """#
  }

  private static var portColumns: String {
    """
    _uuid bond_active_slave bond_downdelay bond_fake_iface bond_mode bond_updelay cvlans \
    external_ids fake_bridge interfaces lacp mac name other_config protected qos rstp_statistics \
    rstp_status statistics status tag trunks vlan_mode
    """
  }
  private func row(_ port: SwitchPort, _ id: Text, _ interface: Text) -> Text {
    let none = Self.none
    return #"""
      [\#(id),\#(none),0,false,\#(none),0,\#(none),["map",[]],false,\#(interface),\#(none),\#
      \#(none),"\#(port.name)",\#(map(port.networkConfig)),false,\#(none),["map",[]],["map",[]],\#
      ["map",[]],["map",[]],\#(optional(port.tag.map { "\($0)" })),\#(none),\#(none)]
      """#
  }

  private static var interfaceColumns: String {
    """
    _uuid admin_state bfd bfd_status cfm_fault cfm_fault_status cfm_flap_count cfm_health cfm_mpid \
    cfm_remote_mpids cfm_remote_opstate duplex error external_ids ifindex ingress_policing_burst \
    ingress_policing_kpkts_burst ingress_policing_kpkts_rate ingress_policing_rate lacp_current \
    link_resets link_speed link_state lldp mac mac_in_use mtu mtu_request name ofport \
    ofport_request options other_config statistics status type
    """
  }
  private func interfaceRow(_ port: SwitchPort, _ id: Text) -> Text {
    let none = Self.none
    let state = port.isMoved ? "down" : "up"
    let isUnseen = port.isMoved && port.number != 65_534
    let mac: Text = isUnseen ? none : #""\#(port.mac)""#
    return #"""
      [\#(id),"\#(state)",["map",[]],["map",[]],\#(none),\#(none),\#(none),\#(none),\#(none),\#
      \#(none),\#(none),\#(none),\#(none),\#(map(port.externalIDs)),\#(port.ifindex),0,0,0,0,\#
      \#(none),0,\#(none),"\#(state)",["map",[]],\#(none),\#(mac),\#
      \#(optional(port.mtuBytes.map { "\($0)" })),\#(none),"\#(port.name)",\#(port.number),\#(none),\#
      \#(map(options(port))),["map",[]],["map",[]],["map",[]],"\#(port.kind.rawValue)"]
      """#
  }
  private func options(_ port: SwitchPort) -> [(String, Text)] {
    if let peer = port.peer { return [("peer", peer)] }
    guard let remote = port.remote else { return [] }
    return [
      ("df_default", "true"), ("egress_pkt_mark", "0"), ("in_key", "flow"),
      ("local_ip", "\(plan.node.underlay)"), ("out_key", "flow"), ("remote_ip", "\(remote)"),
    ]
  }

  private static var rootColumns: String {
    """
    _uuid bridges cur_cfg datapath_types datapaths db_version dpdk_initialized dpdk_version \
    external_ids iface_types manager_options next_cfg other_config ovs_version ssl statistics \
    system_type system_version
    """
  }
  private func rootRow(_ id: Text, _ bridges: [Text]) -> Text {
    let none = Self.none
    return #"""
      [\#(id),["set",[\#(bridges, separator: ",")]],58,["set",["netdev","system"]],["map",[]],\#
      \#(none),false,"none",["map",[["hostname","\#(plan.node.name)"],\#
      ["system-id","\#(plan.node.name)"]]],["set",["internal","patch","vxlan"]],\#(none),58,\#
      ["map",[]],"3.1.0",\#(none),["map",[]],"debian","12"]
      """#
  }
}
