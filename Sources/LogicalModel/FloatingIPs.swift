// Floating IPs (EIPs) and port forwardings as the model has them, with the nodes that serve them.
import Facts
import NetworkTypes

/// A namespace that serves a floating IP, or should.
public struct FloatingIPPlace: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    /// On the gateway device of a legacy or HA router.
    case router
    /// On the gateway device of a distributed router's snat namespace.
    case snat
    /// In the router's namespace beside the guest, reached through the node's fip namespace.
    case distributed = "fip"
  }
  /// What it takes; each is in one of the three lists below.
  public enum Part: String, Hashable, Sendable, Comparable {
    case address
    case route
    case destinationNAT = "DNAT rule"
    case sourceNAT = "SNAT rule"
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
  public var node: NodeName
  public var namespace: NamespaceName
  public var kind: Kind
  public var present: [Part] = []
  public var missing: [Part] = []
  /// Not captured.
  public var unknown: [Part] = []
  public var evidence: [Evidence] = []
  /// True where nothing is missing; nil where that cannot be told.
  public var isServing: Bool? {
    if !missing.isEmpty { return false }
    return unknown.isEmpty ? true : nil
  }
}

public struct FloatingIP: Hashable, Sendable {
  /// Nil where only nodes know it.
  public var id: FloatingIPID?
  public var address: IPAddress
  public var network: NetworkID?
  public var router: RouterID?
  public var port: PortID?
  public var fixedAddress: IPAddress?
  public var project: ProjectID?
  public var status = ""
  /// Sorted by node.
  public var places: [FloatingIPPlace] = []
  public var origin: Origin
  public var evidence: [Evidence] = []
  init(address: IPAddress, origin: Origin) {
    self.address = address
    self.origin = origin
  }
  public var label: String { address.description }
  public var servingNodes: [NodeName] {
    places.filter { $0.isServing == true }.map(\.node)
  }
}

public struct PortForwarding: Hashable, Sendable {
  public var id: String?
  public var floatingIP: FloatingIPID?
  public var address: IPAddress
  public var protocolName: String
  public var externalPorts: PortRange?
  public var internalAddress: IPAddress?
  public var internalPorts: PortRange?
  public var router: RouterID?
  public var port: PortID?
  /// Namespaces whose NAT rules have it.
  public var places: [NamespaceKey] = []
  public var origin: Origin
  public var evidence: [Evidence] = []
}
