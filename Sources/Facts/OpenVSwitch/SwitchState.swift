// What `ovs-ofctl` and `ovs-appctl` say of a running switch, flows and groups apart.
import NetworkTypes

/// An OpenFlow port of a bridge, from `ovs-ofctl dump-ports-desc` and `show`.
public struct OpenFlowPortDescription: Hashable, Sendable {
  /// 1...0xfffffeff, or 0xfffffffe for LOCAL.
  public var number: UInt32
  public var name: InterfaceName
  public var mac: MACAddress?
  /// `PORT_DOWN`, `NO_FLOOD`, `NO_FWD`, `NO_RECV`, …
  public var config: Set<String>
  /// `LINK_DOWN`, `LIVE`, `STP_BLOCK`, …
  public var state: Set<String>
  /// Whether NO_FLOOD would be in `config`: only OpenFlow 1.0's answers have it.
  public var tellsNoFlood: Bool
  public var evidence: Evidence
  public init(
    number: UInt32, name: InterfaceName, mac: MACAddress?, config: Set<String>,
    state: Set<String>, tellsNoFlood: Bool = false, evidence: Evidence
  ) {
    self.number = number
    self.name = name
    self.mac = mac
    self.config = config
    self.state = state
    self.tellsNoFlood = tellsNoFlood
    self.evidence = evidence
  }
}

/// An entry of a bridge's MAC learning table, from `ovs-appctl fdb/show`.
public struct LearnedMAC: Hashable, Sendable {
  /// Nil for `LOCAL`.
  public var port: UInt32?
  public var vlan: VLANID
  public var mac: MACAddress
  /// Seconds; nil for static entries.
  public var ageSeconds: Int?
  public var evidence: Evidence
  public init(port: UInt32?, vlan: VLANID, mac: MACAddress, ageSeconds: Int?, evidence: Evidence) {
    self.port = port
    self.vlan = vlan
    self.mac = mac
    self.ageSeconds = ageSeconds
    self.evidence = evidence
  }
}

/// A port as the datapath knows it, from `ovs-appctl dpif/show`.
public struct DatapathPort: Hashable, Sendable {
  public var datapath: String
  public var bridge: BridgeName
  public var name: InterfaceName
  /// OpenFlow number, LOCAL as 0xfffffffe; nil where none is assigned.
  public var openFlowNumber: UInt32?
  /// Nil for patch ports.
  public var datapathNumber: UInt32?
  /// `system`, `internal`, `tap`, `patch`, `vxlan`, …
  public var type: String
  public var options: [String: String]
  public var evidence: Evidence
  public init(
    datapath: String, bridge: BridgeName, name: InterfaceName, openFlowNumber: UInt32?,
    datapathNumber: UInt32?, type: String, options: [String: String], evidence: Evidence
  ) {
    self.datapath = datapath
    self.bridge = bridge
    self.name = name
    self.openFlowNumber = openFlowNumber
    self.datapathNumber = datapathNumber
    self.type = type
    self.options = options
    self.evidence = evidence
  }
}

/// A row of `ovs-appctl tnl/neigh/show`: what the userspace datapath resolved.
public struct TunnelNeighbour: Hashable, Sendable {
  public var address: IPAddress
  public var mac: MACAddress
  public var bridge: InterfaceName
  public var evidence: Evidence
  public init(address: IPAddress, mac: MACAddress, bridge: InterfaceName, evidence: Evidence) {
    self.address = address
    self.mac = mac
    self.bridge = bridge
    self.evidence = evidence
  }
}

/// A row of `ovs-appctl tnl/ports/show`: a tunnel receiver.
public struct TunnelListener: Hashable, Sendable {
  public var name: InterfaceName
  public var datapathNumber: UInt32?
  public var text: String
  public var evidence: Evidence
  public init(name: InterfaceName, datapathNumber: UInt32?, text: String, evidence: Evidence) {
    self.name = name
    self.datapathNumber = datapathNumber
    self.text = text
    self.evidence = evidence
  }
}

/// A row of `ovs-appctl ovs/route/show`: routes that userspace tunnels use.
public struct TunnelRoute: Hashable, Sendable {
  public var isCached: Bool
  public var destination: IPPrefix
  public var interface: InterfaceName
  public var gateway: IPAddress?
  public var source: IPAddress?
  public var isLocal: Bool
  /// `skb->mark` that the route asks for.
  public var mark: UInt32?
  public var evidence: Evidence
  public init(
    isCached: Bool, destination: IPPrefix, interface: InterfaceName, gateway: IPAddress?,
    source: IPAddress?, isLocal: Bool, mark: UInt32? = nil, evidence: Evidence
  ) {
    self.isCached = isCached
    self.destination = destination
    self.interface = interface
    self.gateway = gateway
    self.source = source
    self.isLocal = isLocal
    self.mark = mark
    self.evidence = evidence
  }
}

/// A flow that the datapath has cached, from `ovs-appctl dpctl/dump-flows -m`: kept as text, for it
/// is an observation to set beside an answer and nothing is computed from it.
public struct DatapathFlow: Hashable, Sendable {
  /// Its `ufid`; nil without `-m`.
  public var id: String?
  public var match = ""
  public var actions = ""
  public var packets: UInt64 = 0
  public var bytes: UInt64 = 0
  /// Nil for never.
  public var usedSecondsAgo: Double?
  public var tcpFlags: String?
  /// `dp`, `offloaded`.
  public var datapath: [String: String] = [:]
  public var extra = ""
  /// Counters of a kind that is not known.
  public var unrecognised: [String] = []
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}
