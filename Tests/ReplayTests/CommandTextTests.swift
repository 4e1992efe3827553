// What is handed to the tools: one row a fact, with the line that must come of it. Facts are as
// hostile as whoever named a device.
import Facts
import NetworkTypes
import Testing

@testable import Replay

private let evidence = Evidence(file: CaptureFileID(0), line: 1, bytes: 0..<1)

@Suite struct CommandTextTests {
  @Test(arguments: [
    ("eth0", true), ("tap3320117f-6a", true), ("eth0.100", true), ("sixteen-letters-", false),
    ("", false), (".", false), ("..", false), ("-batch", false), ("a b", false), ("a\nlink", false),
    ("a/b", false), ("a;b", false), ("a\"b", false), ("é", false),
  ])
  func deviceNames(name: String, isSafe: Bool) {
    #expect(SafeWords.isDevice(InterfaceName(name)) == isSafe)
  }

  @Test(arguments: [
    ("-A INPUT -j ACCEPT", false),
    ("-A INPUT -m set --match-set x src -j DROP", false),
    ("-A INPUT --modprobe=/tmp/evil -j ACCEPT", true),
    ("-A INPUT --mod /tmp/evil -j ACCEPT", true),
    ("-A INPUT -M /tmp/evil -j ACCEPT", true),
    ("-A INPUT -m comment --comment \"--modprobe=x is only said\" -j ACCEPT", false),
  ])
  func rulesThatNamePrograms(rule: String, isRefused: Bool) {
    #expect(FirewallText.namesProgram(rule) == isRefused)
  }

  @Test func routes() throws {
    var route = Route(
      table: RoutingTableID(16), destination: .everything(.ipv4),
      nextHops: [NextHop(gateway: IPAddress("169.254.88.135"), interface: "rfp-a2dbb256-d")],
      evidence: evidence)
    #expect(
      RouteLine.text(route, .ipv4)
        == "route append 0.0.0.0/0 table 16 via 169.254.88.135 dev rfp-a2dbb256-d"
        || RouteLine.text(route, .ipv4)
          == "route append 0.0.0.0/0 via 169.254.88.135 dev rfp-a2dbb256-d table 16"
    )
    route.type = .unreachable
    route.nextHops = []
    #expect(RouteLine.text(route, .ipv4) == "route append unreachable 0.0.0.0/0 table 16")
    route.unrecognised = ["encap"]
    #expect(RouteLine.text(route, .ipv4) == nil)
    route.unrecognised = []
    route.nextHops = [NextHop(gateway: nil, interface: "eth0; reboot")]
    #expect(RouteLine.text(route, .ipv4) == nil)
  }

  @Test func rules() {
    var rule = RoutingRule(
      family: .ipv4, priority: 66492, source: IPPrefix("172.17.17.11/32"),
      action: .lookup(RoutingTableID(16)), evidence: evidence)
    #expect(RuleLine.text(rule) == "rule add pref 66492 from 172.17.17.11/32 lookup 16")
    rule.isInverted = true
    rule.mark = 0x4000
    #expect(
      RuleLine.text(rule)
        == "rule add pref 66492 not from 172.17.17.11/32 fwmark 16384/4294967295 lookup 16")
    rule.action = .unrecognised("nat")
    #expect(RuleLine.text(rule) == nil)
  }

  @Test func sysctlsInAnOrderThatHolds() {
    let names = [
      "net.ipv4.conf.eth0.forwarding", "net.ipv4.conf.default.forwarding",
      "net.ipv4.conf.all.forwarding", "net.ipv4.ip_forward", "kernel.core_pattern",
      "net.core.somaxconn", "net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf....rp_filter",
    ]
    let records = names.map { Sysctl(name: $0, value: "1", evidence: evidence) }
    #expect(
      SysctlSettings.ordered(records).map(\.path) == [
        "net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding", "net/ipv4/conf/default/forwarding",
        "net/ipv4/conf/eth0/forwarding", "net/ipv4/conf/eth0.100/rp_filter",
      ])
  }

  @Test func failuresOfABatch() {
    let lines = ["link set dev a up", "link set dev b up", "route append x"]
    let errors =
      "Cannot find device \"a\"\nCommand failed -:1\nError: no\nmore\nCommand failed -:3\n"
    #expect(
      CommandBatch.failures(in: errors, of: lines) == [
        .init(line: "link set dev a up", message: "Cannot find device \"a\""),
        .init(line: "route append x", message: "Error: no; more"),
      ])
    #expect(CommandBatch.failedLine(in: "iptables-restore: line 7 failed") == 7)
    #expect(CommandBatch.failedLine(in: "Error occurred at line: 12") == 12)
    #expect(CommandBatch.failedLine(in: "ovs-ofctl: -:3: bad") == 3)
    #expect(CommandBatch.failedLine(in: "no idea") == nil)
  }
}
