// What the cloud learns while one packet and its answer travel. A value: each probe starts from
// the capture's own state and leaves no trace in it.
import Conntrack
import DataPlane
import NetworkTypes
import OpenFlow

/// Whose neighbour cache it is.
enum StackKey: Hashable, Sendable {
  case device(DeviceKey)
  case guest(Int)
  case outside(Int)
}

/// Which connection tracker it is: a namespace's, or a userspace datapath's own.
enum ConntrackDomain: Hashable, Sendable {
  case namespace(NamespaceKey)
  case userspace(NodeName)
}

struct NeighbourQuery: Hashable, Sendable {
  let stack: StackKey
  let address: IPAddress
}

struct TraceState: Sendable {
  var switches: [NodeName: SwitchState] = [:]
  var conntrack: [ConntrackDomain: ConntrackTable] = [:]
  /// What Linux bridges learnt, by bridge device.
  var bridgeTables: [DeviceKey: [MACAddress: InterfaceName]] = [:]
  /// What was resolved, the first answer of each.
  var neighbours: [NeighbourQuery: MACAddress] = [:]
  /// What was asked for in vain.
  var unresolved: Set<NeighbourQuery> = []
  var segmentTables: [Int: [MACAddress: DeviceKey]] = [:]

  init(_ cloud: DataPlaneModel) {
    for (name, node) in cloud.nodes { switches[name] = SwitchState(capturedIn: node.openVSwitch) }
  }
}
