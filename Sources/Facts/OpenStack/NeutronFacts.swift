// What Neutron's API says: intent. Made by Formats/OpenStack from the JSON under `neutron/`; read by
// the logical model, which sets it beside what the nodes hold.
import NetworkTypes

/// The API's collections, each a section: a file that is missing is a gap, not an empty cloud.
public struct NeutronFacts: Sendable {
  public var networks: Section<NeutronNetwork> = .unread
  public var subnets: Section<NeutronSubnet> = .unread
  public var ports: Section<NeutronPort> = .unread
  public var routers: Section<NeutronRouter> = .unread
  public var floatingIPs: Section<NeutronFloatingIP> = .unread
  /// One file a floating IP; a floating IP without a key was not asked for.
  public var portForwardings: [FloatingIPID: Section<NeutronPortForwarding>] = [:]
  public var securityGroups: Section<NeutronSecurityGroup> = .unread
  public var securityGroupRules: Section<NeutronSecurityGroupRule> = .unread
  public var agents: Section<NeutronAgent> = .unread
  public var trunks: Section<NeutronTrunk> = .unread
  public var subnetPools: Section<NeutronSubnetPool> = .unread
  public var addressScopes: Section<NeutronAddressScope> = .unread
  public var addressGroups: Section<NeutronAddressGroup> = .unread
  public var rbacPolicies: Section<NeutronRBACPolicy> = .unread
  /// `l3-agents/<router>.json`: who runs a router; for HA routers with `haState`.
  public var routerAgents: [RouterID: Section<NeutronAgent>] = [:]
  /// `dhcp-agents/<network>.json`: who serves a network.
  public var dhcpAgents: [NetworkID: Section<NeutronAgent>] = [:]
  /// Collections of which nothing is lifted, by file name without `.json`: `extensions`,
  /// `service-providers`, `availability_zones`, `auto-allocated-topologies`, ….
  public var others: [String: Section<NeutronObject>] = [:]
  public init() {}

  /// True where at least one of the collections that name things was captured.
  public var isCaptured: Bool {
    networks.isKnown || subnets.isKnown || ports.isKnown || routers.isKnown
      || floatingIPs.isKnown
  }
}

/// An object of a collection of which nothing is lifted.
public struct NeutronObject: Hashable, Sendable {
  /// Empty where the object has none.
  public var id = ""
  public var name = ""
  /// Every attribute as JSON text.
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}
