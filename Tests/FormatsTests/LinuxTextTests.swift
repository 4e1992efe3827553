// The plain text of `ip` and `bridge` must say what their JSON says: the real tool printed one
// namespace both ways. Then what only text has: layouts of old releases, and damage.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

@Suite struct LinuxTextTests {
  private static let nowhere = Evidence(file: CaptureFileID(0), line: 0, bytes: 0..<0)

  private func twins<Record>(
    _ name: String, _ parse: (CaptureText) -> Parsed<Record>
  ) throws -> (text: [Record], json: [Record]) {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/iproute2-twins")
    let parsed = try ["txt", "json"].map { type in
      parse(
        CaptureText(
          file: CaptureFileID(0),
          bytes: Array(try Data(contentsOf: folder.appendingPathComponent("\(name).\(type)")))))
    }
    #expect(!parsed[1].records.isEmpty)
    #expect(parsed.allSatisfy { $0.coverage.lostBytes == 0 && !$0.isIncomplete })
    #expect(parsed[0].diagnostics.allSatisfy { $0.severity < .error })
    return (parsed[0].records, parsed[1].records)
  }

  @Test(arguments: [("route4", AddressFamily.ipv4), ("route6", .ipv6)])
  func routes(_ name: String, _ family: AddressFamily) throws {
    let (text, json) = try twins(name) { RouteFormat.parse($0, family: family) }
    func bare(_ route: Route) -> Route {
      var route = route
      route.evidence = Self.nowhere
      return route
    }
    #expect(text.map(bare) == json.map(bare))
  }

  /// What is not understood is named in other words; that it is not, must be known of both.
  @Test func rules() throws {
    let (text, json) = try twins("rule") { RuleFormat.parse($0, family: .ipv4) }
    func bare(_ rule: RoutingRule) -> RoutingRule {
      var rule = rule
      rule.evidence = Self.nowhere
      rule.unrecognised = rule.unrecognised.isEmpty ? [] : ["?"]
      return rule
    }
    #expect(text.map(bare) == json.map(bare))
  }

  @Test func neighbours() throws {
    let (text, json) = try twins("neigh", NeighbourFormat.parse)
    #expect(text.map(\.summary) == json.map(\.summary))
  }

  @Test func bridgeForwarding() throws {
    let (text, json) = try twins("fdb", BridgeForwardingFormat.parse)
    func bare(_ entry: BridgeForwardingEntry) -> BridgeForwardingEntry {
      var entry = entry
      entry.evidence = Self.nowhere
      return entry
    }
    #expect(text.map(bare) == json.map(bare))
  }

  @Test func addresses() throws {
    let (text, json) = try twins("addr", AddressFormat.parse)
    func bare(_ address: LinkAddress) -> LinkAddress {
      var address = address
      address.evidence = Self.nowhere
      return address
    }
    #expect(text.map(bare) == json.map(bare))
  }

  /// Text leaves out what has its default, so its attributes are a part of the JSON's.
  @Test(arguments: ["link", "link-statistics", "addr"])
  func links(_ name: String) throws {
    let (text, json) = try twins(name, LinkFormat.parse)
    func bare(_ link: Link) -> Link {
      var link = link
      link.evidence = Self.nowhere
      link.attributes = [:]
      return link
    }
    #expect(text.map(bare) == json.map(bare))
    for (text, json) in zip(text, json) {
      let other = text.attributes.filter { json.attributes[$0.key] != $0.value }
      // `auto` is a time to live of zero.
      #expect(other == (text.kind == "vxlan" ? ["ttl": "auto"] : [:]))
    }
  }

  /// `ip route show table all` prints both families, and `default` for either.
  @Test(arguments: [
    ("default via 10.0.0.1 dev e", "0.0.0.0/0"), ("default via fe80::1 dev e metric 7", "::/0"),
    ("default dev tun0 scope link", "0.0.0.0/0"), ("default dev tun0 metric 1024", "::/0"),
    ("default via inet6 fe80::1 dev e src 10.0.0.5", "0.0.0.0/0"),
    ("blackhole default metric 5", "0.0.0.0/0"),
    ("unreachable default dev lo metric 4294967295 error -101", "::/0"),
    ("default proto ra metric 100 pref medium", "::/0"),
    ("default\n\tnexthop via fe80::1 dev e weight 1", "::/0"),
    ("0/8 dev e scope link", "0.0.0.0/8"),
    ("10.0.0.0/8 dev e scope link", "10.0.0.0/8"), ("fe80::/64 dev e metric 256", "fe80::/64"),
  ])
  func tellsFamiliesApart(_ line: String, _ wanted: String) {
    let parsed = RouteFormat.parse(CaptureText(line + "\n"), family: nil)
    #expect(parsed.records.map { "\($0.destination)" } == [wanted])
    #expect(parsed.diagnostics.isEmpty)
  }

  @Test(arguments: [
    ("root/ip_-d_link.txt", "ip-link"), ("root/ip_addr.txt", "ip-addr"),
    ("root/ip_-d_address.txt", "ip-addr"), ("root/ip_-s_-d_link.txt", "ip-link-full"),
    ("root/ip_-s_link.txt", "ip-link-statistics"), ("root/ip_-o_addr.txt", nil),
    ("root/ip_-br_link.txt", nil), ("root/ip_-6_addr.txt", nil),
    ("root/ip_route_show_table_all.txt", "ip-route"), ("root/ip_route.txt", nil),
    ("root/ip_-4_route_show_table_all.txt", "ip-route-4"),
    ("root/ip_-6_route_show_table_all.txt", "ip-route-6"), ("root/ip_rule_list.txt", "ip-rule-4"),
    ("root/ip_-6_rule.txt", "ip-rule-6"), ("ns/q/ip_neigh.txt", "ip-neigh"),
    ("root/ip_neigh_show_nud_noarp.txt", nil), ("root/bridge_fdb.txt", "bridge-fdb"),
    ("root/ip_-j_route_table_all.json", "ip-route"), ("root/ip_-d_-j_link.json", "ip-link"),
    ("root/ip_-4_-j_route_table_all.json", "ip-route-4"),
  ])
  func catalogueTakesTextToo(_ path: String, _ format: String?) {
    let file = CaptureFile(
      id: CaptureFileID(0), node: "n", path: path, sizeBytes: 0, command: nil)
    #expect(FormatCatalogue.row(for: file)?.name == format)
  }

  @Test func bothFamiliesOfOneFileFindTheirPlace() {
    let text = "default via 10.0.0.1 dev e\nfe80::/64 dev e metric 256 pref medium\n"
    let file = RawFile(node: "n", path: "root/ip_route_show_table_all.txt", bytes: Array(text.utf8))
    let facts = CloudFacts(
      parsing: Capture(sources: [], nodes: ["n"], files: [file], unreadable: []))
    let root = facts.nodes[0].namespaces[.root]
    #expect(root?.routes4.records.map { "\($0.destination)" } == ["0.0.0.0/0"])
    #expect(root?.routes6.records.map { "\($0.destination)" } == ["fe80::/64"])
    #expect(root?.routes4.isKnown == true)
    #expect(root?.routes6.isKnown == true)
    #expect(root?.rules4.isKnown == false)
  }

  @Test func readsDevicesOfOtherNamespaces() {
    let text = """
      2: tap1@if9: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue master br1 state UP mode DEFAULT group default qlen 1000
          link/ether fa:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 2 promiscuity 1
          veth
          bridge_slave state forwarding hairpin off guard on
          altname a1
          altname a2
      3: tap2@if7: <UP> mtu 1450 state DOWN
          link/ether fa:16:3e:00:00:02 brd ff:ff:ff:ff:ff:ff link-netns qrouter-1
      4: e.5@e: <UP> mtu 1500
          link/ether fa:16:3e:00:00:03 brd ff:ff:ff:ff:ff:ff
          vlan protocol 802.1Q id 5 <REORDER_HDR>
      5: sit0@NONE: <NOARP> mtu 1480
          link/sit 0.0.0.0 brd 0.0.0.0
          sit remote any local any
      6: tun0: <POINTOPOINT> mtu 1500
          link/none
          tun type tun pi off vnet_hdr on

      """
    let parsed = LinkFormat.parse(CaptureText(text))
    let links = parsed.records
    #expect(parsed.diagnostics.isEmpty)
    #expect(links.map(\.name) == ["tap1", "tap2", "e.5", "sit0", "tun0"])
    #expect(links.map(\.peerIndex) == [9, 7, nil, nil, nil])
    #expect(links.map(\.peerNamespaceID) == [2, nil, nil, nil, nil])
    #expect(links.map(\.peerName) == [nil, nil, "e", nil, nil])
    #expect(links.map(\.kind) == ["veth", nil, "vlan", "sit", "tun"])
    #expect(links.map(\.master) == ["br1", nil, nil, nil, nil])
    #expect(links.map(\.linkType) == ["ether", "ether", "ether", "sit", "none"])
    #expect(links.map { $0.address == nil } == [false, false, false, true, true])
    #expect(links[0].attributes["slave.kind"] == "bridge")
    #expect(links[0].attributes["slave.hairpin"] == "false")
    #expect(links[0].attributes["slave.guard"] == "true")
    #expect(links[0].attributes["device.altnames"] == "a1,a2")
    #expect(links[1].attributes["device.link_netns"] == "qrouter-1")
    #expect(links[2].attributes["flags"] == "REORDER_HDR")
    #expect(links[4].attributes["pi"] == "false")
    #expect(links[0].evidence.line == 1)
    #expect(links[1].evidence.line == 7)
  }

  @Test func readsAddressesWithLabelsAndFlags() {
    let text = """
      2: e: <UP> mtu 1500
          link/ether fa:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff
          inet 10.0.0.1/24 metric 100 brd 10.0.0.255 scope global dynamic noprefixroute e:1
             valid_lft 3000sec preferred_lft 3000sec
          inet6 fe80::1/64 scope link proto kernel_ll
          inet 10.0.0.300/24 scope global e

      """
    let parsed = AddressFormat.parse(CaptureText(text))
    #expect(parsed.records.map(\.address.description) == ["10.0.0.1/24", "fe80::1/64"])
    #expect(parsed.records.map(\.scope) == ["global", "link"])
    #expect(parsed.records.map(\.flags) == [["dynamic", "noprefixroute"], []])
    #expect(parsed.records.map(\.broadcast?.description) == ["10.0.0.255", nil])
    #expect(parsed.diagnostics.map(\.evidence.line) == [6])
    #expect(parsed.coverage.lostBytes == 0)
  }

  /// Where a route leads stays unknown if a word of it is not understood.
  @Test(arguments: [
    (
      "10.10.0.0/16  encap ip id 5 src 0.0.0.0 dst 9.9.9.9 ttl 3 tos 0 dev v1 scope link",
      ["encap ip"]
    ),
    ("10.1.0.0/16 brandnew dev v1", ["brandnew dev", "v1 "]),
    ("10.1.0.0/16 via 10.0.0.300 dev v1", ["via 10.0.0.300"]),
    ("10.1.0.0/16 nhid 7", ["nhid 7"]),
    ("xresolve 10.1.0.0/16", ["type xresolve"]),
  ])
  func keepsWhatItDoesNotUnderstand(_ line: String, _ wanted: [String]) {
    let parsed = RouteFormat.parse(CaptureText(line + "\n"), family: .ipv4)
    #expect(parsed.records.map(\.unrecognised) == [wanted])
    #expect(parsed.diagnostics.allSatisfy { $0.severity == .warning })
    #expect(parsed.diagnostics.count == wanted.count)
  }

  @Test(arguments: [
    "10.1.0.0/16 dev e\n10.2.0.0/16 dev f", "10.1.0.0/16 dev e\n10.2.0.0/16\n\tnexthop via 1.1.1.1",
  ])
  func rejectsACutRoute(_ text: String) {
    let parsed = RouteFormat.parse(CaptureText(text), family: .ipv4)
    #expect(parsed.records.map { "\($0.destination)" } == ["10.1.0.0/16"])
    #expect(parsed.isIncomplete)
    #expect(parsed.diagnostics.map(\.id) == ["route/cut-line"])
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func namesWhatIsNoRecord() {
    let text = "Cannot open network namespace\n"
    let messages = [
      LinkFormat.parse(CaptureText(text)).diagnostics,
      AddressFormat.parse(CaptureText(text)).diagnostics,
      RouteFormat.parse(CaptureText(text), family: .ipv4).diagnostics.filter {
        $0.severity == .error
      },
      RuleFormat.parse(CaptureText(text), family: .ipv4).diagnostics,
      NeighbourFormat.parse(CaptureText(text)).diagnostics,
      BridgeForwardingFormat.parse(CaptureText(text)).diagnostics,
    ].flatMap { $0.map(\.message) }
    let wanted = ["a device", "a device", "a route", "a rule", "a neighbour", "a forwarding entry"]
    #expect(messages == wanted.map { "Cannot open network namespace: wanted \($0)" })
  }

  /// The same damage that the catalogue's formats go through, for text that this cloud has none of.
  @Test(arguments: ["link", "link-statistics", "addr", "route4", "route6", "rule", "neigh", "fdb"])
  func damagedTextIsAccountedFor(_ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/iproute2-twins/\(name).txt")
    let bytes = Array(try Data(contentsOf: file))
    for end in 1..<bytes.count where bytes[end - 1] != UInt8(ascii: "\n") {
      let outcome = outcome(name, Array(bytes[..<end]))
      #expect(outcome.isIncomplete, "cut at byte \(end)")
      #expect(outcome.coverage.lostBytes == 0, "cut at byte \(end)")
    }
    var mutator = Mutator(seed: 7)
    for _ in 0..<200 {
      let damaged = mutator.mutated(bytes)
      let shown = String(decoding: damaged, as: UTF8.self)
      #expect(outcome(name, damaged).coverage.lostBytes == 0, "\(shown)")
    }
  }

  private func outcome(_ name: String, _ bytes: [UInt8]) -> ParseOutcome {
    let text = CaptureText(file: CaptureFileID(0), bytes: bytes)
    return switch name {
    case "addr": ParseOutcome(AddressFormat.parse(text))
    case "route4": ParseOutcome(RouteFormat.parse(text, family: .ipv4))
    case "route6": ParseOutcome(RouteFormat.parse(text, family: .ipv6))
    case "rule": ParseOutcome(RuleFormat.parse(text, family: .ipv4))
    case "neigh": ParseOutcome(NeighbourFormat.parse(text))
    case "fdb": ParseOutcome(BridgeForwardingFormat.parse(text))
    default: ParseOutcome(LinkFormat.parse(text))
    }
  }
}

/// What every parser's outcome has, whatever its records.
private struct ParseOutcome {
  let coverage: Coverage
  let isIncomplete: Bool
  init<Record>(_ parsed: Parsed<Record>) {
    coverage = parsed.coverage
    isIncomplete = parsed.isIncomplete
  }
}
