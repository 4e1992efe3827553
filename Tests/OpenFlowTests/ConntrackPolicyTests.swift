// ct() as policy: what a connection's packets and their answers may do.
import Conntrack
import Facts
import NetworkTypes
import OpenFlow
import Testing

@Suite struct ConntrackPolicyTests {
  static let out =
    "tcp,in_port=1,dl_src=fa:16:3e:00:00:01,dl_dst=fa:16:3e:00:00:02,nw_src=10.0.0.1,"
    + "nw_dst=10.0.0.2,nw_ttl=64,tcp_src=1024,tcp_dst=80,tcp_flags=2"
  static let back =
    "tcp,in_port=2,dl_src=fa:16:3e:00:00:02,dl_dst=fa:16:3e:00:00:01,nw_src=10.0.0.2,"
    + "nw_dst=10.0.0.1,nw_ttl=64,tcp_src=80,tcp_dst=1024,tcp_flags=18"

  static let stateful = """
    table=0 actions=ct(table=1,zone=5)
    table=1,ct_state=+trk+new,in_port=1 actions=ct(commit,zone=5,exec(load:7->NXM_NX_CT_MARK[])),output:2
    table=1,ct_state=+trk+est+rpl,ct_mark=7 actions=output:1
    table=1,ct_state=+trk+est-rpl,ct_mark=7 actions=output:2
    table=1,ct_state=+trk+inv actions=output:3
    table=1,priority=1 actions=drop
    """

  static func conversation(_ flows: String) -> Conversation {
    var small = SmallSwitch()
    small.add("br", PipelinePolicyTests.ports, flows: flows)
    return Conversation(small)
  }

  @Test func onlyAnswersComeBack() {
    var conversation = Self.conversation(Self.stateful)
    // A SYN-ACK that nobody asked for belongs to nothing.
    #expect(conversation.ports("br", Self.back) == ["c"])
    #expect(conversation.ports("br", Self.out) == ["b"])
    #expect(conversation.ports("br", Self.back) == ["a"])
    let more = Self.out.replacing("tcp_flags=2", with: "tcp_flags=16")
    #expect(conversation.ports("br", more) == ["b"])
  }

  @Test func zonesAreTrackersOfTheirOwn() {
    var conversation = Self.conversation(
      Self.stateful.replacing("commit,zone=5", with: "commit,zone=6"))
    #expect(conversation.ports("br", Self.out) == ["b"])
    #expect(conversation.ports("br", Self.back) == ["c"])
  }

  @Test func theZoneMayStandInARegister() {
    var conversation = Self.conversation(
      Self.stateful.replacing("zone=5", with: "zone=NXM_NX_REG6[0..15]")
        .replacing("table=0 actions=", with: "table=0 actions=load:9->NXM_NX_REG6[],"))
    #expect(conversation.ports("br", Self.out) == ["b"])
    let answer = conversation.send("br", Self.back)
    #expect(answer.outputs.map(Conversation.name) == ["a"])
    guard case .recirculation(let recirculation)? = answer.steps.last?.kind else {
      Issue.record("no recirculation")
      return
    }
    #expect(recirculation.zone == 9)
    #expect(recirculation.state == [.tracked, .established, .reply])
    #expect(recirculation.mark == 7)
  }

  @Test func natIsUndoneForTheAnswer() {
    let flows = """
      table=0,in_port=1 actions=ct(commit,zone=1,nat(src=192.0.2.1),table=1)
      table=0,in_port=2 actions=ct(zone=1,nat,table=1)
      table=1,in_port=1,nw_src=192.0.2.1 actions=output:2
      table=1,in_port=2,nw_dst=10.0.0.1 actions=output:1
      """
    var conversation = Self.conversation(flows)
    let sent = conversation.send("br", Self.out).outputs
    #expect(sent.map(\.packet.source) == [IPAddress("192.0.2.1")])
    let answer = Self.back.replacing("nw_dst=10.0.0.1", with: "nw_dst=192.0.2.1")
    let received = conversation.send("br", answer).outputs
    #expect(received.map(Conversation.name) == ["a"])
    #expect(received.map(\.packet.destination) == [IPAddress("10.0.0.1")])
  }

  @Test func natWithoutATableShowsOnTheWireOnly() {
    let flows = """
      actions=ct(commit,zone=1,nat(src=192.0.2.1)),resubmit(,1)
      table=1,ip,nw_src=10.0.0.1 actions=output:2
      """
    var conversation = Self.conversation(flows)
    let sent = conversation.send("br", Self.out).outputs
    #expect(sent.map(\.packet.source) == [IPAddress("192.0.2.1")])
  }

  @Test func anErrorIsRelatedToWhatItQuotes() {
    let flows = Self.stateful + "\ntable=1,priority=90,ct_state=+trk+rel+rpl actions=output:1"
    var conversation = Self.conversation(flows)
    _ = conversation.ports("br", Self.out)
    var error = Packet(
      ethSrc: MACAddress(rawValue: 2), ethDst: MACAddress(rawValue: 1),
      etherType: EtherType.ipv4)
    error.source = IPAddress("10.0.0.254")
    error.destination = IPAddress("10.0.0.1")
    error.ipProtocol = IPProtocol.icmp
    error.icmpType = 3
    error.icmpCode = 4
    error.quoted = QuotedHeader(
      source: .v4(IPv4Address("10.0.0.1")!), destination: .v4(IPv4Address("10.0.0.2")!),
      ipProtocol: IPProtocol.tcp, sourcePort: 1024, destinationPort: 80)
    let answer = conversation.model.translate(
      SwitchInput(bridge: "br", port: OpenFlowPort(2), packet: error),
      state: &conversation.state, conntrack: &conversation.conntrack)
    #expect(answer.outputs.map(Conversation.name) == ["a"])
  }

  @Test func assumedStatesAreTakenInTheirOrder() throws {
    let conversation = Self.conversation(Self.stateful)
    let flow = try #require(TraceFlow(Self.back))
    let states: [ConntrackState] = [[.tracked, .established, .reply]]
    let assumed = OfprotoTrace(
      conversation.model, bridge: "br", flow: flow.match, nextStates: states)
    #expect(assumed.outputs.isEmpty)  // ct_mark is not assumed
    #expect(assumed.lookups.map(\.priority) == [32768, 1])
    let fresh = OfprotoTrace(
      conversation.model, bridge: "br", flow: try #require(TraceFlow(Self.out)).match)
    #expect(fresh.outputs.map(\.name) == ["b"])
  }
}
