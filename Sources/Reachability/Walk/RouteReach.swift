// Policy routing of a namespace over sets of packets: rules by priority, tables by longest prefix.
// The lookup may ask for the way back, where source and destination change places.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

struct RouteReach {
  let space: PacketSpace
  let namespace: NamespaceModel
  let family: AddressFamily

  /// Whose fields a lookup reads.
  struct Roles {
    var destination = HeaderField.destination
    var source = HeaderField.source
    var destinationPort = HeaderField.destinationPort
    var sourcePort = HeaderField.sourcePort
    static let forward = Roles()
    static let back = Roles(
      destination: .source, source: .destination, destinationPort: .sourcePort,
      sourcePort: .destinationPort)
  }

  struct Query {
    var roles = Roles.forward
    var inputInterface: InterfaceName?
    var ignoresMark = false
  }

  struct Answer {
    let set: PacketSet
    let decision: RouteDecision
  }

  /// Cuts a set up by what a lookup says; every way of a multipath route is an answer.
  func lookUp(_ set: PacketSet, _ query: Query) -> [Answer] {
    let routes = family == .ipv4 ? namespace.facts.routes4 : namespace.facts.routes6
    let rules = family == .ipv4 ? namespace.facts.rules4 : namespace.facts.rules6
    if let gap = routes.gap ?? rules.gap {
      return [Answer(set: set, decision: .unknown(gap.description, nil))]
    }
    let ordered = rules.records.enumerated()
      .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
      .map(\.element)
    var answers: [Answer] = []
    // What waits for a rule further down, by its place: `goto` only jumps forward.
    var waiting: [Int: PacketSet] = [0: set]
    for index in ordered.indices {
      guard let here = waiting.removeValue(forKey: index), !here.isEmpty else { continue }
      var rest = here
      apply(ordered[index], index, ordered, &rest, &waiting, query, &answers)
      waiting[index + 1] = space.or(waiting[index + 1] ?? .empty, rest)
    }
    let left = space.union(waiting.values.map { $0 })
    if !left.isEmpty { answers.append(Answer(set: left, decision: .noRoute)) }
    return answers
  }

  private func apply(
    _ rule: RoutingRule, _ index: Int, _ rules: [RoutingRule], _ rest: inout PacketSet,
    _ waiting: inout [Int: PacketSet], _ query: Query, _ answers: inout [Answer]
  ) {
    let taken = space.and(rest, selected(rule, query, of: rest))
    if taken.isEmpty { return }
    func end(_ decision: RouteDecision) {
      answers.append(Answer(set: taken, decision: decision))
      rest = space.minus(rest, taken)
    }
    guard rule.unrecognised.isEmpty else {
      return end(
        .unknown(
          "a routing rule has selectors that are not modelled: "
            + rule.unrecognised.joined(separator: " "), rule.evidence))
    }
    switch rule.action {
    case .lookup(let table):
      let (found, missed) = lookUp(taken, in: table, rule, query)
      answers += found
      rest = space.or(space.minus(rest, taken), missed)
    case .goto(let priority):
      guard let target = rules.firstIndex(where: { $0.priority == priority }) else { return }
      waiting[target] = space.or(waiting[target] ?? .empty, taken)
      rest = space.minus(rest, taken)
    case .nop: break
    case .unreachable: end(.unreachable(rule.evidence))
    case .prohibit: end(.prohibited(rule.evidence))
    case .blackhole: end(.blackhole(rule.evidence))
    case .unrecognised(let text):
      end(.unknown("a routing rule's action is not modelled: \(text)", rule.evidence))
    }
  }

  private func selected(_ rule: RoutingRule, _ query: Query, of live: PacketSet) -> PacketSet {
    var set = PacketSet.all
    if let prefix = rule.source { set = space.and(set, space.bits(query.roles.source, prefix)) }
    if let prefix = rule.destination {
      set = space.and(set, space.bits(query.roles.destination, prefix))
    }
    if let name = rule.inputInterface, name != (query.inputInterface ?? "lo") { set = .empty }
    if rule.outputInterface != nil { set = .empty }
    if let mark = rule.mark {
      let value = UInt128(mark & rule.markMask)
      set = space.and(
        set,
        query.ignoresMark
          ? (value == 0 ? .all : .empty)
          : space.bits(.packetMark, value, mask: UInt128(rule.markMask), in: live))
    }
    if let tos = rule.tos {
      let mask: UInt128 = family == .ipv4 ? 0x1c : 0xfc
      set = space.and(set, space.masked(.tos, UInt128(tos), mask: mask) ?? .all)
    }
    if let number = rule.ipProtocol {
      set = space.and(set, space.value(.ipProtocol, UInt128(number)))
    }
    if let ports = rule.sourcePorts {
      set = space.and(set, space.ports(query.roles.sourcePort, ports))
    }
    if let ports = rule.destinationPorts {
      set = space.and(set, space.ports(query.roles.destinationPort, ports))
    }
    return rule.isInverted ? space.complement(set) : set
  }

  private func lookUp(
    _ set: PacketSet, in table: RoutingTableID, _ rule: RoutingRule, _ query: Query
  )
    -> ([Answer], PacketSet)
  {
    var rest = set
    var passed = PacketSet.empty
    var answers: [Answer] = []
    for route in namespace.routing(family).routes(in: table) {
      if rest.isEmpty { break }
      var taken = space.and(rest, space.bits(query.roles.destination, route.destination))
      if let source = route.source {
        taken = space.and(taken, space.bits(query.roles.source, source))
      }
      if route.tos != 0 {
        taken = space.and(
          taken, space.masked(.tos, UInt128(route.tos), mask: 0x1c) ?? .all)
      }
      if taken.isEmpty { continue }
      let decisions = self.decisions(route, rule)
      guard !decisions.isEmpty else { continue }
      rest = space.minus(rest, taken)
      if case .throwing = route.type {
        passed = space.or(passed, taken)
        continue
      }
      if route.type == .unicast, let limit = rule.suppressPrefixLength,
        route.destination.length <= limit
      {
        passed = space.or(passed, taken)
        continue
      }
      answers += decisions.map { Answer(set: taken, decision: $0) }
    }
    return (answers, space.or(rest, passed))
  }

  /// Empty where no next hop is alive and the next route is asked.
  private func decisions(_ route: Route, _ rule: RoutingRule) -> [RouteDecision] {
    guard route.unrecognised.isEmpty else {
      return [
        .unknown(
          "where a route leads is not modelled: " + route.unrecognised.joined(separator: " "),
          route.evidence)
      ]
    }
    switch route.type {
    case .unreachable: return [.unreachable(route.evidence)]
    case .prohibit: return [.prohibited(route.evidence)]
    case .blackhole: return [.blackhole(route.evidence)]
    case .throwing: return [.noRoute]
    case .unrecognised: return [.unknown("a route's type is not modelled", route.evidence)]
    case .unicast, .local, .broadcast, .multicast, .anycast:
      if route.nextHops.isEmpty {
        return [.found(route, NextHop(gateway: nil, interface: nil), rule)]
      }
      return route.nextHops.filter { !$0.flags.contains("dead") }.map { .found(route, $0, rule) }
    }
  }
}
