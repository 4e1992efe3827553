// Guests and the outside world's hosts: how they send, what they take, what they overhear.
import DataPlane
import Facts
import NetworkTypes

extension Simulation {
  /// A guest's kernel sends an IP packet: route, neighbour, device.
  mutating func guestSend(_ index: Int, _ packet: Packet, _ parent: Int?) {
    let guest = cloud.guests[index]
    let place = Place.guest(node: node(of: guest), name: guest.name)
    var frame = Frame(packet)
    frame.packet.ethSrc = packet.ethSrc == .zero ? guest.mac : packet.ethSrc
    guard let destination = packet.destination else { return }
    if guest.owns(destination) {
      return schedule(.guest(index), looped(frame, guest.mac), parent)
    }
    guard let route = guest.route(to: destination) else {
      return drop(
        place, .networkUnreachable, "\(guest.name) has no route to \(destination)", frame, parent,
        evidence: guest.evidence)
    }
    if packet.lengthBytes > guest.mtuBytes, packet.dontFragment {
      return drop(
        place, .mtuExceeded,
        "\(packet.lengthBytes) bytes do not fit the guest's MTU of \(guest.mtuBytes)", frame,
        parent, evidence: guest.evidence)
    }
    let next = route.gateway ?? destination
    if let group = MACAddress(multicast: destination) {
      frame.packet.ethDst = group
    } else {
      let sender =
        packet.source.flatMap { guest.owns($0) ? $0 : nil } ?? guest.firstAddress(next.family)
      guard
        let mac = resolve(next, stack: .guest(index), mac: guest.mac, sender: sender, parent)
          ?? remembered(next, by: guest)
      else {
        return drop(
          place, .neighbourUnresolved, "nobody answers \(guest.name) for \(next)", frame, parent,
          evidence: guest.evidence)
      }
      record(place, .neighbour(next, mac, isCaptured: false), frame, parent)
      frame.packet.ethDst = mac
    }
    guestTransmit(index, frame, parent)
  }

  /// Nobody answers, yet a guest that ran before the fault holds its neighbours in its cache: a
  /// Linux guest keeps stale entries and sends to them until a few probes went unanswered. The
  /// packet then shows where it is lost; that it arrived would not count.
  private mutating func remembered(_ next: IPAddress, by guest: Guest) -> MACAddress? {
    guard let network = guest.network, let mac = cloud.owner(of: next, on: network) else {
      return nil
    }
    assumedNeighbour = Reason(
      code: DropCode.neighbourUnresolved.rawValue,
      text: "nobody answers \(guest.name) for \(next)", evidence: guest.evidence)
    assume(
      "nobody answers \(guest.name) for \(next): its cache is taken to hold \(mac) still")
    return mac
  }

  private func looped(_ frame: Frame, _ mac: MACAddress) -> Frame {
    var frame = frame
    frame.packet.ethDst = mac
    return frame
  }

  func node(of guest: Guest) -> NodeName? {
    switch guest.plug {
    case .device(let key): key.node
    case .switchPort(let node, _): node
    case .nowhere: nil
    }
  }

  /// A finished frame leaves the guest's device.
  mutating func guestTransmit(_ index: Int, _ frame: Frame, _ parent: Int?) {
    let guest = cloud.guests[index]
    var frame = frame
    if let vlan = guest.vlan { frame.packet.vlans.push(VLANTag(id: vlan)) }
    switch guest.plug {
    case .device(let key): schedule(.device(key), frame, parent)
    case .switchPort(let node, let port): schedule(.switchPort(node, port), frame, parent)
    case .nowhere(let why):
      drop(
        .guest(node: nil, name: guest.name), .notAttached, why, frame, parent,
        evidence: guest.evidence)
    }
  }

  /// A node's device that faces guests sent a frame: the guest whose tag it carries takes it, and
  /// the parent what carries no subport's.
  mutating func deliverToGuests(_ key: DeviceKey, _ frame: Frame, _ parent: Int?) {
    let guests = cloud.guestsByDevice[key] ?? []
    let tag = frame.packet.vlans.outer?.id
    let isSubport = tag != nil && guests.contains { cloud.guests[$0].vlan == tag }
    for index in guests where cloud.guests[index].vlan == (isSubport ? tag : nil) {
      var frame = frame
      if isSubport { frame.packet.vlans.pop() }
      hand(.guest(index), frame, parent)
    }
  }

  mutating func guestInput(_ index: Int, _ frame: Frame, _ parent: Int?) {
    note(.guest(index), frame)
    let guest = cloud.guests[index]
    let packet = frame.packet
    let stack = StackKey.guest(index)
    let place = Place.guest(node: node(of: guest), name: guest.name)
    guard packet.vlans.outer == nil || packet.vlans.outer?.id.rawValue == 0 else {
      return overhear(guest.port.rawValue, place, frame, parent)
    }
    if packet.isARP || packet.isNeighbourDiscovery {
      return neighbourInput(
        packet, mac: guest.mac, owns: guest.owns, stack: stack, frame, parent)
    }
    guard packet.ethDst == guest.mac, let destination = packet.destination,
      guest.owns(destination)
    else {
      if isOfferTo(guest, packet) {
        return accept(.guest(index), place, "takes the DHCP answer", frame, parent)
      }
      return overhear(guest.port.rawValue, place, frame, parent)
    }
    accept(.guest(index), place, "\(guest.name) takes it", frame, parent)
  }

  private func isOfferTo(_ guest: Guest, _ packet: Packet) -> Bool {
    packet.isIPv4 && packet.ipProtocol == IPProtocol.udp && packet.destinationPort == 68
      && (packet.ethDst == guest.mac || packet.ethDst.isBroadcast)
  }

  /// ARP and ND of a host with one interface.
  private mutating func neighbourInput(
    _ packet: Packet, mac: MACAddress, owns: (IPAddress) -> Bool, stack: StackKey,
    _ frame: Frame, _ parent: Int?
  ) {
    if packet.isARP {
      guard let target = packet.destination else { return }
      if packet.arpOperation == 2 {
        if packet.ethDst == mac { noteAnswer(packet, to: stack) }
      } else if packet.arpOperation == 1, packet.arpSHA != mac,
        packet.ethDst == mac || packet.ethDst.isMulticast
      {
        guard owns(target) else { return learnInPassing(packet, by: stack) }
        learnAsker(packet, by: stack)
        respond(Frame(arpReply(to: packet, from: mac)), from: stack, parent)
      }
      return
    }
    guard let target = packet.ndTarget else { return }
    if packet.icmpType == 136, packet.ethDst == mac {
      noteAnswer(packet, to: stack)
    } else if packet.icmpType == 135, owns(.v6(target)), packet.ethSrc != mac {
      learnAsker(packet, by: stack)
      respond(
        Frame(advertisement(to: packet, target: target, from: mac)), from: stack, parent)
    }
  }

  private mutating func overhear(
    _ who: String, _ place: Place, _ frame: Frame, _ parent: Int?
  ) {
    guard isRecording else { return }
    record(place, .overheard, frame, parent)
    if !overheard.contains(who) { overheard.append(who) }
  }

  private mutating func accept(
    _ recipient: Delivery.Recipient, _ place: Place, _ text: String, _ frame: Frame,
    _ parent: Int?
  ) {
    let step = record(place, .delivered(text), frame, parent)
    deliver(
      Delivery(
        recipient: recipient, kind: .accepted(text), packet: frame.packet, step: step ?? 0))
  }

  // MARK: outside hosts

  mutating func outsideInput(_ index: Int, _ frame: Frame, _ parent: Int?) {
    note(.outside(index), frame)
    let host = cloud.outsideHosts[index]
    let place = Place.outside(host.name)
    var frame = frame
    frame.packet.vlans = .none
    let packet = frame.packet
    if packet.isARP || packet.isNeighbourDiscovery {
      let source = outsideSource
      return neighbourInput(
        packet, mac: host.mac, owns: { host.owns($0) || source == $0 }, stack: .outside(index),
        frame, parent)
    }
    guard packet.ethDst == host.mac, let destination = packet.destination else {
      return overhear(host.name, place, frame, parent)
    }
    if outsideOwns(index, destination) || (!destination.isPrivate && !host.isOnLink(destination)) {
      return accept(.outside(index), place, "leaves the cloud", frame, parent)
    }
    overhear(host.name, place, frame, parent)
    drop(
      place, .outsideNoRoute, "the internet has no route to \(destination)", frame, parent,
      evidence: host.evidence)
  }

  private func outsideOwns(_ index: Int, _ address: IPAddress) -> Bool {
    cloud.outsideHosts[index].owns(address) || outsideSource == address
  }

  /// An outside host sends: on-link by ARP, private addresses nowhere.
  mutating func outsideSend(_ index: Int, _ packet: Packet, _ parent: Int?) {
    let host = cloud.outsideHosts[index]
    let place = Place.outside(host.name)
    var frame = Frame(packet)
    frame.packet.ethSrc = host.mac
    guard let destination = packet.destination, host.isOnLink(destination) else {
      return drop(
        place, .outsideNoRoute,
        "the outside has no route to \(packet.destination.map { "\($0)" } ?? "?")", frame, parent,
        evidence: host.evidence)
    }
    let sender = host.addresses.first { $0.prefix.contains(destination) }?.address
    guard
      let mac = resolve(
        destination, stack: .outside(index), mac: host.mac, sender: sender, parent)
    else {
      return drop(
        place, .neighbourUnresolved, "nobody answers the outside for \(destination)", frame,
        parent, evidence: host.evidence)
    }
    record(place, .neighbour(destination, mac, isCaptured: false), frame, parent)
    frame.packet.ethDst = mac
    outsideTransmit(index, frame, parent)
  }

  mutating func outsideTransmit(_ index: Int, _ frame: Frame, _ parent: Int?) {
    let host = cloud.outsideHosts[index]
    var frame = frame
    if let vlan = host.vlan { frame.packet.vlans.push(VLANTag(id: vlan)) }
    schedule(.segment(host.segment, from: nil), frame, parent)
  }
}
