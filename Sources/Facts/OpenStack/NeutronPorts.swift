// Ports, trunks and their bindings, as Neutron's API has them.
import NetworkTypes

public struct NeutronFixedIP: Hashable, Sendable {
  public var subnet: SubnetID
  public var address: IPAddress
  public init(subnet: SubnetID, address: IPAddress) {
    self.subnet = subnet
    self.address = address
  }
}

/// Addresses that a port may use beside its own.
public struct AllowedAddressPair: Hashable, Sendable {
  /// Nil means the port's own.
  public var mac: MACAddress?
  public var prefix: IPPrefix
  public init(mac: MACAddress?, prefix: IPPrefix) {
    self.mac = mac
    self.prefix = prefix
  }
}

public struct ExtraDHCPOption: Hashable, Sendable {
  public var name: String
  public var value: String
  public var family: AddressFamily
  public init(name: String, value: String, family: AddressFamily) {
    self.name = name
    self.value = value
    self.family = family
  }
}

public struct NeutronPort: Hashable, Sendable {
  public var id: PortID
  public var name = ""
  public var network: NetworkID
  public var project: ProjectID?
  public var mac: MACAddress?
  public var isAdminUp = true
  public var status = ""
  /// A server, router, DHCP server or floating IP, by `deviceOwner`.
  public var deviceID = ""
  public var deviceOwner = ""
  public var fixedIPs: [NeutronFixedIP] = []
  public var allowedAddressPairs: [AllowedAddressPair] = []
  public var securityGroups: [SecurityGroupID] = []
  public var isPortSecurityEnabled: Bool?
  public var extraDHCPOptions: [ExtraDHCPOption] = []
  /// `binding:host_id`, as the agent names its host; nil where unbound, distributed or not shown.
  public var host: String?
  /// `normal`, `direct`, `macvtap`, ….
  public var vnicType: String?
  /// `ovs`, `bridge`, `distributed`, `unbound`, `binding_failed`, ….
  public var vifType: String?
  /// Each member as JSON text: `ovs_hybrid_plug` → `true`.
  public var vifDetails: [String: String] = [:]
  public var bindingProfile: [String: String] = [:]
  public var dnsName: String?
  public var qosPolicy: String?
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: PortID, network: NetworkID, evidence: Evidence) {
    self.id = id
    self.network = network
    self.evidence = evidence
  }
  /// True where a Linux bridge stands between the tap and the switch (`ovs_hybrid_plug`).
  public var isHybridPlugged: Bool { vifDetails["ovs_hybrid_plug"] == "true" }
}

public struct NeutronSubPort: Hashable, Sendable {
  public var port: PortID
  /// `vlan`, `inherit`.
  public var segmentationType: String
  public var segmentationID: UInt32?
  public init(port: PortID, segmentationType: String, segmentationID: UInt32?) {
    self.port = port
    self.segmentationType = segmentationType
    self.segmentationID = segmentationID
  }
}

public struct NeutronTrunk: Hashable, Sendable {
  public var id: TrunkID
  public var name = ""
  public var project: ProjectID?
  /// The parent port.
  public var port: PortID
  public var subPorts: [NeutronSubPort] = []
  public var isAdminUp = true
  public var status = ""
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: TrunkID, port: PortID, evidence: Evidence) {
    self.id = id
    self.port = port
    self.evidence = evidence
  }
}
