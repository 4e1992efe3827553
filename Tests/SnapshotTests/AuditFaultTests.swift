// Single faults put into the healthy cloud's files: its rule finds each, and no other speaks but those
// that see it from another side.
import Audit
import Facts
import Formats
import NetworkTypes
import Snapshot
import Testing

/// A change of one file, and what must be found.
struct Fault: Sendable, CustomTestStringConvertible {
  let rule: String
  let subjects: [String]
  let node: NodeName
  /// The end of the file's path.
  let path: String
  /// A regular expression; what its first group has matched stays.
  let pattern: String
  let replacement: String
  init(
    _ rule: String, _ subject: String, _ node: NodeName, _ path: String, _ pattern: String,
    to replacement: String
  ) {
    self.rule = rule
    subjects = subject.split(separator: ";").map(String.init)
    self.node = node
    self.path = path
    self.pattern = pattern
    self.replacement = replacement
  }
  var testDescription: String { rule }

  func applied(to text: String) -> String {
    guard let regex = try? Regex(pattern, as: (Substring, Substring).self) else { return text }
    return text.replacing(regex, maxReplacements: 1) { $0.output.1 + replacement }
  }

  /// The port's row in OVSDB up to its tag.
  static func tag(of port: String) -> String {
    "(\"\(port)\",\\[\"map\",(?:(?!\\]\\]\\]).)*\\]\\]\\],false(?:,\\[\"(?:set|map)\",\\[\\]\\])*,)\\d+,"
  }
}

extension Fault {
  static let all: [Fault] = [
    Fault(
      "port-in-foreign-vlan", "cmp1 qvo21f57c68-f5", "cmp1", "ovsdb-client_dump.json",
      tag(of: "qvo21f57c68-f5"), to: "7,"),
    Fault(
      "port-in-dead-vlan", "cmp1 qvo21f57c68-f5", "cmp1", "ovsdb-client_dump.json",
      tag(of: "qvo21f57c68-f5"), to: "4095,"),
    Fault(
      "port-unknown-to-neutron", "cmp1 qr-1b0ad42a-01", "cmp1", "ovsdb-client_dump.json",
      "(\"iface-id\",\")1b0ad42a-0123", to: "00000000-0123"),
    Fault(
      "tunnel-missing", "cmp1 to cmp2", "cmp1", "ovsdb-client_dump.json",
      "(\"remote_ip\",\")10\\.20\\.0\\.22", to: "10.20.0.99"),
    Fault(
      "provider-bridge-not-patched", "net2 br-ex", "net2", "ovsdb-client_dump.json",
      "(\"peer\",\")phy-br-ex", to: "phy-br-gone"),
    Fault(
      "segment-in-foreign-vlan", "cmp1 br-tun", "cmp1", "br-tun/ofctl_dump-flows.txt",
      "(tun_id=0x3775 actions=push_vlan:0x8100,set_field:)4100", to: "4097"),
    Fault(
      "arp-answered-wrongly", "cmp1 172.17.17.2", "cmp1", "br-tun/ofctl_dump-flows.txt",
      "(arp_tpa=172\\.17\\.17\\.2 .*set_field:fa:16:3e:6c:46:)af->arp_sha", to: "ae->arp_sha"),
    Fault(
      "provider-vlan-not-translated", "cmp2 br-ex", "cmp2", "br-ex/ofctl_dump-flows.txt",
      "(set_field:)4296->vlan_vid", to: "4297->vlan_vid"),
    Fault(
      "bridge-netfilter-off", "cmp1 net.bridge.bridge-nf-call-iptables", "cmp1",
      "root/sysctl.txt", "(bridge-nf-call-iptables = )1", to: "0"),
    Fault(
      "floating-ip-gateway-silent", "cmp2 fg-2ebd4b03-e2", "cmp2", "sysctl.txt",
      "(fg-2ebd4b03-e2\\.proxy_arp = )1", to: "0"),
    Fault(
      "device-down", "net1 qr-2d1a7663-2f", "net1", "ip_-d_-j_link.json",
      "(\"ifname\":\"qr-2d1a7663-2f\",\"flags\":\\[(?:\"[A-Z]+\",)*)\"UP\",", to: ""),
    Fault(
      "overlay-mtu-too-small", "cmp2 br-phy", "cmp2", "root/ip_-d_-j_link.json",
      "(\"ifname\":\"br-phy\",\"flags\":[^\\]]*\\],\"mtu\":)1600", to: "1499"),
    Fault(
      "floating-ip-on-two-nodes", "203.0.113.186", "net1", "ip_-j_addr.json",
      "(\"local\":\")203\\.0\\.113\\.173", to: "203.0.113.186"),
    Fault(
      "floating-ip-nowhere", "203.0.113.186", "cmp2", "ip_-4_-j_route_table_all.json",
      "(\"dst\":\")203\\.0\\.113\\.186", to: "203.0.113.99"),
    Fault(
      "router-without-default-route", "net1 b-router", "net1",
      "ns/qrouter-a4ea1afe-03ec-4295-9e6f-fa965764680a/ip_-4_-j_route_table_all.json",
      "(\"dst\":\")default", to: "198.51.100.0/24"),
    Fault(
      "floating-ip-not-translated", "203.0.113.159", "cmp1", "iptables-save_-c.txt",
      "(-d 203\\.0\\.113\\.159/32 -i rfp-\\S+ -j DNAT --to-destination )172\\.17\\.17\\.11",
      to: "172.17.17.99"),
    Fault(
      "floating-ip-foreign-source", "net1 203.0.113.134", "net1", "iptables-save_-c.txt",
      "(float-snat -s 172\\.17\\.17\\.11/32 -j SNAT --to-source )203\\.0\\.113\\.134",
      to: "203.0.113.173"),
    Fault(
      "router-without-snat", "net2 a-router", "net2",
      "ns/snat-a2dbb256-d46d-48ca-aa71-1874e5d01dbb/iptables-save_-c.txt",
      "(-o qg-b28ab924-19 -j SNAT --to-source )203\\.0\\.113\\.113", to: "203.0.113.99"),
    Fault(
      "security-group-bypassed", "cmp1 port-a3", "cmp1", "root/iptables-save_-c.txt",
      "(-A neutron-openvswi-ic51743c5-8) -s 172\\.17\\.18\\.0/24 -p tcp -m tcp --dport 80",
      to: ""),
    Fault(
      "anti-spoofing-missing", "cmp1 port-a3", "cmp1", "root/iptables-save_-c.txt",
      "(-A neutron-openvswi-oc51743c5-8 -j )neutron-openvswi-sc51743c5-8", to: "DROP"),
    Fault(
      "conntrack-zone-shared", "cmp1 port 21f57c68-f5", "cmp1", "root/iptables-save_-c.txt",
      "(--physdev-in tap21f57c68-f5 .* -j CT --zone )\\d+", to: "5000"),
    Fault(
      "two-packet-filters", "cmp1 root", "cmp1", "root/iptables-legacy-save_-c.txt", "^()$",
      to: """
        # Generated by iptables-save v1.8.9 on Mon Nov 23 00:53:46 2026
        *filter
        :FORWARD ACCEPT [0:0]
        :neutron-openvswi-FORWARD - [0:0]
        -A FORWARD -j neutron-openvswi-FORWARD
        -A neutron-openvswi-FORWARD -j ACCEPT
        COMMIT
        # Completed on Mon Nov 23 00:53:46 2026

        """),
    Fault(
      "remote-group-incomplete", "cmp1 NIPv4734df103-03ea-4aef-990a-", "cmp1",
      "root/ipset_save.txt", "()add \\S+ 172\\.17\\.17\\.12\\n", to: ""),
    // Both ports admit the group through the same conjunction.
    Fault(
      "remote-group-too-wide", "cmp2 port-a4;cmp2 port-a7", "cmp2",
      "br-int/ofctl_dump-flows.txt", "(nw_src=)172\\.17\\.17\\.12(?= actions=conjunction)",
      to: "172.17.18.15"),
    Fault(
      "dhcp-server-dead", "net1 c-net1", "net1", "root/ps.txt",
      "( )dnsmasq (?=.*529a0518-f6e9-4cf4-a7f9-72edad0f43dc)", to: "sleep "),
    Fault(
      "metadata-proxy-dead", "cmp1 a-router", "cmp1", "root/ps.txt", "( )haproxy ",
      to: "sleep "),
  ]
}

@Suite struct AuditFaultTests {
  /// Faults in one cloud, an import a row: those that would hide each other stand apart.
  static let clouds: [[Fault]] = {
    let apart: Set = ["port-in-dead-vlan", "floating-ip-nowhere", "anti-spoofing-missing"]
    return [
      Fault.all.filter { !apart.contains($0.rule) }, Fault.all.filter { apart.contains($0.rule) },
    ]
  }()

  @Test(arguments: clouds) func eachIsFoundByItsRuleAndNoStrangerSpeaks(_ faults: [Fault]) throws {
    let capture = try Fixture.changed { file in
      let mine = faults.filter {
        $0.node == file.description.node && file.description.path.hasSuffix($0.path)
      }
      return mine.isEmpty ? nil : mine.reduce(file.text) { $1.applied(to: $0) }
    }
    let report = try AuditRuleTests.audit(capture)
    let found = report.findings.filter { $0.rule.severity < .info }
    let subjects = Set(found.map { "\($0.rule.id): \($0.subject)" })
    let wanted = Set(
      faults.flatMap { fault in fault.subjects.map { "\(fault.rule): \($0)" } })
    let own = Set(faults.map(\.rule))
    #expect(subjects.filter { own.contains(String($0.prefix { $0 != ":" })) } == wanted)
    // Who else speaks tells the same fault from another side.
    let others = Set(found.map(\.rule.id)).subtracting(own)
    #expect(others == Set(faults.flatMap { Self.sides[$0.rule] ?? [] }))
    #expect(report.findings.allSatisfy { !$0.evidence.isEmpty })
    #expect(report.exitCode == 1)
  }

  /// Rules that see a fault too, for what it does elsewhere.
  static let sides: [String: Set<String>] = [
    "anti-spoofing-missing": ["security-group-rule-not-asked-for"],
    "floating-ip-nowhere": ["floating-ip-left-behind", "floating-ip-route-missing"],
    "port-unknown-to-neutron": ["mac-of-two-ports"],
    "tunnel-missing": ["flood-list-incomplete", "tunnel-to-no-agent", "unicast-to-wrong-node"],
    "provider-vlan-not-translated": ["provider-segment-in-foreign-vlan"],
    "security-group-bypassed": ["security-group-rule-not-applied"],
    "remote-group-incomplete": ["remote-group-member-refused"],
    "router-without-default-route": ["router-static-routes-differ"],
    "floating-ip-on-two-nodes": ["floating-ip-address-missing"],
  ]

  /// Each rule is proved by a fault above, or is listed as proved by its own tests alone.
  @Test func everyRuleIsProvedOnTheCloudOrListed() {
    let rules = Set(AuditRuleTests.rules.map(\.id))
    #expect(rules.subtracting(Fault.all.map(\.rule)) == UnprovedRules.all)
    #expect(Set(Fault.all.map(\.rule)).isSubset(of: rules))
  }
}
