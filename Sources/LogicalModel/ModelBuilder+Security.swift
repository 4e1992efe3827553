// Security groups with their rules and members, and trunks.
import Facts
import NetworkTypes

extension ModelBuilder {
  /// Rules of both answers: embedded in groups, and the list of their own.
  func securityGroups() -> [SecurityGroup] {
    var rules: [SecurityGroupID: [String: NeutronSecurityGroupRule]] = [:]
    let embedded = neutron.securityGroups.records.flatMap(\.rules)
    for rule in embedded + neutron.securityGroupRules.records {
      rules[rule.group, default: [:]][rule.id] = rule
    }
    var members: [SecurityGroupID: [PortID]] = [:]
    for port in ports.values.sorted(by: { $0.id < $1.id }) {
      for group in port.securityGroups { members[group, default: []].append(port.id) }
    }
    let groups = neutron.securityGroups.records.map { record in
      SecurityGroup(
        id: record.id, name: record.name, project: record.project,
        isStateful: record.isStateful ?? true,
        rules: (rules[record.id] ?? [:]).values.sorted(by: Self.precedes),
        ports: members[record.id] ?? [], evidence: [record.evidence])
    }
    return groups.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  private static func precedes(
    _ first: NeutronSecurityGroupRule, _ second: NeutronSecurityGroupRule
  ) -> Bool {
    func key(_ rule: NeutronSecurityGroupRule) -> (String, AddressFamily, String, Int, String) {
      (
        rule.direction.rawValue, rule.family, rule.protocolName ?? "", rule.portMinimum ?? -1,
        rule.id
      )
    }
    return key(first) < key(second)
  }

  func trunks() -> [Trunk] {
    var trunks: [TrunkID: Trunk] = [:]
    for record in neutron.trunks.records {
      trunks[record.id] = Trunk(
        id: record.id, name: record.name, port: record.port, subPorts: record.subPorts,
        status: record.status, origin: .api, evidence: [record.evidence])
    }
    for node in nodes {
      for attachment in node.attachments {
        guard let id = attachment.interface.externalIDs["trunk_id"].map({ TrunkID($0) }),
          let port = attachment.portID
        else { continue }
        let evidence = attachment.interface.evidence
        trunks[id, default: Trunk(id: id, port: port, origin: .nodes, evidence: [evidence])]
          .origin.insert(.nodes)
      }
    }
    return trunks.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }
}
