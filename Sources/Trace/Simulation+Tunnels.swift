// Tunnels: a frame becomes the payload of an outer packet that takes its own way, and comes out
// at the node that holds the outer destination.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow

/// What a tunnel port puts around a frame.
struct Tunnel {
  let type: String
  let metadata: TunnelMetadata
  /// 0 for what does not run over UDP.
  let udpPort: UInt16
}

extension Simulation {
  /// Outer headers in bytes that lie behind the outer IP header, the inner Ethernet header
  /// included: UDP and VXLAN 16, GRE with a key 8.
  private static let overheadBytes: [String: Int] = [
    "vxlan": 16 + 14, "geneve": 16 + 14, "gre": 8 + 14, "ip6gre": 8 + 14,
  ]

  mutating func encapsulate(
    _ frame: Frame, _ tunnel: Tunnel, on node: NodeModel, _ output: SwitchOutput,
    _ parent: Int?, into emissions: inout [SwitchEmission], depth: Int
  ) {
    let place = Place.bridge(BridgeKey(node.name, output.bridge))
    guard let overhead = Self.overheadBytes[tunnel.type] else {
      return unknown("tunnels of type \(tunnel.type) are not modelled", parent)
    }
    guard let remote = tunnel.metadata.destination else {
      return drop(
        place, .noTunnelRoute, "\(output.name) names no remote end", frame, parent)
    }
    let outer = outerPacket(frame, tunnel, remote: remote, overhead: overhead, node: node)
    let wrapped = Frame(
      outer, inner: Encapsulation(frame: frame, type: tunnel.type, key: tunnel.metadata.id))
    let step = record(
      place, .encapsulated("\(tunnel.type) \(tunnel.metadata.id) to \(remote)"), wrapped, parent)
    if node.openVSwitch.isUserspace(output.bridge) {
      sendFromUserspace(
        wrapped, remote: remote, on: node, place, step, into: &emissions, depth: depth)
    } else if let root = node.namespaces[.root] {
      emissions.append(SwitchEmission(exit: .stack(root), frame: wrapped, parent: step))
    }
  }

  private func outerPacket(
    _ frame: Frame, _ tunnel: Tunnel, remote: IPAddress, overhead: Int, node: NodeModel
  ) -> Packet {
    var packet = Packet(
      ethSrc: .zero, ethDst: .zero,
      etherType: remote.family == .ipv4 ? EtherType.ipv4 : EtherType.ipv6)
    packet.source = tunnel.metadata.source
    packet.destination = remote
    packet.ttl = tunnel.metadata.ttl == 0 ? 64 : tunnel.metadata.ttl
    packet.tos = tunnel.metadata.tos
    packet.dontFragment = true
    let header = remote.family == .ipv4 ? 20 : 40
    let tag = frame.packet.vlans.outer == nil ? 0 : 4
    packet.lengthBytes = frame.packet.lengthBytes + header + overhead + tag
    if tunnel.udpPort == 0 {
      packet.ipProtocol = IPProtocol.gre
    } else {
      packet.ipProtocol = IPProtocol.udp
      // Senders hash the inner flow into the source port; its value decides nothing here.
      packet.sourcePort = 49152
      packet.destinationPort = tunnel.udpPort
    }
    return packet
  }

  /// OVS's own IP layer of a userspace datapath: its routes, its neighbours, its bridges.
  private mutating func sendFromUserspace(
    _ frame: Frame, remote: IPAddress, on node: NodeModel, _ place: Place, _ parent: Int?,
    into emissions: inout [SwitchEmission], depth: Int
  ) {
    let routes = node.facts.openVSwitch.tunnelRoutes
    guard let root = node.namespaces[.root] else { return }
    let route = routes.records.filter { $0.destination.contains(remote) }
      .max { $0.destination.length < $1.destination.length }
    let name: InterfaceName?
    if let route {
      name = route.interface
    } else if case .found(_, let hop, _) = root.routing(remote.family).lookup(
      RouteQuery(destination: remote))
    {
      name = hop.interface
    } else {
      name = nil
    }
    guard let name, let device = root.devices[name], device.isSwitchInternal,
      let port = device.switchPort
    else {
      return drop(
        place, .noTunnelRoute, "the switch has no route to \(remote) through a bridge of its own",
        frame, parent, evidence: route.map { [$0.evidence] } ?? [])
    }
    var frame = frame
    frame.packet.ethSrc = device.mac
    if frame.packet.source == nil {
      frame.packet.source = route?.source ?? root.selectSource(name, towards: remote)
    }
    let next = route?.gateway ?? remote
    guard let mac = tunnelNeighbour(next, device: device, root: root, node: node, parent) else {
      return drop(
        place, .neighbourUnresolved, "the switch cannot resolve the tunnel's next hop \(next)",
        frame, parent)
    }
    frame.packet.ethDst = mac
    translate(node, port, frame, parent, into: &emissions, depth: depth + 1)
  }

  private mutating func tunnelNeighbour(
    _ next: IPAddress, device: Device, root: NamespaceModel, node: NodeModel, _ parent: Int?
  ) -> MACAddress? {
    if let known = node.facts.openVSwitch.tunnelNeighbours.records.first(where: {
      $0.address == next && $0.bridge == device.key.interface
    }) {
      return known.mac
    }
    return resolve(
      next, stack: .device(device.key), mac: device.mac,
      sender: root.selectSource(device.key.interface, towards: next), parent)
  }

  /// Kernel: the tunnel's socket took the packet.
  mutating func decapsulate(_ transit: Transit) {
    guard let node = cloud.nodes[transit.namespace.key.node] else { return }
    guard let (port, frame, step) = decapsulated(transit.frame, on: node, transit.parent) else {
      return
    }
    schedule(.switchPort(node.name, port), frame, step)
  }

  mutating func tunnelInput(
    _ frame: Frame, on node: NodeModel, _ parent: Int?, into emissions: inout [SwitchEmission],
    depth: Int
  ) {
    guard let (port, frame, step) = decapsulated(frame, on: node, parent) else { return }
    translate(node, port, frame, step, into: &emissions, depth: depth + 1)
  }

  /// The frame inside, and the tunnel port that it comes in on.
  private mutating func decapsulated(_ frame: Frame, on node: NodeModel, _ parent: Int?) -> (
    SwitchPortKey, Frame, Int?
  )? {
    guard let inner = frame.inner, let source = frame.packet.source,
      let destination = frame.packet.destination
    else { return nil }
    let metadata = TunnelMetadata(
      id: inner.key, source: source, destination: destination, tos: frame.packet.tos,
      ttl: frame.packet.ttl)
    guard
      let port = node.openVSwitch.tunnelPort(
        receiving: metadata, type: inner.type, destinationPort: frame.packet.destinationPort)
    else {
      drop(
        .namespace(NamespaceKey(node.name, .root)), .noTunnelPort,
        "\(node.name) has no \(inner.type) port for \(source)", frame, parent)
      return nil
    }
    var carried = inner.frame
    carried.packet.mark = 0
    carried.packet.tunnel = metadata
    let step = record(
      .bridge(BridgeKey(node.name, port.key.bridge)),
      .decapsulated("\(inner.type) \(inner.key) from \(source) on \(port.name)"), carried,
      parent, evidence: port.interfaceEvidence.map { [$0] } ?? [])
    return (port.key, carried, step)
  }
}
