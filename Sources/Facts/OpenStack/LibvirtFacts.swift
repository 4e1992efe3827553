// Virtual machines of a node, from libvirt's domain XML with Nova's metadata in it.
import NetworkTypes

/// A network interface of a domain.
public struct LibvirtInterface: Hashable, Sendable {
  /// `bridge`, `ethernet`, `vhostuser`, `hostdev`, `direct`, `network`.
  public var type: String
  public var mac: MACAddress?
  public var sourceBridge: String?
  /// `source dev=`, or a vhost-user socket's path.
  public var sourceDevice: String?
  public var targetDevice: InterfaceName?
  /// `virtualport/parameters interfaceid=`: the Neutron port.
  public var interfaceID: PortID?
  /// `openvswitch`, ….
  public var virtualPortType: String?
  public var model: String?
  public var mtuBytes: Int?
  /// `link state=`: nil means up.
  public var linkState: String?
  public var vlanTags: [VLANID] = []
  /// A libvirt nwfilter, which filters beside Neutron.
  public var filter: String?
  /// Elements of no known kind.
  public var unrecognised: [String] = []
  public var line: Int
  public init(type: String, line: Int) {
    self.type = type
    self.line = line
  }
}

/// An address that Nova noted for a port.
public struct NovaPortAddress: Hashable, Sendable {
  /// `fixed`, `floating`.
  public var type: String
  public var address: IPAddress
  public init(type: String, address: IPAddress) {
    self.type = type
    self.address = address
  }
}

public struct NovaPort: Hashable, Sendable {
  public var id: PortID
  public var addresses: [NovaPortAddress]
  public init(id: PortID, addresses: [NovaPortAddress]) {
    self.id = id
    self.addresses = addresses
  }
}

/// Nova's `<nova:instance>`; names are the tenant's and may hold anything.
public struct NovaInstance: Hashable, Sendable {
  public var name: String?
  public var flavor: String?
  public var userID: String?
  public var userName: String?
  public var project: ProjectID?
  public var projectName: String?
  public var creationTime: String?
  public var ports: [NovaPort] = []
  public init() {}
}

public struct LibvirtDomain: Hashable, Sendable {
  /// `instance-0000001a`.
  public var name: String
  /// Nova's id of the server.
  public var id: ServerID
  public var type: String?
  /// libvirt's number while it runs; nil for one that is only defined.
  public var runningID: Int?
  public var interfaces: [LibvirtInterface] = []
  public var nova: NovaInstance?
  public var evidence: Evidence
  public init(name: String, id: ServerID, evidence: Evidence) {
    self.name = name
    self.id = id
    self.evidence = evidence
  }
}
