// Everything that a capture said, by node and namespace: what the parsers make and the
// snapshot keeps, and the only input of the data plane and the logical model.
import NetworkTypes

/// All facts of a capture.
public struct CloudFacts: Sendable {
  public var files: [CaptureFile] = []
  /// Sorted by name.
  public var nodes: [NodeFacts] = []
  public var neutron = NeutronFacts()
  public var diagnostics: [Diagnostic] = []
  public var gaps: [Gap] = []
  /// Per file, same order as `files`; nil for files of no known format.
  public var coverage: [Coverage?] = []
  /// Per file, the name of the format that it was read as; nil for unknown ones.
  public var formatNames: [String?] = []
  public init() {}

  public func file(_ id: CaptureFileID) -> CaptureFile? {
    files.indices.contains(Int(id.rawValue)) ? files[Int(id.rawValue)] : nil
  }
  public func node(_ name: NodeName) -> NodeFacts? { nodes.first { $0.name == name } }
}

/// All facts of one node.
public struct NodeFacts: Sendable {
  public var name: NodeName
  /// Keyed by name, the initial namespace under `root`.
  public var namespaces: [NamespaceName: NamespaceFacts] = [:]
  public var openVSwitch = OpenVSwitchFacts()
  public var namespaceListings: Section<NamespaceListing> = .unread
  public var networkNamespaces: Section<NetworkNamespace> = .unread
  public var processes: Section<Process> = .unread
  public var kernel: Section<KernelIdentity> = .unread
  public var uptime: Section<Uptime> = .unread
  public var staticHosts: Section<StaticHost> = .unread
  public var hostname: String?
  /// When the node was captured, as `date -u +%FT%TZ` printed it.
  public var capturedAt: String?
  public var files = NodeFileFacts()
  public init(name: NodeName) { self.name = name }
}

/// All facts of one network namespace.
public struct NamespaceFacts: Sendable {
  public var name: NamespaceName
  public var links: Section<Link> = .unread
  public var addresses: Section<LinkAddress> = .unread
  public var routes4: Section<Route> = .unread
  public var routes6: Section<Route> = .unread
  public var rules4: Section<RoutingRule> = .unread
  public var rules6: Section<RoutingRule> = .unread
  public var neighbours: Section<Neighbour> = .unread
  public var bridgeForwarding: Section<BridgeForwardingEntry> = .unread
  public var bridgeVLANs: Section<BridgePortVLAN> = .unread
  public var bridgePorts: Section<BridgePort> = .unread
  public var sysctls: Section<Sysctl> = .unread
  public var sockets: Section<ListeningSocket> = .unread
  public var processIDs: Section<Int> = .unread
  /// iptables-save, its legacy back end, and IPv6's.
  public var iptables4: Section<IPTablesTable> = .unread
  public var iptables4Legacy: Section<IPTablesTable> = .unread
  public var iptables6: Section<IPTablesTable> = .unread
  public var iptables6Legacy: Section<IPTablesTable> = .unread
  public var nftables: Section<NFTObject> = .unread
  public var ipsets: Section<IPSet> = .unread
  public var ebtables: Section<EBTable> = .unread
  public var conntrack: Section<ConntrackEntry> = .unread
  public init(name: NamespaceName) { self.name = name }
}

/// All facts of a node's Open vSwitch.
public struct OpenVSwitchFacts: Sendable {
  /// One record where the dump was read.
  public var database: Section<SwitchDatabase> = .unread
  public var bridges: [BridgeName: SwitchBridgeFacts] = [:]
  public var datapathPorts: Section<DatapathPort> = .unread
  public var tunnelNeighbours: Section<TunnelNeighbour> = .unread
  public var tunnelListeners: Section<TunnelListener> = .unread
  public var tunnelRoutes: Section<TunnelRoute> = .unread
  /// What the datapaths have cached.
  public var datapathFlows: Section<DatapathFlow> = .unread
  /// `dpctl/dump-conntrack` of a userspace datapath.
  public var conntrack: Section<ConntrackEntry> = .unread
  public var version: String?
  public init() {}
}

/// What one bridge runs.
public struct SwitchBridgeFacts: Sendable {
  public var name: BridgeName
  public var flows: FactSection<FlowList> = .unread
  public var groups: Section<GroupEntry> = .unread
  public var ports: Section<OpenFlowPortDescription> = .unread
  /// Of `ovs-ofctl show`: the same ports in OpenFlow 1.0's spelling (NO_FLOOD is only there).
  public var portsInShow: Section<OpenFlowPortDescription> = .unread
  public var learnedMACs: Section<LearnedMAC> = .unread
  public init(name: BridgeName) { self.name = name }
}
