// Who answers for an address on a device's wire: requests are followed as any other packets are, and
// so is the answer of everyone who hears one and has the address.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

/// Whose requests of which family.
struct Resolution: Hashable {
  let device: DeviceKey
  let family: AddressFamily
}

extension CloudReach {
  /// MACs that answer a device for an address, of all addresses that anything known may answer for.
  func answers(to device: Device, for address: IPAddress, in namespace: NamespaceModel)
    -> Set<MACAddress>
  {
    let key = Resolution(device: device.key, family: address.family)
    if let known = resolutions[key] { return known[address] ?? [] }
    var found: [IPAddress: Set<MACAddress>] = [:]
    for (sender, targets) in targets(of: device, address.family, in: namespace) {
      ask(device, for: targets, as: sender, &found)
    }
    resolutions[key] = found
    return found[address] ?? []
  }

  /// What may be asked for, by the address that asks.
  private func targets(
    of device: Device, _ family: AddressFamily, in namespace: NamespaceModel
  ) -> [IPAddress: [IPAddress]] {
    var targets: [IPAddress: [IPAddress]] = [:]
    for address in Set(owners.keys).union(floatingAddresses) where address.family == family {
      if let sender = namespace.selectSource(device.key.interface, towards: address) {
        targets[sender, default: []].append(address)
      }
    }
    return targets
  }

  private func ask(
    _ device: Device, for targets: [IPAddress], as sender: IPAddress,
    _ found: inout [IPAddress: Set<MACAddress>]
  ) {
    let walk = Walk(self)
    walk.transmit(device.key, Beam(set: request(for: targets, device.mac, sender)))
    walk.run()
    // Flows answer too: what Neutron knows of other nodes, a switch says on its own.
    hear(walk.result, device, sender, targets, &found)
    let bare = space.or(space.value(.vlan, 0), space.value(.vlan, tagPresent))
    for (place, arrivals) in walk.result.arrivals.sorted(by: { $0.key < $1.key }) {
      let heard = space.and(bare, space.union(arrivals.map(\.packets)))
      guard let (mac, origin) = stack(place), origin != .device(device.key) else { continue }
      let asked = space.all(of: [
        heard, space.isFor(mac), space.complement(space.value(.arpSHA, UInt128(mac.rawValue))),
      ])
      let mine = Set(targets).filter {
        !space.and(asked, about($0)).isEmpty && has($0, place, sender: sender)
      }
      if mine.isEmpty { continue }
      answer(device, sender, mine.sorted(), mac, origin, &found)
    }
  }

  /// The MAC of whoever listens at a place, and where it sends from.
  private func stack(_ place: ReachPlace) -> (MACAddress, StackOrigin)? {
    switch place {
    case .guest(let index): (cloud.guests[index].mac, .origin(.guest(index)))
    case .outside(let index): (cloud.outsideHosts[index].mac, .origin(.outside(index)))
    case .device(let key), .stack(let key): cloud.device(key).map { ($0.mac, .device(key)) }
    }
  }
  enum StackOrigin: Hashable {
    case origin(ReachOrigin)
    case device(DeviceKey)
  }

  private func has(_ address: IPAddress, _ place: ReachPlace, sender: IPAddress) -> Bool {
    switch (place, address) {
    case (.guest(let index), _): return cloud.guests[index].owns(address)
    case (.outside(let index), _): return cloud.outsideHosts[index].owns(address)
    case (.device(let key), .v4(let target)):
      let answer = cloud.namespace(key.namespaceKey)?.arpAnswer(
        for: target, sender: sender, on: key.interface)
      return answer == .owner || answer == .proxy
    case (.stack(let key), .v6):
      guard let namespace = cloud.namespace(key.namespaceKey) else { return false }
      return namespace.isProxied(address, on: key.interface)
        || namespace.usableAddresses(key.interface, .ipv6).contains {
          $0.address.address == address
        }
    default: return false
    }
  }

  private func answer(
    _ device: Device, _ sender: IPAddress, _ addresses: [IPAddress], _ mac: MACAddress,
    _ origin: StackOrigin, _ found: inout [IPAddress: Set<MACAddress>]
  ) {
    let walk = Walk(self)
    let beam = Beam(set: reply(to: device.mac, sender, from: mac, addresses))
    switch origin {
    case .origin(let origin): start(origin, beam, walk)
    case .device(let key): walk.transmit(key, beam)
    }
    walk.run()
    hear(walk.result, device, sender, addresses, &found)
  }

  /// The MACs that answers at the device which asked are about.
  private func hear(
    _ result: ReachResult, _ device: Device, _ sender: IPAddress, _ addresses: [IPAddress],
    _ found: inout [IPAddress: Set<MACAddress>]
  ) {
    let bare = space.or(space.value(.vlan, 0), space.value(.vlan, tagPresent))
    let answers =
      sender.family == .ipv4
      ? space.and(space.arp, space.value(.ipProtocol, 2)) : space.discovery(136...136)
    let place: ReachPlace =
      sender.family == .ipv4 ? .device(device.key) : .stack(device.key)
    let heard = space.all(of: [
      bare, answers, space.value(.ethDestination, UInt128(device.mac.rawValue)),
      result.packets(at: place, in: space),
    ])
    let field: HeaderField = sender.family == .ipv4 ? .arpSHA : .arpTHA
    for address in addresses {
      let told = space.and(heard, about(address, isAnswer: true))
      for value in space.values(of: field, in: told) where value.lowerBound == value.upperBound {
        found[address, default: []].insert(
          MACAddress(rawValue: UInt64(truncatingIfNeeded: field.decoded(value.lowerBound))))
      }
    }
  }

  // MARK: Packets

  private func about(_ address: IPAddress, isAnswer: Bool = false) -> PacketSet {
    switch address {
    case .v4: space.value(isAnswer ? .source : .destination, address.bits)
    case .v6: space.value(.ndTarget, address.bits)
    }
  }

  private func request(for targets: [IPAddress], _ mac: MACAddress, _ sender: IPAddress)
    -> PacketSet
  {
    let asked: PacketSet
    if sender.family == .ipv4 {
      asked = space.and(
        message(.arp, 1, to: .broadcast), space.union(targets.map { about($0) }))
    } else {
      asked = space.union(
        targets.compactMap { target -> PacketSet? in
          guard let group = target.v6.map({ IPAddress.v6($0.solicitedNode) }),
            let to = MACAddress(multicast: group)
          else { return nil }
          return space.all(of: [
            message(.discovery, 135, to: to), space.value(.destination, group.bits),
            about(target),
          ])
        })
    }
    return space.all(of: [
      asked, space.value(.source, sender.bits), space.value(.ethSource, UInt128(mac.rawValue)),
      space.value(.arpSHA, UInt128(mac.rawValue)), space.value(.arpTHA, 0),
    ])
  }

  private func reply(
    to asker: MACAddress, _ sender: IPAddress, from mac: MACAddress, _ addresses: [IPAddress]
  ) -> PacketSet {
    let from = space.all(of: [
      space.value(.destination, sender.bits), space.value(.ethSource, UInt128(mac.rawValue)),
      space.union(
        addresses.map { address in
          space.and(about(address, isAnswer: true), space.value(.source, address.bits))
        }),
    ])
    if sender.family == .ipv4 {
      return space.all(of: [
        from, message(.arp, 2, to: asker), space.value(.arpSHA, UInt128(mac.rawValue)),
        space.value(.arpTHA, UInt128(asker.rawValue)),
      ])
    }
    return space.all(of: [
      from, message(.discovery, 136, to: asker), space.value(.arpSHA, 0),
      space.value(.arpTHA, UInt128(mac.rawValue)),
    ])
  }

  private enum Message { case arp, discovery }

  /// ARP of an operation, or neighbour discovery of a type; untagged, as it is sent.
  private func message(_ kind: Message, _ number: UInt128, to mac: MACAddress) -> PacketSet {
    var set = space.and(
      space.value(.ethDestination, UInt128(mac.rawValue)),
      kind == .arp
        ? space.and(space.arp, space.value(.ipProtocol, number))
        : space.discovery(number...number))
    var zero = HeaderField.allCases.filter { HeaderField.unsentMask & $0.bit != 0 }
    zero += [.vlan, .innerVLAN, .tos, .tcpFlags]
    if kind == .arp { zero += [.sourcePort, .destinationPort, .ndTarget] }
    for field in zero { set = space.and(set, space.value(field, 0)) }
    return set
  }
}
