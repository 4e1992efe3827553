// A bridge and its ports as evaluations read them: references that cost nothing to hand around, with what is
// asked of a port's flags for every packet. Made of a SwitchBridge by the SwitchModel.
import Facts
import NetworkTypes

/// A bridge of a model.
final class BridgeSite: Sendable {
  let bridge: SwitchBridge
  /// Of `SwitchModel.sites`.
  let number: Int
  /// By number, as far as real switches count.
  private let ports: [PortSite?]
  private let others: [OpenFlowPort: PortSite]
  /// By index of the bridge's bundles.
  let bundles: [BundleSite]

  init(_ bridge: SwitchBridge, number: Int) {
    self.bridge = bridge
    self.number = number
    let all = bridge.ports.mapValues { PortSite($0) }
    bundles = bridge.bundles.enumerated().map { index, bundle in
      BundleSite(
        bundle, port: bundle.isBond ? nil : bundle.members.first.flatMap { all[$0] },
        isMirrorOutput: bridge.mirrors.contains { $0.output == .bundle(index) })
    }
    let largest = bridge.portNumbers.last { $0.rawValue <= UInt16.max }?.rawValue ?? 0
    var ports: [PortSite?] = Array(repeating: nil, count: Int(largest) + 1)
    for (number, port) in all where number.rawValue <= largest {
      ports[Int(number.rawValue)] = port
    }
    self.ports = ports
    others = all.filter { $0.key.rawValue > largest }
  }

  func port(_ number: OpenFlowPort) -> PortSite? {
    let index = Int(number.rawValue)
    return index < ports.count ? ports[index] : others[number]
  }
}

/// A port of a bridge.
final class PortSite: Sendable {
  let port: SwitchPort
  let forwards: Bool
  /// May receive what is no spanning tree's frame, and what is one.
  let receives: Bool
  let receivesBridgeProtocol: Bool
  let refusesToForward: Bool
  let isLinkUp: Bool

  init(_ port: SwitchPort) {
    self.port = port
    forwards = port.forwards
    let learns = port.forwards || port.learns
    receives = learns && !port.config.contains("NO_RECV")
    receivesBridgeProtocol = learns && !port.config.contains("NO_RECV_STP")
    refusesToForward = port.config.contains("NO_FWD")
    isLinkUp = port.isLinkUp
  }
}

/// A bundle of a bridge.
final class BundleSite: Sendable {
  let bundle: PortBundle
  /// Of a bundle that is no bond.
  let onlyPort: PortSite?
  let isMirrorOutput: Bool
  /// Gets a copy of what is flooded.
  let isFloodable: Bool
  init(_ bundle: PortBundle, port: PortSite?, isMirrorOutput: Bool) {
    self.bundle = bundle
    onlyPort = port
    self.isMirrorOutput = isMirrorOutput
    isFloodable = bundle.isFloodable && !isMirrorOutput
  }
}
