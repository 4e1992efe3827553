// `ip -j route` and `ip -j rule`: one row a route or rule, with what must be known of it.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct LinuxRouteTests {
  @Test(arguments: [
    (
      #"{"dst":"default","gateway":"10.0.0.2","dev":"v1","flags":[]}"#,
      "main unicast 0.0.0.0/0 via 10.0.0.2 dev v1"
    ),
    (
      #"{"dst":"10.0.0.0/24","dev":"v1","protocol":"kernel","scope":"link","prefsrc":"10.0.0.1","flags":[]}"#,
      "main unicast 10.0.0.0/24 dev v1 src 10.0.0.1 scope link proto kernel"
    ),
    (
      #"{"type":"local","dst":"10.0.0.1","dev":"v1","table":"local","protocol":"kernel","scope":"host","flags":[]}"#,
      "local local 10.0.0.1/32 dev v1 scope host proto kernel"
    ),
    (
      #"{"dst":"10.2.0.0/16","gateway":"10.0.0.2","dev":"v1","table":"2886799617","metric":7,"flags":["onlink","linkdown"],"metrics":[{"mtu":1400,"advmss":1300}]}"#,
      "2886799617 unicast 10.2.0.0/16 via 10.0.0.2 dev v1 [linkdown,onlink] metric 7 mtu 1400"
    ),
    (
      #"{"dst":"10.1.0.0/16","flags":[],"nexthops":[{"gateway":"10.0.0.2","dev":"v1","weight":3,"flags":[]},{"gateway":"10.0.0.3","dev":"v1","weight":1,"flags":["onlink"]}]}"#,
      "main unicast 10.1.0.0/16 via 10.0.0.2 dev v1 weight 3 via 10.0.0.3 dev v1 [onlink]"
    ),
    (
      #"{"dst":"10.3.0.0/16","via":{"family":"inet6","host":"fe80::5"},"dev":"v1","flags":[]}"#,
      "main unicast 10.3.0.0/16 via fe80::5 dev v1"
    ),
    (#"{"type":"blackhole","dst":"10.4.0.0/16","flags":[]}"#, "main blackhole 10.4.0.0/16"),
    (
      #"{"type":"unreachable","dst":"10.5.0.0/16","table":"77","metric":5,"flags":[]}"#,
      "77 unreachable 10.5.0.0/16 metric 5"
    ),
    (#"{"type":"prohibit","dst":"10.6.0.0/16","flags":[]}"#, "main prohibit 10.6.0.0/16"),
    (#"{"type":"throw","dst":"10.7.0.0/16","table":"77","flags":[]}"#, "77 throwing 10.7.0.0/16"),
    (
      #"{"dst":"10.8.0.0/16","tos":"0x10","gateway":"10.0.0.2","dev":"v1","flags":[],"flow":{"from":"3","to":"4"}}"#,
      "main unicast 10.8.0.0/16 via 10.0.0.2 dev v1 tos 16"
    ),
    (
      #"{"dst":"10.9.0.0/16","nhid":7,"gateway":"10.0.0.2","dev":"v1","flags":[]}"#,
      "main unicast 10.9.0.0/16 via 10.0.0.2 dev v1"
    ),
    // The name of a table tells it apart, without its number.
    (
      #"{"dst":"10.9.0.0/16","dev":"v1","table":"blue","flags":[]}"#,
      "blue unicast 10.9.0.0/16 dev v1"
    ),
    (#"{"dst":"0/4","dev":"v1","flags":[]}"#, "main unicast 0.0.0.0/4 dev v1"),
  ])
  func readsIPv4(_ json: String, _ wanted: String) {
    let parsed = RouteFormat.parse(CaptureText("[\(json)]\n"), family: .ipv4)
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test(arguments: [
    (
      #"{"dst":"default","gateway":"fe80::9","dev":"v1","protocol":"ra","metric":7,"flags":[],"metrics":[{"mtu":1450}],"pref":"medium"}"#,
      "main unicast ::/0 via fe80::9 dev v1 metric 7 proto ra mtu 1450"
    ),
    (
      #"{"dst":"2001:db8:1::/48","from":"2001:db8:2::/48","gateway":"fe80::9","dev":"v1","metric":1024,"flags":[],"pref":"medium"}"#,
      "main unicast 2001:db8:1::/48 from 2001:db8:2::/48 via fe80::9 dev v1 metric 1024"
    ),
    (
      #"{"type":"unreachable","dst":"2001:db8:9::/48","dev":"lo","metric":1024,"flags":[],"pref":"medium"}"#,
      "main unreachable 2001:db8:9::/48 dev lo metric 1024"
    ),
    (
      #"{"type":"multicast","dst":"ff00::/8","dev":"v1","table":"local","protocol":"kernel","metric":256,"flags":[],"pref":"medium"}"#,
      "local multicast ff00::/8 dev v1 metric 256 proto kernel"
    ),
    (
      #"{"type":"unreachable","dst":"default","dev":"lo","table":"unspec","protocol":"kernel","metric":4294967295,"error":-101,"flags":[]}"#,
      "0 unreachable ::/0 dev lo metric 4294967295 proto kernel"
    ),
    (
      #"{"dst":"2001:db8:3::/48","metric":1024,"flags":[],"pref":"medium","nexthops":[{"gateway":"fe80::9","dev":"v1","weight":1,"flags":[]},{"gateway":"fe80::a","dev":"v1","weight":2,"flags":[]}]}"#,
      "main unicast 2001:db8:3::/48 via fe80::9 dev v1 via fe80::a dev v1 weight 2 metric 1024"
    ),
  ])
  func readsIPv6(_ json: String, _ wanted: String) {
    let parsed = RouteFormat.parse(CaptureText("[\(json)]\n"), family: .ipv6)
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.diagnostics.isEmpty)
  }

  /// Where such a route leads is unknown, and it says why.
  @Test(arguments: [
    (
      #"{"dst":"10.10.0.0/16","encap":"ip","id":5,"src":"0.0.0.0","dst":"9.9.9.9","ttl":3,"tos":0,"dev":"v1","scope":"link","flags":[]}"#,
      [#"encap "ip""#], RouteType.unicast
    ),
    (#"{"dst":"10.9.0.0/16","nhid":7,"flags":[]}"#, ["nhid 7"], .unicast),
    (#"{"dst":"10.9.0.0/16","color":"red","dev":"v1","flags":[]}"#, [#"color "red""#], .unicast),
    (#"{"type":"xresolve","dst":"10.9.0.0/16","flags":[]}"#, [#"type "xresolve""#], .unrecognised),
    (
      #"{"dst":"10.9.0.0/16","gateway":"10.0.0.300","dev":"v1","flags":[]}"#,
      [#"gateway "10.0.0.300""#], .unicast
    ),
    (
      #"{"dst":"10.9.0.0/16","flags":[],"nexthops":[{"encap":"mpls","gateway":"10.0.0.2","dev":"v1","weight":1,"flags":[]}]}"#,
      ["nexthop encap"], .unicast
    ),
    (
      #"{"dst":"10.9.0.0/16","flags":[],"nexthops":[{"gateway":"x","dev":"v1"}]}"#,
      [#"nexthops [{"gateway":"x","dev":"v1"}]"#], .unicast
    ),
  ])
  func keepsWhatItDoesNotUnderstand(_ json: String, _ wanted: [String], _ type: RouteType) {
    let parsed = RouteFormat.parse(CaptureText("[\(json)]\n"), family: .ipv4)
    #expect(parsed.records.map(\.unrecognised) == [wanted])
    #expect(parsed.records.map(\.type) == [type])
    #expect(parsed.diagnostics.map(\.severity) == [.warning])
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test(arguments: [
    #"{"dst":"10.0.0.0/33","dev":"v1"}"#, #"{"dev":"v1"}"#, #"{"dst":"fe80::/64","dev":"v1"}"#,
    #"{"dst":7,"dev":"v1"}"#,
  ])
  func rejectsARouteToNowhere(_ json: String) {
    let parsed = RouteFormat.parse(CaptureText("[\(json)]\n"), family: .ipv4)
    #expect(parsed.records.isEmpty)
    #expect(parsed.diagnostics.contains { $0.id == "route/bad-record" && $0.severity == .error })
  }
}

@Suite struct LinuxRuleTests {
  @Test(arguments: [
    (#"{"priority":0,"src":"all","table":"local"}"#, "0: lookup local"),
    (
      #"{"priority":100,"src":"10.0.0.0","srclen":8,"dst":"11.0.0.0","dstlen":8,"tos":"0x10","fwmark":"0x10","fwmask":"0xf0","iif":"v1","oif":"lo","table":"77"}"#,
      "100: from 10.0.0.0/8 to 11.0.0.0/8 tos 16 mark 16/240 iif v1 oif lo lookup 77"
    ),
    (
      #"{"priority":101,"not":null,"src":"10.9.0.0","srclen":16,"ipproto":"tcp","sport":80,"dport_start":100,"dport_end":200,"table":"main","suppress_prefixlen":0}"#,
      "101: not from 10.9.0.0/16 proto 6 sport 80 dport 100-200 suppress 0 lookup main"
    ),
    (#"{"priority":103,"src":"all","goto":32766}"#, "103: goto 32766"),
    (#"{"priority":109,"src":"all","goto":"none","unresolved":null}"#, "109: nop"),
    (#"{"priority":104,"src":"all","nop":null}"#, "104: nop"),
    (
      #"{"priority":105,"src":"1.2.3.4","action":"unreachable"}"#,
      "105: from 1.2.3.4/32 unreachable"
    ),
    (#"{"priority":106,"src":"all","action":"prohibit"}"#, "106: prohibit"),
    (
      #"{"priority":107,"src":"all","iif":"gone","iif_detached":null,"action":"blackhole"}"#,
      "107: iif gone blackhole"
    ),
    (
      #"{"priority":110,"src":"0.0.0.0","srclen":4,"table":"default"}"#,
      "110: from 0.0.0.0/4 lookup default"
    ),
    // Neutron's rule for a router's own subnet: the host bits do not count.
    (
      #"{"priority":2886799617,"src":"172.17.17.1","srclen":24,"table":"2886799617"}"#,
      "2886799617: from 172.17.17.0/24 lookup 2886799617"
    ),
    (
      #"{"priority":9,"src":"all","ipproto":"ipproto-99","table":"blue","protocol":"kernel"}"#,
      "9: proto 99 lookup blue"
    ),
    (
      #"{"priority":9,"src":"all","tos":"CS6","fwmark":"0x5","table":"3"}"#,
      "9: tos 192 mark 5/4294967295 lookup 3"
    ),
  ])
  func readsIPv4(_ json: String, _ wanted: String) {
    let parsed = RuleFormat.parse(CaptureText("[\(json)]\n"), family: .ipv4)
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.records.flatMap(\.unrecognised).isEmpty)
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func readsIPv6() {
    let json =
      #"[{"priority":90,"src":"2001:db8::","srclen":32,"ipproto":"ipv6-icmp","table":"9"}]"#
    let parsed = RuleFormat.parse(CaptureText(json + "\n"), family: .ipv6)
    #expect(parsed.records.map(\.summary) == ["90: from 2001:db8::/32 proto 58 lookup 9"])
    #expect(parsed.records.map(\.family) == [.ipv6])
  }

  /// Selectors that are not modelled make the rule's verdict unknown; they are not left out.
  @Test(arguments: [
    (
      #"{"priority":102,"src":"all","uid_start":0,"uid_end":99,"table":"78"}"#,
      ["uid_start 0", "uid_end 99"], "102: lookup 78"
    ),
    (
      #"{"priority":108,"src":"all","table":"main","suppress_ifgroup":"3"}"#,
      [#"suppress_ifgroup "3""#], "108: lookup main"
    ),
    (#"{"priority":111,"src":"all","tun_id":9,"table":"3"}"#, ["tun_id 9"], "111: lookup 3"),
    (#"{"priority":1000,"src":"all","l3mdev":null}"#, ["l3mdev"], "1000: ? lookup [l3mdev-table]"),
    (#"{"priority":9,"src":"all","dscp":"0x10","table":"3"}"#, [#"dscp "0x10""#], "9: lookup 3"),
    (#"{"priority":9,"src":"all","action":"nat"}"#, [#"action "nat""#], "9: ? nat"),
    (#"{"priority":9,"src":"fe80::","srclen":10,"table":"3"}"#, [#"src "fe80::""#], "9: lookup 3"),
    (
      #"{"priority":9,"src":"all","ipproto":"nosuch","table":"3"}"#,
      [#"ipproto "nosuch""#], "9: lookup 3"
    ),
  ])
  func keepsWhatItDoesNotUnderstand(_ json: String, _ wanted: [String], _ summary: String) {
    let parsed = RuleFormat.parse(CaptureText("[\(json)]\n"), family: .ipv4)
    #expect(parsed.records.map(\.unrecognised) == [wanted])
    #expect(parsed.records.map(\.summary) == [summary])
    #expect(parsed.diagnostics.count == wanted.count)
    #expect(parsed.diagnostics.allSatisfy { $0.severity == .warning })
  }

  @Test func rejectsARuleWithoutPriority() {
    let parsed = RuleFormat.parse(
      CaptureText("[{\"src\":\"all\",\"table\":\"main\"}]\n"), family: .ipv4)
    #expect(parsed.records.isEmpty)
    #expect(parsed.diagnostics.map(\.id) == ["rule/bad-record"])
  }
}

extension Route {
  /// What a reader of `ip route` would call it, without what has its default.
  var summary: String {
    var words = ["\(table)", type.rawValue, "\(destination)"]
    if let source { words += ["from \(source)"] }
    words += nextHops.map(\.summary)
    if nextHops.isEmpty, !flags.isEmpty { words += ["[\(flags.sorted().joined(separator: ","))]"] }
    if let preferredSource { words += ["src \(preferredSource)"] }
    if metric != 0 { words += ["metric \(metric)"] }
    if tos != 0 { words += ["tos \(tos)"] }
    if !scope.isEmpty { words += ["scope \(scope)"] }
    if !protocolName.isEmpty { words += ["proto \(protocolName)"] }
    if let mtuBytes { words += ["mtu \(mtuBytes)"] }
    return words.joined(separator: " ")
  }
}

extension NextHop {
  fileprivate var summary: String {
    var words: [String] = []
    if let gateway { words += ["via \(gateway)"] }
    if let interface { words += ["dev \(interface)"] }
    if weight != 1 { words += ["weight \(weight)"] }
    if !flags.isEmpty { words += ["[\(flags.sorted().joined(separator: ","))]"] }
    return words.joined(separator: " ")
  }
}

extension RoutingRule {
  var summary: String {
    var words = ["\(priority):"]
    if isInverted { words += ["not"] }
    if let source { words += ["from \(source)"] }
    if let destination { words += ["to \(destination)"] }
    if let tos { words += ["tos \(tos)"] }
    if let mark { words += ["mark \(mark)/\(markMask)"] }
    if let inputInterface { words += ["iif \(inputInterface)"] }
    if let outputInterface { words += ["oif \(outputInterface)"] }
    if let ipProtocol { words += ["proto \(ipProtocol)"] }
    if let sourcePorts { words += ["sport \(sourcePorts)"] }
    if let destinationPorts { words += ["dport \(destinationPorts)"] }
    if let suppressPrefixLength { words += ["suppress \(suppressPrefixLength)"] }
    switch action {
    case .lookup(let table): words += ["lookup \(table)"]
    case .goto(let priority): words += ["goto \(priority)"]
    case .unrecognised(let text): words += ["? \(text)"]
    default: words += ["\(action)"]
    }
    return words.joined(separator: " ")
  }
}
