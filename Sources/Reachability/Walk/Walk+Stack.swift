// A namespace's IP layer over sets: what comes in is taken, forwarded or refused.
import DataPlane
import Facts
import Netfilter
import NetworkTypes
import OpenFlow
import PacketSets

extension Walk {
  func stackInput(_ device: Device, in namespace: NamespaceModel, _ beam: Beam) {
    note(.device(device.key), beam)
    // The stack above a tag's own device.
    for above in namespace.devices.values where above.link.kind == "vlan" {
      guard above.link.peerName == device.key.interface,
        let id = above.link.attributes["id"].flatMap(Int.init)
      else { continue }
      let mine = space.and(beam.set, space.value(.vlan, UInt128(id) | tagPresent))
      if !mine.isEmpty { receive(above.key, untagged(beam.with(mine))) }
    }
    let bare = space.or(space.value(.vlan, 0), space.value(.vlan, tagPresent))
    let mine = space.all(of: [beam.set, bare, space.isFor(device.mac)])
    for family in [AddressFamily.ipv4, .ipv6] {
      let part = space.and(mine, space.family(family))
      if !part.isEmpty { ipInput(device, in: namespace, beam.with(part), family) }
    }
  }

  private func ipInput(
    _ device: Device, in namespace: NamespaceModel, _ beam: Beam, _ family: AddressFamily
  ) {
    if family == .ipv6, namespace.sysctls.isIPv6Disabled(device.key.interface) == true { return }
    let routes = family == .ipv4 ? namespace.facts.routes4 : namespace.facts.routes6
    if let gap = namespace.facts.addresses.gap ?? routes.gap {
      return unknown("what \(namespace.key) does with the packet is not known: \(gap)", beam)
    }
    let (beams, unknowns) = cloudReach.hookReach(namespace).run(
      .prerouting, beam, HookPlace(inDevice: device.key.interface))
    add(unknowns)
    for beam in beams { routeInput(device, in: namespace, beam, family) }
  }

  private func routeInput(
    _ device: Device, in namespace: NamespaceModel, _ beam: Beam, _ family: AddressFamily
  ) {
    let name = device.key.interface
    let groups = multicast(family)
    localDeliver(
      device, in: namespace,
      beam.with(space.and(beam.set, space.and(groups, joined(family, name, namespace)))))
    let set = space.minus(
      space.minus(beam.set, groups), martians(family, name, namespace))
    let routing = RouteReach(space: space, namespace: namespace, family: family)
    let (near, far) = nearAndFar(beam.with(set), device, namespace, family)
    localDeliver(device, in: namespace, near)
    for answer in routing.lookUp(far.set, RouteReach.Query(inputInterface: name)) {
      let part = beam.with(answer.set)
      switch answer.decision {
      case .found(let route, _, _) where route.type != .unicast:
        localDeliver(device, in: namespace, validated(part, device, out: nil, namespace, family))
      case .found(let route, let hop, _):
        switch namespace.sysctls.forwarding(name, family) {
        case nil: unknown("whether \(namespace.key) forwards is not in the capture", part)
        case false?: break
        case true?:
          let able = validated(part, device, out: hop.interface, namespace, family)
          forward(device, in: namespace, able, route, hop, family)
        }
      case .unknown(let text, let evidence): unknown(text, part, evidence: evidence)
      default: break
      }
    }
  }

  /// Link-local IPv6 addresses mean the wire that a packet is on: the device's own is taken, none is
  /// forwarded.
  private func nearAndFar(
    _ beam: Beam, _ device: Device, _ namespace: NamespaceModel, _ family: AddressFamily
  ) -> (Beam, Beam) {
    guard family == .ipv6 else { return (beam.with(.empty), beam) }
    let linkLocal: Interval = 0xfe80 << 112...(0xfebf << 112 | (1 << 112) - 1)
    let near = space.and(beam.set, space.interval(.destination, linkLocal))
    let own = space.union(
      namespace.usableAddresses(device.key.interface, .ipv6)
        .map { space.value(.destination, $0.address.address.bits) })
    return (beam.with(space.and(near, own)), beam.with(space.minus(beam.set, near)))
  }

  private func multicast(_ family: AddressFamily) -> PacketSet {
    switch family {
    case .ipv4:
      space.or(
        space.interval(.destination, 0xe000_0000...0xefff_ffff),
        space.value(.destination, 0xffff_ffff))
    case .ipv6: space.interval(.destination, 0xff << 120...UInt128.max)
    }
  }

  /// Packets to groups that the kernel has joined, and what processes may have.
  private func joined(
    _ family: AddressFamily, _ name: InterfaceName, _ namespace: NamespaceModel
  ) -> PacketSet {
    let own = namespace.groups(name, family).sorted().map { space.address(.destination, $0) }
    return space.union(
      own + [
        space.value(.ipProtocol, UInt128(IPProtocol.udp)),
        space.and(space.family(.ipv4), space.value(.destination, 0xffff_ffff)),
      ])
  }

  /// Addresses that no packet from a wire may have.
  private func martians(
    _ family: AddressFamily, _ name: InterfaceName, _ namespace: NamespaceModel
  ) -> PacketSet {
    let isOpen = namespace.sysctls.routeLocalnet(name) == true
    switch family {
    case .ipv4:
      var bad = [
        space.interval(.source, 0xe000_0000...0xefff_ffff), space.value(.source, 0xffff_ffff),
        space.interval(.source, 0...0xff_ffff), space.interval(.destination, 0...0xff_ffff),
      ]
      if !isOpen {
        bad.append(space.interval(.source, 0x7f00_0000...0x7fff_ffff))
        bad.append(space.interval(.destination, 0x7f00_0000...0x7fff_ffff))
      }
      return space.union(bad)
    case .ipv6:
      return space.union([
        space.interval(.source, 0xff << 120...UInt128.max), space.value(.source, 1),
        space.value(.destination, 1),
      ])
    }
  }

  // MARK: Source validation

  /// What `fib_validate_source` lets in.
  private func validated(
    _ beam: Beam, _ device: Device, out: InterfaceName?, _ namespace: NamespaceModel,
    _ family: AddressFamily
  ) -> Beam {
    let name = device.key.interface
    guard family == .ipv4, name.rawValue != "lo" else { return beam }
    // Where the mode was not captured, the more open one holds: it may let them in.
    let mode = namespace.sysctls.reversePathFilter(name) ?? 0
    let isSendingBack = name == out && namespace.sysctls.sendsRedirects(name) != false
    if mode == 0, !isSendingBack {
      if namespace.sysctls.acceptLocal(name) == true { return beam }
      if !namespace.routing4.isCustom {
        let own = namespace.addresses.values.joined().map(\.address.address)
          .filter { $0.family == .ipv4 }
        let bad = space.union(own.map { space.value(.source, $0.bits) })
        return beam.with(space.minus(beam.set, bad))
      }
    }
    return beam.with(space.union(wayBack(beam, name, out: out, mode: mode, namespace)))
  }

  private func wayBack(
    _ beam: Beam, _ name: InterfaceName, out: InterfaceName?, mode: Int,
    _ namespace: NamespaceModel
  ) -> [PacketSet] {
    let routing = RouteReach(space: space, namespace: namespace, family: .ipv4)
    let query = RouteReach.Query(
      roles: .back, inputInterface: out,
      ignoresMark: namespace.sysctls.sourceValidMark(name) != true)
    let isLoose =
      mode == 0 || mode != 1 && !namespace.usableAddresses(name, .ipv4).isEmpty
    return routing.lookUp(beam.set, query).compactMap { answer in
      switch answer.decision {
      case .found(let route, let hop, _):
        if route.type == .local, namespace.sysctls.acceptLocal(name) != true { return nil }
        guard route.type == .unicast || route.type == .local else { return nil }
        return hop.interface == name || isLoose ? answer.set : nil
      case .unknown: return answer.set
      default: return mode == 0 ? answer.set : nil
      }
    }
  }

  // MARK: Taking and forwarding

  private func localDeliver(_ device: Device, in namespace: NamespaceModel, _ beam: Beam) {
    if beam.set.isEmpty { return }
    let (beams, unknowns) = cloudReach.hookReach(namespace).run(
      .input, beam, HookPlace(inDevice: device.key.interface))
    add(unknowns)
    for beam in beams {
      if let tunnel {
        takeTunnel(tunnel, beam, namespace)
      } else {
        note(.stack(device.key), beam)
      }
    }
  }

  private func forward(
    _ device: Device, in namespace: NamespaceModel, _ beam: Beam, _ route: Route, _ hop: NextHop,
    _ family: AddressFamily
  ) {
    var alone = beam.with(space.minus(beam.set, space.isGroup(.ethDestination)))
    if family == .ipv6 {
      let nobody = space.or(
        space.interval(.source, 0xfe80 << 112...(0xfebf << 112 | (1 << 112) - 1)),
        space.value(.source, 0))
      alone = alone.with(space.minus(alone.set, nobody))
    }
    if alone.set.isEmpty { return }
    guard (beam.trail?.routedHops ?? 0) < Self.maximumRoutedHops else {
      return unknown("more than \(Self.maximumRoutedHops) routers in a row", alone)
    }
    guard let name = hop.interface, let output = namespace.devices[name] else {
      return unknown("a route's device is not in the capture", alone, evidence: route.evidence)
    }
    let place = HookPlace(inDevice: device.key.interface, outDevice: name)
    let (beams, unknowns) = cloudReach.hookReach(namespace).run(.forward, alone, place)
    add(unknowns)
    for beam in beams { sendOut(output, in: namespace, beam, route, hop, family) }
  }

  /// A process of the namespace sends: used for tunnels' outer packets.
  func localOutput(_ namespace: NamespaceModel, _ beam: Beam, _ family: AddressFamily) {
    let routing = RouteReach(space: space, namespace: namespace, family: family)
    for answer in routing.lookUp(beam.set, RouteReach.Query()) {
      guard case .found(let route, let hop, _) = answer.decision, let name = hop.interface,
        let output = namespace.devices[name]
      else { continue }
      let (beams, unknowns) = cloudReach.hookReach(namespace).run(
        .output, beam.with(answer.set), HookPlace(outDevice: name))
      add(unknowns)
      for beam in beams { sendOut(output, in: namespace, beam, route, hop, family) }
    }
  }

  private func sendOut(
    _ device: Device, in namespace: NamespaceModel, _ beam: Beam, _ route: Route, _ hop: NextHop,
    _ family: AddressFamily
  ) {
    let (beams, unknowns) = cloudReach.hookReach(namespace).run(
      .postrouting, beam, HookPlace(outDevice: device.key.interface))
    add(unknowns)
    guard device.isUp else { return }
    for beam in beams {
      guard let sent = addressed(beam, device, namespace, route, hop, family) else { continue }
      transmit(device.key, sent)
    }
  }

  /// Puts the device's MAC and each next hop's on the packets.
  private func addressed(
    _ beam: Beam, _ device: Device, _ namespace: NamespaceModel, _ route: Route, _ hop: NextHop,
    _ family: AddressFamily
  ) -> Beam? {
    let free = space.forget(HeaderField.addressMask, in: beam.set)
    let from = space.value(.ethSource, UInt128(device.mac.rawValue))
    var after = PacketSet.empty
    if route.type == .broadcast {
      after = space.and(free, space.value(.ethDestination, 0xffff_ffff_ffff))
    } else if let gateway = hop.gateway {
      after = space.and(free, macs(of: gateway, on: device, namespace))
    } else {
      for address in onLink(free, family) {
        let those = space.and(free, space.value(.destination, address.bits))
        after = space.or(after, space.and(those, macs(of: address, on: device, namespace)))
      }
    }
    after = space.and(after, from)
    if after.isEmpty { return nil }
    if Trail.isCircle(beam.set, of: device.key, along: beam.trail, in: space) { return nil }
    var sent = beam
    sent.rewrite(HeaderField.addressMask, to: after, router: device.key)
    return sent
  }

  /// Addresses of the set's destinations that anyone known has.
  private func onLink(_ set: PacketSet, _ family: AddressFamily) -> [IPAddress] {
    let values = space.values(of: .destination, in: set)
    let known = Set(cloudReach.owners.keys).union(cloudReach.floatingAddresses)
    return known.filter { address in
      address.family == family && values.contains { $0.contains(address.bits) }
    }.sorted()
  }

  /// Whoever answers for an address, or is remembered: a permanent entry alone where there is one.
  private func macs(of address: IPAddress, on device: Device, _ namespace: NamespaceModel)
    -> PacketSet
  {
    let key = NamespaceModel.NeighbourKey(interface: device.key.interface, address: address)
    let cached = namespace.neighbours[key]
    var macs: Set<MACAddress> = []
    if let cached, cached.isFixed {
      macs.formUnion(cached.mac.map { [$0] } ?? [])
    } else {
      macs = cloudReach.answers(to: device, for: address, in: namespace)
      if let cached, cached.isUsable, let mac = cached.mac { macs.insert(mac) }
    }
    return space.union(macs.sorted().map { space.value(.ethDestination, UInt128($0.rawValue)) })
  }
}
