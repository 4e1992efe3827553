// What a trace is made of: a tree of steps, each with the packet as it is after it, what decided,
// and where in the capture that stands. Text is made of it only at the edge.
import DataPlane
import Facts
import Netfilter
import NetworkTypes
import OpenFlow

/// Where a step happens.
public enum Place: Hashable, Sendable {
  case device(DeviceKey)
  case namespace(NamespaceKey)
  case bridge(BridgeKey)
  case guest(node: NodeName?, name: String)
  case segment(String)
  case outside(String)
}

/// Why a packet goes no further, with a stable code.
public enum DropCode: String, Hashable, Sendable, CaseIterable {
  case linkDown = "link-down"
  case noCarrier = "no-carrier"
  case notAttached = "not-attached"
  case mtuExceeded = "mtu-exceeded"
  case otherHost = "not-this-host"
  case bridgePortBlocked = "bridge-port-blocked"
  case openFlowDrop = "openflow-drop"
  case noTunnelPort = "no-tunnel-port"
  case noTunnelRoute = "no-tunnel-route"
  case noSuchPort = "no-such-port"
  case netfilterDrop = "netfilter-drop"
  case netfilterReject = "netfilter-reject"
  case martianSource = "martian-source"
  case reversePath = "reverse-path-filter"
  case forwardingOff = "forwarding-off"
  case timeToLive = "ttl-expired"
  case noRoute = "no-route"
  case unreachableRoute = "unreachable-route"
  case neighbourUnresolved = "neighbour-unresolved"
  case noListener = "no-listener"
  case notAnswered = "not-answered"
  case outsideNoRoute = "outside-no-route"
  case loop = "loop"
  case networkUnreachable = "network-unreachable"
  case unhandledProtocol = "unhandled-protocol"
}

/// A reason with its evidence.
public struct Reason: Hashable, Sendable {
  public let code: String
  public let text: String
  public let evidence: [Evidence]
  public init(code: String, text: String, evidence: [Evidence] = []) {
    self.code = code
    self.text = text
    self.evidence = evidence
  }
}

public enum StepEvent: Sendable {
  /// A device handed the frame to its namespace or switch.
  case received
  /// A device sent the frame.
  case sent
  case openFlow(Translation)
  case netfilter(Hook, HookResult)
  case routed(Route, NextHop, RoutingRule?)
  case neighbour(IPAddress, MACAddress, isCaptured: Bool)
  case bridged([InterfaceName])
  case encapsulated(String)
  case decapsulated(String)
  case delivered(String)
  case overheard
  case dropped(Reason)
  case unknown(Reason)
  case originated(String)
}

/// One step of a trace.
public struct Step: Sendable {
  /// Index of the step that led here.
  public let parent: Int?
  public let place: Place
  public let event: StepEvent
  public let packet: Packet
  public let inner: Packet?
  public let evidence: [Evidence]
}

/// A kernel device that the packet crossed.
public struct PathHop: Hashable, Sendable {
  public let device: DeviceKey
  public let isOut: Bool
  public let step: Int
}
