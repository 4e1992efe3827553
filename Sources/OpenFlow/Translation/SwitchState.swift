// What packets teach a switch while they pass: MAC tables and learned flows.
import Facts
import NetworkTypes

/// A switch's memory during a trace. A value: a branch that copies it does not disturb the others.
public struct SwitchState: Sendable, Hashable {
  struct MACKey: Hashable, Sendable {
    let bridge: BridgeName
    let vlan: UInt16
    let mac: MACAddress
  }
  struct MACEntry: Hashable, Sendable {
    /// The bundle's first member.
    var port: OpenFlowPort
    /// A gratuitous ARP set it: for five seconds one that a bond's peer sends back does not move it.
    var isLocked: Bool
    var isStatic = false
  }
  var macs: [MACKey: MACEntry] = [:]
  var learnedFlows: [BridgeName: [LearnedFlow]] = [:]

  /// Knows nothing: every unicast destination floods until something was heard of it.
  public init() {}

  /// Starts from the captured MAC tables.
  public init(capturedIn model: SwitchModel) {
    for bridge in model.bridges.values {
      for entry in bridge.learnedMACs {
        let port = entry.port.map { OpenFlowPort($0) } ?? OpenFlowPort.local
        macs[MACKey(bridge: bridge.name, vlan: entry.vlan.rawValue, mac: entry.mac)] =
          MACEntry(port: port, isLocked: false, isStatic: entry.ageSeconds == nil)
      }
    }
  }

  func flowsLearned(on site: BridgeSite) -> [LearnedFlow] {
    learnedFlows.isEmpty ? [] : learnedFlows[site.bridge.name] ?? []
  }

  /// Makes the switch forget its MAC tables, as expiry would; learned flows stay.
  public mutating func forgetMACs() { macs = [:] }

  /// The port behind which `mac` was last heard.
  public func port(of mac: MACAddress, vlan: VLANID, on bridge: BridgeName) -> OpenFlowPort? {
    macs[MACKey(bridge: bridge, vlan: vlan.rawValue, mac: mac)]?.port
  }

  public mutating func learn(
    _ mac: MACAddress, vlan: VLANID, on bridge: BridgeName, port: OpenFlowPort
  ) {
    macs[MACKey(bridge: bridge, vlan: vlan.rawValue, mac: mac)] = MACEntry(
      port: port, isLocked: false)
  }
}
