// Captures on nodes elsewhere: what is asked of them, word for word, and what their frames say.
import Formats
import NetworkTypes
import Testing

@testable import Confirm

@Suite struct RemoteTests {
  @Test func whatSSHIsGivenIsOneWordToTheShellThere() throws {
    let access = try #require(NodeAccess("ssh -o BatchMode=yes root@node1"))
    #expect(
      access.command(["tcpdump", "-w", "-", "icmp or (vlan and (icmp))"], in: .root) == [
        "ssh", "-o", "BatchMode=yes", "root@node1", "'tcpdump'", "'-w'", "'-'",
        "'icmp or (vlan and (icmp))'",
      ])
    #expect(NodeAccess.quoted("a'b; reboot") == "'a'\\''b; reboot'")
  }

  @Test func whatRunsHereIsNotQuoted() throws {
    let access = try #require(NodeAccess("nsenter -t 42 -n --"))
    #expect(
      access.command(["date"], in: NamespaceName("qrouter-1")) == [
        "nsenter", "-t", "42", "-n", "--", "ip", "netns", "exec", "qrouter-1", "date",
      ])
    #expect(NodeAccess("  ") == nil)
  }

  @Test func theConnectionThatCapturesComeThroughIsLeftOut() throws {
    let connection = try #require(ManagementConnection("192.0.2.1 50022 192.0.2.7 22"))
    #expect(connection.filter == "(host 192.0.2.1 and host 192.0.2.7 and tcp port 22)")
    let v6 = try #require(ManagementConnection("2001:db8::1 50022 2001:db8::7 2222"))
    #expect(v6.filter == "(host 2001:db8::1 and host 2001:db8::7 and tcp port 2222)")
  }

  @Test(arguments: [
    "", "192.0.2.1 50022 192.0.2.7", "192.0.2.1 50022 192.0.2.7 22 or tcp",
    "$(reboot) 50022 192.0.2.7 22", "192.0.2.1 50022 192.0.2.7 65536",
  ])
  func whatIsNoConnectionIsNone(_ text: String) {
    #expect(ManagementConnection(text) == nil)
  }

  @Test(arguments: [
    ("ovs/br-int/fdb_show.txt", ["ovs-appctl", "fdb/show", "br-int"], LearnedTable.Kind.macs),
    ("root/bridge_-j_fdb.json", ["bridge", "-j", "fdb"], LearnedTable.Kind.macs),
    ("root/ip_-j_neigh.json", ["ip", "-j", "neigh"], LearnedTable.Kind.neighbours),
    ("ns/qrouter-1/ip_-j_neigh.json", ["ip", "-j", "neigh"], LearnedTable.Kind.neighbours),
    (
      "ovs/br-tun/ofctl_dump-flows.txt",
      ["ovs-ofctl", "-O", "OpenFlow14", "dump-flows", "br-tun"], LearnedTable.Kind.flows
    ),
  ])
  func learnedTablesAreReadAnew(_ path: String, _ words: [String], kind: LearnedTable.Kind) throws {
    let table = try #require(LearnedTable(path: path))
    #expect(table.words == words)
    #expect(table.kind == kind)
    #expect(table.namespace == (path.hasPrefix("ns/") ? NamespaceName("qrouter-1") : .root))
  }

  @Test(arguments: [
    "ovs/--help/fdb_show.txt", "ovs/a b/fdb_show.txt", "ovs//fdb_show.txt",
    "ns/-1/ip_-j_neigh.json",
    "ns/$(reboot)/ip_-j_neigh.json", "ovs/-O/ofctl_dump-flows.txt", "ovs/br-int/ofctl_show.txt",
    "fdb_show.txt", "",
  ])
  func nothingElseIsRun(_ path: String) {
    #expect(LearnedTable(path: path) == nil)
  }

  /// What expires is as it is now; what stays is the snapshot's, also where it was changed since.
  @Test func onlyFlowsThatExpireAreReadAnew() {
    let old = """
      OFPST_FLOW reply (OF1.4) (xid=0x2):
       cookie=0x1, duration=9.1s, table=10, priority=1 actions=learn(table=20,hard_timeout=300),output:1
       cookie=0x1, duration=9.1s, table=20, hard_timeout=300, priority=1,dl_dst=02::1 actions=output:2
       cookie=0x1, duration=9.1s, table=20, priority=0 actions=drop
      """
    let now = """
      OFPST_FLOW reply (OF1.4) (xid=0x2):
       cookie=0x1, duration=1.1s, table=20, hard_timeout=300, priority=1,dl_dst=02::9 actions=output:3
       cookie=0x1, duration=1.1s, table=20, priority=0 actions=output:7
      """
    let merged = LearnedTable.flows(Array(old.utf8), expiring: Array(now.utf8))
    let lines = String(decoding: merged, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    // What stays has its line still.
    #expect(lines[1].contains("actions=learn("))
    #expect(lines[2].isEmpty)
    #expect(lines[3].hasSuffix("actions=drop"))
    #expect(lines[4...].filter { !$0.isEmpty }.count == 1)
    #expect(lines[4...].contains { $0.contains("dl_dst=02::9") })
  }

  @Test func aTableThatCannotBeReadStaysAsItWasAndIsNamed() throws {
    let capture = Capture(
      sources: [], nodes: ["n1"],
      files: [
        RawFile(node: "n1", path: "ovs/br-int/fdb_show.txt", bytes: [1]),
        RawFile(node: "n1", path: "root/ip_-j_neigh.json", bytes: [2]),
        RawFile(node: "n2", path: "ovs/br-int/fdb_show.txt", bytes: [3]),
      ], unreadable: [])
    let access = try #require(NodeAccess("echo"))
    let root = NamespaceKey("n1", .root)
    let (new, failures) = capture.refreshed(through: ["n1": access], neighboursOf: [root])
    #expect(failures == [])
    #expect(
      new.files.map { String(decoding: $0.bytes, as: UTF8.self) } == [
        "ovs-appctl fdb/show br-int\n", "ip -j neigh\n", "\u{3}",
      ])
    let broken = try #require(NodeAccess("false"))
    let (old, all) = capture.refreshed(through: ["n1": broken], neighboursOf: [])
    #expect(old.files.map(\.bytes) == [[1], [2], [3]])
    #expect(all.count == 1)
    #expect(all.first?.hasPrefix("n1 ovs/br-int/fdb_show.txt: ") == true)
  }

  @Test func aCookedHeader() throws {
    // IPv4 on device 7, outgoing, of Ethernet.
    var bytes: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 2, 0, 0, 0, 0, 9, 0, 0]
    bytes += [0x45, 0]
    let frame = try #require(CookedFrame(bytes))
    #expect(frame.interfaceIndex == 7)
    #expect(frame.isOut)
    #expect(frame.ethernet == [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 9, 8, 0, 0x45, 0])
    for count in 0...20 { #expect(CookedFrame(Array(bytes.prefix(count))) == nil) }
  }
}
