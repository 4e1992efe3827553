// Routes, policy rules and neighbours of every namespace.
import Facts
import GRDB
import NetworkTypes

enum RoutingTables {
  static let all: [ProjectedTable] = [route, nextHop, rule, neighbour]

  private typealias NumberedRoute = Numbered<InNamespace<(AddressFamily, Route)>>

  private static let route = ProjectedTable(
    "route", "A route of any table, from `ip route show table all`.",
    [
      Column<NumberedRoute>.key("What `next_hop.route` refers to.") { $0.id },
      .node(\.record.node),
      .namespace { $0.record.namespace.rawValue },
      .family { $0.record.record.0 },
      .text("routing_table", "`main`, `local`, `default`, a number or a name of the node's.") {
        $0.record.record.1.table.description
      },
      .text("destination", "A prefix; the default route is `0.0.0.0/0` or `::/0`.") {
        $0.record.record.1.destination.description
      },
      .optionalText("source", "IPv6 `from` routes.") { $0.record.record.1.source?.description },
      .text("type", "`unicast`, `local`, `broadcast`, `unreachable`, `blackhole`, ….") {
        $0.record.record.1.type.rawValue
      },
      .integer("metric", "The lowest wins.") { $0.record.record.1.metric },
      .integer("tos", "Type of service it is for; 0 for any.") { $0.record.record.1.tos },
      .text("scope", "`global`, `link`, `host` or empty.") { $0.record.record.1.scope },
      .text("protocol", "Who made it: `kernel`, `static`, `bird`, ….") {
        $0.record.record.1.protocolName
      },
      .optionalText("preferred_source", "The address of local packets that take it.") {
        $0.record.record.1.preferredSource?.description
      },
      .optionalInteger("mtu_bytes", "A limit of the route's own.") { $0.record.record.1.mtuBytes },
      .list("flags", "`linkdown`, `dead`, `onlink`, ….") { $0.record.record.1.flags.sorted() },
      .list("unrecognised", "Parts that were not understood; where it leads is unknown.") {
        $0.record.record.1.unrecognised
      },
    ] + .evidence(\.record.record.1.evidence),
    constraints: [ProjectedTable.inNamespace],
    indexes: ["node, namespace", "destination"],
    rows: { routes($0).numbered() })

  private static let nextHop = ProjectedTable(
    "next_hop", "A next hop of a route; several are equal-cost ways.",
    [
      Column<Part<NextHop>>.parent("route") { $0.parent },
      .integer("position", "From 0.") { $0.position },
      .optionalText("gateway", "NULL for destinations on the link.") {
        $0.record.gateway?.description
      },
      .optionalText("interface", "The device.") { $0.record.interface?.rawValue },
      .integer("weight", "Its share among the hops.") { $0.record.weight },
      .list("flags", "`linkdown`, `dead`, `onlink`, ….") { $0.record.flags.sorted() },
    ],
    constraints: ["PRIMARY KEY (route, position)"],
    rows: { routes($0).parts { $0.record.1.nextHops } })

  private static func routes(
    _ source: ProjectionSource
  ) -> [InNamespace<(AddressFamily, Route)>] {
    source.inNamespaces { facts in
      facts.routes4.records.map { (.ipv4, $0) } + facts.routes6.records.map { (.ipv6, $0) }
    }
  }

  private static let rule = ProjectedTable(
    "routing_rule", "A policy routing rule; all given selectors must match.",
    .location() + [
      Column<InNamespace<RoutingRule>>.family { $0.record.family },
      .integer("priority", "The lowest is asked first.") { $0.record.priority },
      .flag("is_inverted", "`not`: the selectors' verdict is inverted.") { $0.record.isInverted },
      .optionalText("source", "`from`; NULL for all.") { $0.record.source?.description },
      .optionalText("destination", "`to`; NULL for all.") { $0.record.destination?.description },
      .optionalText("input_interface", "`iif`.") { $0.record.inputInterface?.rawValue },
      .optionalText("output_interface", "`oif`.") { $0.record.outputInterface?.rawValue },
      .optionalInteger("mark", "`fwmark`.") { $0.record.mark },
      .integer("mark_mask", "Of the mark.") { $0.record.markMask },
      .text("action", "`lookup`, `goto`, `unreachable`, `prohibit`, `blackhole`, `nop`, …") {
        $0.record.action.name
      },
      .optionalText("routing_table", "Where `lookup` looks.") { $0.record.action.table },
      .list("unrecognised", "Selectors that were not understood.") { $0.record.unrecognised },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { $0.inNamespaces { $0.rules4.records + $0.rules6.records } })

  private static let neighbour = ProjectedTable(
    "neighbour", "An ARP or neighbour discovery entry of a namespace.",
    .location() + [
      Column<InNamespace<Neighbour>>.text("address", "Whose it is.") {
        $0.record.address.description
      },
      .text("interface", "The device it is behind.") { $0.record.interface.rawValue },
      .optionalText("mac", "NULL while it is not resolved.") { $0.record.mac?.description },
      .list("states", "`PERMANENT`, `REACHABLE`, `STALE`, `FAILED`, ….") {
        $0.record.states.sorted()
      },
      .flag("is_proxy", "Answered for others.") { $0.record.isProxy },
      .flag("is_router", "It said that it forwards.") { $0.record.isRouter },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    keptAs: NarrowStorage(
      run: ["node", "namespace", "file"], shared: ["interface", "states"],
      key: "address", runIndexes: ["node, namespace"]),
    rows: { $0.inNamespaces(\.neighbours.records) })
}

extension RoutingRuleAction {
  fileprivate var name: String {
    switch self {
    case .lookup: "lookup"
    case .goto(let priority): "goto \(priority)"
    case .nop: "nop"
    case .unreachable: "unreachable"
    case .prohibit: "prohibit"
    case .blackhole: "blackhole"
    case .unrecognised(let text): text
    }
  }
  fileprivate var table: String? { if case .lookup(let id) = self { id.description } else { nil } }
}
