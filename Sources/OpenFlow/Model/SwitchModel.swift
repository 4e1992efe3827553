// The static model of one node's Open vSwitch, made of facts; what every evaluation reads.
import Facts
import NetworkTypes

/// One node's switch: all its bridges, with ports, flow tables and groups. Immutable.
public struct SwitchModel: Sendable {
  public let node: NodeName
  public private(set) var bridges: [BridgeName: SwitchBridge] = [:]
  /// What the capture lacks, and what in it cannot work as configured.
  public private(set) var problems: [SwitchProblem] = []
  /// Tags of a frame that the switch looks at, 1 or 2 (`other_config:vlan-limit`).
  public private(set) var vlanLimit = 1
  private var portsByName: [InterfaceName: SwitchPortKey] = [:]
  /// The bridges as evaluations read them.
  private(set) var sites: [BridgeSite] = []
  private var siteByName: [BridgeName: BridgeSite] = [:]

  public init(_ facts: OpenVSwitchFacts, node: NodeName) {
    self.node = node
    var builder = SwitchModelBuilder(facts, node: node)
    builder.build()
    bridges = builder.bridges
    problems = builder.problems
    vlanLimit = builder.vlanLimit
    for bridge in bridges.values {
      for port in bridge.ports.values { portsByName[port.name] = port.key }
    }
    for name in bridgeNames {
      guard let bridge = bridges[name] else { continue }
      let site = BridgeSite(bridge, number: sites.count)
      sites.append(site)
      siteByName[name] = site
    }
  }

  func site(_ name: BridgeName) -> BridgeSite? { siteByName[name] }

  public func bridge(_ name: BridgeName) -> SwitchBridge? { bridges[name] }

  /// The port that a device or patch of this name is; names are unique in a switch.
  public func port(named name: InterfaceName) -> SwitchPort? {
    portsByName[name].flatMap { port($0) }
  }
  public func port(_ key: SwitchPortKey) -> SwitchPort? { bridges[key.bridge]?.ports[key.number] }
  public func port(_ number: OpenFlowPort, on bridge: BridgeName) -> SwitchPort? {
    bridges[bridge]?.ports[number]
  }
  public func isUserspace(_ bridge: BridgeName) -> Bool { bridges[bridge]?.isUserspace ?? false }

  /// Bridge names in alphabetical order.
  public var bridgeNames: [BridgeName] { bridges.keys.sorted() }
}

/// What is missing from a switch's facts, or configured so that it cannot work.
public struct SwitchProblem: Hashable, Sendable, CustomStringConvertible {
  public enum Cause: Hashable, Sendable {
    case missing(Gap)
    case patchWithoutPeer(InterfaceName)
    case interfaceError(InterfaceName, String)
    /// Another tunnel port has the same configuration, so OVS does not use this one.
    case duplicateTunnel(InterfaceName, like: InterfaceName)
    /// In-band control adds flows that no dump shows.
    case inBandControl(controller: String)
  }
  public var bridge: BridgeName?
  public var cause: Cause
  public var evidence: Evidence?

  public var description: String { (bridge.map { "\($0): " } ?? "") + "\(cause)" }
}

extension SwitchProblem.Cause: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let gap): "\(gap)"
    case .patchWithoutPeer(let name): "patch port \(name) has no peer"
    case .interfaceError(let name, let text): "\(name): \(text)"
    case .duplicateTunnel(let name, let other): "\(name): same tunnel as \(other)"
    case .inBandControl(let target): "in-band control towards \(target) adds hidden flows"
    }
  }
}
