// Network devices of a namespace, from `ip -d -j link` and `ip -s -j link`.
import NetworkTypes

/// A kernel network device.
public struct Link: Hashable, Sendable {
  public var index: Int
  public var name: InterfaceName
  /// `UP`, `LOWER_UP`, `NO-CARRIER`, `PROMISC`, … as the kernel names them.
  public var flags: Set<String>
  public var mtuBytes: Int
  /// `UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN`, …
  public var operState: String
  /// `ether`, `loopback`, …
  public var linkType: String
  public var address: MACAddress?
  /// `veth`, `bridge`, `tun`, `vxlan`, `openvswitch`, `vlan`, `bond`, …; nil for physical devices.
  public var kind: String?
  /// The bridge, bond or VRF that it is enslaved to.
  public var master: InterfaceName?
  /// A peer or lower device in the same namespace.
  public var peerName: InterfaceName?
  /// The peer's ifindex where the peer lives in another namespace.
  public var peerIndex: Int?
  /// The peer's namespace as this one numbers it (`link-netnsid`); nil for the same namespace.
  public var peerNamespaceID: Int?
  public var promiscuity: Int
  public var alias: String?
  /// `info_data` and `info_slave_data` flattened: `stp_state` → `0`, `slave.state` → `forwarding`.
  public var attributes: [String: String]
  /// From `-s`: received and sent packets and bytes where captured.
  public var statistics: LinkStatistics?
  public var evidence: Evidence

  public init(
    index: Int, name: InterfaceName, flags: Set<String>, mtuBytes: Int, operState: String,
    linkType: String, address: MACAddress?, kind: String? = nil, master: InterfaceName? = nil,
    peerName: InterfaceName? = nil, peerIndex: Int? = nil, peerNamespaceID: Int? = nil,
    promiscuity: Int = 0, alias: String? = nil, attributes: [String: String] = [:],
    statistics: LinkStatistics? = nil, evidence: Evidence
  ) {
    self.index = index
    self.name = name
    self.flags = flags
    self.mtuBytes = mtuBytes
    self.operState = operState
    self.linkType = linkType
    self.address = address
    self.kind = kind
    self.master = master
    self.peerName = peerName
    self.peerIndex = peerIndex
    self.peerNamespaceID = peerNamespaceID
    self.promiscuity = promiscuity
    self.alias = alias
    self.attributes = attributes
    self.statistics = statistics
    self.evidence = evidence
  }
  /// Administratively up.
  public var isUp: Bool { flags.contains("UP") }
}

public struct LinkStatistics: Hashable, Sendable {
  public var receivedBytes, receivedPackets, receiveErrors, receiveDropped: UInt64
  public var sentBytes, sentPackets, sendErrors, sendDropped: UInt64
  public init(
    receivedBytes: UInt64 = 0, receivedPackets: UInt64 = 0, receiveErrors: UInt64 = 0,
    receiveDropped: UInt64 = 0, sentBytes: UInt64 = 0, sentPackets: UInt64 = 0,
    sendErrors: UInt64 = 0, sendDropped: UInt64 = 0
  ) {
    self.receivedBytes = receivedBytes
    self.receivedPackets = receivedPackets
    self.receiveErrors = receiveErrors
    self.receiveDropped = receiveDropped
    self.sentBytes = sentBytes
    self.sentPackets = sentPackets
    self.sendErrors = sendErrors
    self.sendDropped = sendDropped
  }
}

/// An address on a device, from `ip -j addr`.
public struct LinkAddress: Hashable, Sendable {
  public var interface: InterfaceName
  public var address: InterfaceAddress
  /// The far end of a point-to-point address, else nil.
  public var peer: IPAddress?
  public var broadcast: IPAddress?
  /// `global`, `link`, `host`, …
  public var scope: String
  /// `tentative`, `dadfailed`, `deprecated`, `secondary`, `nodad`, `dynamic`, …
  public var flags: Set<String>
  public var evidence: Evidence
  public init(
    interface: InterfaceName, address: InterfaceAddress, peer: IPAddress? = nil,
    broadcast: IPAddress? = nil, scope: String, flags: Set<String> = [], evidence: Evidence
  ) {
    self.interface = interface
    self.address = address
    self.peer = peer
    self.broadcast = broadcast
    self.scope = scope
    self.flags = flags
    self.evidence = evidence
  }
}
