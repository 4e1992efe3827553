// Networks, subnets and what they are carved out of, as Neutron's API has them.
import NetworkTypes

/// One layer 2 segment of a network. Only an administrator's answer has it.
public struct NeutronSegment: Hashable, Sendable {
  /// `vxlan`, `vlan`, `flat`, `gre`, `geneve`, `local`.
  public var networkType: String
  public var physicalNetwork: String?
  /// A VLAN id or a VNI; nil for `flat` and `local`.
  public var segmentationID: UInt32?
  public init(networkType: String, physicalNetwork: String?, segmentationID: UInt32?) {
    self.networkType = networkType
    self.physicalNetwork = physicalNetwork
    self.segmentationID = segmentationID
  }
}

public struct NeutronNetwork: Hashable, Sendable {
  public var id: NetworkID
  public var name = ""
  public var project: ProjectID?
  public var isAdminUp = true
  public var status = ""
  public var isShared = false
  /// `router:external`.
  public var isExternal = false
  public var mtuBytes: Int?
  /// From `provider:*` or, for multi-segment networks, `segments`; empty for a tenant's answer.
  public var segments: [NeutronSegment] = []
  public var subnets: [SubnetID] = []
  public var isPortSecurityEnabled: Bool?
  public var ipv4AddressScope: String?
  public var ipv6AddressScope: String?
  /// The rest, each attribute as JSON text.
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: NetworkID, evidence: Evidence) {
    self.id = id
    self.evidence = evidence
  }
}

/// An inclusive range of addresses.
public struct AddressRange: Hashable, Sendable {
  public var first: IPAddress
  public var last: IPAddress
  public init(first: IPAddress, last: IPAddress) {
    self.first = first
    self.last = last
  }
  public func contains(_ address: IPAddress) -> Bool {
    address.family == first.family && first <= address && address <= last
  }
}

/// A static route: of a subnet's `host_routes`, a router's `routes`, or DHCP's option 121.
public struct HostRoute: Hashable, Sendable {
  public var destination: IPPrefix
  /// Unspecified (`0.0.0.0`) means on-link in DHCP.
  public var nextHop: IPAddress
  public init(destination: IPPrefix, nextHop: IPAddress) {
    self.destination = destination
    self.nextHop = nextHop
  }
}

public struct NeutronSubnet: Hashable, Sendable {
  public var id: SubnetID
  public var name = ""
  public var network: NetworkID
  public var project: ProjectID?
  public var cidr: IPPrefix
  /// Nil where the subnet has no gateway.
  public var gateway: IPAddress?
  public var isDHCPEnabled = false
  public var pools: [AddressRange] = []
  public var hostRoutes: [HostRoute] = []
  public var dnsServers: [IPAddress] = []
  /// `slaac`, `dhcpv6-stateful`, `dhcpv6-stateless`; nil where unset.
  public var ipv6RAMode: String?
  public var ipv6AddressMode: String?
  public var subnetPool: String?
  public var segment: String?
  public var serviceTypes: [String] = []
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: SubnetID, network: NetworkID, cidr: IPPrefix, evidence: Evidence) {
    self.id = id
    self.network = network
    self.cidr = cidr
    self.evidence = evidence
  }
}

public struct NeutronSubnetPool: Hashable, Sendable {
  public var id = ""
  public var name = ""
  public var project: ProjectID?
  public var prefixes: [IPPrefix] = []
  public var addressScope: String?
  public var isShared = false
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}

public struct NeutronAddressScope: Hashable, Sendable {
  public var id = ""
  public var name = ""
  public var project: ProjectID?
  public var family: AddressFamily?
  public var isShared = false
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}
