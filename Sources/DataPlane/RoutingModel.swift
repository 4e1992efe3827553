// Policy routing of one namespace and family: rules in order of priority, tables by longest
// prefix. Made of routes and rules as captured; asked by the simulation for each packet.
import Facts
import NetworkTypes

/// What a route lookup is asked about.
public struct RouteQuery: Sendable {
  public var destination: IPAddress
  public var source: IPAddress?
  /// Nil for packets that the namespace itself sends.
  public var inputInterface: InterfaceName?
  public var outputInterface: InterfaceName?
  public var mark: UInt32 = 0
  public var tos: UInt8 = 0
  public var ipProtocol: UInt8 = 0
  public var sourcePort: UInt16 = 0
  public var destinationPort: UInt16 = 0

  public init(destination: IPAddress, source: IPAddress? = nil) {
    self.destination = destination
    self.source = source
  }
}

/// The answer of a lookup.
public enum RouteDecision: Sendable {
  /// The route, its chosen hop, and the rule that led to its table.
  case found(Route, NextHop, RoutingRule?)
  case unreachable(Evidence?)
  case prohibited(Evidence?)
  case blackhole(Evidence?)
  case noRoute
  /// Something that the capture or the model lacks decides this lookup.
  case unknown(String, Evidence?)
}

/// The routing policy of a namespace for one family.
public struct RoutingModel: Sendable {
  public let family: AddressFamily
  private let rules: [RoutingRule]
  /// Per table, longest prefix first, then highest TOS, lowest metric, order of the dump.
  private let tables: [RoutingTableID: [Route]]
  private let gap: Gap?
  /// Whether anyone has added a rule, or a local route: the local table alone then no longer says
  /// which addresses are the namespace's own.
  public let isCustom: Bool

  public init(family: AddressFamily, routes: Section<Route>, rules: Section<RoutingRule>) {
    self.family = family
    self.rules = rules.records.enumerated()
      .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
      .map(\.element)
    var tables: [RoutingTableID: [(Int, Route)]] = [:]
    for (position, route) in routes.records.enumerated() {
      tables[route.table, default: []].append((position, route))
    }
    self.tables = tables.mapValues { list in
      list.sorted { a, b in
        (-a.1.destination.length, -Int(a.1.tos), a.1.metric, a.0)
          < (-b.1.destination.length, -Int(b.1.tos), b.1.metric, b.0)
      }.map(\.1)
    }
    gap = routes.gap ?? rules.gap
    isCustom =
      self.rules.map(\.action) != [.lookup(.local), .lookup(.main), .lookup(.defaultTable)]
      || routes.records.contains { $0.type == .local && $0.protocolName != "kernel" }
  }

  public func routes(in table: RoutingTableID) -> [Route] { tables[table] ?? [] }

  /// Walks the rules as `fib_rules_lookup` does: the first table that has an answer decides.
  public func lookup(_ query: RouteQuery) -> RouteDecision {
    if let gap { return .unknown(gap.description, nil) }
    var index = 0
    // A goto only jumps forward, so each rule is visited once at most.
    while index < rules.count {
      let rule = rules[index]
      index += 1
      guard matches(rule, query) else { continue }
      if !rule.unrecognised.isEmpty {
        return .unknown(
          "a routing rule has selectors that are not modelled: "
            + rule.unrecognised.joined(separator: " "), rule.evidence)
      }
      switch rule.action {
      case .lookup(let table):
        if let decision = lookup(query, in: table, rule) { return decision }
      case .goto(let priority):
        // A target that does not exist (`[unresolved]`) is passed over.
        index = rules.firstIndex { $0.priority == priority } ?? index
      case .nop: continue
      case .unreachable: return .unreachable(rule.evidence)
      case .prohibit: return .prohibited(rule.evidence)
      case .blackhole: return .blackhole(rule.evidence)
      case .unrecognised(let text):
        return .unknown("a routing rule's action is not modelled: \(text)", rule.evidence)
      }
    }
    return .noRoute
  }

  private func matches(_ rule: RoutingRule, _ query: RouteQuery) -> Bool {
    let selected =
      (rule.source.map { prefix in query.source.map(prefix.contains) ?? (prefix.length == 0) }
        ?? true)
      && (rule.destination?.contains(query.destination) ?? true)
      && (rule.inputInterface.map { $0 == (query.inputInterface ?? "lo") } ?? true)
      && (rule.outputInterface.map { $0 == query.outputInterface } ?? true)
      && (rule.mark.map { query.mark & rule.markMask == $0 & rule.markMask } ?? true)
      // IPv4 looks at the TOS of old only, IPv6 at all of DSCP.
      && (rule.tos.map { $0 == query.tos & (family == .ipv4 ? 0x1c : 0xfc) } ?? true)
      && (rule.ipProtocol.map { $0 == query.ipProtocol } ?? true)
      && (rule.sourcePorts?.contains(query.sourcePort) ?? true)
      && (rule.destinationPorts?.contains(query.destinationPort) ?? true)
    return selected != rule.isInverted
  }

  private func lookup(
    _ query: RouteQuery, in table: RoutingTableID, _ rule: RoutingRule
  ) -> RouteDecision? {
    let routes = tables[table] ?? []
    for (index, first) in routes.enumerated() {
      let route = preferred(first, among: routes[index...], query)
      guard route.destination.contains(query.destination),
        route.source.map({ query.source.map($0.contains) ?? false }) ?? true,
        route.tos == 0 || route.tos == query.tos & 0x1c
      else { continue }
      guard route.unrecognised.isEmpty else {
        return .unknown(
          "where a route leads is not modelled: " + route.unrecognised.joined(separator: " "),
          route.evidence)
      }
      switch route.type {
      case .unreachable: return .unreachable(route.evidence)
      case .prohibit: return .prohibited(route.evidence)
      case .blackhole: return .blackhole(route.evidence)
      case .throwing: return nil
      case .unrecognised: return .unknown("a route's type is not modelled", route.evidence)
      case .unicast, .local, .broadcast, .multicast, .anycast:
        guard let hop = usableHop(route, query) else { continue }
        // What refuses is never suppressed, and what is suppressed gives way to the next rule.
        if let limit = rule.suppressPrefixLength, route.destination.length <= limit { return nil }
        return hop(rule)
      }
    }
    return nil
  }

  /// Of IPv6 routes that are alike in all else, the one by the device that the packet came in on
  /// (`rt6_score_route`): one prefix on two wires leads back to the own wire.
  private func preferred(
    _ route: Route, among routes: ArraySlice<Route>, _ query: RouteQuery
  ) -> Route {
    guard family == .ipv6, let input = query.inputInterface, route.type == .unicast else {
      return route
    }
    let alike = routes.prefix {
      $0.destination == route.destination && $0.metric == route.metric && $0.type == .unicast
    }
    return alike.first { $0.nextHops.contains { $0.interface == input } } ?? route
  }

  /// The next hop that would be used, or nil where none of the route's is alive.
  private func usableHop(_ route: Route, _ query: RouteQuery)
    -> ((RoutingRule) -> RouteDecision)?
  {
    let alive = route.nextHops.filter { hop in
      !hop.flags.contains("dead")
        && (query.outputInterface == nil || hop.interface == query.outputInterface)
    }
    guard let first = alive.first else {
      return route.nextHops.isEmpty
        ? { .found(route, NextHop(gateway: nil, interface: nil), $0) } : nil
    }
    if alive.count > 1, route.type == .unicast {
      return { _ in
        .unknown(
          "a route has \(alive.count) next hops and a hash of the packet chooses among them",
          route.evidence)
      }
    }
    return { .found(route, first, $0) }
  }
}
