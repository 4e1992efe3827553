// `show routers` and `show eips`.
import Facts
import NetworkTypes

extension CloudModel {
  func routerTables(_ selection: Selection) -> [TextTable] {
    let shown = routers.filter { router in
      var items: [ModelItem] = [.router(router.id)]
      items += router.interfaces.compactMap { $0.network.map(ModelItem.network) }
      items += [router.gateway?.network.map(ModelItem.network)].compactMap { $0 }
      items += router.places.map { .node($0.node) }
      return selection.has(items)
    }
    var table = TextTable(
      "Routers",
      columns: [
        TableColumn("Name"), TableColumn("Mode"), TableColumn("Nodes"),
        TableColumn("Interfaces"), TableColumn("Gateway"), TableColumn("SNAT"),
        TableColumn("EIPs", isRightAligned: true), TableColumn("Status"),
        TableColumn("Known from"), TableColumn("ID"),
      ])
    for router in shown { table.add(row(of: router)) }
    guard !selection.isEverything else { return [table] }
    let own = Set(shown.map(\.id))
    return [
      table, placeTable(shown), portTable(ports.filter { $0.router.map(own.contains) == true }),
      floatingTable(floatingIPs.filter { $0.router.map(own.contains) == true }),
    ]
  }

  private func row(of router: Router) -> [TableCell] {
    let places = router.places.map { place in
      "\(place.node) \(place.part.rawValue)" + (router.mode.isHA ? " (\(state(place)))" : "")
    }
    let gateway = router.gateway.map { gateway in
      let network = network(gateway.network)?.label ?? "?"
      return network + " " + gateway.addresses.map(\.description).joined(separator: " ")
    }
    return [
      .text(router.label), TableCell(router.mode), TableCell(places),
      TableCell(router.interfaces.map(describe)), TableCell(gateway), .text(snat(of: router)),
      .number(floatingIPs(of: router.id).count), .text(router.status), TableCell(router.origin),
      .id(router.id.rawValue),
    ]
  }

  private func state(_ place: RouterPlace) -> String {
    switch place.isActive {
    case true: "active"
    case false: "standby"
    default: "unknown"
    }
  }

  private func describe(_ interface: RouterInterface) -> String {
    let network = network(interface.network)?.label ?? "?"
    return network + " " + interface.addresses.map(\.description).joined(separator: " ")
  }

  private func snat(of router: Router) -> String {
    guard let gateway = router.gateway else { return "" }
    if gateway.isSNATEnabled == false { return "off" }
    guard let address = gateway.snatAddress else {
      return gateway.isSNATEnabled == true ? "wanted, no rule found" : "unknown"
    }
    let nodes = router.snatNodes.map(\.rawValue).joined(separator: " ")
    return nodes.isEmpty ? "\(address)" : "\(address) on \(nodes)"
  }

  private func placeTable(_ shown: [Router]) -> TextTable {
    var table = TextTable(
      "Where they live", key: "places",
      columns: [
        TableColumn("Router"), TableColumn("Node"), TableColumn("Namespace"),
        TableColumn("Active"), TableColumn("State file"), TableColumn("Reported state"),
        TableColumn("VRRP group"),
      ])
    for router in shown {
      for place in router.places {
        table.add([
          .text(router.label), TableCell(place.node), TableCell(place.namespace),
          TableCell(flag: place.isActive), TableCell(place.stateFile),
          TableCell(place.reportedState),
          TableCell(router.vrrpGroups),
        ])
      }
    }
    return table
  }
}

extension CloudModel {
  func floatingTables(_ selection: Selection) -> [TextTable] {
    let shown = floatingIPs.filter { floating in
      var items: [ModelItem] = [.floatingIP(floating.address, floating.router)]
      items += [
        floating.port.map(ModelItem.port), floating.router.map(ModelItem.router),
        port(floating.port)?.server.map(ModelItem.server),
      ].compactMap { $0 }
      items += floating.servingNodes.map { .node($0) }
      return selection.has(items)
    }
    let addresses = Set(shown.map(\.address))
    let forwarded = portForwardings.filter { forwarding in
      selection.isEverything || addresses.contains(forwarding.address)
        || selection.has(
          [forwarding.port.map(ModelItem.port), forwarding.router.map(ModelItem.router)]
            .compactMap { $0 })
    }
    return [floatingTable(shown), forwardingTable(forwarded)]
  }

  func floatingTable(_ shown: [FloatingIP]) -> TextTable {
    var table = TextTable(
      "Floating IPs (EIPs)", key: "eips",
      columns: [
        TableColumn("EIP"), TableColumn("Fixed address"), TableColumn("Port"),
        TableColumn("Server"), TableColumn("Router"), TableColumn("Lives on"),
        TableColumn("Missing"), TableColumn("Network"), TableColumn("Status"),
        TableColumn("Known from"), TableColumn("ID"),
      ])
    for floating in shown {
      let port = port(floating.port)
      table.add([
        TableCell(floating.address), TableCell(floating.fixedAddress),
        TableCell(port.map(title)), TableCell(server(port?.server)?.label),
        TableCell(router(floating.router)?.label), TableCell(lives(floating)),
        TableCell(missing(floating)), TableCell(network(floating.network)?.label),
        .text(floating.status), TableCell(floating.origin),
        floating.id.map { .id($0.rawValue) } ?? .none,
      ])
    }
    return table
  }

  private func lives(_ floating: FloatingIP) -> [String] {
    floating.places.filter { $0.isServing != false }.map { place in
      "\(place.node) \(place.kind.rawValue)" + (place.isServing == nil ? " (not sure)" : "")
    }
  }

  /// What a place lacks; a standby's rules without its address are as they should be.
  private func missing(_ floating: FloatingIP) -> [String] {
    let standby = Set(
      (router(floating.router)?.places ?? []).filter { $0.isActive == false }.map(\.key))
    return floating.places.filter { place in
      place.isServing == false
        && !standby.contains(NamespaceKey(place.node, place.namespace))
    }.map { place in
      "\(place.node): " + place.missing.map(\.rawValue).joined(separator: ", ")
    }
  }

  private func forwardingTable(_ shown: [PortForwarding]) -> TextTable {
    var table = TextTable(
      "Port forwardings",
      columns: [
        TableColumn("EIP"), TableColumn("Protocol"), TableColumn("Ports"),
        TableColumn("To address"), TableColumn("To ports"), TableColumn("Port"),
        TableColumn("Router"), TableColumn("Rules in"), TableColumn("Known from"),
      ])
    for forwarding in shown {
      table.add([
        TableCell(forwarding.address), .text(forwarding.protocolName),
        TableCell(forwarding.externalPorts), TableCell(forwarding.internalAddress),
        TableCell(forwarding.internalPorts), TableCell(port(forwarding.port).map(title)),
        TableCell(router(forwarding.router)?.label), TableCell(forwarding.places.map(\.node)),
        TableCell(forwarding.origin),
      ])
    }
    return table
  }
}
