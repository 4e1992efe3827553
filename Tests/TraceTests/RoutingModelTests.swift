// Policy routing as the kernel decides it: a row is a packet and the route that takes it.
import Facts
import NetworkTypes
import Testing

@testable import DataPlane

private let nowhere = Evidence(file: CaptureFileID(0), line: 1, bytes: 0..<1)

private func route(
  _ destination: String, via gateway: String? = nil, dev: InterfaceName, table: UInt32 = 254,
  metric: UInt32 = 0, type: RouteType = .unicast, flags: Set<String> = []
) -> Route {
  Route(
    table: RoutingTableID(table), destination: IPPrefix(destination)!, type: type,
    nextHops: [
      NextHop(gateway: gateway.flatMap { IPAddress($0) }, interface: dev, flags: flags)
    ], metric: metric, evidence: nowhere)
}

private func rule(
  _ priority: UInt32, from source: String? = nil, iif: InterfaceName? = nil, mark: UInt32? = nil,
  inverted: Bool = false, _ action: RoutingRuleAction
) -> RoutingRule {
  RoutingRule(
    family: .ipv4, priority: priority, isInverted: inverted,
    source: source.flatMap { IPPrefix($0) }, inputInterface: iif, mark: mark, action: action,
    evidence: nowhere)
}

private func model(_ routes: [Route], _ rules: [RoutingRule]) -> RoutingModel {
  RoutingModel(family: .ipv4, routes: Section(records: routes), rules: Section(records: rules))
}

private let standard = [
  rule(0, .lookup(.local)), rule(32766, .lookup(.main)), rule(32767, .lookup(.defaultTable)),
]

/// `dev via`, or the refusal's name.
private func answer(_ model: RoutingModel, _ query: RouteQuery) -> String {
  switch model.lookup(query) {
  case .found(let route, let hop, _):
    "\(route.type) \(hop.interface.map { "\($0)" } ?? "-") \(hop.gateway.map { "\($0)" } ?? "-")"
  case .unreachable: "unreachable"
  case .prohibited: "prohibited"
  case .blackhole: "blackhole"
  case .noRoute: "no route"
  case .unknown: "unknown"
  }
}

private func query(
  _ destination: String, from source: String? = nil, iif: InterfaceName? = nil, mark: UInt32 = 0
) -> RouteQuery {
  var query = RouteQuery(
    destination: IPAddress(destination)!, source: source.flatMap { IPAddress($0) })
  query.inputInterface = iif
  query.mark = mark
  return query
}

@Test func longestPrefixThenLowestMetricDecides() {
  let table = model(
    [
      route("0.0.0.0/0", via: "10.0.0.1", dev: "a"), route("10.1.0.0/16", dev: "b", metric: 20),
      route("10.1.0.0/16", dev: "c", metric: 10), route("10.1.2.0/24", dev: "d"),
      route("10.0.0.9/32", dev: "lo", table: 255, type: .local),
    ], standard)
  for (destination, expected) in [
    ("8.8.8.8", "unicast a 10.0.0.1"), ("10.1.9.9", "unicast c -"), ("10.1.2.3", "unicast d -"),
    ("10.0.0.9", "local lo -"),
  ] {
    #expect(answer(table, query(destination)) == expected)
  }
}

@Test func rulesChooseTheTable() {
  let table = model(
    [
      route("0.0.0.0/0", via: "169.254.1.1", dev: "rfp", table: 16),
      route("0.0.0.0/0", via: "10.0.0.7", dev: "sg", table: 4711),
      route("10.0.0.0/24", dev: "qr"),
    ],
    standard + [
      rule(40000, from: "10.0.0.5/32", .lookup(RoutingTableID(16))),
      rule(50000, from: "10.0.0.0/24", .lookup(RoutingTableID(4711))),
      rule(60000, iif: "eth9", .unreachable), rule(60001, mark: 7, .blackhole),
    ])
  for (packet, expected) in [
    (query("8.8.8.8", from: "10.0.0.5"), "unicast rfp 169.254.1.1"),
    (query("8.8.8.8", from: "10.0.0.6"), "unicast sg 10.0.0.7"),
    (query("10.0.0.6", from: "10.0.0.5"), "unicast qr -"),
    (query("8.8.8.8", from: "10.9.9.9"), "no route"),
    (query("8.8.8.8", from: "10.9.9.9", iif: "eth9"), "unreachable"),
    (query("8.8.8.8", from: "10.9.9.9", mark: 7), "blackhole"),
  ] {
    #expect(answer(table, packet) == expected)
  }
}

@Test func gotoInversionAndSuppression() {
  var suppress = rule(100, .lookup(.main))
  suppress.suppressPrefixLength = 0
  let table = model(
    [
      route("0.0.0.0/0", dev: "a"), route("10.0.0.0/8", dev: "b"),
      route("0.0.0.0/0", dev: "c", table: 9),
    ],
    [
      suppress, rule(200, from: "192.0.2.0/24", .goto(400)), rule(300, .lookup(RoutingTableID(9))),
      rule(400, from: "198.51.100.0/24", inverted: true, .prohibit),
    ])
  for (packet, expected) in [
    (query("10.1.1.1"), "unicast b -"), (query("8.8.8.8"), "unicast c -"),
    (query("8.8.8.8", from: "192.0.2.1"), "prohibited"),
  ] {
    #expect(answer(table, packet) == expected)
  }
}

@Test func deadHopsAreSkippedAndSeveralAreUnknown() {
  var both = route("0.0.0.0/0", via: "10.0.0.1", dev: "a")
  both.nextHops.append(NextHop(gateway: IPAddress("10.0.0.2"), interface: "b"))
  let dead = route("0.0.0.0/0", via: "10.0.0.3", dev: "x", flags: ["dead", "linkdown"])
  #expect(answer(model([both], standard), query("8.8.8.8")) == "unknown")
  #expect(answer(model([dead], standard), query("8.8.8.8")) == "no route")
  both.nextHops[0].flags = ["dead"]
  #expect(answer(model([both], standard), query("8.8.8.8")) == "unicast b 10.0.0.2")
}

@Test func aRuleThatIsNotUnderstoodIsUnknownOnlyWhereItWouldMatch() {
  var strange = rule(10, from: "10.0.0.0/8", .lookup(.main))
  strange.unrecognised = ["uidrange 1-2"]
  let table = model([route("0.0.0.0/0", dev: "a")], standard + [strange])
  #expect(answer(table, query("8.8.8.8", from: "10.1.1.1")) == "unknown")
  #expect(answer(table, query("8.8.8.8", from: "192.0.2.1")) == "unicast a -")
}

@Test func missingRoutesAreUnknown() {
  let gap = Gap(node: "n", path: "routes", reason: "missing")
  let table = RoutingModel(
    family: .ipv4, routes: Section(gap: gap), rules: Section(records: standard))
  #expect(answer(table, query("8.8.8.8")) == "unknown")
}

@Test func whatRefusesIsNotSuppressedAndAGotoIntoNothingIsPassedOver() {
  var suppress = rule(100, .lookup(.main))
  suppress.suppressPrefixLength = 24
  var refusing = route("10.0.0.0/8", dev: "a", type: .unreachable)
  refusing.nextHops = []
  let table = model(
    [refusing, route("0.0.0.0/0", dev: "b"), route("0.0.0.0/0", dev: "c", table: 9)],
    [rule(50, .goto(60)), suppress, rule(200, .lookup(RoutingTableID(9)))])
  #expect(answer(table, query("10.1.1.1")) == "unreachable")
  #expect(answer(table, query("8.8.8.8")) == "unicast c -")
}

@Test func serviceComesBeforeMetric() {
  var marked = route("10.0.0.0/8", dev: "a", metric: 20)
  marked.tos = 0x10
  var packet = query("10.1.1.1")
  let table = model([route("10.0.0.0/8", dev: "b"), marked], standard)
  #expect(answer(table, packet) == "unicast b -")
  packet.tos = 0x10
  #expect(answer(table, packet) == "unicast a -")
}
