// Tunnels: the outer packet is followed on its own, once for each pair of ends, and the frames inside
// come out where it does.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

extension Walk {
  func encapsulate(_ beam: Beam, _ way: TunnelWay, id: UInt64) {
    guard tunnel == nil else {
      return unknown("tunnels inside tunnels are not modelled", beam)
    }
    guard let node = cloud.nodes[way.node], let port = node.openVSwitch.port(way.port),
      case .tunnel(let configuration) = port.kind
    else { return }
    let ends = cloudReach.tunnelEnds(way, configuration, node)
    for (reason, evidence) in ends.unknowns { unknown(reason, beam, evidence: evidence) }
    let outside = clearingConnection(
      beam.with(space.assign(.packetMark, 0, in: beam.set)))
    for end in ends.ends {
      let metadata = TunnelMetadata(id: id, source: end.source, destination: end.destination)
      guard
        let receiver = cloud.nodes[end.node]?.openVSwitch.tunnelPort(
          receiving: metadata, type: configuration.type,
          destinationPort: configuration.destinationPort)
      else { continue }
      go(.switchPort(end.node, receiver.key, metadata), outside)
    }
  }

  /// Userspace: tunnel packets to a bridge's own address are taken by the switch itself. The rest.
  func takingTunnel(_ beam: Beam, _ device: Device, _ node: NodeModel) -> Beam? {
    guard let tunnel, let port = device.switchPort, node.openVSwitch.isUserspace(port.bridge),
      let namespace = node.namespaces[device.key.namespace]
    else { return beam }
    let mine = space.and(beam.set, space.isFor(device.mac))
    guard takeTunnel(tunnel, beam.with(mine), namespace) else { return beam }
    return nil
  }

  /// Notes where the outer packet ends; false where it is not for this namespace.
  @discardableResult
  func takeTunnel(
    _ tunnel: (type: String, udpPort: UInt16), _ beam: Beam, _ namespace: NamespaceModel
  ) -> Bool {
    guard let source = space.constant(of: .source, in: beam.set),
      let destination = space.constant(of: .destination, in: beam.set)
    else { return false }
    let isIPv4 = space.isSubset(beam.set, of: space.family(.ipv4))
    let family: AddressFamily = isIPv4 ? .ipv4 : .ipv6
    let address = IPAddress(bits: destination, family: family)
    guard namespace.isLocal(address) else { return false }
    tunnelEnds.ends.append(
      (namespace.key.node, IPAddress(bits: source, family: family), address))
    return true
  }
}

extension CloudReach {
  func tunnelEnds(_ way: TunnelWay, _ tunnel: TunnelConfiguration, _ node: NodeModel)
    -> TunnelEnds
  {
    if let known = tunnels[way] { return known }
    let walk = Walk(self)
    walk.tunnel = (tunnel.type, tunnel.destinationPort)
    guard ["vxlan", "geneve", "gre", "ip6gre"].contains(tunnel.type) else {
      walk.tunnelEnds.unknowns.append(("tunnels of type \(tunnel.type) are not modelled", nil))
      return walk.tunnelEnds
    }
    if node.openVSwitch.isUserspace(way.port.bridge) {
      sendFromUserspace(way, tunnel, node, walk)
    } else if let root = node.namespaces[.root] {
      let family = way.destination.family
      let source = way.source ?? ownSource(way.destination, root)
      if let source { walk.localOutput(root, outer(way, tunnel, from: source), family) }
    }
    walk.run()
    tunnels[way] = walk.tunnelEnds
    return walk.tunnelEnds
  }

  private func ownSource(_ destination: IPAddress, _ root: NamespaceModel) -> IPAddress? {
    guard
      case .found(let route, let hop, _) = root.routing(destination.family).lookup(
        RouteQuery(destination: destination))
    else { return nil }
    return root.source(route, hop, towards: destination)
  }

  private func outer(_ way: TunnelWay, _ tunnel: TunnelConfiguration, from source: IPAddress)
    -> Beam
  {
    var set = space.all(of: [
      space.address(.source, source), space.address(.destination, way.destination),
      space.value(.vlan, 0), space.value(.innerVLAN, 0),
    ])
    if tunnel.destinationPort == 0 {
      set = space.and(set, space.value(.ipProtocol, UInt128(IPProtocol.gre)))
    } else {
      set = space.all(of: [
        set, space.value(.ipProtocol, UInt128(IPProtocol.udp)),
        space.value(.destinationPort, UInt128(tunnel.destinationPort)),
      ])
    }
    for field in HeaderField.allCases where HeaderField.unsentMask & field.bit != 0 {
      set = space.and(set, space.value(field, 0))
    }
    return Beam(set: set)
  }

  /// OVS's own IP layer of a userspace datapath.
  private func sendFromUserspace(
    _ way: TunnelWay, _ tunnel: TunnelConfiguration, _ node: NodeModel, _ walk: Walk
  ) {
    guard let root = node.namespaces[.root] else { return }
    let route = node.facts.openVSwitch.tunnelRoutes.records
      .filter { $0.destination.contains(way.destination) }
      .max { $0.destination.length < $1.destination.length }
    var name = route?.interface
    if route == nil,
      case .found(_, let hop, _) = root.routing(way.destination.family).lookup(
        RouteQuery(destination: way.destination))
    {
      name = hop.interface
    }
    guard let name, let device = root.devices[name], device.isSwitchInternal,
      let port = device.switchPort,
      let source = way.source ?? route?.source
        ?? root.selectSource(name, towards: way.destination)
    else { return }
    let next = route?.gateway ?? way.destination
    let known = node.facts.openVSwitch.tunnelNeighbours.records.first {
      $0.address == next && $0.bridge.rawValue == name.rawValue
    }
    let macs = known.map { [$0.mac] } ?? owners[next] ?? []
    var beam = outer(way, tunnel, from: source)
    beam.set = space.all(of: [
      beam.set, space.value(.ethSource, UInt128(device.mac.rawValue)),
      space.union(macs.map { space.value(.ethDestination, UInt128($0.rawValue)) }),
    ])
    walk.go(.switchPort(node.name, port, nil), beam)
  }
}
