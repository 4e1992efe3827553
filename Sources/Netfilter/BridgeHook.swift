// The hooks of a Linux bridge, where ebtables stands.
import Facts
import NetworkTypes

/// `brouting` comes before the bridge looks at a frame.
public enum BridgeHook: String, Hashable, Sendable, CaseIterable {
  case brouting, prerouting, input, forward, output, postrouting
}

public struct BridgeHookContext: Hashable, Sendable {
  public var bridge: InterfaceName
  /// The port that the frame came in by, or the bridge for one made here.
  public var inPort: InterfaceName?
  public var outPort: InterfaceName?
  public init(bridge: InterfaceName, inPort: InterfaceName?, outPort: InterfaceName?) {
    self.bridge = bridge
    self.inPort = inPort
    self.outPort = outPort
  }
}

public struct BridgeHookResult: Hashable, Sendable {
  public var verdict: HookVerdict
  public var steps: [RuleStep]
  public var assumptions: [String]
  /// `-t broute`: the frame goes up to the port's own IP stack instead of the bridge.
  public var isRouted: Bool
  /// `redirect`, `dnat` at prerouting: its destination changed before the bridge looked it up.
  public var destinationChanged: Bool
  /// `arpreply`: this MAC answers an ARP request in the owner's place.
  public var answersARPWith: MACAddress?
  public init(
    verdict: HookVerdict, steps: [RuleStep] = [], assumptions: [String] = [],
    isRouted: Bool = false, destinationChanged: Bool = false, answersARPWith: MACAddress? = nil
  ) {
    self.verdict = verdict
    self.steps = steps
    self.assumptions = assumptions
    self.isRouted = isRouted
    self.destinationChanged = destinationChanged
    self.answersARPWith = answersARPWith
  }
}
