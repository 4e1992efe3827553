// Open vSwitch: translate, then hand each output to its device, guest or tunnel.
import Conntrack
import DataPlane
import Facts
import NetworkTypes
import OpenFlow

/// A frame that leaves a switch.
struct SwitchEmission {
  enum Exit {
    case device(Device)
    case guest(Int)
    /// A tunnel packet that the node's own IP stack sends.
    case stack(NamespaceModel)
  }
  let exit: Exit
  let frame: Frame
  let parent: Int?
}

extension Simulation {
  /// Through pipes and tunnels of a userspace datapath, which all run in one go, 16 are plenty.
  private static let recirculationLimit = 16

  mutating func switchInput(
    _ name: NodeName, _ port: SwitchPortKey, _ frame: Frame, _ parent: Int?
  ) {
    guard let node = cloud.nodes[name] else { return }
    var emissions: [SwitchEmission] = []
    translate(node, port, frame, parent, into: &emissions, depth: 0)
    if node.openVSwitch.isUserspace(port.bridge) {
      let ranked = emissions.enumerated().map { offset, emission in
        (rank(emission, on: node), offset, emission)
      }
      emissions = ranked.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }
    for emission in emissions { emit(emission) }
  }

  private func rank(_ emission: SwitchEmission, on node: NodeModel) -> Int {
    guard case .device(let device) = emission.exit else { return .max }
    return node.flushOrder.rank(device.key.interface)
  }

  private mutating func emit(_ emission: SwitchEmission) {
    switch emission.exit {
    case .guest(let index): schedule(.guest(index), emission.frame, emission.parent)
    case .stack(let namespace): localOutput(namespace, emission.frame, emission.parent)
    case .device(let device) where device.isSwitchInternal:
      hand(.device(device.key), emission.frame, emission.parent)
    case .device(let device):
      guard emission.frame.payloadBytes <= device.mtuBytes else {
        return drop(
          .device(device.key), .mtuExceeded,
          "\(emission.frame.payloadBytes) bytes do not fit \(device.key.interface)'s MTU of "
            + "\(device.mtuBytes)", emission.frame, emission.parent,
          evidence: [device.link.evidence])
      }
      transmit(device.key, emission.frame, emission.parent)
    }
  }

  /// Everything that a frame on a port makes the node's switch send.
  mutating func translate(
    _ node: NodeModel, _ port: SwitchPortKey, _ frame: Frame, _ parent: Int?,
    into emissions: inout [SwitchEmission], depth: Int
  ) {
    let place = Place.bridge(BridgeKey(node.name, port.bridge))
    guard depth < Self.recirculationLimit else {
      return drop(place, .loop, "tunnels of \(node.name) lead into each other", frame, parent)
    }
    let isUserspace = node.openVSwitch.isUserspace(port.bridge)
    let domain: ConntrackDomain =
      isUserspace ? .userspace(node.name) : .namespace(NamespaceKey(node.name, .root))
    var switchState = state.switches[node.name] ?? SwitchState()
    let options = TranslationOptions(isAfterTimeouts: isAfterTimeouts)
    let translation = withConntrack(domain) { table in
      node.openVSwitch.translate(
        SwitchInput(
          bridge: port.bridge, port: port.number, packet: frame.packet,
          options: options),
        state: &switchState, conntrack: &table)
    }
    if !forgets { state.switches[node.name] = switchState }
    let step = record(place, .openFlow(translation), frame, parent)
    for unknown in translation.unknowns {
      self.unknown(unknown.text, step, evidence: unknown.evidence.map { [$0] } ?? [])
    }
    if translation.outputs.isEmpty, translation.unknowns.isEmpty {
      let reason = translation.drops.last
      drop(
        place, .openFlowDrop, reason?.text ?? "no output on \(port.bridge)", frame, step,
        evidence: reason?.evidence.map { [$0] } ?? [])
    }
    for output in translation.outputs {
      take(output, of: node, frame, step, into: &emissions, depth: depth)
    }
  }

  private mutating func take(
    _ output: SwitchOutput, of node: NodeModel, _ frame: Frame, _ parent: Int?,
    into emissions: inout [SwitchEmission], depth: Int
  ) {
    var out = frame
    out.packet = output.packet
    out.packet.tunnel = nil
    switch output.kind {
    case .controller: return
    case .tunnel(let type, let metadata, let port):
      encapsulate(
        out, Tunnel(type: type, metadata: metadata, udpPort: port), on: node, output, parent,
        into: &emissions, depth: depth)
    case .device, .internal:
      let key = SwitchPortKey(output.bridge, output.port)
      if let deviceKey = node.switchDevices[key], let device = node.device(deviceKey) {
        if device.isSwitchInternal, out.inner != nil, isTunnelEnd(out, device, node) {
          return tunnelInput(out, on: node, parent, into: &emissions, depth: depth)
        }
        emissions.append(SwitchEmission(exit: .device(device), frame: out, parent: parent))
      } else if let guest = cloud.guestsBySwitchPort[node.name]?[key] {
        emissions.append(SwitchEmission(exit: .guest(guest), frame: out, parent: parent))
      } else {
        drop(
          .bridge(BridgeKey(node.name, output.bridge)), .notAttached,
          "port \(output.name) of \(output.bridge) has no device in the capture", out, parent)
      }
    }
  }

  /// Userspace: a tunnel packet on its way to a bridge's own device is taken by the switch itself.
  private func isTunnelEnd(_ frame: Frame, _ device: Device, _ node: NodeModel) -> Bool {
    guard let port = device.switchPort, node.openVSwitch.isUserspace(port.bridge),
      let destination = frame.packet.destination,
      let namespace = node.namespaces[device.key.namespace]
    else { return false }
    return namespace.isLocal(destination)
  }
}
