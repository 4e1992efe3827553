// Flow tables and actions as policy: one row a pipeline, with where its packet leaves.
import Conntrack
import Facts
import NetworkTypes
import OpenFlow
import Testing

@Suite struct PipelinePolicyTests {
  typealias Port = SmallSwitch.Port
  static let ports = [
    Port(name: "a", number: 1), Port(name: "b", number: 2), Port(name: "c", number: 3),
  ]
  static let tcp =
    "tcp,in_port=1,dl_src=fa:16:3e:00:00:01,dl_dst=fa:16:3e:00:00:02,nw_src=10.0.0.1,"
    + "nw_dst=10.0.0.2,nw_ttl=64,tcp_src=1024,tcp_dst=80,tcp_flags=2"

  static func conversation(_ flows: String, groups: String = "") -> Conversation {
    var small = SmallSwitch()
    small.add("br", ports, flows: flows, groups: groups)
    return Conversation(small)
  }

  @Test(arguments: [
    ("actions=output:2", ["b"]),
    ("actions=drop", []),
    ("", []),
    ("actions=output:1", []),
    ("actions=IN_PORT", ["a"]),
    ("actions=output:9", []),
    ("actions=FLOOD", ["b", "c"]),
    ("actions=load:2->NXM_NX_REG0[],output:NXM_NX_REG0[]", ["b"]),
    ("actions=load:1->NXM_NX_REG0[],output:NXM_NX_REG0[]", []),
    // Priorities, masks, misses.
    ("priority=1,tcp actions=output:2\npriority=2,ip,nw_dst=10.0.0.0/24 actions=output:3", ["c"]),
    ("priority=1,tcp actions=output:2\npriority=2,udp actions=output:3", ["b"]),
    ("tcp,tp_dst=0x0050/0xfff0 actions=output:2", ["b"]),
    ("table=0 actions=goto_table:3\ntable=3,udp actions=output:2", []),
    // Registers live through resubmits, and what follows a resubmit runs after it.
    (
      "table=0 actions=load:3->NXM_NX_REG1[],resubmit(,4),output:2\n"
        + "table=4,reg1=3 actions=output:3", ["c", "b"]
    ),
    ("table=0 actions=resubmit(2,4)\ntable=4,in_port=2 actions=output:2", ["b"]),
    ("table=0 actions=resubmit(,4),output:2\ntable=4 actions=exit", []),
    ("actions=clone(mod_vlan_vid:5,output:2),output:3", ["b:5", "c"]),
    ("actions=push:NXM_NX_REG0[],pop:NXM_NX_REG1[],output:2", ["b"]),
    // Tags.
    ("actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:2", ["b:10"]),
    ("actions=mod_vlan_vid:10,output:2,strip_vlan,output:3", ["b:10", "c"]),
    ("actions=mod_vlan_vid:10,push_vlan:0x88a8,set_field:4116->vlan_vid,output:2", ["b:20:10"]),
    // The action set runs at the end, in OpenFlow's order; a group in it wins over an output.
    (
      "actions=write_actions(output:2,mod_vlan_vid:10),goto_table:1\ntable=1 actions=output:3",
      ["c", "b:10"]
    ),
    ("actions=write_actions(output:2),goto_table:1\ntable=1 actions=clear_actions", []),
    ("actions=write_actions(mod_vlan_vid:10),goto_table:1\ntable=1 actions=drop", []),
    // A TTL that runs out ends this list of actions, not the one that called it.
    ("actions=dec_ttl,output:2", ["b"]),
    ("actions=mod_nw_ttl:1,dec_ttl,output:2", ["CONTROLLER"]),
    (
      "table=0 actions=resubmit(,1),output:3\ntable=1 actions=mod_nw_ttl:1,dec_ttl,output:2",
      ["CONTROLLER", "c"]
    ),
    // Sizes: the frame of 100 bytes of IP has 114.
    (
      "actions=check_pkt_larger(113)->NXM_NX_REG0[0],resubmit(,1)\ntable=1,reg0=1 actions=output:2\n"
        + "table=1,priority=1 actions=output:3", ["b"]
    ),
    (
      "actions=check_pkt_larger(114)->NXM_NX_REG0[0],resubmit(,1)\ntable=1,reg0=1 actions=output:2\n"
        + "table=1,priority=1 actions=output:3", ["c"]
    ),
  ])
  func leavesThrough(_ flows: String, ports: [String]) {
    var conversation = Self.conversation(flows)
    let answer = conversation.send("br", Self.tcp)
    #expect(answer.outputs.map(Conversation.name) == ports)
    #expect(answer.unknowns.isEmpty)
    if ports.isEmpty { #expect(!answer.drops.isEmpty) }
  }

  @Test(arguments: [
    ("type=all,bucket=output:2,bucket=output:3", ["b", "c"], true),
    ("type=all,bucket=mod_vlan_vid:5,output:2,bucket=output:3", ["b:5", "c"], true),
    ("type=indirect,bucket=output:2", ["b"], true),
    ("type=ff,bucket=watch_port:9,output:2,bucket=watch_port:3,output:3", ["c"], true),
    ("type=ff,bucket=watch_port:9,output:2", [], true),
    ("type=select,bucket=output:2", ["b"], true),
    ("type=select,bucket=weight:0,output:2,bucket=weight:5,output:3", ["c"], true),
    ("type=select,bucket=output:2,bucket=output:2", ["b"], true),
    ("type=select,bucket=output:2,bucket=output:3", [], false),
  ])
  func groups(_ group: String, ports: [String], isKnown: Bool) {
    var conversation = Self.conversation("actions=group:7", groups: "group_id=7,\(group)")
    let answer = conversation.send("br", Self.tcp)
    #expect(answer.outputs.map(Conversation.name) == ports)
    #expect(answer.unknowns.isEmpty == isKnown)
  }

  @Test func conjunctionsNeedEveryDimension() {
    let flows = """
      priority=10,ip,nw_src=10.0.0.1 actions=conjunction(1,1/2)
      priority=10,ip,nw_src=10.0.0.9 actions=conjunction(1,1/2)
      priority=10,tcp,tp_dst=80 actions=conjunction(1,2/2)
      priority=10,conj_id=1,ip actions=output:2
      priority=1 actions=output:3
      """
    var conversation = Self.conversation(flows)
    let both = conversation.send("br", Self.tcp)
    #expect(both.outputs.map(Conversation.name) == ["b"])
    #expect(both.lookups[0].conjunction?.id == 1)
    #expect(both.lookups[0].conjunction?.clauses.count == 2)
    let otherPort = Self.tcp.replacing("tcp_dst=80", with: "tcp_dst=81")
    #expect(conversation.ports("br", otherPort) == ["c"])
  }

  @Test func aLearnedFlowIsMetByTheNextPacket() {
    let flows = """
      table=0,in_port=1 actions=learn(table=10,priority=5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]),output:2
      table=0,in_port=2 actions=resubmit(,10)
      """
    var conversation = Self.conversation(flows)
    let answer = "in_port=2,dl_src=fa:16:3e:00:00:02,dl_dst=fa:16:3e:00:00:01"
    #expect(conversation.ports("br", answer) == [])
    #expect(conversation.ports("br", Self.tcp) == ["b"])
    #expect(conversation.ports("br", answer) == ["a"])
  }

  @Test func patchesAndTunnels() {
    var small = SmallSwitch()
    small.add(
      "int",
      [
        Port(name: "vm", number: 1, tag: 3),
        Port(name: "int-tun", number: 2, type: "patch", options: ["peer": "tun-int"]),
      ], flows: "actions=load:9->NXM_NX_REG0[],NORMAL")
    small.add(
      "tun",
      [
        Port(name: "tun-int", number: 1, type: "patch", options: ["peer": "int-tun"]),
        Port(
          name: "vx", number: 2, type: "vxlan",
          options: ["remote_ip": "192.0.2.1", "local_ip": "192.0.2.2", "key": "flow"]),
      ],
      flows: """
        in_port=1,reg0=0,dl_vlan=3 actions=strip_vlan,load:77->NXM_NX_TUN_ID[],output:2
        in_port=2,tun_id=77 actions=mod_vlan_vid:3,output:1
        """)
    var conversation = Conversation(small)
    #expect(conversation.ports("int", Self.tcp) == ["vx#77"])
    let back =
      "tcp,in_port=2,tun_id=77,tun_src=192.0.2.1,tun_dst=192.0.2.2,dl_src=fa:16:3e:00:00:02,"
      + "dl_dst=fa:16:3e:00:00:01,nw_src=10.0.0.2,nw_dst=10.0.0.1,nw_ttl=64"
    #expect(conversation.ports("tun", back) == ["vm"])
    let metadata = TunnelMetadata(
      id: 77, source: IPAddress("192.0.2.1"), destination: IPAddress("192.0.2.2"))
    let port = conversation.model.tunnelPort(
      receiving: metadata, type: "vxlan", destinationPort: 4789)
    #expect(port?.name == "vx")
  }

  @Test func aPatchWithoutPeerIsAnEnd() {
    var small = SmallSwitch()
    small.add(
      "int",
      [
        Port(name: "vm", number: 1),
        Port(name: "lost", number: 2, type: "patch", options: ["peer": "nobody"]),
      ], flows: "actions=output:2")
    var conversation = Conversation(small)
    let answer = conversation.send("int", Self.tcp)
    #expect(answer.drops.map(\.reason) == [.event(.patchWithoutPeer("lost"))])
    #expect(conversation.model.problems.map(\.cause) == [.patchWithoutPeer("lost")])
  }

  @Test func endlessResubmitsAreDropped() {
    var conversation = Self.conversation("actions=output:2,resubmit(,0)")
    let answer = conversation.send("br", Self.tcp)
    #expect(answer.outputs.isEmpty)
    #expect(answer.drops.last?.reason == .error(.recursionTooDeep))
  }

  /// Nobody's stack is deep enough for all that OVS would allow: 64 times through 255 tables.
  @Test func nestingBeyondAnyPipelineIsUnknown() {
    var flows = (0..<250).map { "table=\($0) actions=resubmit(,\($0 + 1))" }
    flows.append("table=250 actions=resubmit(,0)")
    var conversation = Self.conversation(flows.joined(separator: "\n"))
    let answer = conversation.send("br", Self.tcp)
    #expect(answer.outputs.isEmpty)
    #expect(answer.unknowns.count == 1)
  }

  @Test(arguments: [
    ("tcp,tun_metadata0=0x1 actions=output:2", false),
    ("udp,tun_metadata0=0x1 actions=output:2", true),
    ("actions=frobnicate(1),output:2", false),
    ("udp actions=frobnicate(1),output:2", true),
  ])
  func unknownOnlyWhereItMatters(_ flow: String, isKnown: Bool) {
    var conversation = Self.conversation("priority=9,\(flow)\npriority=1 actions=output:3")
    #expect(conversation.send("br", Self.tcp).unknowns.isEmpty == isKnown)
  }

  @Test func flowsThatWereNotCapturedAreUnknown() {
    var facts = OpenVSwitchFacts()
    var bridge = SwitchBridgeFacts(name: "br")
    bridge.flows.gap = Gap(node: "n", path: "ovs/br/flows", reason: "permission denied")
    facts.bridges["br"] = bridge
    let model = SwitchModel(facts, node: "n")
    var state = SwitchState()
    var conntrack = ConntrackTable()
    let answer = model.translate(
      SwitchInput(
        bridge: "br", port: OpenFlowPort(1),
        packet: Packet(ethSrc: .zero, ethDst: .broadcast, etherType: EtherType.arp)),
      state: &state, conntrack: &conntrack)
    #expect(answer.outputs.isEmpty)
    #expect(answer.unknowns.contains { "\($0.cause)".contains("permission denied") })
  }
}
