// Lines of flows and the typed facts that they become.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenVSwitchFlowTests {
  /// One key or more, and every field match that they come to.
  static let matches: [(String, [FieldMatch])] = [
    ("", []),
    ("ip", [f(.ethType, 0x800)]),
    ("tcp,tp_dst=80", [f(.ethType, 0x800), f(.nwProto, 6), f(.tcpDst, 80)]),
    ("tp_dst=80,tcp", [f(.ethType, 0x800), f(.nwProto, 6), f(.tcpDst, 80)]),
    ("udp6,tp_src=53", [f(.ethType, 0x86dd), f(.nwProto, 17), f(.udpSrc, 53)]),
    ("udp,tcp_src=53", [f(.ethType, 0x800), f(.nwProto, 17), f(.udpSrc, 53)]),
    ("sctp,tp_dst=9", [f(.ethType, 0x800), f(.nwProto, 132), f(.sctpDst, 9)]),
    ("icmp,icmp_type=8", [f(.ethType, 0x800), f(.nwProto, 1), f(.icmpType, 8)]),
    ("icmp6,icmp_type=135", [f(.ethType, 0x86dd), f(.nwProto, 58), f(.icmp6Type, 135)]),
    (
      "dl_type=0x0800,nw_proto=6,tp_dst=0x3e8/0xfff8",
      [f(.ethType, 0x800), f(.nwProto, 6), m(.tcpDst, 0x3e8, 0xfff8)]
    ),
    ("arp,arp_tpa=10.0.0.1", [f(.ethType, 0x806), f(.arpTPA, 0x0a00_0001)]),
    ("dl_vlan=5", [m(.vlanTCI, 0x1005, 0x1fff)]),
    ("dl_vlan=0xffff", [m(.vlanTCI, 0, 0xffff)]),
    ("dl_vlan=5,dl_vlan_pcp=3", [m(.vlanTCI, 0x7005, 0xffff)]),
    ("vlan_vid=4101", [m(.vlanTCI, 0x1005, 0x1fff)]),
    ("vlan_vid=0x1000/0x1000", [m(.vlanTCI, 0x1000, 0x1000)]),
    ("vlan_tci=0x0000/0x1fff", [m(.vlanTCI, 0, 0x1fff)]),
    ("vlan_tci=0x0001/0x0fff", [m(.vlanTCI, 1, 0xfff)]),
    ("in_port=LOCAL", [f(.inPort, 0xfffe)]),
    ("in_port=65534", [f(.inPort, 0xfffe)]),
    ("in_port=4294967294", [f(.inPort, 0xfffe)]),
    ("reg5=0xb", [f(.reg5, 11)]),
    ("xreg1=0x100000002", [f(.reg2, 1), f(.reg3, 2)]),
    ("xxreg0=0x5/0xff", [m(.reg3, 5, 0xff)]),
    ("tun_id=0x40cd", [f(.tunID, 0x40cd)]),
    ("metadata=0x1/0x3", [m(.metadata, 1, 3)]),
    ("ct_state=+est-rel-rpl", [m(.ctState, 0x02, 0x0e)]),
    ("ct_state=-trk", [m(.ctState, 0, 0x20)]),
    ("ct_state=0x21/0x23", [m(.ctState, 0x21, 0x23)]),
    ("ct_zone=5,ct_mark=0x1", [f(.ctZone, 5), f(.ctMark, 1)]),
    (
      "ct_label=0x10000000000000000/0xffff0000000000000000",
      [m(.ctLabel, 1 << 64, 0xffff << 64)]
    ),
    ("tcp,tcp_flags=+syn-ack", [f(.ethType, 0x800), f(.nwProto, 6), m(.tcpFlags, 2, 0x12)]),
    ("ip,nw_tos=12", [f(.ethType, 0x800), m(.nwTOS, 12, 0xfc)]),
    ("ip,ip_dscp=3", [f(.ethType, 0x800), m(.nwTOS, 12, 0xfc)]),
    ("ip,nw_frag=not_later", [f(.ethType, 0x800), m(.ipFrag, 0, 2)]),
    (
      "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00", [m(.ethDst, 1 << 40, 1 << 40)]
    ),
    ("ip,nw_src=10.1.2.3/8", [f(.ethType, 0x800), m(.ipSrc, 0x0a00_0000, 0xff00_0000)]),
    (
      "ip,nw_src=10.0.3.0/255.0.255.0", [f(.ethType, 0x800), m(.ipSrc, 0x0a00_0300, 0xff00_ff00)]
    ),
    ("ipv6,ipv6_src=fe80::/10", [f(.ethType, 0x86dd), m(.ipv6Src, 0x3fa << 118, 0x3ff << 118)]),
    ("packet_type=(1,0x800)", [f(.packetType, 0x1_0800)]),
    ("eth", []),
    ("conj_id=7,ip", [f(.conjID, 7), f(.ethType, 0x800)]),
    ("tun_metadata3=0x12", [f(.tunMetadata3, 0x12)]),
  ]

  @Test(arguments: matches)
  func matchComesToFields(text: String, fields: [FieldMatch]) throws {
    let flow = try flow("table=0, priority=7\(text.isEmpty ? "" : ",")\(text) actions=drop")
    #expect(flow.match == FlowMatch(fields))
    // Printed and read again it is the same.
    let again = try self.flow("\(flow)")
    #expect(again.match == flow.match)
    #expect(again.priority == 7)
    // And the same as a trace's argument.
    #expect(TraceFlowFormat.parse(text).match == flow.match)
  }

  /// Keys that a match cannot be decided with, and what is said of them, word for word.
  @Test(arguments: [
    ("frob=3", "frob", "3", "1:1: frob=3: wanted a match field [openflow/unknown-match]"),
    (
      "ip,nw_dst=10.0.0.300", "nw_dst", "10.0.0.300",
      "1:4: nw_dst=10.0.0.300: wanted an IPv4 address [openflow/bad-value]"
    ),
    (
      "reg0=0x100000000", "reg0", "0x100000000",
      "1:1: reg0=0x100000000: wanted a number of 32 bits [openflow/bad-value]"
    ),
    (
      "dl_src=00:11:22:33:44", "dl_src", "00:11:22:33:44",
      "1:1: dl_src=00:11:22:33:44: wanted an Ethernet address [openflow/bad-value]"
    ),
    (
      "in_port=\"tap1\"", "in_port", "\"tap1\"",
      "1:1: in_port=\"tap1\": wanted a port number or a known port name [openflow/bad-value]"
    ),
    (
      "ct_state=+est+frob", "ct_state", "+est+frob",
      "1:1: ct_state=+est+frob: wanted flags like +a-b [openflow/bad-value]"
    ),
    (
      "tun_metadata0=0x123456789012345678901234567890123", "tun_metadata0",
      "0x123456789012345678901234567890123",
      "1:1: tun_metadata0=0x123456789012345678901234567890123: wanted a number of 128 bits "
        + "[openflow/bad-value]"
    ),
  ])
  func whatCannotBeReadIsKept(line: String, key: String, value: String, message: String) throws {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText("\(line) actions=output:1\n"))
    let flow = try #require(parsed.records.first)
    #expect(flow.match.unrecognised == [UnrecognisedMatch(key: key, value: value)])
    #expect(flow.actions == [.output(OpenFlowPort(1))])
    #expect(parsed.diagnostics.map { $0.rendered(in: []) } == ["?:" + message])
    #expect(parsed.diagnostics.map(\.severity) == [.warning])
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func namesResolveWherePortsAreKnown() throws {
    let names = SwitchNames(
      ports: ["tap1": OpenFlowPort(4), "p 2": OpenFlowPort(5)], tables: ["acl": 9])
    let text = CaptureText(
      "table=acl, priority=1,in_port=tap1 actions=output:\"p 2\",\"p 2\",resubmit(tap1,acl)\n")
    let parsed = OpenFlowFlowsFormat.parse(text, names: names)
    let flow = try #require(parsed.records.first)
    #expect(flow.table == 9)
    #expect(flow.match.inPort == OpenFlowPort(4))
    #expect(
      flow.actions == [
        .output(OpenFlowPort(5)), .output(OpenFlowPort(5)),
        .resubmit(port: OpenFlowPort(4), table: 9),
      ])
    #expect(parsed.diagnostics.isEmpty)
  }

  @Test func headOfALine() throws {
    let flow = try flow(
      " cookie=0x7b65, duration=1045.694s, table=20, n_packets=3, n_bytes=1380, "
        + "idle_timeout=60, hard_timeout=300, idle_age=5, hard_age=9, "
        + "send_flow_rem check_overlap reset_counts no_packet_counts no_byte_counts "
        + "importance=7, priority=2,in_port=1 actions=drop")
    #expect(flow.cookie == 0x7b65)
    #expect(flow.table == 20)
    #expect(flow.priority == 2)
    #expect(flow.idleTimeoutSeconds == 60)
    #expect(flow.hardTimeoutSeconds == 300)
    #expect(flow.importance == 7)
    #expect(
      flow.flags == [
        .sendFlowRemoved, .checkOverlap, .resetCounts, .noPacketCounts, .noByteCounts,
      ])
    #expect(
      flow.statistics
        == FlowStatistics(
          durationMilliseconds: 1_045_694, packets: 3, bytes: 1380, idleAgeSeconds: 5,
          hardAgeSeconds: 9))
    #expect(flow.actions == [.drop])
  }

  @Test func priorityIsTheDefaultWhereNoneIsPrinted() throws {
    #expect(try flow("ip actions=drop").priority == 32768)
    #expect(try flow("actions=NORMAL").match.fields.isEmpty)
  }

  /// The same table in each version's own dump.
  @Test(arguments: [
    """
    NXST_FLOW reply (xid=0x4):
     cookie=0x5, duration=0.003s, table=0, n_packets=0, n_bytes=0, idle_age=0, priority=5,tcp,vlan_tci=0x1003/0x1fff,tp_dst=80 actions=mod_vlan_vid:3,strip_vlan,load:0x1->NXM_NX_REG0[],output:1

    """,
    """
    OFPST_FLOW reply (OF1.3) (xid=0x2):
     cookie=0x5, duration=0.004s, table=0, n_packets=0, n_bytes=0, priority=5,tcp,dl_vlan=3,tp_dst=80 actions=mod_vlan_vid:3,pop_vlan,load:0x1->NXM_NX_REG0[],output:1

    """,
    """
    OFPST_FLOW reply (OF1.4) (xid=0x2):
     cookie=0x5, duration=0.004s, table=0, n_packets=0, n_bytes=0, priority=5,tcp,dl_vlan=3,tp_dst=80 actions=set_vlan_vid:3,pop_vlan,load:0x1->OXM_OF_PKT_REG0[32..63],output:1

    """,
    """
    OFPST_FLOW reply (OF1.5) (xid=0x2):
     cookie=0x5, duration=0.004s, table=0, n_packets=0, n_bytes=0, idle_age=0, priority=5,tcp,dl_vlan=3,tp_dst=80 actions=mod_vlan_vid:3,pop_vlan,load:1->reg0,output:1

    """,
  ])
  func everyVersionsDump(text: String) throws {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText(text))
    let flow = try #require(parsed.records.first)
    #expect(
      parsed.records.count == 1 && parsed.diagnostics.allSatisfy { $0.id == "openflow/version-10" })
    #expect(flow.evidence.line == 2)
    #expect(
      flow.match
        == FlowMatch([
          f(.ethType, 0x800), f(.nwProto, 6), m(.vlanTCI, 0x1003, 0x1fff), f(.tcpDst, 80),
        ]))
    #expect(flow.actions.count == 4)
    #expect(flow.actions.first == VLANID(3).map { .setVLANID($0) })
    #expect(flow.actions[1] == .popVLAN)
    #expect(flow.actions.last == .output(OpenFlowPort(1)))
    guard case .load(1, let target) = flow.actions[2] else {
      Issue.record("no load: \(flow.actions[2])")
      return
    }
    #expect(target.field == .reg0 || target.field == .xreg0 && target.firstBit == 32)
  }

  /// What is no flow is named, and the file says whether it is whole.
  @Test(arguments: [
    ("", "openflow/empty", true),
    ("OFPST_FLOW reply (OF1.3) (xid=0x4):\n priority=1 actions=outp", "openflow/cut-line", true),
    ("OFPT_ERROR (OF1.4) (xid=0x2): OFPBRC_EPERM\n", "openflow/error-reply", true),
    ("priority=1,ip\n", "openflow/no-actions", false),
  ])
  func whatIsNoFlow(text: String, id: String, isIncomplete: Bool) {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText(text))
    #expect(parsed.records.isEmpty)
    #expect(parsed.diagnostics.map(\.id) == [id])
    #expect(parsed.isIncomplete == isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func flowFilesHaveCommentsAndCommands() {
    let parsed = OpenFlowFlowsFormat.parse(
      CaptureText("# a comment\n\nadd table=3,ip,actions=drop\ntable=4 action=output:2\r\n"))
    #expect(parsed.records.map(\.table) == [3, 4])
    #expect(parsed.records.last?.actions == [.output(OpenFlowPort(2))])
    #expect(parsed.diagnostics.isEmpty && parsed.coverage.structuralBytes == 13)
  }

  private func flow(_ line: String) throws -> FlowEntry {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.diagnostics.isEmpty, "\(parsed.diagnostics.map(\.message))")
    #expect(parsed.coverage.lostBytes == 0)
    return try #require(parsed.records.first)
  }
}

private func f(_ field: OpenFlowField, _ value: UInt128) -> FieldMatch {
  FieldMatch(field, value)
}
private func m(_ field: OpenFlowField, _ value: UInt128, _ mask: UInt128) -> FieldMatch {
  FieldMatch(field, value: value, mask: mask)
}
