// `--assume`: a change of the cloud in words, for what-if questions. The words are those of the tools
// that would make the change.
import DataPlane
import Facts
import Formats
import LogicalModel
import NetworkTypes

/// Why words are no assumption.
public struct AssumptionError: Error, Hashable, Sendable, CustomStringConvertible {
  public let words: String
  public let wanted: String
  public var description: String { "--assume '\(words)': wanted \(wanted)" }
}

/// Reads assumptions about one cloud.
public struct AssumptionReader {
  private let facts: CloudFacts
  private let cloud: DataPlaneModel
  private let model: CloudModel

  public init(_ facts: CloudFacts) {
    self.facts = facts
    cloud = DataPlaneModel(facts)
    model = CloudModel(facts)
  }

  /// The forms that are understood, one a line.
  public static let forms = [
    "add|remove flow NODE BRIDGE FLOW", "add|remove rule NODE/NAMESPACE TABLE CHAIN RULE",
    "add|remove rule6 NODE/NAMESPACE TABLE CHAIN RULE", "add|remove route NODE/NAMESPACE ROUTE",
    "add|remove address NODE/NAMESPACE DEVICE ADDRESS/LENGTH",
    "add|remove member NODE/NAMESPACE SET PREFIX",
    "set up|down NODE/NAMESPACE DEVICE", "set mtu NODE/NAMESPACE DEVICE BYTES",
    "set sysctl NODE/NAMESPACE NAME VALUE", "set tag NODE PORT VLAN",
    "remove port NODE BRIDGE NAME", "remove node NODE",
    "add sg-rule GROUP ingress|egress PROTOCOL [PORT[:PORT]] PREFIX", "remove sg-rule RULE-ID",
  ]

  /// The changes that the words mean.
  public func changes(_ words: String) throws(AssumptionError) -> [FactChange] {
    let parts = words.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    guard parts.count >= 3 else { throw form(words) }
    let rest = Array(parts.dropFirst(2))
    switch (parts[0], parts[1]) {
    case ("add", "flow"), ("remove", "flow"): return try flow(words, parts[0] == "add", rest)
    case ("add", "rule"), ("remove", "rule"):
      return try rule(words, parts[0] == "add", .ipv4, rest)
    case ("add", "rule6"), ("remove", "rule6"):
      return try rule(words, parts[0] == "add", .ipv6, rest)
    case ("add", "route"), ("remove", "route"): return try route(words, parts[0] == "add", rest)
    case ("add", "address"), ("remove", "address"):
      return try address(words, parts[0] == "add", rest)
    case ("add", "member"), ("remove", "member"): return try member(words, parts[0] == "add", rest)
    case ("set", "up"), ("set", "down"): return try link(words, parts[1] == "up", rest)
    case ("set", "mtu"):
      guard rest.count == 3, let bytes = Int(rest[2]), bytes > 0 else { throw form(words) }
      return [.setMTU(try device(words, rest[0], rest[1]), bytes: bytes)]
    case ("set", "sysctl"):
      guard rest.count == 3 else { throw form(words) }
      return [.setSysctl(try namespace(words, rest[0]), name: rest[1], value: rest[2])]
    case ("set", "tag"): return try tag(words, rest)
    case ("remove", "port"):
      guard rest.count == 3 else { throw form(words) }
      let key = try bridge(words, rest[0], rest[1])
      return [.removeSwitchPort(key, InterfaceName(rest[2]))]
    case ("remove", "node"): return [.removeNode(try node(words, rest[0]))]
    case ("add", "sg-rule"): return try addGroupRule(words, rest)
    case ("remove", "sg-rule"): return try removeGroupRule(words, rest[0])
    default: throw form(words)
    }
  }

  private func form(_ words: String) -> AssumptionError {
    AssumptionError(words: words, wanted: "one of\n  " + Self.forms.joined(separator: "\n  "))
  }
  private func wanted(_ words: String, _ text: String) -> AssumptionError {
    AssumptionError(words: words, wanted: text)
  }

  // MARK: places

  private func node(_ words: String, _ name: String) throws(AssumptionError) -> NodeName {
    guard facts.node(NodeName(name)) != nil else {
      throw wanted(
        words, "one of the nodes " + facts.nodes.map(\.name.rawValue).joined(separator: ", "))
    }
    return NodeName(name)
  }

  private func namespace(_ words: String, _ text: String) throws(AssumptionError) -> NamespaceKey {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    let name = try node(words, parts.first ?? "")
    let key = NamespaceKey(name, NamespaceName(parts.count > 1 ? parts[1] : "root"))
    guard cloud.namespace(key) != nil else { throw wanted(words, "a namespace of \(name)") }
    return key
  }

  private func device(_ words: String, _ place: String, _ name: String) throws(AssumptionError)
    -> DeviceKey
  {
    let key = DeviceKey(try namespace(words, place), InterfaceName(name))
    guard cloud.device(key) != nil else { throw wanted(words, "a device of \(place)") }
    return key
  }

  private func bridge(_ words: String, _ place: String, _ name: String) throws(AssumptionError)
    -> BridgeKey
  {
    let key = BridgeKey(try node(words, place), BridgeName(name))
    guard cloud.nodes[key.node]?.openVSwitch.bridge(key.bridge) != nil else {
      throw wanted(words, "a bridge of \(place)")
    }
    return key
  }

  // MARK: forms

  private func flow(_ words: String, _ adds: Bool, _ rest: [String]) throws(AssumptionError)
    -> [FactChange]
  {
    guard rest.count >= 3 else { throw form(words) }
    let key = try bridge(words, rest[0], rest[1])
    var text = rest.dropFirst(2).joined(separator: " ")
    if !text.contains("actions=") { text += " actions=drop" }
    let ports = cloud.nodes[key.node]?.openVSwitch.bridge(key.bridge)?.ports.values
    let names = SwitchNames(
      ports: Dictionary(
        (ports.map(Array.init) ?? []).map { ($0.name.rawValue, $0.number) },
        uniquingKeysWith: { first, _ in first }))
    guard let flow = LineParsing.flow(text, names: names) else {
      throw wanted(words, "a flow as ovs-ofctl takes it")
    }
    if adds { return [.addFlow(key, flow)] }
    let held = facts.node(key.node)?.openVSwitch.bridges[key.bridge]?.flows.records ?? []
    // `--strict` where a priority is given, as all flows of the match where none is.
    let isStrict = text.contains("priority=")
    let same = held.filter {
      $0.table == flow.table && $0.match == flow.match
        && (!isStrict || $0.priority == flow.priority)
    }
    guard !same.isEmpty else { throw wanted(words, "a flow that \(key) has") }
    return same.map { .removeFlow(key, $0) }
  }

  private func rule(
    _ words: String, _ adds: Bool, _ family: AddressFamily, _ rest: [String]
  ) throws(AssumptionError) -> [FactChange] {
    guard rest.count >= 4 else { throw form(words) }
    let key = try namespace(words, rest[0])
    let place = FilterChain(
      family, NetfilterTableName(rest[1]), NetfilterChainName(rest[2]))
    let view = cloud.namespace(key).flatMap { FilterView($0, family, place.table) }
    guard let chain = view?.chain(place.chain) else {
      throw wanted(words, "a chain of table \(place.table) in \(key)")
    }
    let text = rest.dropFirst(3).joined(separator: " ")
    let chains = view?.table.chains.map(\.name) ?? []
    guard let rule = LineParsing.filterRule(text, in: place, chains: chains) else {
      throw wanted(words, "a rule as iptables takes it behind -A \(place.chain)")
    }
    if adds { return [.insertFilterRule(key, place, rule, position: 0)] }
    let same = chain.rules.filter { $0.matches == rule.matches && $0.target == rule.target }
    guard !same.isEmpty else { throw wanted(words, "a rule that \(place.chain) has") }
    return same.map { .removeFilterRule(key, place, $0) }
  }

  private func route(_ words: String, _ adds: Bool, _ rest: [String]) throws(AssumptionError)
    -> [FactChange]
  {
    guard rest.count >= 2 else { throw form(words) }
    let key = try namespace(words, rest[0])
    let text = rest.dropFirst().joined(separator: " ")
    let family: AddressFamily = text.contains(":") ? .ipv6 : .ipv4
    guard let route = LineParsing.route(text, family) else {
      throw wanted(words, "a route as ip route takes it")
    }
    if adds { return [.addRoute(key, route)] }
    let held = cloud.namespace(key)?.facts.routes(family) ?? []
    let same = held.filter { other in
      other.destination == route.destination && other.table == route.table
        && route.nextHops.allSatisfy { hop in
          other.nextHops.contains {
            (hop.gateway == nil || hop.gateway == $0.gateway)
              && (hop.interface == nil || hop.interface == $0.interface)
          }
        }
    }
    guard !same.isEmpty else { throw wanted(words, "a route that \(key) has") }
    return same.map { .removeRoute(key, $0) }
  }

  private func address(_ words: String, _ adds: Bool, _ rest: [String]) throws(AssumptionError)
    -> [FactChange]
  {
    guard rest.count == 3 else { throw form(words) }
    let key = try device(words, rest[0], rest[1])
    let parts = rest[2].split(separator: "/").map(String.init)
    guard let address = IPAddress(parts.first ?? "") else { throw form(words) }
    let length = parts.count > 1 ? Int(parts[1]) ?? address.family.width : address.family.width
    guard (0...address.family.width).contains(length) else { throw form(words) }
    return adds
      ? [.addAddress(key, InterfaceAddress(address: address, prefixLength: length))]
      : [.removeAddress(key, address)]
  }

  private func member(_ words: String, _ adds: Bool, _ rest: [String]) throws(AssumptionError)
    -> [FactChange]
  {
    guard rest.count == 3 else { throw form(words) }
    let key = try namespace(words, rest[0])
    let set = IPSetName(rest[1])
    guard cloud.namespace(key)?.facts.ipsets.records.contains(where: { $0.name == set }) ?? false,
      let prefix = IPPrefix(rest[2]) ?? IPAddress(rest[2]).map({ IPPrefix(host: $0) })
    else { throw wanted(words, "a set of \(key) and an address") }
    return adds ? [.addSetMember(key, set, prefix)] : [.removeSetMember(key, set, prefix)]
  }

  private func link(_ words: String, _ isUp: Bool, _ rest: [String]) throws(AssumptionError)
    -> [FactChange]
  {
    guard rest.count == 2 else { throw form(words) }
    let key = try device(words, rest[0], rest[1])
    return [isUp ? .setUp(key) : .setDown(key)]
  }

  private func tag(_ words: String, _ rest: [String]) throws(AssumptionError) -> [FactChange] {
    guard rest.count == 3, let number = Int(rest[2]), let vlan = VLANID(number) else {
      throw form(words)
    }
    let name = try node(words, rest[0])
    let port = InterfaceName(rest[1])
    let database = facts.node(name)?.openVSwitch.database.records.first
    guard database?.ports.contains(where: { $0.name == port }) ?? false else {
      throw wanted(words, "a switch port of \(name)")
    }
    return [.setTag(name, port: port, vlan)]
  }

  // MARK: security groups

  private func addGroupRule(_ words: String, _ rest: [String]) throws(AssumptionError)
    -> [FactChange]
  {
    guard rest.count == 4 || rest.count == 5, let direction = SecurityDirection(rawValue: rest[1]),
      let prefix = IPPrefix(rest[rest.count - 1])
    else { throw form(words) }
    guard case .one(let found) = model.resolve(rest[0], among: [.securityGroup]),
      case .securityGroup(let group) = found.item
    else { throw wanted(words, "a security group's name or id, and only one") }
    guard SecurityIntent.number(rest[2], prefix.family) != nil || rest[2] == "any" else {
      throw wanted(words, "a protocol")
    }
    var rule = NeutronSecurityGroupRule(
      id: "assumed", group: group, direction: direction, family: prefix.family, evidence: .none)
    rule.protocolName = rest[2] == "any" ? nil : rest[2]
    rule.remotePrefix = prefix
    if rest.count == 5 {
      let ports = rest[3].split(separator: ":").compactMap { Int($0) }
      guard let first = ports.first, ports.count <= 2 else { throw form(words) }
      rule.portMinimum = first
      rule.portMaximum = ports.last ?? first
    }
    let inspection = Inspection(cloud, model)
    return [.addSecurityRule(rule)] + inspection.changes(adding: rule, to: group)
  }

  private func removeGroupRule(_ words: String, _ id: String) throws(AssumptionError)
    -> [FactChange]
  {
    let rules = model.securityGroups.flatMap(\.rules).filter { $0.id.hasPrefix(id) }
    guard rules.count == 1, let rule = rules.first, id.count >= 4 else {
      throw wanted(words, "a rule's id or its beginning, and only one")
    }
    let inspection = Inspection(cloud, model)
    guard let changes = inspection.changes(removing: rule) else {
      throw wanted(words, "a rule whose traces on the nodes can be told (none with a remote group)")
    }
    return [.removeSecurityRule(rule)] + changes
  }
}
