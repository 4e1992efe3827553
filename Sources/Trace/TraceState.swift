// What the cloud learns while packets travel. A value: each probe starts from the captured state,
// or from what its session taught, and leaves no trace in it.
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
  /// What was asked for in vain. An entry of the cache all the same: any ARP or ND packet of that
  /// address fills it.
  var unresolved: Set<NeighbourQuery> = []
  /// Entries that more than one MAC claimed: which of them a cache holds, no capture says.
  var contested: Set<NeighbourQuery> = []
  /// Entries that a packet for others filled. Whoever uses one asks its owner whether it holds.
  var unconfirmed: Set<NeighbourQuery> = []
  var segmentTables: [Int: [MACAddress: DeviceKey]] = [:]

  init(_ cloud: DataPlaneModel) {
    for (name, node) in cloud.nodes { switches[name] = SwitchState(capturedIn: node.openVSwitch) }
  }

  /// Takes back what MAC tables learnt since then.
  mutating func forgetPlaces(since before: TraceState) {
    switches = before.switches
    bridgeTables = before.bridgeTables
    segmentTables = before.segmentTables
  }
}
