// Linux bridges: learning, flooding, and br_netfilter's run of the IP hooks for bridged packets.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes

extension Simulation {
  /// A frame comes in on a port of a bridge.
  mutating func bridgeInput(
    _ bridge: LinuxBridgeModel, in namespace: NamespaceModel, from device: Device,
    _ frame: Frame, _ parent: Int?
  ) {
    let bridgeKey = DeviceKey(namespace.key, bridge.name)
    guard bridge.isUp else {
      return drop(
        .device(bridgeKey), .linkDown, "\(bridge.name) is down", frame, parent,
        evidence: [bridge.evidence])
    }
    guard let port = bridge.port(device.key.interface), port.isForwarding else {
      return drop(
        .device(device.key), .bridgePortBlocked,
        "\(device.key.interface) does not forward in \(bridge.name)", frame, parent,
        evidence: [bridge.port(device.key.interface)?.evidence ?? bridge.evidence])
    }
    if frame.packet.ethDst.isReservedForBridges { return }
    if bridge.filtersVLANs {
      return unknown(
        "\(bridgeKey) filters VLANs, which is not modelled", parent, evidence: [bridge.evidence])
    }
    if bridge.learns(on: port), !forgets {
      state.bridgeTables[bridgeKey, default: [:]][frame.packet.ethSrc] = device.key.interface
    }
    var frame = frame
    var connection = PacketConnection()
    guard
      bridgeHook(
        .prerouting, &frame, &connection, bridge, in: namespace, from: device.key.interface,
        to: nil, parent)
    else { return }
    bridgeForward(
      bridge, in: namespace, from: device.key.interface, frame, parent, connection: connection)
  }

  /// Sends a frame out of a bridge's ports; `from` is nil for what the node itself sends.
  mutating func bridgeForward(
    _ bridge: LinuxBridgeModel, in namespace: NamespaceModel, from: InterfaceName?,
    _ frame: Frame, _ parent: Int?, connection: PacketConnection? = nil
  ) {
    let bridgeKey = DeviceKey(namespace.key, bridge.name)
    let destination = frame.packet.ethDst
    if from != nil, destination == namespace.devices[bridge.name]?.mac {
      return bridgeLocal(bridgeKey, in: namespace, frame, parent)
    }
    let learnt = place(of: destination, on: bridge, bridgeKey, from: from, frame)
    let targets = bridge.ports.filter { port in
      guard port.isForwarding else { return false }
      if port.device == from, !port.option("hairpin", default: false) { return false }
      if let learnt, !destination.isMulticast { return port.device == learnt }
      if destination.isBroadcast { return port.option("bcast_flood", default: true) }
      return port.option(destination.isMulticast ? "mcast_flood" : "flood", default: true)
    }
    let step = record(
      .device(bridgeKey), .bridged(targets.map(\.device)), frame, parent,
      evidence: [bridge.evidence])
    for target in targets {
      bridgeSend(
        bridge, in: namespace, from: from, to: target.device, frame, step, connection: connection)
    }
    if from != nil, destination.isMulticast {
      bridgeLocal(bridgeKey, in: namespace, frame, parent)
    }
  }

  /// The port behind which an address was heard; a frame's own source just now, on its own port.
  private func place(
    of destination: MACAddress, on bridge: LinuxBridgeModel, _ key: DeviceKey,
    from: InterfaceName?, _ frame: Frame
  ) -> InterfaceName? {
    guard forgets else {
      return state.bridgeTables[key]?[destination] ?? bridge.captured[destination]
    }
    guard destination == frame.packet.ethSrc, let port = from.flatMap(bridge.port),
      bridge.learns(on: port)
    else { return nil }
    return port.device
  }

  private mutating func bridgeSend(
    _ bridge: LinuxBridgeModel, in namespace: NamespaceModel, from: InterfaceName?,
    to: InterfaceName, _ frame: Frame, _ parent: Int?, connection: PacketConnection?
  ) {
    var frame = frame
    if var connection, from != nil {
      for hook in [Hook.forward, .postrouting] {
        guard
          bridgeHook(
            hook, &frame, &connection, bridge, in: namespace, from: from, to: to, parent)
        else { return }
      }
    }
    let key = DeviceKey(namespace.key, to)
    if let device = namespace.devices[to], frame.payloadBytes > device.mtuBytes {
      return drop(
        .device(key), .mtuExceeded,
        "\(frame.payloadBytes) bytes do not fit \(to)'s MTU of \(device.mtuBytes)", frame, parent,
        evidence: [device.link.evidence])
    }
    transmit(key, frame, parent)
  }

  /// The bridge's own stack takes a copy.
  private mutating func bridgeLocal(
    _ key: DeviceKey, in namespace: NamespaceModel, _ frame: Frame, _ parent: Int?
  ) {
    guard let device = namespace.devices[key.interface] else { return }
    let step = cross(key, isOut: false, frame, parent)
    stackInput(device, in: namespace, frame, step)
  }

  /// Runs one hook for a bridged packet; false where the packet ends here.
  private mutating func bridgeHook(
    _ hook: Hook, _ frame: inout Frame, _ connection: inout PacketConnection,
    _ bridge: LinuxBridgeModel, in namespace: NamespaceModel, from: InterfaceName?,
    to: InterfaceName?, _ parent: Int?
  ) -> Bool {
    guard let family = frame.packet.family else { return true }
    if let gap = namespace.facts.sysctls.gap {
      unknown("whether bridged packets run through netfilter is not known: \(gap)", parent)
      return false
    }
    guard namespace.sysctls.bridgeCallsNetfilter(family),
      frame.packet.vlans.outer == nil || namespace.sysctls.bridgeFiltersTagged
    else { return true }
    var context = HookContext(namespace: namespace)
    context.inDevice = hook == .postrouting ? nil : bridge.name
    context.outDevice = hook == .prerouting ? nil : bridge.name
    context.physicalIn = from
    context.physicalOut = to
    context.isBridged = true
    return runHook(
      hook, &frame, &connection, context, in: namespace, place: .namespace(namespace.key), parent)
  }
}
