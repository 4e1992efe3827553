// Security groups and rules, address groups, RBAC policies and agents out of the API's objects.
import Facts
import NetworkTypes

extension NeutronFormat {
  static func securityGroup(_ attributes: inout NeutronAttributes) -> NeutronSecurityGroup? {
    guard let id: SecurityGroupID = attributes.identifier("id") else { return nil }
    var group = NeutronSecurityGroup(id: id, evidence: attributes.evidence)
    group.name = attributes.string("name") ?? ""
    group.project = attributes.project()
    group.isStateful = attributes.flag("stateful")
    group.rules = attributes.embedded("security_group_rules", "a rule", securityGroupRule)
    group.extra = attributes.extra
    return group
  }

  static func securityGroupRule(
    _ attributes: inout NeutronAttributes
  ) -> NeutronSecurityGroupRule? {
    guard let id = attributes.nonEmpty("id"),
      let group: SecurityGroupID = attributes.identifier("security_group_id"),
      let direction = attributes.string("direction").flatMap({ SecurityDirection(rawValue: $0) }),
      let family = attributes.string("ethertype").flatMap(etherType)
    else { return nil }
    var rule = NeutronSecurityGroupRule(
      id: id, group: group, direction: direction, family: family, evidence: attributes.evidence)
    rule.protocolName = attributes.nonEmpty("protocol")
    rule.portMinimum = attributes.integer("port_range_min")
    rule.portMaximum = attributes.integer("port_range_max")
    rule.remotePrefix = attributes.prefix("remote_ip_prefix")
    rule.remoteGroup = attributes.identifier("remote_group_id")
    rule.remoteAddressGroup = attributes.nonEmpty("remote_address_group_id")
    rule.project = attributes.project()
    rule.extra = attributes.extra
    return rule
  }

  private static func etherType(_ text: String) -> AddressFamily? {
    switch text.lowercased() {
    case "ipv4": .ipv4
    case "ipv6": .ipv6
    default: nil
    }
  }

  static func addressGroup(_ attributes: inout NeutronAttributes) -> NeutronAddressGroup? {
    guard let id = attributes.nonEmpty("id") else { return nil }
    var group = NeutronAddressGroup(evidence: attributes.evidence)
    group.id = id
    group.name = attributes.string("name") ?? ""
    group.project = attributes.project()
    group.addresses = attributes.prefixes("addresses")
    group.extra = attributes.extra
    return group
  }

  static func rbacPolicy(_ attributes: inout NeutronAttributes) -> NeutronRBACPolicy? {
    guard let id = attributes.nonEmpty("id") else { return nil }
    var policy = NeutronRBACPolicy(evidence: attributes.evidence)
    policy.id = id
    policy.objectType = attributes.string("object_type") ?? ""
    policy.objectID = attributes.string("object_id") ?? ""
    policy.action = attributes.string("action") ?? ""
    policy.targetProject =
      attributes.string("target_project") ?? attributes.string("target_tenant") ?? ""
    policy.project = attributes.project()
    policy.extra = attributes.extra
    return policy
  }

  static func agent(_ attributes: inout NeutronAttributes) -> NeutronAgent? {
    guard let id = attributes.nonEmpty("id") else { return nil }
    var agent = NeutronAgent(id: id, evidence: attributes.evidence)
    agent.type = attributes.string("agent_type") ?? ""
    agent.binary = attributes.string("binary") ?? ""
    agent.host = attributes.string("host") ?? ""
    agent.isAlive = attributes.flag("alive")
    agent.isAdminUp = attributes.flag("admin_state_up") ?? true
    agent.availabilityZone = attributes.nonEmpty("availability_zone")
    agent.heartbeat = attributes.nonEmpty("heartbeat_timestamp")
    agent.haState = attributes.nonEmpty("ha_state")
    configure(&agent, attributes.node["configurations"])
    agent.configurations = attributes.dictionary("configurations")
    agent.extra = attributes.extra
    return agent
  }

  private static func configure(_ agent: inout NeutronAgent, _ node: JSONNode?) {
    let pairs = (node?["bridge_mappings"]?.members ?? []).compactMap { member in
      member.value.string.map { (member.key, BridgeName($0)) }
    }
    agent.bridgeMappings = Dictionary(pairs) { first, _ in first }
    agent.tunnelTypes = (node?["tunnel_types"]?.elements ?? []).compactMap(\.string)
    agent.tunnelAddress = node?["tunneling_ip"]?.string.flatMap { IPAddress($0) }
    agent.agentMode = node?["agent_mode"]?.string
  }
}
