// What the nodes' filters would hold with a security group rule more or less, for what-if questions.
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  /// The rule at each port of its group.
  func changes(adding rule: NeutronSecurityGroupRule, to group: SecurityGroupID) -> [FactChange] {
    hops(of: rule, group).flatMap { hop in securityRules(at: hop).flatMap(\.changes) }
  }

  /// Nil where a port holds the rule in a shape that is not rebuilt here.
  func changes(removing rule: NeutronSecurityGroupRule) -> [FactChange]? {
    guard rule.remoteGroup == nil, rule.remoteAddressGroup == nil else { return nil }
    var changes: [FactChange] = []
    for hop in hops(of: rule, rule.group) {
      guard let removals = heldAs(rule, at: hop) else { return nil }
      changes += removals
    }
    return changes
  }

  private func hops(of rule: NeutronSecurityGroupRule, _ group: SecurityGroupID) -> [FilteredHop] {
    let number = rule.protocolName.flatMap { SecurityIntent.number($0, rule.family) } ?? 0
    let remote = rule.remotePrefix?.address ?? IPAddress(bits: 0, family: rule.family)
    return (model.securityGroup(group)?.ports ?? []).compactMap { id in
      guard let port = model.port(id), !port.locations.isEmpty else { return nil }
      let flow = FlowIntent(
        family: rule.family, ipProtocol: number, source: remote, destination: remote,
        destinationPort: rule.portMinimum.map { UInt16(clamping: $0) })
      return FilteredHop(port: port.id, direction: rule.direction, flow: flow, rule: rule)
    }
  }

  /// What a port's node holds of the rule.
  private func heldAs(_ rule: NeutronSecurityGroupRule, at hop: FilteredHop) -> [FactChange]? {
    guard let port = model.port(hop.port), let location = port.locations.first,
      let view = nodes[location.node]
    else { return [] }
    if location.switchPort?.rawValue.hasPrefix("qvo") == true {
      guard let root = view.node.namespaces[.root],
        let filter = FilterView(root, rule.family, "filter")
      else { return nil }
      let chain = NeutronPipeline.chain(rule.direction == .ingress ? "i" : "o", of: port.id)
      let place = FilterChain(rule.family, "filter", chain)
      guard let wanted = LineParsing.filterRule(ruleText(rule, hop), in: place) else { return nil }
      let same = (filter.chain(chain)?.rules ?? []).filter {
        $0.matches == wanted.matches && $0.target == wanted.target
      }
      return same.isEmpty ? nil : same.map { .removeFilterRule(root.key, place, $0) }
    }
    let key = view.bridgeKey(view.integration)
    let held = view.flows(key.bridge)
    guard let flows = ruleFlows(rule, hop, port, view) else { return nil }
    let same = held.filter { flow in
      flows.contains { $0.table == flow.table && $0.match == flow.match }
    }
    return same.isEmpty ? nil : same.map { .removeFlow(key, $0) }
  }
}
