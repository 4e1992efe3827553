// Groups, ports, tables and the database as Open vSwitch prints them.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenVSwitchGroupTests {
  @Test func everyVersionsDump() throws {
    let parsed = OpenFlowGroupsFormat.parse(
      CaptureText(
        """
        OFPST_GROUP_DESC reply (OF1.5) (xid=0x2):
         group_id=1,type=select,selection_method=hash,selection_method_param=5,fields(ip_src=255.255.255.0,ip_dst),bucket=bucket_id:0,weight:5,actions=output:1,bucket=bucket_id:1,weight:7,watch_port:2,actions=set_field:0x1->reg0,output:2
         group_id=2,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:1,actions=group:1
         group_id=3,type=all,bucket=actions=output:1,output:2,bucket=actions=drop
         group_id=6,type=all

        """))
    #expect(parsed.diagnostics.isEmpty && parsed.coverage.lostBytes == 0)
    #expect(parsed.records.map(\.id) == [1, 2, 3, 6])
    let select = try #require(parsed.records.first)
    #expect(select.kind == .select && select.selectionMethod == "hash")
    #expect(select.selectionMethodParameter == 5)
    #expect(
      select.selectionFields == [
        FieldMatch(.ipSrc, value: 0xffff_ff00, mask: 0xffff_ff00),
        FieldMatch(.ipDst, value: 0xffff_ffff, mask: 0xffff_ffff),
      ])
    #expect(
      select.buckets == [
        GroupBucket(id: 0, weight: 5, actions: [.output(OpenFlowPort(1))]),
        GroupBucket(
          id: 1, weight: 7, watchPort: OpenFlowPort(2),
          actions: [.setField(.reg0, value: 1, mask: 0xffff_ffff), .output(OpenFlowPort(2))]),
      ])
    #expect(parsed.records[1].kind == .fastFailover)
    #expect(parsed.records[1].buckets.map(\.watchGroup) == [nil, 1])
    #expect(parsed.records[2].buckets.map(\.actions.count) == [2, 1])
    #expect(parsed.records[3].buckets.isEmpty)
  }

  @Test(arguments: OpenVSwitchCorpus.groups)
  func printedGroupsReadTheSame(line: String) throws {
    let group = try #require(OpenFlowGroupsFormat.parse(CaptureText(line + "\n")).records.first)
    let again = OpenFlowGroupsFormat.parse(CaptureText("\(group)\n"))
    #expect(again.diagnostics.isEmpty)
    #expect(again.records.first?.buckets == group.buckets)
    #expect(again.records.first?.selectionFields == group.selectionFields)
  }

  @Test func whatIsNotKnownIsKept() {
    let parsed = OpenFlowGroupsFormat.parse(
      CaptureText("group_id=1,type=all,frob=3,bucket=actions=frob\nbucket=actions=drop\n"))
    #expect(parsed.records.map(\.unrecognised) == [["frob=3"]])
    #expect(parsed.records.first?.buckets.first?.actions == [.unrecognised("frob")])
    #expect(
      parsed.diagnostics.map(\.id) == [
        "openflow/unknown-group-argument", "openflow/unknown-action", "openflow/no-group-id",
      ])
  }
}

@Suite struct OpenVSwitchPortTests {
  static let features10 = """
    OFPT_FEATURES_REPLY (xid=0x2): dpid:0000be57240d6149
    n_tables:254, n_buffers:0
    capabilities: FLOW_STATS TABLE_STATS PORT_STATS QUEUE_STATS ARP_MATCH_IP
    actions: output enqueue set_vlan_vid set_vlan_pcp strip_vlan mod_dl_src mod_dl_dst
     1(patch0): addr:46:07:b4:7b:aa:a7
         config:     NO_FLOOD
         state:      0
         speed: 0 Mbps now, 0 Mbps max
     3(p (2)): addr:aa:55:aa:55:00:10
         config:     PORT_DOWN NO_RECV
         state:      LINK_DOWN
         current:    10GB-FD COPPER
     LOCAL(br0): addr:be:57:24:0d:61:49
         config:     0
         state:      0
         speed: 0 Mbps now, 0 Mbps max
    OFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal miss_send_len=0

    """

  @Test func show() {
    let parsed = OpenFlowPortsFormat.parse(CaptureText(Self.features10))
    #expect(parsed.diagnostics.isEmpty && !parsed.isIncomplete)
    #expect(parsed.coverage.lostBytes == 0 && parsed.coverage.records == 3)
    #expect(parsed.records.map(\.number) == [1, 3, 0xffff_fffe])
    #expect(parsed.records.map(\.name) == ["patch0", "p (2)", "br0"])
    #expect(parsed.records.map(\.config) == [["NO_FLOOD"], ["PORT_DOWN", "NO_RECV"], []])
    #expect(parsed.records.map(\.state) == [[], ["LINK_DOWN"], []])
    #expect(parsed.records.first?.mac == MACAddress("46:07:b4:7b:aa:a7"))
    #expect(parsed.records.map(\.tellsNoFlood) == [true, true, true])
    #expect(parsed.records.map(\.evidence.line) == [5, 9, 13])
  }

  @Test func onlyVersion10TellsNoFlood() {
    let text = Self.features10.replacing("(xid=0x2)", with: "(OF1.4) (xid=0x2)")
    let parsed = OpenFlowPortsFormat.parse(CaptureText(text))
    #expect(parsed.records.map(\.tellsNoFlood) == [false, false, false])
  }

  @Test func aShowWithoutItsEndIsCut() {
    let lines = Self.features10.split(separator: "\n").dropLast()
    let parsed = OpenFlowPortsFormat.parse(
      CaptureText(lines.joined(separator: "\n").appending("\n")))
    #expect(parsed.isIncomplete && parsed.records.count == 3)
    #expect(parsed.diagnostics.map(\.id) == ["openflow/cut-show"])
  }

  @Test func aPortWithoutItsStateIsCut() {
    let parsed = OpenFlowPortsFormat.parse(
      CaptureText("OFPST_PORT_DESC reply (xid=0x2):\n 1(a): addr:00:00:00:00:00:01\n"))
    #expect(parsed.isIncomplete && parsed.records.isEmpty)
    #expect(
      parsed.diagnostics.map(\.message) == ["port a breaks off: wanted its config: and state:"])
  }
}

@Suite struct OpenVSwitchTableTests {
  @Test func macTable() {
    let parsed = LearnedMACFormat.parse(
      CaptureText(
        """
         port  VLAN  MAC                Age
        LOCAL     0  52:e9:0d:ec:d6:40  172
            1     5  50:54:00:00:00:05  static

        """))
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.records.map(\.port) == [nil, 1])
    #expect(parsed.records.map(\.vlan.rawValue) == [0, 5])
    #expect(parsed.records.map(\.ageSeconds) == [172, nil])
  }

  @Test(arguments: ["  ", "\t"])
  func datapathPorts(indent: String) {
    let parsed = DatapathPortsFormat.parse(
      CaptureText(
        """
        system@ovs-system: hit:11518 missed:892
        >br-int:
        >>br-int 65534/5: (internal)
        >>p 2 3/none: (patch: peer=a,b=c)
        >br-tun:
        >>vxlan-1 none/10: (vxlan: key=flow, local_ip=10.0.0.1, remote_ip=flow)

        """.replacing(">", with: indent)))
    #expect(parsed.diagnostics.isEmpty && parsed.coverage.lostBytes == 0)
    #expect(parsed.records.map(\.bridge) == ["br-int", "br-int", "br-tun"])
    #expect(parsed.records.map(\.name) == ["br-int", "p 2", "vxlan-1"])
    #expect(parsed.records.map(\.openFlowNumber) == [0xffff_fffe, 3, nil])
    #expect(parsed.records.map(\.datapathNumber) == [5, nil, 10])
    #expect(parsed.records.map(\.type) == ["internal", "patch", "vxlan"])
    #expect(
      parsed.records.last?.options == [
        "key": "flow", "local_ip": "10.0.0.1", "remote_ip": "flow",
      ])
    #expect(Set(parsed.records.map(\.datapath)) == ["system@ovs-system"])
  }

  @Test func tunnelTables() {
    let neighbours = TunnelNeighbourFormat.parse(
      CaptureText(
        """
        IP                                            MAC                 Bridge
        ==========================================================================
        10.0.0.1                                      50:54:00:00:00:05   br0
        fe80::1                                       50:54:00:00:00:06   br0

        """))
    #expect(neighbours.records.map(\.address) == [IPAddress("10.0.0.1"), IPAddress("fe80::1")])
    let listeners = TunnelListenerFormat.parse(
      CaptureText("Listening ports:\nvxlan_sys_4789 (10) ref_cnt=3\n"))
    #expect(listeners.records.map(\.datapathNumber) == [10])
    let routes = TunnelRouteFormat.parse(
      CaptureText(
        """
        Route Table:
        Cached: 10.20.0.21/32 dev br-phy SRC 10.20.0.21 local
        Cached: 0.0.0.0/0 MARK 5 dev eth0 GW 10.0.2.2 SRC 10.0.2.15
        User: fe80::/64 dev br-ex
        User: nonsense

        """))
    #expect(routes.records.map(\.isLocal) == [true, false, false])
    #expect(routes.records.map(\.mark) == [nil, 5, nil])
    #expect(routes.records.map(\.gateway) == [nil, IPAddress("10.0.2.2"), nil])
    #expect(routes.diagnostics.map(\.id) == ["ovs-route-show/bad-line"])
    #expect(routes.coverage.lostBytes == 0)
  }

  @Test func datapathFlows() throws {
    let parsed = DatapathFlowsFormat.parse(
      CaptureText(
        """
        flow-dump from the main thread:
        ufid:1-2, recirc_id(0),in_port(eth0),eth_type(0x0800), packets:8, bytes:90, used:0.117s, flags:SFPR., dp:ovs, actions:ct(zone=1),recirc(0x1), dp-extra-info:miniflow_bits(5,2)
        in_port(2),eth_type(0x0806), packets:0, bytes:0, used:never, actions:drop

        """))
    #expect(parsed.diagnostics.isEmpty)
    let flow = try #require(parsed.records.first)
    #expect(flow.id == "1-2" && flow.packets == 8 && flow.usedSecondsAgo == 0.117)
    #expect(flow.match == "recirc_id(0),in_port(eth0),eth_type(0x0800)")
    #expect(flow.actions == "ct(zone=1),recirc(0x1)" && flow.tcpFlags == "SFPR.")
    #expect(parsed.records.last?.usedSecondsAgo == nil && parsed.records.last?.id == nil)
  }

  @Test func version() {
    let parsed = SwitchVersionFormat.parse(
      CaptureText("ovs-vsctl (Open vSwitch) 3.1.0\nDB Schema 8.3.1\n"))
    #expect(parsed.records == ["3.1.0"])
  }
}

@Suite struct OpenVSwitchDatabaseTests {
  static let dump = """
    {"caption":"Bridge table","headings":["_uuid","fail_mode","name","ports","protocols","other_config","stp_enable"],"data":[[["uuid","b1"],"secure","br-int",["set",[["uuid","p1"],["uuid","p2"]]],"OpenFlow13",["map",[["mac-table-size","50000"]]],true]]}
    {"caption":"Interface table","headings":["_uuid","name","type","ofport","options","mac_in_use","mtu","error"],"data":[[["uuid","i1"],"patch-tun","patch",-1,["map",[["peer","patch-int"]]],"02:00:00:00:00:01",["set",[]],"no peer"]]}
    {"caption":"Mirror table","headings":["_uuid","name","select_src_port","output_port"],"data":[[["uuid","m1"],"tap",["set",[]],["uuid","p2"]]]}
    {"caption":"Open_vSwitch table","headings":["_uuid","ovs_version","external_ids"],"data":[[["uuid","o1"],"3.1.0",["map",[["hostname","cmp1"]]]]]}
    {"caption":"Port table","headings":["_uuid","name","interfaces","tag","trunks","vlan_mode"],"data":[[["uuid","p1"],"patch-tun",["uuid","i1"],["set",[]],["set",[5,6]],"trunk"],[["uuid","p2"],"tap1",["set",[]],4095,["set",[]],["set",[]]]]}

    """

  @Test func tablesBecomeRecordsAndRows() throws {
    let parsed = SwitchDatabaseFormat.parse(CaptureText(Self.dump))
    #expect(parsed.diagnostics.isEmpty && !parsed.isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
    let database = try #require(parsed.records.first)
    let bridge = try #require(database.bridges.first)
    #expect(bridge.failMode == "secure" && bridge.ports == ["p1", "p2"] && bridge.stpEnabled)
    #expect(bridge.protocols == ["OpenFlow13"])
    #expect(bridge.otherConfig == ["mac-table-size": "50000"])
    #expect(database.ports.map(\.tag?.rawValue) == [nil, 4095])
    #expect(database.ports.first?.trunks.map(\.rawValue) == [5, 6])
    #expect(database.ports.map(\.vlanMode) == ["trunk", nil])
    let interface = try #require(database.interfaces.first)
    #expect(interface.ofport == -1 && interface.type == "patch" && interface.error == "no peer")
    #expect(interface.options == ["peer": "patch-int"] && interface.mtuBytes == nil)
    #expect(database.mirrors.first?.outputPort == "p2")
    #expect(database.settings?.version == "3.1.0")
    #expect(database.settings?.externalIDs == ["hostname": "cmp1"])
    #expect(database.rows.count == 6 && database.rows.last?.columns["tag"] == "4095")
    #expect(database.rows.last?.evidence.line == 5 && !database.isSummary)
  }

  @Test func aCutDumpKeepsItsFirstTables() {
    let lines = Self.dump.split(separator: "\n")
    let parsed = SwitchDatabaseFormat.parse(CaptureText(lines.prefix(2).joined(separator: "\n")))
    #expect(parsed.isIncomplete && parsed.records.first?.interfaces.count == 1)
    #expect(parsed.diagnostics.map(\.id) == ["ovsdb-dump/no-settings"])
  }

  @Test func wrongTypesAreTold() {
    let text = Self.dump.replacing("\"secure\"", with: "17").replacing(",4095,", with: ",5000,")
    let parsed = SwitchDatabaseFormat.parse(CaptureText(text))
    #expect(
      parsed.diagnostics.map(\.message) == [
        "Bridge: 17 is of another type than its column",
        "Port: 5000 is of another type than its column",
      ])
  }

  @Test func summary() throws {
    let parsed = SwitchSummaryFormat.parse(
      CaptureText(
        """
        286a6625-94de-4c44-b342-179aca47bff1
            Manager "ptcp:6640:127.0.0.1"
                is_connected: true
            Bridge br-int
                Controller "tcp:127.0.0.1:6633"
                    is_connected: true
                fail_mode: secure
                datapath_type: netdev
                Port "p 2"
                    tag: 3
                    trunks: [5, 6]
                    Interface "p 2"
                        type: vxlan
                        options: {key=flow, remote_ip="10.0.0.1"}
                        error: "could not open"
                Port br-int
                    Interface br-int
                        type: internal
            ovs_version: "3.1.0"

        """))
    #expect(parsed.diagnostics.isEmpty && parsed.coverage.lostBytes == 0)
    let database = try #require(parsed.records.first)
    #expect(database.isSummary && database.settings?.version == "3.1.0")
    #expect(database.bridges.first?.failMode == "secure")
    #expect(database.bridges.first?.datapathType == "netdev")
    #expect(database.bridges.first?.ports == ["p 2", "br-int"])
    #expect(database.ports.first?.tag?.rawValue == 3)
    #expect(database.ports.first?.trunks.map(\.rawValue) == [5, 6])
    let interface = try #require(database.interfaces.first)
    #expect(interface.options == ["key": "flow", "remote_ip": "10.0.0.1"])
    #expect(interface.error == "could not open" && interface.type == "vxlan")
  }
}
