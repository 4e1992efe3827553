// Addresses that are held in a place that they do not belong to: two answer ARP for them.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  func duplicates(_ scope: Set<NodeName>) -> [Deviation] {
    var found: [Deviation] = []
    for view in nodes.values.sorted(by: { $0.name < $1.name }) where scope.contains(view.name) {
      for space in view.node.namespaces.values.sorted(by: { $0.key < $1.key })
      where NamespaceRole(space.key.namespace) != nil {
        for (device, list) in space.addresses.sorted(by: { $0.key < $1.key }) {
          for record in list where isStranger(record.address.address, on: device, space) {
            found.append(duplicate(record, device, space))
          }
        }
        found += strayFloatingRoutes(space)
      }
    }
    return found
  }

  /// Neutron gives the address to another port on the same network, or to a floating IP elsewhere.
  private func isStranger(
    _ address: IPAddress, on device: InterfaceName, _ space: NamespaceModel
  ) -> Bool {
    guard model.hasAPI, !address.isLinkLocal, !address.isLoopback,
      let own = model.ports.first(where: { port in
        port.locations.contains { $0.device == DeviceKey(space.key, device) }
      }), let network = own.network, !own.addresses.contains(address)
    else { return false }
    if let floating = model.floatingIPs.first(where: {
      $0.address == address && $0.origin.contains(.api)
    }) {
      guard floating.network == network else { return false }
      guard let part = part(in: space.key), floating.router == part.router.id else { return true }
      return !centralFloatingIPs(part).contains { $0.address == address }
    }
    return model.ports(of: network).contains { $0.id != own.id && $0.addresses.contains(address) }
  }

  private func duplicate(
    _ record: LinkAddress, _ device: InterfaceName, _ space: NamespaceModel
  ) -> Deviation {
    let address = record.address.address
    let key = DeviceKey(space.key, device)
    let owner =
      model.floatingIPs.first { $0.address == address && $0.origin.contains(.api) }
      .map { floating in
        "floating IP of " + (model.port(floating.port).map { model.title(of: $0) } ?? "nobody")
          + (model.router(floating.router).map { " at router \($0.label)" } ?? "")
      } ?? "another port's address"
    return Deviation(
      .addressDuplicate, node: key.node, namespace: key.namespace,
      object: "\(device) \(address)",
      "\(device) in \(key.namespace) on \(key.node) holds \(address), which is \(owner)",
      evidence: [record.evidence], changes: [.removeAddress(key, address)],
      fix: Fix(
        [
          [
            FixCommand(
              key.node,
              "\(Shell.inside(space.key))ip addr del \(record.address) dev \(Shell.word(device))")
          ], Ways.restart(Ways.l3Agent, on: key.node),
        ], note: "neighbours keep the wrong MAC until their ARP caches age"))
  }

  /// A floating IP's route in the fip namespace of a node that does not have its guest.
  private func strayFloatingRoutes(_ space: NamespaceModel) -> [Deviation] {
    guard case .floating(let network) = NamespaceRole(space.key.namespace) else { return [] }
    return space.facts.routes4.records.compactMap { route in
      guard route.destination.isHost, route.table == .main, route.type == .unicast,
        route.nextHops.contains(where: {
          $0.interface.map { DevicePrefix($0) == .floatingToRouter } ?? false
        }),
        let floating = model.floatingIPs.first(where: {
          $0.address == route.destination.address && $0.network == network
            && $0.origin.contains(.api)
        }), let node = model.port(floating.port)?.boundNode, node != space.key.node
      else { return nil }
      let key = space.key
      return Deviation(
        .addressDuplicate, node: key.node, namespace: key.namespace,
        object: "\(key.namespace) \(floating.address)",
        "\(key.namespace) on \(key.node) still has a route to floating IP \(floating.address), "
          + "whose guest is on \(node): two nodes answer ARP for it",
        evidence: [route.evidence], changes: [.removeRoute(key, route)],
        fix: Fix(
          [
            [
              FixCommand(
                key.node, "\(Shell.inside(key))ip route del \(route.destination.address)")
            ], Ways.restart(Ways.l3Agent, on: key.node),
          ], note: "neighbours keep the wrong MAC until their ARP caches age"))
    }
  }
}
