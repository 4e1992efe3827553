// A bridge's OpenFlow port: what it leads to and how it is configured.
import Facts
import NetworkTypes

/// One OpenFlow port of a bridge.
public struct SwitchPort: Hashable, Sendable {
  /// What a frame that leaves through the port meets next.
  public enum Kind: Hashable, Sendable {
    /// A kernel or DPDK device of this name.
    case device
    /// A device that OVS itself made: `internal` ports, among them the bridge's own.
    case `internal`
    /// The other end of a patch, inside the same switch; nil when there is none, and frames vanish.
    case patch(peer: SwitchPortKey?)
    case tunnel(TunnelConfiguration)
  }

  public var key: SwitchPortKey
  public var name: InterfaceName
  public var kind: Kind
  public var mac: MACAddress?
  /// `PORT_DOWN`, `NO_FLOOD`, `NO_FWD`, `NO_RECV`, … of every dump that lists the port.
  public var config: Set<String>
  public var state: Set<String>
  /// Index into the bridge's bundles; nil for a port that no OVSDB port record owns.
  public var bundle: Int?
  /// The interface's row; nil where OVSDB was not captured.
  public var interfaceEvidence: Evidence?
  public var portEvidence: Evidence?

  public var number: OpenFlowPort { key.number }
  /// True unless the device is administratively down or has no carrier.
  public var isLinkUp: Bool { !config.contains("PORT_DOWN") && !state.contains("LINK_DOWN") }
  /// May carry a bond's or a fast-failover group's traffic.
  public var isLive: Bool { !state.contains("LINK_DOWN") && !config.contains("PORT_DOWN") }
  public var isTunnel: Bool { if case .tunnel = kind { true } else { false } }
  public var isPatch: Bool { if case .patch = kind { true } else { false } }
}

/// A port's place in the node's switch.
public struct SwitchPortKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let bridge: BridgeName
  public let number: OpenFlowPort
  public init(_ bridge: BridgeName, _ number: OpenFlowPort) {
    self.bridge = bridge
    self.number = number
  }
  public static func < (a: Self, b: Self) -> Bool {
    a.bridge == b.bridge ? a.number < b.number : a.bridge < b.bridge
  }
  public var description: String { "\(bridge):\(number)" }
}

/// Where a tunnel port's packets go and which ones it takes, from its `options` column.
public struct TunnelConfiguration: Hashable, Sendable {
  /// An end of the tunnel.
  public enum Endpoint: Hashable, Sendable {
    case any
    case address(IPAddress)
    /// Taken from, or left to, the flow table (`flow`).
    case flow
    /// A host name or other text that is no address.
    case unrecognised(String)
  }
  public enum Key: Hashable, Sendable {
    case absent
    case fixed(UInt64)
    case flow
  }

  /// `vxlan`, `gre`, `geneve`, …
  public var type: String
  public var local: Endpoint
  public var remote: Endpoint
  public var inKey: Key
  public var outKey: Key
  public var destinationPort: UInt16
  public var tos: UInt8
  public var inheritsTOS: Bool
  public var ttl: UInt8
  public var inheritsTTL: Bool
  public var dontFragment: Bool
  public var checksum: Bool
  public var egressMark: UInt32?
  /// As OVSDB has them.
  public var options: [String: String]
}
