// One bridge of the switch: its ports, its flow tables and what steers NORMAL on it.
import Facts
import NetworkTypes

/// A bridge of the switch model.
public struct SwitchBridge: Sendable {
  public var name: BridgeName
  /// `netdev` datapaths forward in user space, `system` ones in the kernel.
  public var isUserspace: Bool
  public var isSecure: Bool
  public var ports: [OpenFlowPort: SwitchPort]
  /// Port numbers in rising order.
  public var portNumbers: [OpenFlowPort]
  public var bundles: [PortBundle]
  public var mirrors: [Mirror]
  public var floodVLANs: Set<VLANID>
  public var forwardsBPDUs: Bool
  public var spanningTree: Bool
  public var snoopsMulticast: Bool
  /// A miss goes to the controller (OpenFlow 1.0 to 1.2) instead of being dropped.
  public var missGoesToController: Bool
  public var flows: FlowTables
  public var groups: [UInt32: GroupEntry]
  /// Why the flows, or the groups, are not known; nil where they are.
  public var flowGap: Gap?
  public var groupGap: Gap?
  public var learnedMACs: [LearnedMAC]
  public var evidence: Evidence?

  public func port(_ number: OpenFlowPort) -> SwitchPort? { ports[number] }
  public func port(named name: InterfaceName) -> SwitchPort? {
    ports.values.first { $0.name == name }
  }
  public func bundle(of number: OpenFlowPort) -> Int? { ports[number]?.bundle }
}
