// `show ports`.
import Facts
import NetworkTypes

extension CloudModel {
  func portTables(_ selection: Selection) -> [TextTable] {
    let shown = ports.filter { isShown($0, selection) }
    var tables = [portTable(shown)]
    if !selection.isEverything { tables.append(locationTable(shown)) }
    return tables
  }

  private func isShown(_ port: Port, _ selection: Selection) -> Bool {
    if selection.isEverything { return port.owner != .floatingIP }
    var items: [ModelItem] = [.port(port.id)]
    items += [port.server.map(ModelItem.server), port.router.map(ModelItem.router)]
      .compactMap { $0 }
    items += [port.network.map(ModelItem.network)].compactMap { $0 }
    items += port.locations.flatMap { location -> [ModelItem] in
      [.node(location.node), .namespace(NamespaceKey(location.node, location.namespace))]
    }
    return selection.has(items) && (port.owner != .floatingIP || selection.has(.port(port.id)))
  }

  func portTable(_ shown: [Port]) -> TextTable {
    var table = TextTable(
      "Ports",
      columns: [
        TableColumn("Name"), TableColumn("Network"), TableColumn("Addresses"),
        TableColumn("MAC"), TableColumn("Owner"), TableColumn("Of"), TableColumn("Node"),
        TableColumn("Device"), TableColumn("VLAN"), TableColumn("Status"), TableColumn("ID"),
      ])
    for port in shown.sorted(by: { title(of: $0) < title(of: $1) }) {
      let devices = Set(port.locations.map(\.interface.rawValue)).sorted()
      table.add([
        .text(title(of: port)), TableCell(network(port.network)?.label),
        TableCell(port.addresses), TableCell(port.mac), TableCell(port.owner),
        TableCell(owner(of: port)), TableCell(nodes(of: port)), TableCell(devices),
        TableCell(vlans(of: port)), .text(port.status), .id(port.id.rawValue),
      ])
    }
    return table
  }

  private func owner(of port: Port) -> String? {
    server(port.server)?.label ?? router(port.router)?.label
      ?? (port.owner == .dhcp ? network(port.network)?.label : nil)
  }

  /// Where it is plugged; else where Neutron bound it, which no node confirms.
  private func nodes(of port: Port) -> [String] {
    if !port.locations.isEmpty { return Set(port.locations.map(\.node.rawValue)).sorted() }
    return port.boundHost.map { ["\($0) (bound, not found)"] } ?? []
  }

  /// The tag, and the network's own VLAN on that node where the port has another.
  private func vlans(of port: Port) -> [String] {
    let tags = port.locations.compactMap { location in
      location.tag.map { (location.node, describe($0, of: port, on: location.node)) }
    }
    if Set(tags.map(\.1)).count == 1, let tag = tags.first?.1 { return [tag] }
    return tags.map { "\($0.0)=\($0.1)" }
  }

  private func describe(_ tag: VLANID, of port: Port, on node: NodeName) -> String {
    if tag == NeutronNames.deadVLAN { return "\(tag) (dead)" }
    let expected = network(port.network)?.vlans(on: node) ?? []
    if expected.isEmpty || expected.contains(tag) { return "\(tag)" }
    return "\(tag) (network has \(expected.map(\.description).joined(separator: ", ")))"
  }

  private func locationTable(_ shown: [Port]) -> TextTable {
    var table = TextTable(
      "Where they are plugged", key: "locations",
      columns: [
        TableColumn("Port"), TableColumn("Node"), TableColumn("Namespace"),
        TableColumn("Device"), TableColumn("Linux bridge"), TableColumn("Bridge"),
        TableColumn("Switch port"), TableColumn("OpenFlow port", isRightAligned: true),
        TableColumn("VLAN", isRightAligned: true), TableColumn("Addresses"),
      ])
    for port in shown.sorted(by: { title(of: $0) < title(of: $1) }) {
      for location in port.locations {
        table.add([
          .text(title(of: port)), TableCell(location.node), TableCell(location.namespace),
          TableCell(location.interface), TableCell(location.linuxBridge),
          TableCell(location.bridge), TableCell(location.switchPort),
          TableCell(location.openFlowPort), TableCell(location.tag),
          TableCell(location.addresses),
        ])
      }
    }
    return table
  }
}

// `show trunks`.
extension CloudModel {
  func trunkTable(_ selection: Selection) -> TextTable {
    var table = TextTable(
      "Trunks",
      columns: [
        TableColumn("Name"), TableColumn("Parent"), TableColumn("Node"), TableColumn("Subports"),
        TableColumn("Status"), TableColumn("Known from"), TableColumn("ID"),
      ])
    for trunk in trunks {
      let parent = port(trunk.port)
      var items: [ModelItem] = [.port(trunk.port)] + trunk.subPorts.map { .port($0.port) }
      items += [parent?.server.map(ModelItem.server), parent?.boundNode.map(ModelItem.node)]
        .compactMap { $0 }
      guard selection.has(items) else { continue }
      let subPorts = trunk.subPorts.map { subPort in
        "\(subPort.segmentationType) \(subPort.segmentationID ?? 0): "
          + (port(subPort.port).map { title(of: $0) } ?? subPort.port.rawValue)
      }
      table.add([
        .text(trunk.label), TableCell(parent.map { title(of: $0) }),
        TableCell(parent?.boundNode), TableCell(subPorts), .text(trunk.status),
        TableCell(trunk.origin), .id(trunk.id.rawValue),
      ])
    }
    return table
  }
}
