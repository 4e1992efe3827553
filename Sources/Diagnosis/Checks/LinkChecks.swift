// Devices that should be up and are not: those of Neutron's namespaces, of guests' plugs, of bridges'
// uplinks and of tunnels. A router's or DHCP server's own routes go down with a device and come back
// with it only if somebody adds them again.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  func links(of view: NodeView) -> [Deviation] {
    view.node.namespaces.values.sorted { $0.key < $1.key }.flatMap { space in
      space.devices.values.sorted { $0.key < $1.key }
        .filter { !$0.isUp && isWanted($0, in: space, view) }
        .map { linkDown($0, in: space, view) }
    }
  }

  private func isWanted(_ device: Device, in space: NamespaceModel, _ view: NodeView) -> Bool {
    let name = device.key.interface
    // A bridge's own device carries nothing unless it has an address.
    if let port = device.switchPort, port.bridge.rawValue == name.rawValue {
      return !(space.addresses[name] ?? []).isEmpty
    }
    if name == "lo" { return space.key.namespace != .root }
    if space.key.namespace != .root { return NamespaceRole(space.key.namespace) != nil }
    if device.switchPort != nil { return true }
    if device.link.master != nil { return true }
    if device.link.kind == "bridge" {
      return space.devices.values.contains { $0.link.master == name }
    }
    return (space.addresses[name] ?? []).contains {
      view.node.tunnelAddresses.contains($0.address.address)
    }
  }

  private func linkDown(_ device: Device, in space: NamespaceModel, _ view: NodeView) -> Deviation {
    let key = device.key
    let lost = expectedRoutes(in: space.key).filter { $0.device == key.interface && !$0.isThere }
    let up = FixCommand(
      key.node, "\(Shell.inside(space.key))ip link set \(Shell.word(key.interface)) up")
    let routes = lost.map { FixCommand(key.node, $0.command(in: space.key)) }
    var ways = [[up] + routes]
    if let role = NamespaceRole(space.key.namespace) {
      ways.append(Ways.restart(role.agent, on: key.node))
    }
    return Deviation(
      .linkDown, node: key.node, namespace: key.namespace, object: key.interface.rawValue,
      "\(key.interface)" + (key.namespace == .root ? "" : " in \(key.namespace)")
        + " on \(key.node) is down"
        + (lost.isEmpty
          ? "" : ", and \(lost.count) route\(lost.count == 1 ? "" : "s") went with it"),
      evidence: [device.link.evidence],
      changes: [.setUp(key)] + lost.flatMap { $0.changes(in: space.key) },
      fix: Fix(ways, note: "touches what this device carries"), port: port(of: key))
  }

  /// The port that a device belongs to.
  func port(of key: DeviceKey) -> PortID? {
    model.ports.first { port in
      port.locations.contains {
        $0.node == key.node
          && ($0.device == key || key.namespace == .root && $0.switchPort == key.interface
            || key.namespace == .root && $0.linuxBridge == key.interface)
      }
    }?.id
  }
}

extension NamespaceRole {
  /// The agent that builds the namespace.
  var agent: String {
    if case .dhcp = self { return Ways.dhcpAgent }
    return Ways.l3Agent
  }
}
