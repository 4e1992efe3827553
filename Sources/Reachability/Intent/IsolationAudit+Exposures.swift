// Which packets across a border the agents' own rules let through, everywhere: told apart from what
// has gone wrong somewhere.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

extension IsolationAudit {
  func exposures(
    _ border: Border, _ origin: ReachOrigin, _ place: ReachPlace, isAddressed: Bool
  ) -> [(Exposure, PacketSet)] {
    var found: [(Exposure, PacketSet)] = []
    switch border {
    case .vlanHopping: found.append((.guestTag, .all))
    case .ingress:
      if case .guest(let index) = place, !isHybrid(index) {
        found.append(
          isAddressed
            ? (.groupFrame, space.isGroup(.ethDestination)) : (.floodedFrame, .all))
      }
    case .spoofing, .egress:
      guard case .guest(let index) = origin else { break }
      found.append((.advertisement, ownAdvertisements(of: index)))
      if border == .spoofing { found.append((.routerMAC, pickedOut(at: index))) }
      guard isHybrid(index) else { break }
      let asICMP = space.and(
        space.family(.ipv6), space.value(.ipProtocol, UInt128(IPProtocol.icmp6)))
      if border == .egress { found.append((.freeICMPv6, asICMP)) }
      if border == .spoofing, lacksIPv6Address(index) {
        found.append((.unaddressedFamily, space.family(.ipv6)))
      }
    case .host:
      found.append((.bridgeMAC, space.complement(announced)))
      if case .stack(let key) = place,
        cloud.namespace(key.namespaceKey)?.bridges[key.interface] != nil
      {
        found.append((.filteringBridge, space.isGroup(.ethDestination)))
      }
    case .service:
      if case .stack(let key) = place, isFloatingLink(key) {
        found.append((.floatingLink, echoRequests))
      }
    case .externalIdentity:
      if case .guest(let index) = origin, intent.policy(of: index)?.isFiltered == false {
        found.append((.unfilteredPort, foreign(index)))
      }
    default: break
    }
    return found
  }

  var echoRequests: PacketSet {
    space.or(
      space.all(of: [space.family(.ipv4), space.value(.ipProtocol, 1), space.value(.sourcePort, 8)]
      ),
      space.all(of: [
        space.family(.ipv6), space.value(.ipProtocol, 58), space.value(.sourcePort, 128),
      ]))
  }

  /// A distributed router's end of its link to the node's floating IP namespace.
  private func isFloatingLink(_ key: DeviceKey) -> Bool {
    key.namespace.rawValue.hasPrefix("qrouter-") && key.interface.rawValue.hasPrefix("rfp-")
  }

  /// From addresses that are not the port's own.
  private func foreign(_ guest: Int) -> PacketSet {
    let own = cloud.guests[guest].addresses.map { space.address(.source, $0.address) }
    return space.complement(space.union(own))
  }

  /// ARP for MACs that flows of the guest's node pick out before anything else, as agents do for
  /// the MAC that stands for all distributed routers of the node.
  private func pickedOut(at guest: Int) -> PacketSet {
    let name: NodeName
    switch cloud.guests[guest].plug {
    case .device(let key): name = key.node
    case .switchPort(let node, _): name = node
    case .nowhere: return .empty
    }
    let bridges = cloud.nodes[name]?.openVSwitch.bridges.values.map(\.flows) ?? []
    let macs = bridges.flatMap { $0.flows(of: 0) }.compactMap { flow -> UInt128? in
      let isARP = flow.match.fields.contains {
        $0.field == .ethType && $0.value == UInt128(EtherType.arp)
      }
      let target = flow.match.fields.first { $0.field == .ethDst && $0.isExact }
      return isARP ? target?.value : nil
    }
    return space.and(
      space.arp, space.union(Set(macs).sorted().map { space.value(.ethDestination, $0) }))
  }

  private func ownAdvertisements(of guest: Int) -> PacketSet {
    let own = cloud.guests[guest].addresses.filter { $0.address.family == .ipv6 }
    return space.all(of: [
      space.family(.ipv6), space.value(.ipProtocol, UInt128(IPProtocol.icmp6)),
      space.value(.sourcePort, 136),
      space.union(own.map { space.value(.ndTarget, $0.address.bits) }),
    ])
  }

  /// Behind a Linux bridge, where iptables filters.
  private func isHybrid(_ guest: Int) -> Bool {
    guard case .device(let key) = cloud.guests[guest].plug else { return false }
    return cloud.device(key)?.link.master != nil
  }

  private func lacksIPv6Address(_ guest: Int) -> Bool {
    guard let port = intent.port(of: guest) else { return false }
    return !port.fixedIPs.contains { $0.address.family == .ipv6 }
      && !port.allowedAddressPairs.contains { $0.prefix.family == .ipv6 }
  }
}
