// Open vSwitch: translate, then hand each output to its device, guest or tunnel.
import Conntrack
import DataPlane
import Facts
import NetworkTypes
import OpenFlow

extension Simulation {
  mutating func switchInput(
    _ name: NodeName, _ port: SwitchPortKey, _ frame: Frame, _ parent: Int?
  ) {
    guard let node = cloud.nodes[name] else { return }
    let place = Place.bridge(BridgeKey(name, port.bridge))
    let isUserspace = node.openVSwitch.isUserspace(port.bridge)
    let domain: ConntrackDomain =
      isUserspace ? .userspace(name) : .namespace(NamespaceKey(name, .root))
    var switchState = state.switches[name] ?? SwitchState()
    let translation = withConntrack(domain) { table in
      node.openVSwitch.translate(
        SwitchInput(bridge: port.bridge, port: port.number, packet: frame.packet),
        state: &switchState, conntrack: &table)
    }
    state.switches[name] = switchState
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
      switchOutput(output, of: node, frame, step, isUserspace: isUserspace)
    }
  }

  private mutating func switchOutput(
    _ output: SwitchOutput, of node: NodeModel, _ frame: Frame, _ parent: Int?,
    isUserspace: Bool
  ) {
    var out = frame
    out.packet = output.packet
    out.packet.tunnel = nil
    let key = SwitchPortKey(output.bridge, output.port)
    switch output.kind {
    case .controller: return
    case .tunnel(let type, let metadata, let port):
      encapsulate(
        out, Tunnel(type: type, metadata: metadata, udpPort: port), on: node, output, parent,
        isUserspace: isUserspace)
    case .device, .internal:
      guard let deviceKey = node.switchDevices[key], let device = node.device(deviceKey) else {
        return portWithoutDevice(key, on: node, output, out, parent)
      }
      if device.isSwitchInternal {
        if isUserspace, out.inner != nil, terminate(out, at: device, on: node, parent) { return }
        return hand(.device(deviceKey), out, parent)
      }
      if out.payloadBytes > device.mtuBytes {
        return drop(
          .device(deviceKey), .mtuExceeded,
          "\(out.payloadBytes) bytes do not fit \(deviceKey.interface)'s MTU of "
            + "\(device.mtuBytes)", out, parent, evidence: [device.link.evidence])
      }
      transmit(deviceKey, out, parent)
    }
  }

  private mutating func portWithoutDevice(
    _ key: SwitchPortKey, on node: NodeModel, _ output: SwitchOutput, _ frame: Frame,
    _ parent: Int?
  ) {
    if let guest = cloud.guestsBySwitchPort[node.name]?[key] {
      return schedule(.guest(guest), frame, parent)
    }
    drop(
      .bridge(BridgeKey(node.name, output.bridge)), .notAttached,
      "port \(output.name) of \(output.bridge) has no device in the capture", frame, parent)
  }
}
