// The reader of plain lines and the general one must give the same flows, remarks and counts for the
// same bytes, whatever these are.
import Facts
import Testing

@testable import Formats

struct PlainFlowReaderTests {
  private static func both(_ text: CaptureText) -> [ParsedRecords<FlowList>] {
    [true, false].map { OpenFlowFlowsFormat.parse(text, readsPlainLines: $0) }
  }

  private func expectSame(_ text: CaptureText) {
    let parsed = Self.both(text)
    #expect(Array(parsed[0].records) == Array(parsed[1].records))
    #expect(parsed[0].diagnostics == parsed[1].diagnostics)
    #expect(parsed[0].coverage == parsed[1].coverage)
    #expect(parsed[0].isIncomplete == parsed[1].isIncomplete)
  }

  @Test func theHealthyCloudReadsTheSame() throws {
    for (path, text) in try OpenVSwitchFixture.files() where path.hasSuffix("dump-flows.txt") {
      expectSame(text)
    }
  }

  /// Every line of the corpus, behind a dump's head where it has none.
  @Test func theCorpusReadsTheSame() {
    let head = " cookie=0x1f, duration=12.345s, table=7, n_packets=8, n_bytes=9, idle_age=3, "
    for line in OpenVSwitchCorpus.flows {
      expectSame(CaptureText("\(head)\(line)\n"))
      expectSame(CaptureText("\(line)\n"))
    }
  }

  /// A plain line is read by the plain reader: the tests above would say nothing if it took none.
  @Test func plainLinesAreTaken() throws {
    var (plain, all) = (0, 0)
    for (path, text) in try OpenVSwitchFixture.files() where path.hasSuffix("dump-flows.txt") {
      var reader = PlainFlowReader(text, names: SwitchNames())
      var flows = FlowList()
      for line in Lines(text) {
        all += 1
        plain += text.bytes.withUnsafeBufferPointer { reader.read(line, $0, into: &flows) } ? 1 : 0
      }
      #expect(flows.count <= all)
    }
    #expect(plain * 100 > all * 85)
  }

  @Test(arguments: [
    "priority=1 actions=drop", "actions=drop", "tcp actions=drop", "tcp,tp_dst=80 actions=drop",
    "udp,tcp_dst=80 actions=drop", "priority=1,tcp,tcp actions=drop", "tp_dst=5 actions=drop",
    "icmp6,icmp_type=135,icmp_code=0 actions=drop", "icmp,icmp_type=300 actions=drop",
    "ip,nw_src=10.0.0.0/8 actions=drop", "ip,nw_src=10.0.0.0/33 actions=drop",
    "ip,nw_src=10.0.0.1/255.0.255.0 actions=drop", "ip,nw_src=010.0.0.1 actions=drop",
    "ip,nw_src=0.0.0.0/0 actions=drop", "ipv6,ipv6_src=::/0 actions=drop",
    "ipv6,ipv6_src=fe80::/10 actions=drop", "ipv6,ipv6_dst=2001:db8::1/64 actions=drop",
    "ipv6,ipv6_dst=1:2:3:4:5:6:7:8 actions=drop", "ipv6,ipv6_dst=::ffff:1.2.3.4 actions=drop",
    "ipv6,ipv6_dst=1::2::3 actions=drop", "ipv6,ipv6_dst=1:2:3:4:5:6:7:8:9 actions=drop",
    "ipv6,ipv6_dst=1:2:3:4:5:6:7:: actions=drop", "ipv6,ipv6_dst=12345:: actions=drop",
    "ipv6,ipv6_dst=fe80::1/ffff::ffff actions=drop", "ipv6,ipv6_dst=1: actions=drop",
    "dl_vlan=0xffff actions=drop", "dl_vlan=4095 actions=drop",
    "vlan_tci=0x1000/0x1000 actions=drop",
    "dl_vlan=5,dl_vlan_pcp=3 actions=drop", "ip,nw_tos=3 actions=drop",
    "in_port=LOCAL actions=drop",
    "in_port=65534 actions=drop", "in_port=65279 actions=drop", "in_port=4294967294 actions=drop",
    "reg5=0x1/0xffff actions=drop", "reg5=0x1/0x actions=drop", "reg5=0x100000000 actions=drop",
    "reg5=99999999999999999999999 actions=drop", "reg5=1/99999999999999999999999 actions=drop",
    "reg5=0x1/0 actions=drop", "reg5= actions=drop", "reg5 actions=drop",
    "reg5=1,reg5=2 actions=drop",
    "xreg1=0x100000002 actions=drop", "metadata=0xffffffffffffffff actions=drop",
    "dl_src=01:02:03:04:05:06/ff:ff:ff:00:00:00 actions=drop", "dl_src=1:2:3:4:5:6 actions=drop",
    "dl_src=01:02:03:04:05:06/ff:ff:zz actions=drop", "dl_src=01:02:03:04:05 actions=drop",
    "ct_state=+new+trk actions=drop", "ct_state=-trk actions=drop",
    "ct_state=+new-new actions=drop",
    "ct_state=0x21/0x21 actions=drop", "ct_state=new|trk actions=drop",
    "ct_state=+abc actions=drop",
    "ct_state=+newtrk actions=drop", "ct_state=+ actions=drop", "ct_state=+est/3 actions=drop",
    "ct_label=0x10000000000000000000000000000/0x1ffffffffffffffffffffffffffff actions=drop",
    "tcp,tcp_flags=+syn-ack actions=drop", "ip,ip_frag=later actions=drop", "nosuch=1 actions=drop",
    "ip,nw_frag=no actions=drop", "a_key_of_more_than_sixteen_letters=1 actions=drop",
    "packet_type=(1,0x800) actions=drop", "ip,nw_proto=6,tp_dst=0x50/0xfff0 actions=drop",
    "arp,arp_op=1,arp_tpa=10.0.0.1,arp_sha=02:00:00:00:00:01 actions=drop",
    "priority=65536 actions=drop", "priority=1, actions=drop", "priority=1,,tcp actions=drop",
    "send_flow_rem priority=1 actions=drop", "idle_timeout=3, priority=1 actions=drop",
    "importance=3, priority=1,tcp actions=drop", "priority=1 actions=", "priority=1 actions=nosuch",
    "priority=1,tcp  actions=drop", "priority=1,tcp actions=drop ", "priority=1\ttcp actions=drop",
    "tun_id=0x1,tun_src=10.0.0.1 actions=drop", "tunnel_id=0x5/0xff actions=drop",
    "pkt_mark=0x1/0x1 actions=drop", "conj_id=5,ip actions=drop", "dl_type=0x88cc actions=drop",
    "dl_type=0x806,arp_op=300 actions=drop", "sctp,tp_src=1,tp_dst=2 actions=drop",
  ])
  func spellingsReadTheSame(_ rest: String) {
    for head in [
      " cookie=0x1f, duration=12.345s, table=7, n_packets=8, n_bytes=9, ",
      " cookie=0x1f, duration=12.3s, table=7, n_packets=8, n_bytes=9, idle_age=1, hard_age=2, ",
    ] {
      expectSame(CaptureText("\(head)\(rest)\n"))
      expectSame(CaptureText("\(head)\(rest)\r\n"))
      expectSame(CaptureText("\(head)\(rest)"))
    }
  }

  @Test(arguments: [
    "cookie=0x1, duration=1.0s, table=256", "cookie=0x11112222333344445, duration=1.0s, table=0",
    "cookie=0x1, duration=1s, table=0", "cookie=0x1, duration=1.0000s, table=0",
    "cookie=1, duration=1.0s, table=0", "cookie=0x1, duration=9999999999999999.0s, table=0",
    "cookie=0x1,  duration=1.0s, table=0", "cookie=0x1, duration=1.0s, table=1 ",
  ])
  func headsReadTheSame(_ head: String) {
    expectSame(CaptureText(" \(head), n_packets=1, n_bytes=2, priority=1 actions=drop\n"))
    expectSame(CaptureText(" \(head), n_packets=18446744073709551615, n_bytes=2, actions=drop\n"))
    expectSame(
      CaptureText(" \(head), n_packets=1, n_bytes=99999999999999999999, actions=drop\n"))
  }

  /// Bytes changed, taken away and doubled at random places of a dump.
  @Test func damagedDumpsReadTheSame() throws {
    var random = SeededRandom(state: 11)
    let files = try OpenVSwitchFixture.files().filter {
      $0.0.hasSuffix("br-int/ofctl_dump-flows.txt")
    }
    let whole = try #require(files.map(\.1).max { $0.bytes.count < $1.bytes.count })
    let letters = Array(",=/ \t\r\n:.0x9af(+-\"".utf8)
    for _ in 0..<60 {
      var bytes = whole.bytes
      for _ in 0..<400 {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = letters[Int.random(in: letters.indices, using: &random)]
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[place], at: place)
        }
      }
      expectSame(CaptureText(file: whole.file, bytes: bytes))
    }
  }

  /// Lists behave like arrays of flows.
  @Test func aListIsAnArrayOfFlows() throws {
    let text = CaptureText(OpenVSwitchCorpus.flows.joined(separator: "\n") + "\n")
    let flows = Array(OpenFlowFlowsFormat.parse(text).records)
    var list = FlowList(flows)
    #expect(Array(list) == flows)
    list.removeAll { $0.priority == flows[0].priority }
    #expect(Array(list) == flows.filter { $0.priority != flows[0].priority })
    list = FlowList(flows)
    list[1] = flows[0]
    list.remove(at: 0)
    list.insert(flows[2], at: 3)
    var array = flows
    array[1] = flows[0]
    array.remove(at: 0)
    array.insert(flows[2], at: 3)
    #expect(Array(list) == array)
    #expect(list == FlowList(array))
    #expect(list.filter { $0.table == 0 } == array.filter { $0.table == 0 })
  }
}
