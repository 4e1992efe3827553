// Connection tracking and NAT: what the first packet decides, and what later ones and answers get.
import Conntrack
import Facts
import NetworkTypes
import Testing

@testable import Netfilter

private let web = Packet.tcp("10.0.0.1", 40000, "192.0.2.9", 80)

private func natRouter(_ rules: [String], filter: String = "") -> Router {
  let body = rules.map { "-A \($0)" }
  let nat =
    [
      "*nat", ":PREROUTING ACCEPT [0:0]", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]",
      ":POSTROUTING ACCEPT [0:0]",
    ] + body + ["COMMIT"]
  var router = Router(([filter] + nat).filter { !$0.isEmpty }.joined(separator: "\n"))
  router.addresses = [
    "inside": [InterfaceAddress("10.0.0.254/24")],
    "outside": [InterfaceAddress("203.0.113.2/28"), InterfaceAddress("203.0.113.66/28")],
  ]
  return router
}

@Suite struct TrackingTests {
  @Test func stateful() {
    var router = Router(
      filter(
        "FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT",
        "FORWARD -i inside -m state --state NEW -j ACCEPT", policy: "DROP"))
    #expect(
      router.forward(web.answer, in: "outside", out: "inside").verdict.contains("policy DROP"))
    #expect(router.forward(web).verdict == "accept")
    #expect(router.forward(web.answer, in: "outside", out: "inside").verdict == "accept")
    let error = Packet.unreachable("192.0.2.1", about: web)
    #expect(router.forward(error, in: "outside", out: "inside").verdict == "accept")
    let foreign = Packet.unreachable("192.0.2.1", about: .udp("10.0.0.1", 1, "192.0.2.9", 2))
    #expect(router.forward(foreign, in: "outside", out: "inside").verdict.contains("policy DROP"))
  }

  @Test(arguments: [
    (Packet.tcp("10.0.0.1", 1, "192.0.2.9", 80), "NEW"),
    (Packet.tcp("10.0.0.1", 1, "192.0.2.9", 80, flags: TCPFlags.ack), "NEW"),
    (Packet.tcp("10.0.0.1", 1, "192.0.2.9", 80, flags: TCPFlags.rst), "INVALID"),
    (Packet.tcp("10.0.0.1", 1, "192.0.2.9", 80, flags: TCPFlags.fin | TCPFlags.ack), "INVALID"),
    (Packet.tcp("10.0.0.1", 1, "192.0.2.9", 80, flags: TCPFlags.syn | TCPFlags.ack), "INVALID"),
    (Packet.ping("10.0.0.1", "192.0.2.9"), "NEW"),
    (Packet.ping("10.0.0.1", "192.0.2.9", isReply: true), "INVALID"),
    (Packet.udp("10.0.0.1", 1, "192.0.2.9", 53), "NEW"),
  ]) func firstPacket(packet: Packet, state: String) {
    for name in ["NEW", "INVALID", "ESTABLISHED", "RELATED", "UNTRACKED"] {
      var router = Router(filter("FORWARD -m conntrack --ctstate \(name) -j DROP"))
      #expect((router.forward(packet).verdict != "accept") == (name == state), "\(name)")
    }
  }

  @Test func strictTCP() {
    var router = Router(
      filter("FORWARD -m state --state INVALID -j DROP"),
      sysctls: ["net.netfilter.nf_conntrack_tcp_loose": "0"])
    let late = Packet.tcp("10.0.0.1", 1, "192.0.2.9", 80, flags: TCPFlags.ack)
    #expect(router.forward(late).verdict.contains("drop"))
    #expect(router.forward(web).verdict == "accept")
  }

  @Test func neighbourDiscoveryIsUntracked() {
    var router = Router(ip6tables: filter("FORWARD -m state --state UNTRACKED -j DROP"))
    var packet = Packet.ping("fe80::1", "ff02::1")
    packet.icmpType = 135
    #expect(router.forward(packet).verdict.contains("drop"))
  }

  @Test func zonesSetInRawTellConnectionsApart() {
    var router = Router(
      [
        table(
          "raw", "PREROUTING -i inside -j CT --zone 5", "PREROUTING -j CT --zone 6"),
        filter(
          "FORWARD -m state --state ESTABLISHED -j ACCEPT", "FORWARD -i inside -j ACCEPT",
          policy: "DROP"),
      ].joined(separator: "\n"))
    #expect(router.forward(web).verdict == "accept")
    // The answer is looked up in zone 6, where nothing is.
    #expect(
      router.forward(web.answer, in: "outside", out: "inside").verdict.contains("policy DROP"))
    #expect(router.conntrack.connections.first?.zone == 5)
  }

  @Test func zoneOfOneDirection() {
    var router = Router(
      [
        table("raw", "PREROUTING -i inside -j CT --zone-orig 5"),
        filter(
          "FORWARD -m state --state ESTABLISHED -j ACCEPT", "FORWARD -i inside -j ACCEPT",
          policy: "DROP"),
      ].joined(separator: "\n"))
    #expect(router.forward(web).verdict == "accept")
    #expect(router.forward(web.answer, in: "outside", out: "inside").verdict == "accept")
  }

  @Test func zoneByMarkIsReadAtTheLookup() {
    var router = Router(
      table(
        "raw", "PREROUTING -j CT --zone mark", "PREROUTING -j MARK --set-xmark 0x7/0xffffffff"))
    #expect(router.forward(web).verdict == "accept")
    #expect(router.conntrack.connections.map(\.zone) == [7])
  }

  @Test func notrackMeansNoNATAndNoState() {
    var router = Router(
      [
        table("raw", "PREROUTING -j CT --notrack", "PREROUTING -j CT --zone 5"),
        table("nat", "POSTROUTING -j SNAT --to-source 203.0.113.7"),
        filter("FORWARD -m state --state UNTRACKED -j ACCEPT", policy: "DROP"),
      ].joined(separator: "\n"))
    let (verdict, packet) = router.forward(web)
    #expect(verdict == "accept")
    #expect(packet.ends == web.ends)
    #expect(router.conntrack.connections.isEmpty)
  }

  @Test func connectionMarksGoAndComeBack() {
    var router = Router(
      [
        table(
          "mangle", "PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff",
          "PREROUTING -i inside -j MARK --set-xmark 0x57/0xff",
          "POSTROUTING -o outside -m connmark --mark 0x0/0xff -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff"
        ), table("nat"),
      ].joined(separator: "\n"))
    #expect(router.forward(web).packet.mark == 0x57)
    #expect(router.conntrack.connections.first?.mark == 0x57)
    #expect(router.forward(web.answer, in: "outside", out: "inside").packet.mark == 0x57)
  }

  @Test func droppedConnectionsAreForgotten() {
    var router = Router(filter("FORWARD -m state --state NEW -j DROP"))
    #expect(router.forward(web).verdict.contains("drop"))
    #expect(!router.conntrack.knows(web, zone: 0))
  }
}

@Suite struct NATTests {
  @Test(arguments: [
    (
      ["POSTROUTING -o outside -j SNAT --to-source 203.0.113.7"], "203.0.113.7:40000 > 192.0.2.9:80"
    ),
    (["POSTROUTING -o inside -j SNAT --to-source 203.0.113.7"], "10.0.0.1:40000 > 192.0.2.9:80"),
    // Neutron's exemption: an accept leaves the connection as it is.
    (
      [
        "POSTROUTING -m conntrack ! --ctstate DNAT -j ACCEPT",
        "POSTROUTING -j SNAT --to-source 203.0.113.7",
      ],
      "10.0.0.1:40000 > 192.0.2.9:80"
    ),
    (["POSTROUTING -j MASQUERADE"], "203.0.113.2:40000 > 192.0.2.9:80"),
    (
      ["PREROUTING -d 192.0.2.9/32 -j DNAT --to-destination 198.51.100.1"],
      "10.0.0.1:40000 > 198.51.100.1:80"
    ),
    (
      ["PREROUTING -p tcp -j DNAT --to-destination 198.51.100.1:8080"],
      "10.0.0.1:40000 > 198.51.100.1:8080"
    ),
    (["PREROUTING -p tcp -j DNAT --to-destination :8080"], "10.0.0.1:40000 > 192.0.2.9:8080"),
    // In range: the port stays; else the range begins at its first.
    (
      ["PREROUTING -p tcp -j DNAT --to-destination 198.51.100.1:70-90"],
      "10.0.0.1:40000 > 198.51.100.1:80"
    ),
    (
      ["PREROUTING -p tcp -j DNAT --to-destination 198.51.100.1:5-9"],
      "10.0.0.1:40000 > 198.51.100.1:5"
    ),
    // Shifted: 80 is the 10th of what begins at 70.
    (
      ["PREROUTING -p tcp -m tcp --dport 70:99 -j DNAT --to-destination 198.51.100.1:8070-8099/70"],
      "10.0.0.1:40000 > 198.51.100.1:8080"
    ),
    (["PREROUTING -p tcp -j REDIRECT --to-ports 9697"], "10.0.0.1:40000 > 10.0.0.254:9697"),
    (["PREROUTING -j NETMAP --to 198.51.100.0/24"], "10.0.0.1:40000 > 198.51.100.9:80"),
    (["POSTROUTING -j NETMAP --to 198.51.0.0/16"], "198.51.0.1:40000 > 192.0.2.9:80"),
    // The source is in range already.
    (["POSTROUTING -j SNAT --to-source 10.0.0.0-10.0.0.9"], "10.0.0.1:40000 > 192.0.2.9:80"),
    // Both ends, as on a hairpin.
    (
      [
        "PREROUTING -j DNAT --to-destination 10.0.0.2",
        "POSTROUTING -m conntrack --ctstate DNAT -j SNAT --to-source 203.0.113.7",
      ], "203.0.113.7:40000 > 10.0.0.2:80"
    ),
    (["PREROUTING -p udp -j DNAT --to-destination 198.51.100.1"], "10.0.0.1:40000 > 192.0.2.9:80"),
  ]) func firstPacketAndAnswer(rules: [String], expected: String) {
    var router = natRouter(rules)
    let (verdict, sent) = router.forward(web)
    #expect(verdict == "accept")
    #expect(sent.ends == expected)
    let (_, answered) = router.forward(sent.answer, in: "outside", out: "inside")
    #expect(answered.ends == web.answer.ends)
    // Later packets go the first one's way.
    var later = web
    later.tcpFlags = TCPFlags.ack
    #expect(router.forward(later).packet.ends == expected)
  }

  @Test func rulesDecideOnTheFirstPacketOnly() {
    var router = natRouter(["POSTROUTING -m mark --mark 0x1 -j SNAT --to-source 203.0.113.7"])
    #expect(router.forward(web).packet.ends == web.ends)
    var marked = web
    marked.mark = 1
    #expect(router.forward(marked).packet.ends == web.ends)
  }

  @Test func aTakenPortMakesWay() {
    var router = natRouter(["POSTROUTING -j SNAT --to-source 203.0.113.7"])
    #expect(router.forward(web).packet.sourcePort == 40000)
    let other = Packet.tcp("10.0.0.2", 40000, "192.0.2.9", 80)
    let (_, sent) = router.forward(other)
    #expect(sent.source == address("203.0.113.7"))
    #expect(sent.sourcePort != 40000 && sent.sourcePort >= 1024)
    #expect(
      router.forward(sent.answer, in: "outside", out: "inside").packet.ends == other.answer.ends)
  }

  @Test func randomPortsAreSaidToBe() {
    let router = natRouter(["POSTROUTING -j SNAT --to-source 203.0.113.7 --random-fully"])
    for (packet, isRandom) in [(web, true), (Packet.ping("10.0.0.1", "192.0.2.9"), true)] {
      var packet = packet
      var connection = PacketConnection()
      var table = ConntrackTable()
      _ = router.model.run(
        .prerouting, packet: &packet, connection: &connection,
        context: router.context(in: "inside"), conntrack: &table)
      let result = router.model.run(
        .postrouting, packet: &packet, connection: &connection,
        context: router.context(in: "inside", out: "outside"), conntrack: &table)
      #expect(result.isTranslationRandom == isRandom)
      #expect(packet.source == address("203.0.113.7"))
    }
  }

  @Test func pings() {
    var router = natRouter(["POSTROUTING -j SNAT --to-source 203.0.113.7"])
    let ping = Packet.ping("10.0.0.1", "192.0.2.9")
    let (_, sent) = router.forward(ping)
    #expect(sent.ends == "203.0.113.7:7 > 192.0.2.9:7")
    #expect(
      router.forward(sent.answer, in: "outside", out: "inside").packet.ends == ping.answer.ends)
  }

  @Test func errorsAreTranslatedWithTheirQuote() {
    var router = natRouter(["POSTROUTING -j SNAT --to-source 203.0.113.7"])
    let (_, sent) = router.forward(web)
    // From a router on the way, not from the destination itself.
    let error = Packet.unreachable("198.51.100.77", about: sent)
    let (verdict, back) = router.forward(error, in: "outside", out: "inside")
    #expect(verdict == "accept")
    #expect(back.source == address("198.51.100.77"))
    #expect(back.destination == address("10.0.0.1"))
    #expect(back.quoted?.source == address("10.0.0.1"))
    #expect(back.quoted?.sourcePort == 40000)
  }

  @Test func errorsAboutTranslatedDestinationsHideThem() {
    var router = natRouter(
      ["PREROUTING -j DNAT --to-destination 198.51.100.1:8080"].map {
        $0.replacing("-j DNAT", with: "-p tcp -j DNAT")
      })
    let (_, sent) = router.forward(web)
    let error = Packet.unreachable("198.51.100.77", about: sent)
    let (_, back) = router.forward(error, in: "outside", out: "inside")
    #expect(back.source == address("192.0.2.9"))
    #expect(back.quoted?.destination == address("192.0.2.9"))
    #expect(back.quoted?.destinationPort == 80)
  }

  @Test func refusalsAreUndoneOnTheWayBack() {
    var router = natRouter(
      ["PREROUTING -p tcp -j DNAT --to-destination 198.51.100.1:8080"],
      filter: filter("FORWARD -p tcp -j REJECT --reject-with tcp-reset"))
    var packet = web
    var connection = PacketConnection()
    _ = router.run(.prerouting, &packet, &connection, router.context(in: "inside"))
    let result = router.run(
      .forward, &packet, &connection, router.context(in: "inside", out: "outside"))
    #expect(result.verdict.short.hasPrefix("reject with TCP reset"))
    #expect(packet.ends == "10.0.0.1:40000 > 198.51.100.1:8080")
    var reset = packet.answer
    reset.tcpFlags = TCPFlags.rst | TCPFlags.ack
    var error = Packet.unreachable("10.0.0.254", about: packet)
    for index in 0..<2 {
      var back = index == 0 ? reset : error
      var carried = connection.ofRefusal
      for hook in [Hook.output, .postrouting] {
        _ = router.run(hook, &back, &carried, router.context(out: "inside"))
      }
      #expect(back.source == address("192.0.2.9"))
      if index == 0 { #expect(back.ends == web.answer.ends) } else { error = back }
    }
    #expect(error.quoted?.destination == address("192.0.2.9"))
    #expect(error.quoted?.destinationPort == 80)
    #expect(!router.conntrack.knows(web, zone: 0))
  }

  @Test func aResetAsFirstAnswerEndsTheConnection() {
    var router = natRouter(["POSTROUTING -j SNAT --to-source 203.0.113.7"])
    let (_, sent) = router.forward(web)
    var reset = sent.answer
    reset.tcpFlags = TCPFlags.rst | TCPFlags.ack
    #expect(router.forward(reset, in: "outside", out: "inside").packet.ends == web.answer.ends)
    #expect(!router.conntrack.knows(web, zone: 0))
  }

  @Test func outputIsRoutedAgain() {
    let router = natRouter(["OUTPUT -p tcp -j DNAT --to-destination 198.51.100.1"])
    var packet = web
    var connection = PacketConnection()
    var table = ConntrackTable()
    let result = router.model.run(
      .output, packet: &packet, connection: &connection,
      context: router.context(out: "outside"), conntrack: &table)
    #expect(result.needsRerouting)
    #expect(result.destinationChanged)
    #expect(packet.destination == address("198.51.100.1"))
  }

  @Test func masqueradeTakesTheAddressOfTheNextHopsSubnet() {
    let router = natRouter(["POSTROUTING -j MASQUERADE"])
    var packet = web
    var connection = PacketConnection()
    var table = ConntrackTable()
    _ = router.model.run(
      .prerouting, packet: &packet, connection: &connection,
      context: router.context(in: "inside"), conntrack: &table)
    var context = router.context(in: "inside", out: "outside")
    context.nextHop = address("203.0.113.65")
    _ = router.model.run(
      .postrouting, packet: &packet, connection: &connection, context: context, conntrack: &table)
    #expect(packet.source == address("203.0.113.66"))
  }

  @Test func masqueradeWithoutAnAddressDrops() {
    var router = natRouter(["POSTROUTING -j MASQUERADE"])
    router.addresses["outside"] = []
    #expect(
      router.forward(web).verdict == "postrouting: drop -A POSTROUTING -j MASQUERADE")
  }

  @Test func dumpedConnectionsAreKnown() {
    var router = natRouter(
      [], filter: filter("FORWARD -m state --state ESTABLISHED -j ACCEPT", policy: "DROP"))
    router.conntrack = ConntrackTable([
      ConntrackEntry(
        ipProtocol: 6,
        original: .init(
          source: address("10.0.0.1"), destination: address("192.0.2.9"), sourcePort: 40000,
          destinationPort: 80),
        reply: .init(
          source: address("192.0.2.9"), destination: address("203.0.113.7"), sourcePort: 80,
          destinationPort: 1025), hasSeenReply: true,
        evidence: Evidence(file: CaptureFileID(0), line: 1, bytes: 0..<0))
    ])
    let (verdict, sent) = router.forward(web)
    #expect(verdict == "accept")
    #expect(sent.ends == "203.0.113.7:1025 > 192.0.2.9:80")
  }
}
