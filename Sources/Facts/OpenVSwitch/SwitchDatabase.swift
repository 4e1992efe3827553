// The configuration database of a node's Open vSwitch, from `ovsdb-client -f json dump`.
import NetworkTypes

/// A row's UUID as OVSDB prints it.
public enum RowKind {}
public typealias RowID = Identifier<RowKind>

/// One row of any table, kept whole: columns whose meaning we use are lifted into the records below.
public struct DatabaseRow: Hashable, Sendable {
  public var table: String
  public var id: RowID
  /// Each column as OVSDB JSON text, sorted by name.
  public var columns: [String: String]
  public var evidence: Evidence
  public init(table: String, id: RowID, columns: [String: String], evidence: Evidence) {
    self.table = table
    self.id = id
    self.columns = columns
    self.evidence = evidence
  }
}

public struct BridgeRecord: Hashable, Sendable {
  public var id: RowID
  public var name: BridgeName
  /// `system`, `netdev`; empty means `system`.
  public var datapathType: String
  public var datapathID: String?
  /// `secure` or `standalone`; nil means standalone.
  public var failMode: String?
  public var ports: [RowID]
  public var mirrors: [RowID]
  public var controllers: [RowID]
  public var floodVLANs: [VLANID]
  public var stpEnabled: Bool
  public var rstpEnabled: Bool
  public var multicastSnooping: Bool
  public var protocols: [String]
  public var otherConfig: [String: String]
  public var externalIDs: [String: String]
  public var evidence: Evidence
  public init(
    id: RowID, name: BridgeName, datapathType: String = "", datapathID: String? = nil,
    failMode: String? = nil, ports: [RowID] = [], mirrors: [RowID] = [],
    controllers: [RowID] = [], floodVLANs: [VLANID] = [], stpEnabled: Bool = false,
    rstpEnabled: Bool = false, multicastSnooping: Bool = false, protocols: [String] = [],
    otherConfig: [String: String] = [:], externalIDs: [String: String] = [:], evidence: Evidence
  ) {
    self.id = id
    self.name = name
    self.datapathType = datapathType
    self.datapathID = datapathID
    self.failMode = failMode
    self.ports = ports
    self.mirrors = mirrors
    self.controllers = controllers
    self.floodVLANs = floodVLANs
    self.stpEnabled = stpEnabled
    self.rstpEnabled = rstpEnabled
    self.multicastSnooping = multicastSnooping
    self.protocols = protocols
    self.otherConfig = otherConfig
    self.externalIDs = externalIDs
    self.evidence = evidence
  }
}

public struct SwitchPortRecord: Hashable, Sendable {
  public var id: RowID
  public var name: InterfaceName
  public var interfaces: [RowID]
  public var tag: VLANID?
  public var trunks: [VLANID]
  /// `access`, `trunk`, `native-tagged`, `native-untagged`, `dot1q-tunnel`; nil: by tag and trunks.
  public var vlanMode: String?
  public var cvlans: [VLANID]
  public var isProtected: Bool
  public var bondMode: String?
  /// `active`, `passive`, `off`; nil means off.
  public var lacp: String?
  public var otherConfig: [String: String]
  public var externalIDs: [String: String]
  public var evidence: Evidence
  public init(
    id: RowID, name: InterfaceName, interfaces: [RowID], tag: VLANID? = nil,
    trunks: [VLANID] = [], vlanMode: String? = nil, cvlans: [VLANID] = [],
    isProtected: Bool = false, bondMode: String? = nil, lacp: String? = nil,
    otherConfig: [String: String] = [:], externalIDs: [String: String] = [:], evidence: Evidence
  ) {
    self.id = id
    self.name = name
    self.interfaces = interfaces
    self.tag = tag
    self.trunks = trunks
    self.vlanMode = vlanMode
    self.cvlans = cvlans
    self.isProtected = isProtected
    self.bondMode = bondMode
    self.lacp = lacp
    self.otherConfig = otherConfig
    self.externalIDs = externalIDs
    self.evidence = evidence
  }
}

public struct SwitchInterfaceRecord: Hashable, Sendable {
  public var id: RowID
  public var name: InterfaceName
  /// `internal`, `patch`, `vxlan`, `gre`, `geneve`, `system`, `dpdk…`; empty means `system`.
  public var type: String
  /// OpenFlow port number; nil or -1 where the port could not be opened.
  public var ofport: Int?
  public var options: [String: String]
  public var externalIDs: [String: String]
  public var otherConfig: [String: String]
  public var adminState: String?
  public var linkState: String?
  public var mac: MACAddress?
  public var mtuBytes: Int?
  /// The driver's and tunnel's state: `tunnel_egress_iface`, …
  public var status: [String: String]
  public var ingressPolicingRateKbps: Int
  public var error: String?
  public var evidence: Evidence
  public init(
    id: RowID, name: InterfaceName, type: String = "", ofport: Int? = nil,
    options: [String: String] = [:], externalIDs: [String: String] = [:],
    otherConfig: [String: String] = [:], adminState: String? = nil, linkState: String? = nil,
    mac: MACAddress? = nil, mtuBytes: Int? = nil, status: [String: String] = [:],
    ingressPolicingRateKbps: Int = 0,
    error: String? = nil, evidence: Evidence
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.ofport = ofport
    self.options = options
    self.externalIDs = externalIDs
    self.otherConfig = otherConfig
    self.adminState = adminState
    self.linkState = linkState
    self.mac = mac
    self.mtuBytes = mtuBytes
    self.status = status
    self.ingressPolicingRateKbps = ingressPolicingRateKbps
    self.error = error
    self.evidence = evidence
  }
}

/// A port mirror.
public struct MirrorRecord: Hashable, Sendable {
  public var id: RowID
  public var name: String
  public var selectsAll = false
  public var selectSourcePorts: [RowID] = []
  public var selectDestinationPorts: [RowID] = []
  public var selectVLANs: [VLANID] = []
  /// Takes no other traffic.
  public var outputPort: RowID?
  public var outputVLAN: VLANID?
  public var evidence: Evidence
  public init(id: RowID, name: String, evidence: Evidence) {
    self.id = id
    self.name = name
    self.evidence = evidence
  }
}

/// The one row of table `Open_vSwitch`.
public struct SwitchSettings: Hashable, Sendable {
  /// Of the daemon that runs: `3.1.0`.
  public var version: String?
  /// `hw-offload`, `default-datapath…`, …
  public var otherConfig: [String: String] = [:]
  /// `hostname`, `system-id`, `ovn-encap-ip`, …
  public var externalIDs: [String: String] = [:]
  public var datapathTypes: [String] = []
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}

/// The whole database: typed records for what the data plane uses, all rows verbatim beside them.
public struct SwitchDatabase: Hashable, Sendable {
  public var bridges: [BridgeRecord] = []
  public var ports: [SwitchPortRecord] = []
  public var interfaces: [SwitchInterfaceRecord] = []
  public var mirrors: [MirrorRecord] = []
  public var settings: SwitchSettings?
  public var rows: [DatabaseRow] = []
  /// Made of `ovs-vsctl show`: only names, tags, trunks, types, options, fail mode and errors are
  /// told; every other column holds its default because it is unknown. Row ids are names.
  public var isSummary = false
  public init() {}
}
