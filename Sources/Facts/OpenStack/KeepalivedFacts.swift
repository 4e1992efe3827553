// keepalived's configuration, as the L3 agent wrote it for an HA router.
import NetworkTypes

/// A statement with its nested block; authentication passwords are masked.
public struct KeepalivedBlock: Hashable, Sendable {
  public var keyword: String
  public var arguments: [String]
  public var children: [KeepalivedBlock]
  public var evidence: Evidence
  public init(
    keyword: String, arguments: [String], children: [KeepalivedBlock], evidence: Evidence
  ) {
    self.keyword = keyword
    self.arguments = arguments
    self.children = children
    self.evidence = evidence
  }
  public func first(_ keyword: String) -> KeepalivedBlock? {
    children.first { $0.keyword == keyword }
  }
}

/// An address that keepalived sets on the active node.
public struct VirtualAddress: Hashable, Sendable {
  public var address: InterfaceAddress
  public var device: InterfaceName?
  public var scope: String?
  /// `no_track` and the like.
  public var flags: [String]
  public init(
    address: InterfaceAddress, device: InterfaceName?, scope: String?, flags: [String]
  ) {
    self.address = address
    self.device = device
    self.scope = scope
    self.flags = flags
  }
}

/// A route that keepalived sets on the active node.
public struct VirtualRoute: Hashable, Sendable {
  public var destination: IPPrefix
  public var gateway: IPAddress?
  public var device: InterfaceName?
  public var flags: [String]
  public init(
    destination: IPPrefix, gateway: IPAddress?, device: InterfaceName?, flags: [String]
  ) {
    self.destination = destination
    self.gateway = gateway
    self.device = device
    self.flags = flags
  }
}

/// A `vrrp_instance`.
public struct VRRPInstance: Hashable, Sendable {
  public var name: String
  /// `MASTER` or `BACKUP` to begin with.
  public var initialState: String?
  public var interface: InterfaceName?
  public var virtualRouterID: Int?
  public var priority: Int?
  public var advertisementSeconds: Double?
  public var isPreempting = true
  public var trackedInterfaces: [InterfaceName] = []
  public var trackedScripts: [String] = []
  public var virtualAddresses: [VirtualAddress] = []
  /// Set beside the former, not announced in VRRP packets: where Neutron puts the router's addresses.
  public var excludedAddresses: [VirtualAddress] = []
  public var virtualRoutes: [VirtualRoute] = []
  /// Statements of which nothing is lifted, as written (passwords masked).
  public var unrecognised: [String] = []
  public var evidence: Evidence
  public init(name: String, evidence: Evidence) {
    self.name = name
    self.evidence = evidence
  }
}

/// A top-level block.
public enum KeepalivedEntry: Hashable, Sendable {
  case instance(VRRPInstance)
  /// `global_defs`, `vrrp_script`, …, whole.
  case other(KeepalivedBlock)
}

extension FactSection<[KeepalivedEntry]> {
  public var instances: [VRRPInstance] {
    records.compactMap { if case .instance(let instance) = $0 { instance } else { nil } }
  }
}
