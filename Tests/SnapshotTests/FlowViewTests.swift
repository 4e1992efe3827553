// The narrow rows of flows give back what the dump says and what the parser made of it, whatever the
// spelling.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes
import Snapshot
import Testing

@Suite struct FlowViewTests {
  static let head = " cookie=0x1f, duration=1.5s, table=3, n_packets=4, n_bytes=5, "
  static let rests = [
    "priority=2,tcp,reg5=0x5,nw_dst=10.0.0.7,tp_dst=80 actions=output:1",
    "priority=2,tcp,reg5=0x6,nw_dst=10.0.0.8,tp_dst=81 actions=output:1",
    "priority=2,tcp,reg5=0x006,nw_dst=010.0.0.8,tp_dst=081 actions=output:1",
    "priority=2,ip,nw_src=10.0.0.5/24 actions=drop",
    "priority=2,ip,nw_src=10.0.0.0/24 actions=drop",
    "priority=2,ip,nw_src=10.0.0.5/255.0.255.0 actions=drop",
    "priority=2,dl_vlan=7,dl_dst=02:00:00:00:00:01 actions=strip_vlan,output:2",
    "priority=2,dl_vlan=8,dl_dst=02:00:00:00:00:0A actions=strip_vlan,output:2",
    "priority=2,dl_vlan=0xffff actions=drop", "priority=2,vlan_tci=0x1000/0x1000 actions=drop",
    "priority=2,dl_vlan=7,dl_vlan_pcp=2 actions=drop",
    "priority=2,icmp6,icmp_type=135,nd_target=2001:db8::1 actions=drop",
    "priority=2,icmp6,icmp_type=300 actions=drop", "priority=2,udp,tcp_dst=5 actions=drop",
    "priority=2,ipv6,ipv6_src=fe80::/10 actions=drop", "priority=2,nosuch=5 actions=nosuch(1)",
    "priority=2,no%such=5%s,reg1=0x1 actions=drop", "priority=2,reg0=0x1,reg0=0x2 actions=drop",
    "priority=2,reg0=1,reg1=2,reg2=3,reg3=4,reg4=5,reg5=6,reg6=7,reg7=8 actions=drop",
    "priority=2,metadata=0xffffffffffffffff actions=drop", "priority=2,metadata=0xfff actions=drop",
    "priority=2,xreg0=0x100000002 actions=drop", "priority=2,ip,nw_tos=0xff actions=drop",
    "priority=2,ct_state=+est-rel,ct_mark=0x1/0x1 actions=drop", "actions=drop", "tcp actions=drop",
    "priority=2,in_port=LOCAL actions=output:3", "priority=2,in_port=65534 actions=output:3",
    "priority=2,tcp,tp_src=0x50/0xfff0 actions=drop", "idle_timeout=9, priority=2,arp actions=drop",
    "priority=2,tun_id=0x64,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:1",
    "priority=2,arp,arp_tpa=10.0.0.1 actions=load:0x1->NXM_NX_REG1[],load:1->NXM_NX_REG1[]",
    "priority=2,arp,arp_tpa=10.0.0.2 actions=load:1->NXM_NX_REG1[],load:0x1->NXM_NX_REG1[]",
  ]

  @Test func viewsSayWhatTheDumpSays() throws {
    let lines = Self.rests.map { Self.head + $0 }
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    let capture = Capture(
      sources: ["c"], nodes: ["n1"],
      files: [RawFile(node: "n1", path: "ovs/br-int/ofctl_dump-flows.txt", bytes: bytes)],
      unreadable: [])
    let facts = CloudFacts(parsing: capture)
    let flows = try #require(facts.nodes[0].openVSwitch.bridges["br-int"]?.flows.records)
    #expect(flows.count == lines.count)
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    try SnapshotFile.write(capture, facts, to: path, toolVersion: "test")
    try DatabaseQueue(path: path).read { database in
      let rows = try Row.fetchAll(database, sql: "SELECT * FROM flow ORDER BY line")
      #expect(rows.count == lines.count)
      for (row, (rest, flow)) in zip(rows, zip(Self.rests, flows)) {
        let words = rest.split(
          separator: " actions=", maxSplits: 1, omittingEmptySubsequences: false)
        let printed = rest.hasPrefix("actions=") ? "" : words[0].split(separator: " ").last ?? ""
        let match = printed.split(separator: ",").filter { !$0.hasPrefix("priority=") }
        #expect(row["match"] == match.joined(separator: ","), "\(rest)")
        #expect(
          "actions=\(row["actions"] as String)"
            == rest.suffix(from: rest.range(of: "actions=")!.lowerBound))
        #expect(row["priority"] == Int(flow.priority), "\(rest)")
        let fields = try Row.fetchAll(
          database, sql: "SELECT * FROM flow_match WHERE flow = ? ORDER BY position",
          arguments: [row["id"] as Int])
        #expect(
          fields.map { $0["field"] as String } == flow.match.fields.map(\.field.name), "\(rest)")
        for (field, wanted) in zip(fields, flow.match.fields) {
          #expect(field["value_hex"] == "0x" + String(wanted.value, radix: 16), "\(rest)")
          #expect(field["mask_hex"] == "0x" + String(wanted.mask, radix: 16), "\(rest)")
          #expect(field["value"] == Int64(exactly: wanted.value), "\(rest)")
          #expect(field["is_exact"] == wanted.isExact, "\(rest)")
        }
      }
    }
  }

  /// `ovs-ofctl --names` prints one text for what is another number on another bridge.
  @Test func namedPortsAreTheirOwnBridges() throws {
    let dump = "\(Self.head)priority=2,in_port=\"tap1\" actions=output:\"tap2\"\n"
    let nodes: [NodeName] = ["n1", "n2"]
    let files = nodes.enumerated().flatMap { index, node in
      let ports = (1...2).map { number in
        " \(number + index * 10)(tap\(number)): addr:02:00:00:00:00:0\(number)\n"
          + "     config:     0\n     state:      LIVE\n     speed: 0 Mbps now, 0 Mbps max\n"
      }
      return [
        RawFile(node: node, path: "ovs/br-int/ofctl_dump-flows.txt", bytes: Array(dump.utf8)),
        RawFile(
          node: node, path: "ovs/br-int/ofctl_dump-ports-desc.txt",
          bytes: Array(("OFPST_PORT_DESC reply (OF1.4) (xid=0x2):\n" + ports.joined()).utf8)),
      ]
    }
    let capture = Capture(sources: ["c"], nodes: nodes, files: files, unreadable: [])
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    try SnapshotFile.write(
      capture, CloudFacts(parsing: capture), to: path, toolVersion: "test")
    try DatabaseQueue(path: path).read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT f.node, f.match, m.value, a.port FROM flow f
          JOIN flow_match m ON m.flow = f.id JOIN flow_action a ON a.flow = f.id ORDER BY f.node
          """)
      #expect(rows.map { $0["node"] as String } == ["n1", "n2"])
      #expect(rows.map { $0["match"] as String } == ["in_port=\"tap1\"", "in_port=\"tap1\""])
      #expect(rows.map { $0["value"] as Int? } == [1, 11])
      #expect(rows.map { $0["port"] as Int? } == [2, 12])
    }
  }
}
