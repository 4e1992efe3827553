// MTUs: every device of a network's ports carries what the network promises, and the underlay what
// tunnels add.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareMTUs() {
    for port in model.ports where port.origin.contains(.api) {
      guard let mtu = model.network(port.network)?.mtuBytes, port.owner.isPlugged else { continue }
      for location in port.locations { compareMTU(port, mtu, location) }
    }
  }

  private mutating func compareMTU(_ port: Port, _ mtu: Int, _ location: PortLocation) {
    guard let node = node(location.node) else { return }
    var names = [location.interface]
    if location.linuxBridge != nil {
      names += [DevicePrefix.hybridBridge, .hybridBridgeEnd, .hybridSwitchEnd]
        .map { $0.device(of: port.id) }
    }
    for name in names {
      guard let link = node.index.device(name)?.link, link.mtuBytes != mtu else { continue }
      // A guest is told its MTU by DHCP: a wider device does no harm, and older releases leave it.
      if port.owner == .server, link.mtuBytes > mtu { continue }
      find(
        .portMTU, .different, link.mtuBytes < mtu ? .high : .medium, object(port), on: node.name,
        at: name.rawValue,
        wanted: DriftSide("\(mtu) bytes", model.network(port.network)?.evidence ?? []),
        found: DriftSide("\(link.mtuBytes) bytes", [link.evidence]))
    }
  }

  /// Outer Ethernet is not in an MTU; the inner one is.
  private func overhead(_ type: String, _ family: AddressFamily) -> Int? {
    let outer = family == .ipv4 ? 20 : 40
    switch type {
    case "vxlan", "geneve": return outer + 8 + 8 + 14
    case "gre": return outer + 8 + 14
    default: return nil
    }
  }

  mutating func compareUnderlay(_ node: NodeSwitch) {
    guard let own = model.node(node.name)?.tunnelAddress, node.agent != nil else { return }
    var need = 0
    var reason = ""
    for (id, locals) in node.localVLANs where !locals.isEmpty {
      guard let network = model.network(id), let mtu = network.mtuBytes else { continue }
      for segment in network.segments {
        guard let extra = overhead(segment.networkType, own.family), mtu + extra > need else {
          continue
        }
        need = mtu + extra
        reason = "\(mtu) bytes of a \(segment.networkType) network and \(extra) around them"
      }
    }
    guard need > 0 else { return }
    guard let root = node.facts.namespaces[.root], root.addresses.isKnown, root.links.isKnown else {
      return unknown(.underlayMTU, node.name, "devices of the root namespace: not captured")
    }
    guard let holder = root.addresses.records.first(where: { $0.address.address == own }) else {
      return unknown(.underlayMTU, node.name, "no device has the tunnels' address \(own)")
    }
    for link in underlay(below: holder.interface, node, root) where link.mtuBytes < need {
      find(
        .underlayMTU, .different, .high, object(node: node.name), on: node.name,
        at: link.name.rawValue, wanted: DriftSide("\(need) bytes at least: \(reason)"),
        found: DriftSide("\(link.mtuBytes) bytes", [link.evidence]))
    }
  }

  /// The device and, where it is a bridge, a bond or a VLAN, what carries it on.
  private func underlay(
    below name: InterfaceName, _ node: NodeSwitch, _ root: NamespaceFacts
  ) -> [Link] {
    var found: [Link] = []
    var pending = [name]
    var seen: Set<InterfaceName> = []
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      if let link = root.links.records.first(where: { $0.name == next }) {
        found.append(link)
        if link.kind == "vlan", let lower = link.peerName { pending.append(lower) }
      }
      pending += root.links.records.filter { $0.master == next && isUplink($0) }.map(\.name)
      for attachment in node.attachments[BridgeName(next.rawValue)] ?? []
      where ["", "system", "netdev", "dpdk"].contains(attachment.interface.type) {
        pending.append(attachment.interface.name)
      }
    }
    return found.sorted { $0.name < $1.name }
  }

  /// Guests' taps on the same Linux bridge are no underlay.
  private func isUplink(_ link: Link) -> Bool {
    link.kind == nil || link.kind == "bond" || link.kind == "vlan" || link.kind == "team"
  }
}
