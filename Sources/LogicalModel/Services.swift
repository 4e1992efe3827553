// DHCP servers, metadata proxies, agents and nodes as the model has them.
import Facts
import NetworkTypes

/// A dnsmasq that serves a network, or should.
public struct DHCPServer: Hashable, Sendable {
  public var network: NetworkID
  public var node: NodeName
  public var namespace: NamespaceName
  public var interface: InterfaceName?
  public var port: PortID?
  public var addresses: [IPAddress] = []
  public var ranges: [IPPrefix] = []
  public var processID: Int?
  /// Nil where the node's processes were not captured.
  public var isAlive: Bool?
  public var evidence: [Evidence] = []
  public var key: NamespaceKey { NamespaceKey(node, namespace) }
}

/// The haproxy that takes guests' requests for metadata.
public struct MetadataProxy: Hashable, Sendable {
  public enum Scope: Hashable, Sendable {
    case router(RouterID)
    /// Isolated metadata, in the DHCP server's namespace.
    case network(NetworkID)
  }
  public var scope: Scope
  public var node: NodeName
  public var namespace: NamespaceName
  public var ports: [UInt16] = []
  public var processID: Int?
  public var isAlive: Bool?
  public var evidence: [Evidence] = []
  public var key: NamespaceKey { NamespaceKey(node, namespace) }
}

/// A Neutron agent: as the API lists it, as a node runs it.
public struct Agent: Hashable, Sendable {
  /// `Open vSwitch agent`; the binary's name where only the node knows it.
  public var type: String
  public var binary: String
  public var host: String
  public var node: NodeName?
  /// As the API last heard.
  public var isAlive: Bool?
  public var isAdminUp: Bool?
  /// Nil where the node's processes were not captured.
  public var isRunning: Bool?
  public var mode: String?
  public var bridgeMappings: [String: BridgeName] = [:]
  public var tunnelAddress: IPAddress?
  public var origin: Origin
  public var evidence: [Evidence] = []
}

/// What a node is for; one may be all of them.
public enum NodeRole: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Runs Neutron's server.
  case controller
  /// Routes and serves DHCP for guests on other nodes.
  case network
  /// Runs guests.
  case compute
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

/// A device that ties a node to a network of the cloud's own.
public struct NodeInterface: Hashable, Sendable {
  public enum Use: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Holds the way to everything else; agents talk to Neutron by it.
    case management
    /// Tunnels end there, or a device that they leave by.
    case data
    /// In the bridge of a physical network.
    case external
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
  }
  public var use: Use
  public var device: InterfaceName
  public var addresses: [InterfaceAddress]
  /// The switch bridge that it is a port of.
  public var bridge: BridgeName?
  public var physicalNetwork: String?
  public var mtuBytes: Int?
  public var evidence: [Evidence]
}

/// A captured node at a glance.
public struct Node: Hashable, Sendable {
  public var name: NodeName
  /// Told by what runs and stands there, not by what it was installed as.
  public var roles: [NodeRole] = []
  /// By use, then device; one device may have several uses.
  public var interfaces: [NodeInterface] = []
  /// Names by which Neutron, libvirt and others call it.
  public var hosts: [String] = []
  public var capturedAt: String?
  /// Where its tunnels end.
  public var tunnelAddress: IPAddress?
  /// Physical network → bridge, from the agent's configuration, else its report.
  public var bridgeMappings: [String: BridgeName] = [:]
  public var firewallDriver: String?
  public var l3Mode: String?
  public var datapathType: String?
  public var namespaces = 0
  public var servers = 0
  public var gaps = 0
}

/// Filters of ports.
public struct SecurityGroup: Hashable, Sendable {
  public var id: SecurityGroupID
  public var name = ""
  public var project: ProjectID?
  public var isStateful = true
  /// Sorted by direction, family, protocol, ports.
  public var rules: [NeutronSecurityGroupRule] = []
  public var ports: [PortID] = []
  public var evidence: [Evidence] = []
  public var label: String { labelled(name, id.rawValue) }
}

public struct Trunk: Hashable, Sendable {
  public var id: TrunkID
  public var name = ""
  public var port: PortID
  public var subPorts: [NeutronSubPort] = []
  public var status = ""
  public var origin: Origin
  public var evidence: [Evidence] = []
  public var label: String { labelled(name, id.rawValue) }
}
