// Draws security groups and their rules. Part of the plan.

extension CloudPlan {
  /// Everything out, and in from members: Neutron's default group.
  mutating func addPeerGroup(_ name: String, _ tenant: Ref<Tenant>) -> Ref<SecurityGroup> {
    let own = Ref<SecurityGroup>(index: cloud.groups.count)
    var rules = egressRules()
    rules.append(rule(.ingress, .ipv4, .any, nil, .group(own)))
    rules.append(rule(.ingress, .ipv6, .any, nil, .group(own)))
    return addGroup(name, tenant, rules)
  }

  private mutating func addGroup(
    _ name: String, _ tenant: Ref<Tenant>, _ rules: [SecurityRule]
  ) -> Ref<SecurityGroup> {
    cloud.groups.add(
      SecurityGroup(id: random.objectID(), tenant: tenant, name: name, rules: rules))
  }

  private mutating func egressRules() -> [SecurityRule] {
    [rule(.egress, .ipv4, .any, nil, .any), rule(.egress, .ipv6, .any, nil, .any)]
  }

  mutating func rule(
    _ direction: SecurityRule.Direction, _ family: SecurityRule.Family,
    _ transport: SecurityRule.Transport, _ ports: ClosedRange<Int>?, _ remote: SecurityRule.Remote
  ) -> SecurityRule {
    SecurityRule(
      id: random.objectID(), direction: direction, family: family, transport: transport,
      ports: ports, remote: remote)
  }

  /// Rules whose port ranges do not touch: what Neutron merges is merged already.
  mutating func addApplicationGroup(_ number: Int, _ tenant: Ref<Tenant>) -> Ref<SecurityGroup> {
    var rules = egressRules()
    let base = 8_000 + random.below(1_000) * 8
    let catalogue: [(SecurityRule.Family, SecurityRule.Transport, ClosedRange<Int>?, Bool)] = [
      (.ipv4, .tcp, 22...22, false), (.ipv4, .icmp, nil, false), (.ipv4, .tcp, 443...443, false),
      (.ipv4, .tcp, base...base + 15 + random.below(24), true), (.ipv4, .udp, 53...53, false),
      (.ipv6, .tcp, 22...22, false), (.ipv4, .udp, 30_000...30_063 + random.below(8), true),
      (.ipv4, .tcp, 80...80, true),
    ]
    for index in 0..<cloud.options.rulesPerGroup {
      let entry = catalogue[index % catalogue.count]
      let shift = index / catalogue.count * 200 + (index >= catalogue.count ? 30_000 : 0)
      let ports = entry.2.map { $0.lowerBound + shift...$0.upperBound + shift }
      guard index < catalogue.count || ports != nil else { continue }
      rules.append(
        rule(
          .ingress, entry.0, entry.1, ports,
          entry.3 ? .prefix(IPv4(10, 0, 0, 0), length: 8) : .any))
    }
    return addGroup("application-\(number)", tenant, rules)
  }

  /// The largest remote group, which only a few ports' rules name: flows are members × VLANs.
  mutating func addClientGroups(
    _ size: Int, _ tenant: Ref<Tenant>
  ) -> (clients: Ref<SecurityGroup>, servers: Ref<SecurityGroup>) {
    let clients = addGroup("clients", tenant, egressRules())
    var rules = egressRules()
    rules.append(rule(.ingress, .ipv4, .tcp, 3306...3306, .group(clients)))
    return (clients, addGroup("servers", tenant, rules))
  }

  mutating func join(_ port: Ref<Port>, _ group: Ref<SecurityGroup>) {
    guard !cloud.ports[port].groups.contains(group) else { return }
    cloud.ports[port].groups.append(group)
    cloud.groups[group].members.append(port)
  }

  /// The change is the last thing drawn: everything else stays as it is without it.
  mutating func change(_ touch: Options.Touch) {
    let guests = cloud.ports.refs.filter { cloud.ports[$0].owner == .guest }
    let port = guests[guests.count / 2]
    switch touch {
    case .group:
      let group = cloud.ports[port].groups[0]
      cloud.groups[group].rules.append(rule(.ingress, .ipv4, .tcp, 9_999...9_999, .any))
    case .port:
      let tenant = cloud.groups[cloud.ports[port].groups[0]].tenant
      var rules = egressRules()
      rules.append(rule(.ingress, .ipv4, .tcp, 9_999...9_999, .any))
      join(port, addGroup("touched", tenant, rules))
    }
  }
}
