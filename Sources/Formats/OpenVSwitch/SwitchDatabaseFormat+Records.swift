// The tables whose columns the data plane uses, lifted into typed records.
import Facts
import NetworkTypes

extension SwitchDatabaseFormat {
  static func lift(
    _ table: String, _ id: RowID, _ columns: inout DatabaseColumns, _ evidence: Evidence,
    into database: inout SwitchDatabase
  ) {
    switch table {
    case "Bridge": database.bridges.append(bridge(id, &columns, evidence))
    case "Port": database.ports.append(port(id, &columns, evidence))
    case "Interface": database.interfaces.append(interface(id, &columns, evidence))
    case "Mirror": database.mirrors.append(mirror(id, &columns, evidence))
    case "Open_vSwitch": database.settings = settings(&columns, evidence)
    default: break
    }
  }

  private static func bridge(
    _ id: RowID, _ columns: inout DatabaseColumns, _ evidence: Evidence
  ) -> BridgeRecord {
    BridgeRecord(
      id: id, name: BridgeName(columns.string("name") ?? ""),
      datapathType: columns.string("datapath_type") ?? "",
      datapathID: columns.string("datapath_id"), failMode: columns.string("fail_mode"),
      ports: columns.ids("ports"), mirrors: columns.ids("mirrors"),
      controllers: columns.ids("controller"), floodVLANs: columns.vlans("flood_vlans"),
      stpEnabled: columns.flag("stp_enable"), rstpEnabled: columns.flag("rstp_enable"),
      multicastSnooping: columns.flag("mcast_snooping_enable"),
      protocols: columns.strings("protocols"), otherConfig: columns.map("other_config"),
      externalIDs: columns.map("external_ids"), evidence: evidence)
  }

  private static func port(
    _ id: RowID, _ columns: inout DatabaseColumns, _ evidence: Evidence
  ) -> SwitchPortRecord {
    SwitchPortRecord(
      id: id, name: InterfaceName(columns.string("name") ?? ""),
      interfaces: columns.ids("interfaces"), tag: columns.vlans("tag").first,
      trunks: columns.vlans("trunks"), vlanMode: columns.string("vlan_mode"),
      cvlans: columns.vlans("cvlans"), isProtected: columns.flag("protected"),
      bondMode: columns.string("bond_mode"), lacp: columns.string("lacp"),
      otherConfig: columns.map("other_config"), externalIDs: columns.map("external_ids"),
      evidence: evidence)
  }

  private static func interface(
    _ id: RowID, _ columns: inout DatabaseColumns, _ evidence: Evidence
  ) -> SwitchInterfaceRecord {
    SwitchInterfaceRecord(
      id: id, name: InterfaceName(columns.string("name") ?? ""),
      type: columns.string("type") ?? "", ofport: columns.number("ofport"),
      options: columns.map("options"), externalIDs: columns.map("external_ids"),
      otherConfig: columns.map("other_config"), adminState: columns.string("admin_state"),
      linkState: columns.string("link_state"), mac: columns.mac("mac_in_use"),
      mtuBytes: columns.number("mtu"), status: columns.map("status"),
      ingressPolicingRateKbps: columns.number("ingress_policing_rate") ?? 0,
      error: columns.string("error"), evidence: evidence)
  }

  private static func mirror(
    _ id: RowID, _ columns: inout DatabaseColumns, _ evidence: Evidence
  ) -> MirrorRecord {
    var mirror = MirrorRecord(id: id, name: columns.string("name") ?? "", evidence: evidence)
    mirror.selectsAll = columns.flag("select_all")
    mirror.selectSourcePorts = columns.ids("select_src_port")
    mirror.selectDestinationPorts = columns.ids("select_dst_port")
    mirror.selectVLANs = columns.vlans("select_vlan")
    mirror.outputPort = columns.ids("output_port").first
    mirror.outputVLAN = columns.vlans("output_vlan").first
    return mirror
  }

  private static func settings(
    _ columns: inout DatabaseColumns, _ evidence: Evidence
  ) -> SwitchSettings {
    var settings = SwitchSettings(evidence: evidence)
    settings.version = columns.string("ovs_version")
    settings.otherConfig = columns.map("other_config")
    settings.externalIDs = columns.map("external_ids")
    settings.datapathTypes = columns.strings("datapath_types")
    return settings
  }
}
