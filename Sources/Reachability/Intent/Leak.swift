// Packets that arrive where nobody asked for them.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

/// The border that packets crossed.
public enum Border: String, Hashable, Sendable, CaseIterable {
  /// Frames of one network come out on another: broadcast domains are joined.
  case broadcastDomain = "broadcast-domain"
  /// A router leads between networks that no router of Neutron's joins.
  case routing
  /// Past the security groups of the port that is reached.
  case ingress = "security-group-ingress"
  /// Past the security groups of the port that sends.
  case egress = "security-group-egress"
  /// From addresses that are not the sender's.
  case spoofing
  /// A tag that the guest put on chose the network.
  case vlanHopping = "vlan-hopping"
  /// A service of the host, or the host as a router.
  case host
  /// DHCP, metadata or a router of a network that the sender is not on.
  case service
  /// To the outside from an address that is not the sender's there.
  case externalIdentity = "external-identity"
  /// From the outside, past floating IPs and port forwardings.
  case external
}

public enum LeakSeverity: String, Hashable, Sendable, CaseIterable, Comparable {
  case info, low, medium, high, critical
  public static func < (a: Self, b: Self) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

/// A way across a border that the agents themselves leave open, on every node of the kind.
public enum Exposure: String, Hashable, Sendable, CaseIterable {
  /// A flow that the switch has learnt, and that expires, lets them through.
  case learnedFlow = "learned-flow"
  /// Agents do not look at the tags that guests put on their frames.
  case guestTag = "guest-tag"
  /// Security groups in flows do not hold back frames to all, or to a group.
  case groupFrame = "group-frame"
  /// Security groups in flows do not hold back frames that a switch floods because it does not know
  /// where their MAC is.
  case floodedFrame = "flooded-frame"
  /// The host's own stack sees what a guest sends to all on its filtering bridge.
  case filteringBridge = "filtering-bridge"
  /// The host routes what comes to its filtering bridge's own MAC, which it never announces.
  case bridgeMAC = "bridge-mac"
  /// Port security is off: the port may send from any address.
  case unfilteredPort = "unfiltered-port"
  /// iptables' rules check no IPv6 source of a port that Neutron gave no IPv6 address.
  case unaddressedFamily = "unaddressed-family"
  /// iptables' rules let all ICMPv6 out but router advertisements, whatever the security groups say.
  case freeICMPv6 = "free-icmpv6"
  /// ARP answers to the MAC of the node's distributed routers pass by the check of their sender.
  case routerMAC = "router-mac"
  /// Who advertises an address of his own may do so from any source.
  case advertisement
  /// Distributed routers of one node meet in its floating IP namespace, which forwards to the inner
  /// address of each of them.
  case floatingLink = "floating-link"

  var severity: LeakSeverity { self == .learnedFlow ? .low : .info }
}

/// Packets delivered and not intended, from one origin to one place.
public struct Leak: Sendable {
  public let border: Border
  public let severity: LeakSeverity
  /// Nil for what no agent leaves open.
  public let exposure: Exposure?
  public let origin: ReachOrigin
  public let place: ReachPlace
  /// As they are sent.
  public let sent: PacketSet
  /// As they arrive.
  public let received: PacketSet
  /// One of them.
  public let witness: [UInt128]
  public let isAddressed: Bool

  /// The same leak where its sets have other numbers.
  public func with(sent: PacketSet, received: PacketSet) -> Leak {
    Leak(
      border: border, severity: severity, exposure: exposure, origin: origin, place: place,
      sent: sent, received: received, witness: witness, isAddressed: isAddressed)
  }
}
