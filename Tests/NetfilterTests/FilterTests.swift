// Chains, matches and verdicts of iptables, a row a rule set.
import Conntrack
import Facts
import NetworkTypes
import Testing

@testable import Netfilter

private let web = Packet.tcp("10.0.0.1", 40000, "192.0.2.9", 80)

@Suite struct FilterTests {
  @Test(arguments: [
    ([], "ACCEPT", "accept"),
    ([], "DROP", "forward: drop policy DROP"),
    (["FORWARD -p tcp -m tcp --dport 80 -j ACCEPT"], "DROP", "accept"),
    (["FORWARD -p tcp -m tcp --dport 81 -j ACCEPT"], "DROP", "forward: drop policy DROP"),
    (["FORWARD -p udp -j ACCEPT"], "DROP", "forward: drop policy DROP"),
    (
      ["FORWARD -p tcp -m tcp ! --dport 81 -j DROP"], "ACCEPT",
      "forward: drop -A FORWARD -p tcp -m tcp ! --dport 81 -j DROP"
    ),
    (["FORWARD ! -s 10.0.0.0/8 -j DROP"], "ACCEPT", "accept"),
    (
      ["FORWARD -s 10.0.0.1/255.0.0.255 -j DROP"], "ACCEPT",
      "forward: drop -A FORWARD -s 10.0.0.1/255.0.0.255 -j DROP"
    ),
    (
      ["FORWARD -i ins+ -o outside -j DROP"], "ACCEPT",
      "forward: drop -A FORWARD -i ins+ -o outside -j DROP"
    ),
    (["FORWARD -i ins -j DROP"], "ACCEPT", "accept"),
    (["FORWARD -f -j DROP"], "ACCEPT", "accept"),
    (
      ["FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"], "ACCEPT",
      "forward: drop -A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"
    ),
    (["FORWARD -p tcp -m multiport --dports 70:90 -j ACCEPT"], "DROP", "accept"),
    (["FORWARD -p tcp -m multiport --ports 40000 -j ACCEPT"], "DROP", "accept"),
    (["FORWARD -p tcp -m multiport --sports 80 -j ACCEPT"], "DROP", "forward: drop policy DROP"),
    (["FORWARD -m iprange --src-range 10.0.0.0-10.0.0.5 -j ACCEPT"], "DROP", "accept"),
    (["FORWARD -m ttl --ttl-lt 64 -j ACCEPT"], "DROP", "forward: drop policy DROP"),
    (["FORWARD -m addrtype --dst-type UNICAST -j ACCEPT"], "DROP", "accept"),
    (["FORWARD -m pkttype --pkt-type multicast -j DROP"], "ACCEPT", "accept"),
    (["FORWARD -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT"], "DROP", "accept"),
    (
      ["FORWARD -p tcp -j REJECT --reject-with tcp-reset"], "ACCEPT",
      "forward: reject with TCP reset -A FORWARD -p tcp -j REJECT --reject-with tcp-reset"
    ),
    (
      ["FORWARD -j NFQUEUE --queue-num 1"], "ACCEPT",
      "forward: queue -A FORWARD -j NFQUEUE --queue-num 1"
    ),
    // RETURN from a user's chain goes on behind the jump, from a built-in one to the policy.
    ([":a", "a -j RETURN", "a -j ACCEPT", "FORWARD -j a"], "DROP", "forward: drop policy DROP"),
    (["FORWARD -j RETURN", "FORWARD -j ACCEPT"], "DROP", "forward: drop policy DROP"),
    // What was entered by goto returns past the chain that went there.
    (
      [":a", ":b", "FORWARD -j a", "FORWARD -j ACCEPT", "a -g b", "a -j DROP"], "DROP", "accept"
    ),
    ([":a", "FORWARD -g a", "FORWARD -j ACCEPT"], "DROP", "forward: drop policy DROP"),
    ([":a", "a -j ACCEPT", "FORWARD -j a"], "DROP", "accept"),
    // Marks of mangle are seen in filter.
    (["FORWARD -m mark --mark 0x5/0xf -j DROP"], "ACCEPT", "accept"),
  ]) func verdict(rules: [String], policy: String, expected: String) {
    let users = rules.filter { $0.hasPrefix(":") }.map { "\($0) - [0:0]" }
    let body = rules.filter { !$0.hasPrefix(":") }.map { "-A \($0)" }
    let text =
      ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD \(policy) [0:0]", ":OUTPUT ACCEPT [0:0]"] + users
      + body + ["COMMIT"]
    var router = Router(text.joined(separator: "\n"))
    #expect(router.forward(web).verdict == expected)
  }

  @Test func tablesRunInTheKernelsOrder() {
    var router = Router(
      [
        filter("FORWARD -m mark --mark 0x5 -j ACCEPT", policy: "DROP"),
        table("mangle", "FORWARD -m mark --mark 0x4 -j MARK --set-xmark 0x5/0xffffffff"),
        table("raw", "PREROUTING -j MARK --set-xmark 0x4/0xffffffff"),
      ].joined(separator: "\n"))
    #expect(router.forward(web).verdict == "accept")
    #expect(router.forward(web).packet.mark == 5)
  }

  @Test(
    arguments: [
      ("MARK --set-xmark 0x1/0xff", 0x1201), ("MARK --or-mark 0x1", 0x1235),
      ("MARK --and-mark 0xff", 0x34), ("MARK --xor-mark 0x30", 0x1204),
      ("MARK --set-xmark 0x4/0x0", 0x1230),
    ] as [(String, UInt32)]) func marks(target: String, expected: UInt32)
  {
    var router = Router(table("mangle", "PREROUTING -j \(target)"))
    var packet = web
    packet.mark = 0x1234
    #expect(router.forward(packet).packet.mark == expected)
  }

  /// A router's own IPv6 address is unicast too, an IPv4 one is not.
  @Test(arguments: [
    ("UNICAST", "fd00::9", true), ("LOCAL", "fd00::9", true), ("LOCAL", "fd00::8", false),
    ("UNICAST", "ff02::1", false), ("MULTICAST", "ff02::1", true),
    ("UNICAST", "10.0.0.9", false), ("LOCAL", "10.0.0.9", true), ("UNICAST", "10.0.0.8", true),
  ]) func addressClass(type: String, destination: String, isTaken: Bool) {
    let rules = filter("FORWARD -m addrtype --dst-type \(type) -j DROP")
    var router = Router(rules, ip6tables: rules)
    router.addresses["inside"] = [InterfaceAddress("10.0.0.9/24"), InterfaceAddress("fd00::9/64")]
    let from = address(destination).family == .ipv4 ? "10.0.0.1" : "fd00::1"
    #expect((router.forward(.udp(from, 1, destination, 2)).verdict != "accept") == isTaken)
  }

  // MARK: Fragments

  @Test func laterFragmentsHaveNoPorts() {
    // Conntrack is not in use, hence nothing puts the packet together.
    var router = Router(
      filter("FORWARD -p tcp -m tcp ! --dport 443 -j DROP", "FORWARD -f -j REJECT"))
    var packet = web
    packet.fragment = .later
    #expect(
      router.forward(packet).verdict
        == "forward: reject with ICMP type 3 code 3 -A FORWARD -f -j REJECT")
    router = Router(filter("FORWARD -m state --state NEW -j ACCEPT"))
    #expect(
      router.forward(packet).verdict
        == "prerouting: unknown: a later fragment is put together with the first before tracking")
  }

  // MARK: Undecided rules

  @Test(arguments: [
    // Both sides come to the same.
    (["FORWARD -m limit --limit 5/sec -j LOG"], "DROP", "forward: drop policy DROP"),
    (["FORWARD -m limit --limit 5/sec -j ACCEPT"], "ACCEPT", "accept"),
    (
      ["FORWARD -m limit --limit 5/sec -j DROP", "FORWARD -p tcp -j DROP"], "ACCEPT",
      "forward: drop -A FORWARD -p tcp -j DROP"
    ),
    ([":a", "FORWARD -m limit --limit 5/sec -j a", "a -p udp -j DROP"], "ACCEPT", "accept"),
    (["FORWARD -p udp -m limit --limit 5/sec -j DROP"], "ACCEPT", "accept"),
    // They do not.
    (
      ["FORWARD -m limit --limit 5/sec -j ACCEPT"], "DROP",
      "forward: unknown: a rate limit depends on other traffic (-A FORWARD -m limit --limit 5/sec -j ACCEPT)"
    ),
    (
      ["FORWARD -m u32 --u32 0x0=0x1 -j DROP"], "ACCEPT",
      "forward: unknown: match 'u32' is not modelled (-A FORWARD -m u32 --u32 0x0=0x1 -j DROP)"
    ),
    (
      ["FORWARD -m statistic --mode random --probability 0.5 -j REJECT", "FORWARD -j DROP"],
      "ACCEPT",
      "forward: unknown: a statistic match depends on chance or on other packets (-A FORWARD -m statistic --mode random --probability 0.5 -j REJECT)"
    ),
    (
      ["FORWARD -j SYNPROXY --mss 5"], "ACCEPT",
      "forward: unknown: target SYNPROXY is not modelled (-A FORWARD -j SYNPROXY --mss 5)"
    ),
    (
      ["FORWARD -m set --match-set gone src -j DROP"], "ACCEPT",
      "forward: unknown: ipset gone is not in the capture (-A FORWARD -m set --match-set gone src -j DROP)"
    ),
  ]) func undecided(rules: [String], policy: String, expected: String) {
    let users = rules.filter { $0.hasPrefix(":") }.map { "\($0) - [0:0]" }
    let body = rules.filter { !$0.hasPrefix(":") }.map { "-A \($0)" }
    let text =
      ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD \(policy) [0:0]", ":OUTPUT ACCEPT [0:0]"] + users
      + body + ["COMMIT"]
    var router = Router(text.joined(separator: "\n"))
    #expect(router.forward(web).verdict == expected)
  }

  @Test func manyUndecidedRulesEndSoon() {
    let rules = (0..<400).map {
      "-A FORWARD -m limit --limit 5/sec -j MARK --set-xmark 0x\(String($0, radix: 16))/0xffffffff"
    }
    var router = Router(
      (["*filter", ":FORWARD ACCEPT [0:0]"] + rules + ["COMMIT"]).joined(separator: "\n"))
    #expect(router.forward(web).verdict.hasPrefix("forward: unknown: "))
  }

  @Test func chainsThatCallEachOtherEnd() {
    var router = Router(filter(":a", ":b", "FORWARD -j a", "a -j b", "b -j a"))
    #expect(router.forward(web).verdict == "forward: unknown: chains nest too deep")
  }

  // MARK: What is missing

  @Test func cutTable() {
    var router = Router("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p udp -j DROP")
    #expect(
      router.forward(web).verdict
        == "forward: unknown: table filter was captured in part: rules may be missing")
  }

  @Test func nothingCaptured() {
    var facts = NamespaceFacts(name: "x")
    facts.iptables4 = Section(gap: Gap(node: "n", path: "iptables-save", reason: "missing"))
    var router = Router()
    router.model = NetfilterModel(facts)
    #expect(router.forward(web).verdict == "prerouting: unknown: iptables' rules are not known")
  }

  @Test func legacyBesideNFT() {
    var router = Router(filter("FORWARD -p udp -j DROP"), legacy: filter("FORWARD -p tcp -j DROP"))
    #expect(router.forward(web).verdict == "forward: drop -A FORWARD -p tcp -j DROP")
    let ipsetRouter = Router(filter())
    var packet = web
    var connection = PacketConnection()
    var table = ConntrackTable()
    let result = ipsetRouter.model.run(
      .forward, packet: &packet, connection: &connection, context: ipsetRouter.context(),
      conntrack: &table)
    #expect(result.assumptions == [])
  }

  // MARK: Steps

  @Test func stepsNameTheRulesThatMatched() {
    let router = Router(
      filter(
        ":a", "FORWARD -p udp -j a", "FORWARD -j a", "a -j MARK --set-xmark 0x1/0x1", "a -j DROP"))
    var packet = web
    var connection = PacketConnection()
    var table = ConntrackTable()
    let result = router.model.run(
      .forward, packet: &packet, connection: &connection, context: router.context(),
      conntrack: &table)
    #expect(result.steps.map(\.effect) == [.jump("a"), .marked(1), .drop])
    #expect(result.steps.compactMap(\.rule?.evidence?.line) == [8, 9, 10])
    #expect(result.steps.compactMap(\.rule?.table) == Array(repeating: "iptables filter", count: 3))
    #expect(packet.mark == 1)
  }
}
