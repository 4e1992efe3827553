// Devices: what is sent goes to the other end, what comes in goes to the bridge, the switch or
// the stack above.
import DataPlane
import Facts
import NetworkTypes

extension Simulation {
  /// A namespace, a Linux bridge or the switch hands a frame to a device.
  mutating func transmit(_ key: DeviceKey, _ frame: Frame, _ parent: Int?) {
    guard let device = cloud.device(key) else { return }
    let place = Place.device(key)
    guard device.isUp else {
      return drop(
        place, .linkDown, "\(key.interface) is down", frame, parent,
        evidence: [device.link.evidence])
    }
    guard device.hasCarrier || device.isSwitchInternal else {
      return drop(
        place, .noCarrier, "\(key.interface) has no carrier", frame, parent,
        evidence: [device.link.evidence])
    }
    if device.link.kind == "vlan" { return transmitTagged(device, frame, parent) }
    if let namespace = cloud.namespace(key.namespaceKey),
      let bridge = namespace.bridges[key.interface]
    {
      let step = cross(key, isOut: true, frame, parent)
      return bridgeForward(bridge, in: namespace, from: nil, frame, step)
    }
    let step = cross(key, isOut: true, frame, parent)
    if device.isSwitchInternal, let port = device.switchPort {
      return schedule(.switchPort(key.node, port), frame, step)
    }
    switch device.attachment {
    case .veth(let peer): hand(.device(peer), frame, step)
    case .guest: deliverToGuests(key, frame, step)
    case .segment(let index): segmentInput(index, from: key, frame, step)
    case .none:
      // Unknown if nothing else ends the packet: see `Tracer.verdict`.
      drop(
        place, .notAttached,
        "what is at the other end of \(key.interface) is not in the capture", frame, step,
        evidence: [device.link.evidence])
    }
  }

  /// A VLAN device tags and hands down to its lower device.
  private mutating func transmitTagged(_ device: Device, _ frame: Frame, _ parent: Int?) {
    let step = cross(device.key, isOut: true, frame, parent)
    guard let lower = device.link.peerName,
      let id = device.link.attributes["id"].flatMap(Int.init).flatMap({ VLANID($0) })
    else { return unknown("\(device.key) has no lower device in the capture", step) }
    var tagged = frame
    tagged.packet.vlans.push(VLANTag(id: id))
    transmit(DeviceKey(device.key.namespaceKey, lower), tagged, step)
  }

  /// A frame comes out of a device's far end.
  mutating func receive(_ key: DeviceKey, _ frame: Frame, _ parent: Int?) {
    guard let device = cloud.device(key), let namespace = cloud.namespace(key.namespaceKey) else {
      return
    }
    let place = Place.device(key)
    guard device.isUp else {
      // A bridge's own device is down as a rule, and copies of floods end there unremarked.
      if device.isSwitchInternal, key.interface.rawValue == device.switchPort?.bridge.rawValue {
        return
      }
      return drop(
        place, .linkDown, "\(key.interface) is down", frame, parent,
        evidence: [device.link.evidence])
    }
    // The receiving end of a veth pair, and any NIC, refuses what is longer than its own MTU.
    if !device.isSwitchInternal, frame.payloadBytes > device.mtuBytes {
      return drop(
        place, .mtuExceeded,
        "\(frame.payloadBytes) bytes do not fit \(key.interface)'s MTU of \(device.mtuBytes)",
        frame, parent, evidence: [device.link.evidence])
    }
    let step = cross(key, isOut: false, frame, parent)
    if let master = device.link.master, let bridge = namespace.bridges[master] {
      return bridgeInput(bridge, in: namespace, from: device, frame, step)
    }
    if let port = device.switchPort, !device.isSwitchInternal {
      return schedule(.switchPort(key.node, port), frame, step)
    }
    stackInput(device, in: namespace, frame, step)
  }

  /// What the namespace's own stack does with a frame on one of its devices.
  mutating func stackInput(
    _ device: Device, in namespace: NamespaceModel, _ frame: Frame, _ parent: Int?
  ) {
    if let tag = frame.packet.vlans.outer, tag.id.rawValue != 0 {
      return vlanInput(tag.id, device, in: namespace, frame, parent)
    }
    let isForMe = frame.packet.ethDst == device.mac || frame.packet.ethDst.isMulticast
    guard isForMe else {
      return drop(
        .device(device.key), .otherHost,
        "the frame is for \(frame.packet.ethDst), not for \(device.key.interface)", frame, parent,
        evidence: [device.link.evidence])
    }
    if let gap = namespace.stackGap(frame.packet) {
      return unknown("what \(namespace.key) does with the packet is not known: \(gap)", parent)
    }
    if frame.packet.isARP {
      arpInput(device, in: namespace, frame, parent)
    } else if frame.packet.isIP {
      ipInput(device, in: namespace, frame, parent)
    }
  }

  private mutating func vlanInput(
    _ id: VLANID, _ device: Device, in namespace: NamespaceModel, _ frame: Frame, _ parent: Int?
  ) {
    let above = namespace.devices.values.first {
      $0.link.kind == "vlan" && $0.link.peerName == device.key.interface
        && $0.link.attributes["id"] == "\(id)"
    }
    guard let above else {
      return drop(
        .device(device.key), .otherHost, "no VLAN device takes tag \(id)", frame, parent)
    }
    var untagged = frame
    untagged.packet.vlans.pop()
    receive(above.key, untagged, parent)
  }

  /// The wire between nodes, or a provider's switch: known addresses go to their place only.
  mutating func segmentInput(
    _ index: Int, from: DeviceKey?, _ frame: Frame, _ parent: Int?
  ) {
    let segment = cloud.segments[index]
    let destination = frame.packet.ethDst
    if let from, !frame.packet.ethSrc.isMulticast {
      if !forgets { state.segmentTables[index, default: [:]][frame.packet.ethSrc] = from }
      // Just heard there, and never sent back.
      if destination == frame.packet.ethSrc { return }
    }
    if !destination.isMulticast {
      for host in segment.outsideHosts where reaches(host, frame) {
        if cloud.outsideHosts[host].mac == destination {
          return schedule(.outside(host), frame, parent)
        }
      }
      let learnt = forgets ? nil : state.segmentTables[index]?[destination]
      if let place = learnt ?? segment.knownMACs[destination] {
        if place != from { schedule(.device(place), frame, parent) }
        return
      }
      // Whoever has the address was not captured: the copies below reach nobody that it is for, and a
      // pursuit asks who hears them.
      if pursuit == nil, !cloud.hasDevice(destination) {
        unknown("nothing that was captured has the address \(destination)", parent)
      }
    }
    for member in segment.members where member != from {
      schedule(.device(member), frame, parent)
    }
    for host in segment.outsideHosts where reaches(host, frame) {
      schedule(.outside(host), frame, parent)
    }
  }

  private func reaches(_ host: Int, _ frame: Frame) -> Bool {
    cloud.outsideHosts[host].vlan == frame.packet.vlans.outer?.id
  }
}
