// Linux bridges of a node, from `bridge -j fdb/vlan` and `bridge -d -j link`.
import NetworkTypes

public struct BridgeForwardingEntry: Hashable, Sendable {
  public var mac: MACAddress
  public var interface: InterfaceName
  public var bridge: InterfaceName?
  public var vlan: VLANID?
  /// `permanent`, `static`, `stale`, empty.
  public var state: String
  /// `self`, `master`, `extern_learn`, …
  public var flags: Set<String>
  /// VXLAN devices: the remote tunnel end.
  public var remote: IPAddress?
  public var vni: UInt32?
  public var evidence: Evidence
  public init(
    mac: MACAddress, interface: InterfaceName, bridge: InterfaceName?, vlan: VLANID?,
    state: String, flags: Set<String>, remote: IPAddress? = nil, vni: UInt32? = nil,
    evidence: Evidence
  ) {
    self.mac = mac
    self.interface = interface
    self.bridge = bridge
    self.vlan = vlan
    self.state = state
    self.flags = flags
    self.remote = remote
    self.vni = vni
    self.evidence = evidence
  }
}

/// VLANs that a bridge port is a member of.
public struct BridgePortVLAN: Hashable, Sendable {
  public var interface: InterfaceName
  public var first: VLANID
  public var last: VLANID
  public var isPVID: Bool
  public var isEgressUntagged: Bool
  public var evidence: Evidence
  public init(
    interface: InterfaceName, first: VLANID, last: VLANID, isPVID: Bool, isEgressUntagged: Bool,
    evidence: Evidence
  ) {
    self.interface = interface
    self.first = first
    self.last = last
    self.isPVID = isPVID
    self.isEgressUntagged = isEgressUntagged
    self.evidence = evidence
  }
}

/// A port of a Linux bridge.
public struct BridgePort: Hashable, Sendable {
  public var interface: InterfaceName
  public var bridge: InterfaceName
  /// `forwarding`, `disabled`, `blocking`, `listening`, `learning`.
  public var state: String
  /// `hairpin`, `guard`, `learning`, `flood`, `mcast_flood`, `isolated`, …, each on or off.
  public var options: [String: Bool]
  public var evidence: Evidence
  public init(
    interface: InterfaceName, bridge: InterfaceName, state: String, options: [String: Bool],
    evidence: Evidence
  ) {
    self.interface = interface
    self.bridge = bridge
    self.state = state
    self.options = options
    self.evidence = evidence
  }
}
