// Routers as the model has them: how they are built, where they live, and which node is active.
import Facts
import NetworkTypes

/// How a router is spread over nodes.
public enum RouterMode: String, Hashable, Sendable, CustomStringConvertible {
  /// One namespace on one node.
  case legacy
  /// VRRP: one active namespace of several.
  case highlyAvailable = "HA"
  /// A namespace on every node with a port, SNAT on one.
  case distributed = "DVR"
  case distributedHA = "DVR+HA"
  init(isDistributed: Bool, isHA: Bool) {
    switch (isDistributed, isHA) {
    case (false, false): self = .legacy
    case (false, true): self = .highlyAvailable
    case (true, false): self = .distributed
    case (true, true): self = .distributedHA
    }
  }
  public var isDistributed: Bool { self == .distributed || self == .distributedHA }
  public var isHA: Bool { self == .highlyAvailable || self == .distributedHA }
  public var description: String { rawValue }
}

/// A namespace that runs (a part of) a router.
public struct RouterPlace: Hashable, Sendable {
  public enum Part: String, Hashable, Sendable {
    case router = "qrouter"
    case snat
  }
  public var node: NodeName
  public var namespace: NamespaceName
  public var part: Part
  /// HA: it holds the router's addresses now. Always true where the router is not HA; nil where
  /// neither addresses, nor the state file, nor the API tells.
  public var isActive: Bool?
  /// HA: what keepalived's monitor wrote, `primary` or `backup`.
  public var stateFile: String?
  /// HA: what the agent reported to the API, `active` or `standby`.
  public var reportedState: String?
  public var evidence: [Evidence] = []
  public var key: NamespaceKey { NamespaceKey(node, namespace) }
}

/// A router's foot on a network.
public struct RouterInterface: Hashable, Sendable {
  public var port: PortID
  public var network: NetworkID?
  public var addresses: [IPAddress]
  public var mac: MACAddress?
}

public struct RouterGateway: Hashable, Sendable {
  public var network: NetworkID?
  public var port: PortID?
  public var addresses: [IPAddress]
  /// Nil where no source tells.
  public var isSNATEnabled: Bool?
  /// What tenants without floating IP appear as, as the NAT rules have it, else as intended.
  public var snatAddress: IPAddress?
}

public struct Router: Hashable, Sendable {
  public var id: RouterID
  public var name = ""
  public var project: ProjectID?
  public var mode: RouterMode
  public var isAdminUp: Bool?
  public var status = ""
  /// Sorted by network; without gateway, HA and central SNAT ports.
  public var interfaces: [RouterInterface] = []
  /// Of a distributed router: its `sg-` ports.
  public var centralInterfaces: [RouterInterface] = []
  public var gateway: RouterGateway?
  public var routes: [HostRoute] = []
  /// Sorted by node, then namespace.
  public var places: [RouterPlace] = []
  /// HA: the virtual router id by which its keepalived instances know each other, one unless they
  /// disagree.
  public var vrrpGroups: [Int] = []
  /// Hosts that the API schedules it on.
  public var scheduledHosts: [String] = []
  public var origin: Origin
  public var evidence: [Evidence] = []
  init(id: RouterID, mode: RouterMode, origin: Origin) {
    self.id = id
    self.mode = mode
    self.origin = origin
  }
  public var label: String { labelled(name, id.rawValue) }

  /// Nodes that route for it now; for an HA router there should be one.
  public var activeNodes: [NodeName] {
    places.filter { $0.isActive == true && (mode != .distributedHA || $0.part == .snat) }
      .map(\.node)
  }
  /// Where tenants' traffic without floating IP leaves.
  public var snatNodes: [NodeName] {
    places.filter { $0.isActive == true && (!mode.isDistributed || $0.part == .snat) }.map(\.node)
  }
}
