// Devices, switches and Linux bridges: who gets a frame next.
import DataPlane
import Facts
import Netfilter
import NetworkTypes
import OpenFlow
import PacketSets

extension Walk {
  /// A namespace, a bridge or the switch hands a frame to a device.
  func transmit(_ key: DeviceKey, _ beam: Beam) {
    guard let device = cloud.device(key), device.isUp,
      device.hasCarrier || device.isSwitchInternal
    else { return }
    if device.link.kind == "vlan" { return transmitTagged(device, beam) }
    if let namespace = cloud.namespace(key.namespaceKey),
      let bridge = namespace.bridges[key.interface]
    {
      return bridgeForward(bridge, in: namespace, from: nil, beam)
    }
    if device.isSwitchInternal, let port = device.switchPort {
      return go(.switchPort(key.node, port, nil), beam)
    }
    switch device.attachment {
    case .veth(let peer): go(.receive(peer), offNamespace(beam, key, peer))
    case .guest: deliverToGuests(key, beam)
    case .segment(let index): go(.segment(index, from: key), offNode(beam))
    case .none: break
    }
  }

  /// Conntrack's state does not cross into another namespace.
  private func offNamespace(_ beam: Beam, _ from: DeviceKey, _ to: DeviceKey) -> Beam {
    from.namespaceKey == to.namespaceKey ? beam : clearingConnection(beam)
  }
  func clearingConnection(_ beam: Beam) -> Beam {
    let set = space.assign(.connectionMark, 0, in: beam.set)
    return beam.with(space.assign(.connectionState, 0, in: set))
  }
  private func offNode(_ beam: Beam) -> Beam {
    clearingConnection(beam.with(space.assign(.packetMark, 0, in: beam.set)))
  }

  private func transmitTagged(_ device: Device, _ beam: Beam) {
    guard let lower = device.link.peerName,
      let id = device.link.attributes["id"].flatMap(Int.init).flatMap({ VLANID($0) })
    else { return unknown("\(device.key) has no lower device in the capture", beam) }
    let inner = space.copy(
      HeaderField.vlan.rawValue, to: HeaderField.innerVLAN.rawValue, in: beam.set)
    var tagged = beam
    tagged.rewrite(
      HeaderField.vlan.bit | HeaderField.innerVLAN.bit,
      to: space.assign(.vlan, UInt128(id.rawValue) | tagPresent, in: inner.set),
      moved: .init(from: .vlan, to: .innerVLAN))
    transmit(DeviceKey(device.key.namespaceKey, lower), tagged)
  }

  /// A frame comes out of a device's far end.
  func receive(_ key: DeviceKey, _ beam: Beam) {
    guard let device = cloud.device(key), let namespace = cloud.namespace(key.namespaceKey),
      device.isUp
    else { return }
    if let master = device.link.master, let bridge = namespace.bridges[master] {
      return bridgeInput(bridge, in: namespace, from: device, beam)
    }
    if let port = device.switchPort, !device.isSwitchInternal {
      return go(.switchPort(key.node, port, nil), beam)
    }
    stackInput(device, in: namespace, beam)
  }

  private func deliverToGuests(_ key: DeviceKey, _ beam: Beam) {
    let guests = cloud.guestsByDevice[key] ?? []
    var rest = beam.set
    for index in guests {
      guard let vlan = cloud.guests[index].vlan else { continue }
      let mine = space.and(beam.set, space.value(.vlan, UInt128(vlan.rawValue) | tagPresent))
      rest = space.minus(rest, mine)
      if !mine.isEmpty { go(.guest(index), untagged(beam.with(mine))) }
    }
    // What carries no subport's tag is the parent's to see, tags and all.
    for index in guests where cloud.guests[index].vlan == nil {
      go(.guest(index), beam.with(rest))
    }
  }

  // MARK: Switch

  func switchInput(
    _ name: NodeName, _ port: SwitchPortKey, _ metadata: TunnelMetadata?, _ beam: Beam
  ) {
    guard let reach = cloudReach.switchReach(name) else { return }
    let (exits, unknowns) = reach.run(port, clearingConnection(beam), tunnel: metadata)
    add(unknowns)
    for exit in exits { leave(exit, reach.node) }
  }

  private func leave(_ exit: SwitchExit, _ node: NodeModel) {
    switch exit.kind {
    case .port(let key):
      if let deviceKey = node.switchDevices[key], let device = node.device(deviceKey) {
        guard device.isSwitchInternal else { return transmit(device.key, exit.beam) }
        if let rest = takingTunnel(exit.beam, device, node) { go(.receive(device.key), rest) }
      } else if let guest = cloud.guestsBySwitchPort[node.name]?[key] {
        go(.guest(guest), exit.beam)
      }
    case .tunnel(let port, let id, let source, let destination):
      let way = TunnelWay(port: port, node: node.name, source: source, destination: destination)
      encapsulate(exit.beam, way, id: id)
    }
  }

  // MARK: Linux bridges

  private func bridgeInput(
    _ bridge: LinuxBridgeModel, in namespace: NamespaceModel, from device: Device, _ beam: Beam
  ) {
    guard bridge.isUp, let port = bridge.port(device.key.interface), port.isForwarding else {
      return
    }
    let reserved = space.interval(.ethDestination, 0x0180_c200_0000...0x0180_c200_000f)
    let beam = beam.with(space.minus(beam.set, reserved))
    if bridge.filtersVLANs {
      return unknown(
        "\(namespace.key)/\(bridge.name) filters VLANs, which is not modelled", beam,
        evidence: bridge.evidence)
    }
    let place = HookPlace(inDevice: bridge.name, physicalIn: device.key.interface)
    for beam in hook(.prerouting, beam, bridge, in: namespace, place) {
      bridgeForward(bridge, in: namespace, from: device.key.interface, beam)
    }
  }

  /// `from` is nil for what the node itself sends.
  private func bridgeForward(
    _ bridge: LinuxBridgeModel, in namespace: NamespaceModel, from: InterfaceName?, _ beam: Beam
  ) {
    let own = namespace.devices[bridge.name]
    var forwarded = beam.set
    if from != nil, let own {
      let mine = space.and(beam.set, space.isFor(own.mac))
      if !mine.isEmpty { stackInput(own, in: namespace, beam.with(mine)) }
      forwarded = space.minus(
        forwarded, space.value(.ethDestination, UInt128(own.mac.rawValue)))
    }
    if let port = from.flatMap(bridge.port), bridge.learns(on: port),
      !port.option("hairpin", default: false)
    {
      forwarded = space.minus(forwarded, cloudReach.toSender)
    }
    for port in bridge.ports where port.isForwarding {
      if port.device == from, !port.option("hairpin", default: false) { continue }
      var beams = [beam.with(forwarded)]
      if let from {
        for stage in [Hook.forward, .postrouting] {
          let place = HookPlace(
            inDevice: stage == .forward ? bridge.name : nil, outDevice: bridge.name,
            physicalIn: from, physicalOut: port.device)
          beams = beams.flatMap { hook(stage, $0, bridge, in: namespace, place) }
        }
      }
      for beam in beams { transmit(DeviceKey(namespace.key, port.device), beam) }
    }
  }

  /// br_netfilter: IP packets of bridges run through the namespace's hooks where the sysctls say.
  private func hook(
    _ hook: Hook, _ beam: Beam, _ bridge: LinuxBridgeModel, in namespace: NamespaceModel,
    _ place: HookPlace
  ) -> [Beam] {
    if let gap = namespace.facts.sysctls.gap {
      unknown("whether bridged packets run through netfilter is not known: \(gap)", beam)
      return [beam]
    }
    var filtered = PacketSet.empty
    for family in [AddressFamily.ipv4, .ipv6]
    where namespace.sysctls.bridgeCallsNetfilter(family) {
      filtered = space.or(filtered, space.family(family))
    }
    if !namespace.sysctls.bridgeFiltersTagged {
      filtered = space.and(filtered, space.value(.vlan, 0))
    }
    let inside = space.and(beam.set, filtered)
    let outside = space.minus(beam.set, inside)
    var passed = outside.isEmpty ? [] : [beam.with(outside)]
    if !inside.isEmpty {
      let (beams, unknowns) = cloudReach.hookReach(namespace).run(hook, beam.with(inside), place)
      add(unknowns)
      passed += beams
    }
    return space.joined(passed).map { [$0] } ?? []
  }
}
