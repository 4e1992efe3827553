// ipsets, bridge ports (physdev), ebtables and native nft tables.
import Conntrack
import Facts
import NetworkTypes
import Testing

@testable import Netfilter

private let web = Packet.tcp("10.0.0.1", 40000, "192.0.2.9", 80)

@Suite struct SetTests {
  @Test(arguments: [
    ("create s hash:net family inet\nadd s 10.0.0.0/8\n", "src", true),
    ("create s hash:net family inet\nadd s 10.0.0.0/8\n", "dst", false),
    ("create s hash:net family inet\nadd s 10.0.0.0/8\nadd s 10.0.0.0/24 nomatch\n", "src", false),
    ("create s hash:net family inet\nadd s 10.0.0.0/24 nomatch\nadd s 10.0.0.1\n", "src", true),
    ("create s hash:net family inet6\nadd s ::/1\n", "src", false),
    ("create s hash:ip family inet netmask 24\nadd s 10.0.0.0\n", "src", true),
    ("create s hash:ip,port family inet\nadd s 10.0.0.1,tcp:80\n", "src,dst", true),
    ("create s hash:ip,port family inet\nadd s 10.0.0.1,udp:80\n", "src,dst", false),
    ("create s hash:ip,port family inet\nadd s 10.0.0.1,tcp:80\n", "src", false),
    ("create s hash:net,iface family inet\nadd s 10.0.0.0/8,inside\n", "src,src", true),
    ("create s hash:net,iface family inet\nadd s 10.0.0.0/8,physdev:inside\n", "src,src", false),
    ("create s hash:mac\nadd s 02:00:00:00:00:01\n", "src", true),
    ("create s bitmap:port range 0-100\nadd s 80\n", "dst", true),
    (
      "create t hash:net family inet\nadd t 10.0.0.0/8\ncreate s list:set size 8\nadd s t\n", "src",
      true
    ),
    ("create s hash:net,net family inet\nadd s 10.0.0.0/8,192.0.2.0/24\n", "src,dst", true),
    (
      "create s hash:ip,port,net family inet\nadd s 10.0.0.1,tcp:80,192.0.2.0/24\n", "src,dst,dst",
      true
    ),
  ]) func member(sets: String, ends: String, isMember: Bool) {
    var router = Router(
      filter("FORWARD -m set --match-set s \(ends) -j DROP"), ipset: sets)
    #expect(router.forward(web).verdict.hasPrefix("forward: drop") == isMember)
    router = Router(
      filter("FORWARD -m set ! --match-set s \(ends) -j DROP"), ipset: sets)
    #expect(router.forward(web).verdict.hasPrefix("forward: drop") != isMember)
  }

  @Test func cutSet() {
    var router = Router(
      filter("FORWARD -m set --match-set s src -j DROP"),
      ipset: "create s hash:net family inet\nadd s 10.0.0.")
    #expect(
      router.forward(web).verdict
        == "forward: unknown: ipset s was captured in part (-A FORWARD -m set --match-set s src -j DROP)"
    )
  }
}

@Suite struct BridgePortTests {
  /// A rule with these conditions takes: a routed packet; one that came in by a bridge and is
  /// routed; one that is bridged.
  @Test(arguments: [
    ("--physdev-in tap1", [false, true, true]),
    ("--physdev-in tap2", [false, false, false]),
    ("! --physdev-in tap2", [true, true, true]),
    ("--physdev-in tap+", [false, true, true]),
    ("--physdev-out tap2", [false, false, true]),
    // Without an outgoing port not even the negation takes it.
    ("! --physdev-out tap3", [true, false, true]),
    ("--physdev-is-bridged", [false, false, true]),
    ("! --physdev-is-bridged", [true, true, false]),
    ("--physdev-is-in", [false, true, true]),
    ("--physdev-is-out", [false, false, true]),
    ("--physdev-in tap1 --physdev-is-bridged", [false, false, true]),
  ]) func physdev(conditions: String, expected: [Bool]) {
    let router = Router(filter("FORWARD -m physdev \(conditions) -j DROP"))
    let ports: [(InterfaceName?, InterfaceName?)] = [(nil, nil), ("tap1", nil), ("tap1", "tap2")]
    let taken = ports.map { physicalIn, physicalOut in
      var packet = web
      var connection = PacketConnection()
      var table = ConntrackTable()
      let result = router.model.run(
        .forward, packet: &packet, connection: &connection,
        context: router.context(
          in: "br", out: "br", physicalIn: physicalIn, physicalOut: physicalOut),
        conntrack: &table)
      return result.verdict != .accept
    }
    #expect(taken == expected)
  }

  @Test func bridgeSysctls() {
    #expect(Router().model.bridgeNetfilter.filtersIPv4 == false)
    let router = Router(sysctls: ["net.bridge.bridge-nf-call-iptables": "1"])
    #expect(router.model.bridgeNetfilter.filtersIPv4 == true)
    #expect(NetfilterModel(NamespaceFacts(name: "x")).bridgeNetfilter.filtersIPv4 == nil)
  }
}

private func arp(_ from: String, _ to: String) -> Packet {
  var packet = Packet(
    ethSrc: MACAddress(rawValue: 0x0200_0000_0001), ethDst: .broadcast, etherType: EtherType.arp)
  packet.source = address(from)
  packet.destination = address(to)
  packet.arpOperation = 1
  packet.arpSHA = packet.ethSrc
  return packet
}

@Suite struct EBTablesTests {
  @Test(arguments: [
    ("-p ARP --arp-ip-src 10.0.0.1 -j DROP", true, false),
    ("-p ARP ! --arp-ip-src 10.0.0.2 -j DROP", true, false),
    ("-p IPv4 --ip-proto tcp --ip-dport 80 -j DROP", false, true),
    ("-i tap1 -o tap2 -j DROP", true, true), ("-i tap9 -j DROP", false, false),
    ("--logical-in br -j DROP", true, true), ("-d Broadcast -j DROP", true, false),
    ("-s 02:00:00:00:00:01 -j DROP", true, true), ("-p 802_1Q -j DROP", false, false),
    ("-p ARP --arp-op Reply -j DROP", false, false),
  ]) func forward(rule: String, dropsARP: Bool, dropsIP: Bool) {
    let router = Router(ebtables: "*filter\n:FORWARD ACCEPT\n-A FORWARD \(rule)\n")
    for (packet, isDropped) in [(arp("10.0.0.1", "10.0.0.2"), dropsARP), (web, dropsIP)] {
      var packet = packet
      let result = router.model.runBridge(
        .forward, packet: &packet,
        context: BridgeHookContext(bridge: "br", inPort: "tap1", outPort: "tap2"))
      #expect((result.verdict != .accept) == isDropped)
    }
  }

  @Test func usersChainsHavePolicies() {
    let rules = "-A FORWARD -j a\n-A FORWARD -j DROP\n"
    for (policy, verdict) in [("ACCEPT", "accept"), ("RETURN", "drop -A FORWARD -j DROP")] {
      let router = Router(ebtables: "*filter\n:FORWARD ACCEPT\n:a \(policy)\n\(rules)")
      var packet = web
      let result = router.model.runBridge(
        .forward, packet: &packet,
        context: BridgeHookContext(bridge: "br", inPort: "tap1", outPort: "tap2"))
      #expect(result.verdict.short == verdict)
    }
  }

  @Test func brouteDropRoutesAndNATRewrites() {
    let router = Router(
      ebtables:
        "*broute\n:BROUTING ACCEPT\n-A BROUTING -p ARP -j DROP\n*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p IPv4 -j dnat --to-dst 02:00:00:00:00:09\n-A PREROUTING -p ARP --arp-op Request -j arpreply --arpreply-mac 02:00:00:00:00:08\n"
    )
    let context = BridgeHookContext(bridge: "br", inPort: "tap1", outPort: nil)
    var packet = arp("10.0.0.1", "10.0.0.2")
    #expect(router.model.runBridge(.brouting, packet: &packet, context: context).isRouted)
    let reply = router.model.runBridge(.prerouting, packet: &packet, context: context)
    #expect(reply.answersARPWith == MACAddress(rawValue: 0x0200_0000_0008))
    packet = web
    let result = router.model.runBridge(.prerouting, packet: &packet, context: context)
    #expect(result.destinationChanged)
    #expect(packet.ethDst == MACAddress(rawValue: 0x0200_0000_0009))
  }
}

@Suite struct NativeNFTTests {
  private func nft(_ statements: String, policy: String = "accept", extra: String = "") -> String {
    """
    {"table": {"family": "inet", "name": "fw", "handle": 1}},
    {"chain": {"family": "inet", "table": "fw", "name": "f", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "\(policy)"}},
    {"chain": {"family": "inet", "table": "fw", "name": "sub", "handle": 2}},
    \(extra)
    {"rule": {"family": "inet", "table": "fw", "chain": "f", "handle": 4, "expr": [\(statements)]}}
    """
  }

  @Test(arguments: [
    (
      #"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}, {"drop": null}"#,
      true
    ),
    (
      #"{"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, 443]}}}, {"drop": null}"#,
      false
    ),
    (
      #"{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 80}}, {"drop": null}"#,
      false
    ),
    (
      #"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, {"drop": null}"#,
      true
    ),
    (
      #"{"match": {"op": "!=", "left": {"payload": {"protocol": "ip6", "field": "saddr"}}, "right": "::1"}}, {"drop": null}"#,
      false
    ),
    (
      #"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "ins*"}}, {"drop": null}"#,
      true
    ),
    (
      #"{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["udp", "tcp"]}}}, {"drop": null}"#,
      true
    ),
    (
      #"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "new"]}}, {"drop": null}"#,
      true
    ),
    (
      #"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"drop": null}"#,
      false
    ),
    (
      #"{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]}, "right": "syn"}}, {"drop": null}"#,
      true
    ),
    (
      #"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@hosts"}}, {"drop": null}"#,
      true
    ),
    (
      #"{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[22, {"accept": null}], [{"range": [79, 81]}, {"drop": null}]]}}}"#,
      true
    ),
    (
      #"{"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 5]}}}, {"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 0}}, {"accept": null}"#,
      false
    ),
    (
      #"{"match": {"op": ">", "left": {"payload": {"protocol": "th", "field": "dport"}}, "right": 79}}, {"reject": {"type": "tcp reset"}}"#,
      true
    ),
  ]) func forward(statements: String, isRefused: Bool) {
    let hosts =
      #"{"set": {"family": "inet", "table": "fw", "name": "hosts", "type": "ipv4_addr", "elem": [{"prefix": {"addr": "192.0.2.0", "len": 24}}]}},"#
    var router = Router(nft: nft(statements, extra: hosts))
    let verdict = router.forward(web).verdict
    #expect((verdict != "accept") == isRefused)
    #expect(!verdict.contains("unknown"))
  }

  @Test(arguments: [
    (
      #"{"match": {"op": "==", "left": {"numgen": {"mode": "random"}}, "right": 0}}, {"drop": null}"#,
      "forward: unknown: nft expression 'numgen' is not modelled (handle 4)"
    ),
    (
      #"{"limit": {"rate": 5}}, {"drop": null}"#,
      "forward: unknown: a limit depends on other traffic (handle 4)"
    ),
    (
      #"{"xt": {"type": "match", "name": "physdev"}}, {"drop": null}"#,
      "forward: unknown: match 'physdev' is not shown by nft (handle 4)"
    ),
    (#"{"limit": {"rate": 5}}, {"accept": null}"#, "accept"),
    (
      #"{"fwd": {"dev": "eth0"}}"#,
      "forward: unknown: nft statement 'fwd' is not modelled (handle 4)"
    ),
  ]) func unknown(statements: String, expected: String) {
    var router = Router(nft: nft(statements))
    #expect(router.forward(web).verdict == expected)
  }

  @Test func policyDropsAndTablesOfIPTablesAreNotReadTwice() {
    var router = Router(nft: nft(#"{"accept": null}"#, policy: "drop"))
    #expect(router.forward(web).verdict == "accept")
    router = Router(nft: nft(#"{"counter": {"packets": 0, "bytes": 0}}"#, policy: "drop"))
    #expect(router.forward(web).verdict == "forward: drop policy DROP")
    let shadow =
      #"{"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}"#
    router = Router(filter(), nft: shadow)
    #expect(router.forward(web).verdict == "accept")
  }

  @Test func nat() {
    let chain =
      #"{"chain": {"family": "ip", "table": "n", "name": "post", "handle": 1, "type": "nat", "hook": "postrouting", "prio": 100, "policy": "accept"}},"#
    let rule =
      #"{"rule": {"family": "ip", "table": "n", "chain": "post", "handle": 4, "expr": [{"snat": {"addr": "203.0.113.7"}}]}}"#
    var router = Router(nft: chain + rule)
    #expect(router.forward(web).packet.ends == "203.0.113.7:40000 > 192.0.2.9:80")
  }
}
