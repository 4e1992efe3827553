// Security groups, their rules, address groups and RBAC policies, as Neutron's API has them.
import NetworkTypes

/// As the guest sees it: `ingress` is towards the guest.
public enum SecurityDirection: String, Hashable, Sendable {
  case ingress, egress
}

public struct NeutronSecurityGroupRule: Hashable, Sendable {
  public var id: String
  public var group: SecurityGroupID
  public var direction: SecurityDirection
  public var family: AddressFamily
  /// A name or a number as the API prints it; nil for any.
  public var protocolName: String?
  /// `port_range_min`; ICMP type for ICMP.
  public var portMinimum: Int?
  /// `port_range_max`; ICMP code for ICMP.
  public var portMaximum: Int?
  public var remotePrefix: IPPrefix?
  public var remoteGroup: SecurityGroupID?
  public var remoteAddressGroup: String?
  public var project: ProjectID?
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(
    id: String, group: SecurityGroupID, direction: SecurityDirection, family: AddressFamily,
    evidence: Evidence
  ) {
    self.id = id
    self.group = group
    self.direction = direction
    self.family = family
    self.evidence = evidence
  }
}

public struct NeutronSecurityGroup: Hashable, Sendable {
  public var id: SecurityGroupID
  public var name = ""
  public var project: ProjectID?
  /// Nil before the `stateful-security-group` extension: stateful.
  public var isStateful: Bool?
  /// As embedded in the group.
  public var rules: [NeutronSecurityGroupRule] = []
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: SecurityGroupID, evidence: Evidence) {
    self.id = id
    self.evidence = evidence
  }
}

public struct NeutronAddressGroup: Hashable, Sendable {
  public var id = ""
  public var name = ""
  public var project: ProjectID?
  public var addresses: [IPPrefix] = []
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}

public struct NeutronRBACPolicy: Hashable, Sendable {
  public var id = ""
  public var objectType = ""
  public var objectID = ""
  public var action = ""
  /// A project, or `*`.
  public var targetProject = ""
  public var project: ProjectID?
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}
