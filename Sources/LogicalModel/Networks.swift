// Networks and subnets as the model has them: intent with the local VLAN that each node gave them.
import Facts
import NetworkTypes

/// The VLAN that a node's agent carries a segment of a network in on its integration bridge.
public struct LocalVLAN: Hashable, Sendable {
  public var node: NodeName
  /// As the agent noted it in `Port.other_config`, else as a port's tag is.
  public var vlan: VLANID
  /// As the agent noted it.
  public var segment: NeutronSegment?
  /// Ports on that node in this network.
  public var ports: Int
  public var evidence: Evidence
}

public struct Network: Hashable, Sendable {
  public var id: NetworkID
  /// Empty where only nodes know the network.
  public var name = ""
  public var project: ProjectID?
  public var status = ""
  public var isAdminUp: Bool?
  public var isShared: Bool?
  /// From the nodes: it has a fip namespace or a router's gateway.
  public var isExternal = false
  public var mtuBytes: Int?
  public var segments: [NeutronSegment] = []
  /// Sorted by node, then VLAN; two of one node for several segments or an inconsistent node.
  public var localVLANs: [LocalVLAN] = []
  public var origin: Origin
  public var evidence: [Evidence] = []
  init(id: NetworkID, origin: Origin) {
    self.id = id
    self.origin = origin
  }

  public var label: String { labelled(name, id.rawValue) }
  public func vlans(on node: NodeName) -> [VLANID] {
    localVLANs.filter { $0.node == node }.map(\.vlan)
  }
}

public struct Subnet: Hashable, Sendable {
  /// Nil where only a device's prefix shows that it exists.
  public var id: SubnetID?
  public var name = ""
  public var network: NetworkID
  public var cidr: IPPrefix
  public var gateway: IPAddress?
  public var isDHCPEnabled: Bool?
  public var pools: [AddressRange] = []
  public var hostRoutes: [HostRoute] = []
  public var dnsServers: [IPAddress] = []
  public var ipv6RAMode: String?
  public var ipv6AddressMode: String?
  public var project: ProjectID?
  public var origin: Origin
  public var evidence: [Evidence] = []
  init(id: SubnetID?, network: NetworkID, cidr: IPPrefix, origin: Origin) {
    self.id = id
    self.network = network
    self.cidr = cidr
    self.origin = origin
  }
  public var label: String {
    name.isEmpty ? cidr.description : name
  }
}

/// A name, else the first eight characters of the id, which `show` and `trace` also take.
func labelled(_ name: String, _ id: String) -> String {
  name.isEmpty ? String(id.prefix(8)) : name
}
