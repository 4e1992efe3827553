// Ports and servers as the model has them, with the devices that carry them.
import Facts
import NetworkTypes

/// Where a port is plugged on a node.
public struct PortLocation: Hashable, Sendable {
  public var node: NodeName
  /// `root` for guests.
  public var namespace: NamespaceName
  /// The device of the port's owner: a guest's tap, a router's `qr-`, a DHCP server's tap.
  public var interface: InterfaceName
  /// The switch bridge that carries it, the port there and its OpenFlow number.
  public var bridge: BridgeName?
  public var switchPort: InterfaceName?
  public var openFlowPort: Int?
  /// Where it is an access port; the network's local VLAN on this node if all is well.
  public var tag: VLANID?
  /// Between the tap and the switch, where the guest is plugged through one (`qbr…`).
  public var linuxBridge: InterfaceName?
  /// On the device; empty for guests, whose addresses no node shows.
  public var addresses: [InterfaceAddress] = []
  /// What the device itself, the switch's row or both say.
  public var evidence: [Evidence] = []

  public var device: DeviceKey { DeviceKey(node, namespace, interface) }
}

public struct Port: Hashable, Sendable {
  public var id: PortID
  public var name = ""
  public var network: NetworkID?
  public var project: ProjectID?
  public var mac: MACAddress?
  /// With their subnets where known.
  public var fixedIPs: [FixedIP] = []
  public var owner: PortOwner
  public var deviceID = ""
  public var server: ServerID?
  public var router: RouterID?
  public var isAdminUp: Bool?
  public var status = ""
  /// Where Neutron bound it; nil for distributed, unbound or unknown.
  public var boundHost: String?
  /// The captured node of `boundHost`.
  public var boundNode: NodeName?
  /// Sorted by node. A distributed router's interface has one a node.
  public var locations: [PortLocation] = []
  public var securityGroups: [SecurityGroupID] = []
  public var isPortSecurityEnabled: Bool?
  public var allowedAddressPairs: [AllowedAddressPair] = []
  public var vifType: String?
  public var isDistributed = false
  public var origin: Origin
  public var evidence: [Evidence] = []
  init(id: PortID, owner: PortOwner, origin: Origin) {
    self.id = id
    self.owner = owner
    self.origin = origin
  }
  public var label: String { labelled(name, id.rawValue) }
  public var addresses: [IPAddress] { fixedIPs.map(\.address) }
}

/// A port's address; the subnet is nil where no source names it.
public struct FixedIP: Hashable, Sendable {
  public var address: IPAddress
  public var subnet: SubnetID?
  public init(address: IPAddress, subnet: SubnetID?) {
    self.address = address
    self.subnet = subnet
  }
}

/// A virtual machine.
public struct Server: Hashable, Sendable {
  public var id: ServerID
  /// The tenant's name, from Nova's metadata; empty where unknown. Anything may stand in it.
  public var name = ""
  /// libvirt's: `instance-0000001a`.
  public var instanceName: String?
  public var node: NodeName?
  public var project: ProjectID?
  public var projectName: String?
  public var flavor: String?
  /// Nil where no domain was captured.
  public var isRunning: Bool?
  public var ports: [PortID] = []
  public var origin: Origin
  public var evidence: [Evidence] = []
  init(id: ServerID, origin: Origin) {
    self.id = id
    self.origin = origin
  }
  public var label: String { labelled(name.isEmpty ? instanceName ?? "" : name, id.rawValue) }
}
