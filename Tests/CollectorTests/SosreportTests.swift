// sosreports as sos lays them out, as folders and as tarballs.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

@Suite struct SosreportTests {
  static let router = "qrouter-0b2a3c4d-0000-4000-8000-000000000001"

  private static func files(host: String) -> [String: String] {
    let namespace = "sos_commands/networking/namespaces/\(router)/ip_netns_exec_\(router)_"
    return [
      "sos_commands/host/hostname": "\(host)\n",
      "sos_commands/kernel/uname_-a": "Linux \(host) 5.14.0-70 #1 SMP x86_64 GNU/Linux\n",
      "sos_commands/kernel/sysctl_-a": "kernel.pid_max = 4194304\nnet.ipv4.ip_forward = 1\n",
      "sos_commands/networking/ip_netns": "\(router) (id: 0)\n",
      "sos_commands/networking/ip_-o_addr": "1: lo    inet 127.0.0.1/8 scope host lo\n",
      "sos_commands/networking/ip_-d_address": """
      1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
          link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
          inet 127.0.0.1/8 scope host lo
             valid_lft forever preferred_lft forever

      """,
      "sos_commands/networking/ip_-s_-d_link": """
      1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
          link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
          RX:  bytes packets errors dropped  missed   mcast
                 840      10      0       0       0       0
          TX:  bytes packets errors dropped carrier collsns
                 840      10      0       0       0       0

      """,
      "sos_commands/networking/ip_route_show_table_all": "default via 10.0.0.1 dev eth0\n",
      "sos_commands/networking/ip_-6_route_show_table_all":
        "fe80::/64 dev eth0 proto kernel metric 256 pref medium\n",
      "sos_commands/networking/ip_-4_rule_list": "0:\tfrom all lookup local\n",
      "sos_commands/networking/ip_-6_rule_list": "0:\tfrom all lookup local\n",
      "sos_commands/networking/ip_-s_-s_neigh_show":
        "10.0.0.1 dev eth0 lladdr 52:54:00:12:34:56 ref 1 used 5/2/1 probes 4 REACHABLE\n",
      "sos_commands/networking/ss_-peaonmi": "Netid State\n",
      "\(namespace)ip_-d_address_show": """
      2: qr-0a1b2c3d-4e: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN group default qlen 1000
          link/ether fa:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
          inet 192.168.1.1/24 brd 192.168.1.255 scope global qr-0a1b2c3d-4e
             valid_lft forever preferred_lft forever

      """,
      "\(namespace)ip_route_show_table_all":
        "192.168.1.0/24 dev qr-0a1b2c3d-4e proto kernel scope link src 192.168.1.1\n",
      "\(namespace)iptables-save": "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n",
      "\(namespace)sysctl_-a": "net.ipv4.conf.all.rp_filter = 0\n",
      "sos_commands/openvswitch/ovs-vsctl_-t_5_show":
        "8a1c\n    Bridge br-int\n        Port br-int\n            Interface br-int\n                type: internal\n",
      "sos_commands/openvswitch/ovs-ofctl_-O_OpenFlow10_dump-flows_br-int":
        "NXST_FLOW reply (xid=0x4):\n",
      "sos_commands/openvswitch/ovs-ofctl_-O_OpenFlow14_dump-flows_br-int":
        "OFPST_FLOW reply (OF1.4) (xid=0x2):\n cookie=0x0, duration=1.0s, table=0, n_packets=0, n_bytes=0, priority=0 actions=NORMAL\n",
      "sos_commands/openvswitch/ovs-appctl_fdb.show_br-int":
        " port  VLAN  MAC                Age\n",
      "etc/hosts": "127.0.0.1 localhost\n",
      "etc/neutron/neutron.conf":
        "[DEFAULT]\nhost = \(host)\ntransport_url = rabbit://u:S3cr3t@c:5672/\n",
      "var/lib/neutron/lock/neutron-iptables": "",
      "var/log/neutron/l3-agent.log": "S3cr3t\n",
      "sos_reports/manifest.json": """
      {"components": {"report": {"plugins": {"openvswitch": {"commands": [
        {"exec": "ovs-appctl fdb/show br-int", "return_code": 2,
         "filepath": "sos_commands/openvswitch/ovs-appctl_fdb.show_br-int"}]}}}}}
      """,
    ]
  }

  private func lay(_ host: String, in scratch: ScratchFolder, below folder: String = "") throws
    -> String
  {
    let name = "\(folder)sosreport-\(host)-2024-02-29-abcdefg"
    for (path, text) in Self.files(host: host) { try scratch.write(text, "\(name)/\(path)") }
    return name
  }

  @Test func aReportIsANode() throws {
    let scratch = try ScratchFolder()
    let name = try lay("cmp1", in: scratch)
    let capture = try CaptureFolder.read([scratch.file(name)])
    let facts = CloudFacts(parsing: capture)
    #expect(capture.nodes == ["cmp1"])
    let node = try #require(facts.node("cmp1"))
    let root = try #require(node.namespaces[.root])
    #expect(root.addresses.records.map { "\($0.address)" } == ["127.0.0.1/8"])
    #expect(root.links.records.map(\.name) == ["lo"])
    #expect(root.routes4.records.count == 1)
    #expect(root.routes6.records.count == 1)
    #expect(root.neighbours.records.count == 1)
    #expect(root.sysctls.records.contains { $0.name == "net.ipv4.ip_forward" })
    let router = try #require(node.namespaces[NamespaceName(Self.router)])
    #expect(router.links.records.map(\.name) == ["qr-0a1b2c3d-4e"])
    #expect(router.links.isKnown)
    #expect(router.addresses.records.map { "\($0.address)" } == ["192.168.1.1/24"])
    #expect(router.iptables4.isKnown)
    // OpenFlow 1.4 is taken, not 1.0.
    #expect(node.openVSwitch.bridges["br-int"]?.flows.records.count == 1)
    #expect(node.files.configurations.keys.sorted() == ["/etc/neutron/neutron.conf"])
    #expect(facts.diagnostics.map { $0.rendered(in: facts.files) } == [])
    // What sos does not have is named, and so is what failed.
    let gaps = Set(facts.gaps.map(\.description))
    #expect(gaps.contains("cmp1 root/iptables-save_-c.txt: missing"))
    #expect(gaps.contains("cmp1 ovs/ovsdb-client_dump.json: missing"))
    #expect(gaps.contains("cmp1 ovs/br-int/fdb_show.txt: exit code 2"))
    #expect(
      !capture.files.contains { String(decoding: $0.bytes, as: UTF8.self).contains("S3cr3t") })
  }

  @Test(arguments: [("tar.xz", "J"), ("tar.gz", "z"), ("tar", "")])
  func aTarballIsTheSameAsItsFolder(_ ending: String, _ option: String) throws {
    guard Shell.has("tar"), option != "J" || Shell.has("xz") else { return }
    let scratch = try ScratchFolder()
    let long = String(repeating: "l", count: 150)
    let name = try lay("cmp1", in: scratch)
    try scratch.write("[DEFAULT]\n", "\(name)/etc/neutron/\(long).conf")
    let expected = try CaptureFolder.read([scratch.file(name)])
    for format in ["gnu", "pax", "ustar"] {
      let archive = scratch.file("\(name)-\(format).\(ending)")
      let done = try Shell.output(
        ["tar", "-C", scratch.path, "--format=\(format)", "-c\(option)f", archive, name])
      guard done != nil else { continue }
      let capture = try CaptureFolder.read([archive])
      #expect(capture.nodes == expected.nodes)
      #expect(capture.files.map(\.description) == expected.files.map(\.description), "\(format)")
      #expect(capture.files.map(\.bytes) == expected.files.map(\.bytes), "\(format)")
    }
  }

  /// Records of a pax header that say that they are shorter than what they begin with, or longer than
  /// any number.
  @Test(arguments: ["2 ", "1 ", "0 a", "-3 a", "6 a=b\n9223372036854775807 a=b\n", "6 a=b\n2 "])
  func lengthsOfPaxRecordsAreNotBelieved(_ records: String) throws {
    let scratch = try ScratchFolder()
    let name = "sosreport-n1-2024-02-29-abcdefg.tar"
    try Data(Self.paxHeader(records)).write(to: URL(filePath: scratch.file(name)))
    #expect(throws: CaptureError.self) { try CaptureFolder.read([scratch.file(name)]) }
  }

  private static func paxHeader(_ records: String) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8))
    }
    put("x", at: 0)
    put(String(records.utf8.count, radix: 8), at: 124)
    put("        ", at: 148)
    put("x", at: 156)
    put("ustar", at: 257)
    put(String(header.reduce(0) { $0 + Int($1) }, radix: 8) + "\0", at: 148)
    let content = Array(records.utf8)
    return header + content + [UInt8](repeating: 0, count: 512 - content.count + 1024)
  }

  @Test func manyAtOnceAndTheSameTwice() throws {
    let scratch = try ScratchFolder()
    _ = try lay("cmp1", in: scratch, below: "all/")
    _ = try lay("cmp2", in: scratch, below: "all/")
    let capture = try CaptureFolder.read([scratch.file("all")])
    #expect(capture.nodes == ["cmp1", "cmp2"])
    let other = try lay("cmp2", in: scratch, below: "more/")
    do {
      _ = try CaptureFolder.read([scratch.file("all"), scratch.file(other)])
      Issue.record("the same node twice")
    } catch {
      #expect(
        error.description == "\(scratch.file(other)): node cmp2 is also in "
          + "\(scratch.file("all"))/sosreport-cmp2-2024-02-29-abcdefg: wanted each node in one folder only"
      )
    }
  }

  @Test func whatIsNoReportSaysSo() throws {
    let scratch = try ScratchFolder()
    let cut = scratch.file("cut.tar.gz")
    let name = try lay("cmp1", in: scratch)
    _ = try Shell.output(["tar", "-C", scratch.path, "-czf", cut, name])
    let whole = try Data(contentsOf: URL(filePath: cut))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: cut))
    try scratch.write("hello", "text.tar")
    try scratch.write("hello", "x/file")
    _ = try Shell.output(["tar", "-C", scratch.path, "-cf", scratch.file("other.tar"), "x"])
    let cases = [
      ("cut.tar.gz", "ends before its end"), ("text.tar", "ends before its end"),
      ("other.tar", "holds no sos_commands"),
    ]
    for (file, problem) in cases {
      do {
        _ = try CaptureFolder.read([scratch.file(file)])
        Issue.record("\(file)")
      } catch {
        #expect(error.description == "\(scratch.file(file)): \(problem): wanted a sosreport")
      }
    }
  }

  @Test func oneSystemUnderTwoNamesIsAnErrorThatNamesBoth() throws {
    let scratch = try ScratchFolder()
    for name in ["a/n1", "b/n2"] {
      try scratch.write("11111111-2222\n", "\(name)/root/boot_id.txt")
      try scratch.write("net:[4026531840]\n", "\(name)/root/netns_self.txt")
    }
    do {
      _ = try CaptureFolder.read([scratch.file("a"), scratch.file("b")])
      Issue.record("one system twice")
    } catch {
      #expect(
        error.description
          == "\(scratch.file("b")): node n2 is node n1 of \(scratch.file("a")) again"
          + ": wanted each node in one folder only")
    }
  }

  /// A few kilobytes that unpack to more than anybody has memory for.
  @Test func whatAnArchiveKeepsIsBounded() throws {
    let scratch = try ScratchFolder()
    let report = scratch.path + "/sosreport-n1/sos_commands/networking"
    try FileManager.default.createDirectory(atPath: report, withIntermediateDirectories: true)
    for name in ["ip_route_show_table_all", "ip_-4_rule_list", "ip_-s_-s_neigh_show"] {
      try Data(repeating: 0x20, count: 3_000_000).write(to: URL(filePath: "\(report)/\(name)"))
    }
    let archive = scratch.path + "/sosreport-n1.tar.gz"
    let tar = Process()
    tar.executableURL = URL(filePath: "/usr/bin/env")
    tar.arguments = ["tar", "-czf", archive, "-C", scratch.path, "sosreport-n1"]
    try tar.run()
    tar.waitUntilExit()
    let read = try Sosreport.reading(archive: archive, keeping: 7_000_000)
    #expect(read.files.filter { $0.bytes.count == 3_000_000 }.count == 2)
    #expect(
      read.unreadable.map(\.reason) == ["the archive holds more than 7000000 bytes, not read"])
  }
}
