// Actions as they are written and the cases that they become.
import Facts
import NetworkTypes
import Testing

@testable import Formats

private let reg0 = Subfield(.reg0)

@Suite struct OpenVSwitchActionTests {
  static let actions: [(String, [FlowAction])] = [
    ("drop", [.drop]),
    ("output:3", [.output(OpenFlowPort(3))]),
    ("3", [.output(OpenFlowPort(3))]),
    (
      "NORMAL,IN_PORT,FLOOD,ALL,LOCAL",
      [.output(.normal), .output(.inPort), .output(.flood), .output(.all), .output(.local)]
    ),
    ("output(port=2,max_len=100)", [.output(OpenFlowPort(2), maximumBytes: 100)]),
    (
      "output:NXM_NX_REG6[0..15]",
      [.outputField(Subfield(.reg6, firstBit: 0, bitCount: 16))]
    ),
    ("CONTROLLER:128", [.controller(controller(maximum: 128))]),
    (
      "enqueue:1:2,enqueue(1,2)",
      [.enqueue(OpenFlowPort(1), queue: 2), .enqueue(OpenFlowPort(1), queue: 2)]
    ),
    ("resubmit(,60)", [.resubmit(port: nil, table: 60)]),
    ("resubmit:3", [.resubmit(port: OpenFlowPort(3), table: nil)]),
    ("resubmit(IN_PORT,6)", [.resubmit(port: nil, table: 6)]),
    ("resubmit(3,6,ct)", [.resubmit(port: OpenFlowPort(3), table: 6, swapsTuple: true)]),
    ("goto_table:9", [.gotoTable(9)]),
    ("set_field:0x1/0x3->reg0", [.setField(.reg0, value: 1, mask: 3)]),
    ("set_field:4098->vlan_vid", [.setField(.vlanVID, value: 4098, mask: 0x1fff)]),
    (
      "set_field:fa:16:3e:00:00:01->eth_src",
      [.setField(.ethSrc, value: 0xfa16_3e00_0001, mask: 0xffff_ffff_ffff)]
    ),
    (
      "set_field:fe80::1->ipv6_src",
      [.setField(.ipv6Src, value: 0xfe80 << 112 | 1, mask: .max)]
    ),
    ("set_field:10.0.0.1->arp_spa", [.setField(.arpSPA, value: 0x0a00_0001, mask: 0xffff_ffff)]),
    (
      "load:0x3->NXM_OF_VLAN_TCI[0..11]",
      [.load(3, into: Subfield(.vlanTCI, firstBit: 0, bitCount: 12))]
    ),
    (
      "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
      [.move(from: Subfield(.ethSrc), to: Subfield(.ethDst))]
    ),
    (
      "push:reg0,pop:NXM_NX_REG0[3]",
      [.push(reg0), .pop(Subfield(.reg0, firstBit: 3, bitCount: 1))]
    ),
    ("strip_vlan,pop_vlan", [.popVLAN, .popVLAN]),
    ("push_vlan:0x8100", [.pushVLAN(etherType: 0x8100)]),
    ("mod_nw_src:1.2.3.4", [.setIPv4Src(IPv4Address(rawValue: 0x0102_0304))]),
    ("dec_ttl,dec_ttl(1,2)", [.decrementTTL(), .decrementTTL(controllers: [1, 2])]),
    ("set_tunnel:0x5,set_tunnel64:0x5", [.setTunnelID(5), .setTunnelID(5)]),
    ("conjunction(7,2/3)", [.conjunction(id: 7, clause: 2, count: 3)]),
    ("clone(output:1,clone(drop))", [.clone([.output(OpenFlowPort(1)), .clone([.drop])])]),
    ("group:4,meter:5,exit", [.group(4), .meter(5), .exit]),
    (
      "check_pkt_larger(1500)->reg0[3]",
      [.checkPacketLarger(bytes: 1500, into: Subfield(.reg0, firstBit: 3, bitCount: 1))]
    ),
    (
      "clear_actions,write_actions(output:1),write_metadata:0x3/0xf,goto_table:2",
      [
        .clearActions, .writeActions([.output(OpenFlowPort(1))]),
        .writeMetadata(value: 3, mask: 15), .gotoTable(2),
      ]
    ),
    ("ct_clear,ct", [.ctClear, .ct(CTAction())]),
    (
      "ct(table=60,zone=NXM_NX_REG6[0..15])",
      [
        .ct(
          ct { action in
            action.table = 60
            action.zone = .field(Subfield(.reg6, firstBit: 0, bitCount: 16))
          })
      ]
    ),
    (
      "ct(commit,force,zone=5,exec(set_field:0x1->ct_mark))",
      [
        .ct(
          ct { action in
            action.isCommit = true
            action.isForced = true
            action.zone = .number(5)
            action.exec = [.setField(.ctMark, value: 1, mask: 0xffff_ffff)]
          })
      ]
    ),
    (
      "ct(commit,nat(src=10.0.0.1-10.0.0.5:1-100,random))",
      [
        .ct(
          ct { action in
            action.isCommit = true
            action.nat = NATAction()
            action.nat?.direction = .source
            action.nat?.firstAddress = IPAddress("10.0.0.1")
            action.nat?.lastAddress = IPAddress("10.0.0.5")
            action.nat?.ports = PortRange(first: 1, last: 100)
            action.nat?.isRandom = true
          })
      ]
    ),
    (
      "ct(commit,nat(dst=[2001:db8::1]:80))",
      [
        .ct(
          ct { action in
            action.isCommit = true
            action.nat = NATAction()
            action.nat?.direction = .destination
            action.nat?.firstAddress = IPAddress("2001:db8::1")
            action.nat?.lastAddress = IPAddress("2001:db8::1")
            action.nat?.ports = PortRange(single: 80)
          })
      ]
    ),
    ("ct(nat)", [.ct(ct { $0.nat = NATAction() })]),
    // What Neutron's tunnel bridge learns with.
    (
      "learn(table=20,hard_timeout=300,priority=1,cookie=0x5,NXM_OF_VLAN_TCI[0..11],"
        + "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],"
        + "load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],output:OXM_OF_IN_PORT[])",
      [
        .learn(
          learn { action in
            action.table = 20
            action.hardTimeoutSeconds = 300
            action.priority = 1
            action.cookie = 5
            let vlan = Subfield(.vlanTCI, firstBit: 0, bitCount: 12)
            action.specifications = [
              .matchField(vlan, from: vlan),
              .matchField(Subfield(.ethDst), from: Subfield(.ethSrc)),
              .load(0, into: Subfield(.vlanTCI)),
              .loadField(from: Subfield(.tunID), into: Subfield(.tunID)),
              .output(Subfield(.inPort32)),
            ]
          })
      ]
    ),
    (
      "learn(eth_type=0x800,reg0[3..4]=2)",
      [
        .learn(
          learn { action in
            action.specifications = [
              .match(Subfield(.ethType), value: 0x800),
              .match(Subfield(.reg0, firstBit: 3, bitCount: 2), value: 2),
            ]
          })
      ]
    ),
  ]

  @Test(arguments: actions)
  func textBecomesActions(text: String, actions: [FlowAction]) throws {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText("actions=\(text)\n"))
    #expect(parsed.diagnostics.isEmpty, "\(parsed.diagnostics.map(\.message))")
    let flow = try #require(parsed.records.first)
    #expect(flow.actions == actions)
    let printed = OpenFlowFlowsFormat.parse(CaptureText("actions=\(actions.flowText)\n"))
    #expect(printed.records.first?.actions == actions)
  }

  /// Kept as text with a warning; the actions around it are read.
  @Test(arguments: [
    "frobnicate:3", "output:tap1", "set_field:300->nw_proto", "load:0x10000->NXM_OF_VLAN_TCI[]",
    "move:NXM_NX_REG0[]->NXM_OF_VLAN_TCI[]", "load:1->NXM_NX_REG0[30..32]", "ct(commit",
    "ct(frob=1)", "ct(zone=70000)", "resubmit(,300)", "conjunction(1,3/2)", "conjunction(1,1/65)",
    "nat", "clone(output:1))", "learn(frob)", "learn(NXM_OF_ETH_DST[]=NXM_OF_IN_PORT[])",
    "set_field:1->nonsense", "note:0", "check_pkt_larger(1500)->reg0", "mod_vlan_vid:4096",
    "ct(commit,nat(src=10.0.0.9-10.0.0.1))", "unroll_xlate(table=1, cookie=0x2)",
  ])
  func whatCannotBeReadIsKept(text: String) throws {
    let parsed = OpenFlowFlowsFormat.parse(CaptureText("actions=output:1,\(text)\n"))
    let flow = try #require(parsed.records.first)
    #expect(flow.actions.first == .output(OpenFlowPort(1)))
    #expect(flow.actions.contains { if case .unrecognised = $0 { true } else { false } })
    #expect(parsed.diagnostics.contains { $0.id == "openflow/unknown-action" })
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func nestingIsBounded() throws {
    let deep = String(repeating: "clone(", count: 20_000) + String(repeating: ")", count: 20_000)
    let parsed = OpenFlowFlowsFormat.parse(CaptureText("actions=\(deep)\n"))
    #expect(parsed.records.count == 1)
    #expect(parsed.diagnostics.map(\.id) == ["openflow/unknown-action"])
  }
}

private func controller(maximum: UInt16) -> ControllerAction {
  var action = ControllerAction()
  action.maximumBytes = maximum
  return action
}
private func ct(_ change: (inout CTAction) -> Void) -> CTAction {
  var action = CTAction()
  change(&action)
  return action
}
private func learn(_ change: (inout LearnAction) -> Void) -> LearnAction {
  var action = LearnAction()
  change(&action)
  return action
}
