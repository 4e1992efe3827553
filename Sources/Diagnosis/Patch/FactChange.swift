// What mending a cloud changes, as typed changes of the facts: applied to a copy, never to a cloud.
// Made by the checks (what a node should hold) and by `--assume`; feeds the search and its proof.
import Facts
import NetworkTypes

/// One change of the facts of one node.
public enum FactChange: Hashable, Sendable {
  /// Administratively up, with carrier, and up for the switch that it is a port of.
  case setUp(DeviceKey)
  case setDown(DeviceKey)
  case setMTU(DeviceKey, bytes: Int)
  /// Into a Linux bridge.
  case setMaster(DeviceKey, InterfaceName?)
  case addAddress(DeviceKey, InterfaceAddress)
  case removeAddress(DeviceKey, IPAddress)
  case addRoute(NamespaceKey, Route)
  case removeRoute(NamespaceKey, Route)
  case addRule(NamespaceKey, RoutingRule)
  case removeRule(NamespaceKey, RoutingRule)
  case setNeighbour(DeviceKey, IPAddress, MACAddress)
  case removeNeighbour(DeviceKey, IPAddress)
  case setSysctl(NamespaceKey, name: String, value: String)
  /// `position` counts from 0; nil appends.
  case insertFilterRule(NamespaceKey, FilterChain, IPTablesRule, position: Int?)
  case removeFilterRule(NamespaceKey, FilterChain, IPTablesRule)
  case addSetMember(NamespaceKey, IPSetName, IPPrefix)
  case removeSetMember(NamespaceKey, IPSetName, IPPrefix)
  case addFlow(BridgeKey, FlowEntry)
  case removeFlow(BridgeKey, FlowEntry)
  case setTag(NodeName, port: InterfaceName, VLANID?)
  case addSwitchPort(BridgeKey, NewSwitchPort)
  case removeSwitchPort(BridgeKey, InterfaceName)
  case setInterfaceOption(NodeName, InterfaceName, name: String, value: String)
  case listen(NamespaceKey, NewSocket)
  case addDHCPHost(NodeName, NetworkID, MACAddress, IPAddress)
  case forgetConnections(NodeName)
  case removeNode(NodeName)
  /// Of Neutron's API; what nodes make of it are changes of their own.
  case addSecurityRule(NeutronSecurityGroupRule)
  case removeSecurityRule(NeutronSecurityGroupRule)

  /// The node whose facts change; nil where it is Neutron's API.
  public var node: NodeName? {
    switch self {
    case .setUp(let key), .setDown(let key), .setMTU(let key, _), .setMaster(let key, _),
      .addAddress(let key, _), .removeAddress(let key, _), .setNeighbour(let key, _, _),
      .removeNeighbour(let key, _):
      key.node
    case .addRoute(let key, _), .removeRoute(let key, _), .addRule(let key, _),
      .removeRule(let key, _), .setSysctl(let key, _, _), .insertFilterRule(let key, _, _, _),
      .removeFilterRule(let key, _, _), .addSetMember(let key, _, _),
      .removeSetMember(let key, _, _), .listen(let key, _):
      key.node
    case .addFlow(let key, _), .removeFlow(let key, _), .addSwitchPort(let key, _),
      .removeSwitchPort(let key, _):
      key.node
    case .setTag(let node, _, _), .setInterfaceOption(let node, _, _, _),
      .addDHCPHost(let node, _, _, _), .forgetConnections(let node), .removeNode(let node):
      node
    case .addSecurityRule, .removeSecurityRule: nil
    }
  }
}

/// A chain of one of iptables' tables.
public struct FilterChain: Hashable, Sendable {
  public var family: AddressFamily
  public var table: NetfilterTableName
  public var chain: NetfilterChainName
  public init(_ family: AddressFamily, _ table: NetfilterTableName, _ chain: NetfilterChainName) {
    self.family = family
    self.table = table
    self.chain = chain
  }
}

/// A switch port that is to be added.
public struct NewSwitchPort: Hashable, Sendable {
  public var name: InterfaceName
  /// As OVSDB has it; empty for a kernel device.
  public var type: String
  public var number: Int
  public var options: [String: String]
  public var tag: VLANID?
  public init(
    name: InterfaceName, type: String, number: Int, options: [String: String] = [:],
    tag: VLANID? = nil
  ) {
    self.name = name
    self.type = type
    self.number = number
    self.options = options
    self.tag = tag
  }
}

/// A socket that a process is to listen on.
public struct NewSocket: Hashable, Sendable {
  public var transport: String
  /// Nil for any.
  public var address: IPAddress?
  public var port: UInt16
  public var process: String
  public init(transport: String, address: IPAddress? = nil, port: UInt16, process: String) {
    self.transport = transport
    self.address = address
    self.port = port
    self.process = process
  }
}

extension Evidence {
  /// Of what no capture holds: nothing cites it.
  static let none = Evidence(file: CaptureFileID(-1), line: 0, bytes: 0..<0)
}
