// `show networks` and `show subnets`.
import Facts
import NetworkTypes

extension CloudModel {
  func networkTables(_ selection: Selection) -> [TextTable] {
    let shown = networks.filter { network in
      selection.has(
        [.network(network.id)] + subnets(of: network.id).map { .subnet($0.network, $0.cidr) })
    }
    var table = TextTable(
      "Networks",
      columns: [
        TableColumn("Name"), TableColumn("Segment"), TableColumn("Local VLAN"),
        TableColumn("Subnets"), TableColumn("DHCP"), TableColumn("External"),
        TableColumn("MTU", isRightAligned: true), TableColumn("Ports", isRightAligned: true),
        TableColumn("Status"), TableColumn("Known from"), TableColumn("ID"),
      ])
    for network in shown { table.add(row(of: network)) }
    guard !selection.isEverything else { return [table] }
    let own = Set(shown.map(\.id))
    return [
      table, subnetTable(subnets.filter { own.contains($0.network) }),
      portTable(ports.filter { $0.network.map(own.contains) == true }),
    ]
  }

  private func row(of network: Network) -> [TableCell] {
    let vlans = network.localVLANs.map { "\($0.node)=\($0.vlan)" }.joined(separator: " ")
    let served = dhcpServers.filter { $0.network == network.id }.map(\.node.rawValue)
    return [
      .text(network.label), TableCell(network.segments.map(describe)), .text(vlans),
      TableCell(subnets(of: network.id).map(\.cidr)), TableCell(served),
      .flag(network.isExternal), TableCell(network.mtuBytes),
      .number(ports(of: network.id).count), .text(network.status), TableCell(network.origin),
      .id(network.id.rawValue),
    ]
  }

  func describe(_ segment: NeutronSegment) -> String {
    let number = segment.segmentationID.map { " \($0)" } ?? ""
    return segment.networkType + number + (segment.physicalNetwork.map { " on \($0)" } ?? "")
  }

  func subnetTable(_ selection: Selection) -> TextTable {
    subnetTable(
      subnets.filter { subnet in
        selection.has([.subnet(subnet.network, subnet.cidr), .network(subnet.network)])
      })
  }

  private func subnetTable(_ shown: [Subnet]) -> TextTable {
    var table = TextTable(
      "Subnets",
      columns: [
        TableColumn("Network"), TableColumn("Subnet"), TableColumn("CIDR"),
        TableColumn("Gateway"), TableColumn("DHCP"), TableColumn("IPv6 mode"),
        TableColumn("Pools"), TableColumn("DNS"), TableColumn("Host routes"),
        TableColumn("Known from"), TableColumn("ID"),
      ])
    for subnet in shown {
      table.add([
        .text(network(subnet.network)?.label ?? subnet.network.rawValue), .text(subnet.name),
        TableCell(subnet.cidr), TableCell(subnet.gateway), TableCell(flag: subnet.isDHCPEnabled),
        TableCell(subnet.ipv6AddressMode ?? subnet.ipv6RAMode),
        TableCell(subnet.pools.map { "\($0.first)-\($0.last)" }), TableCell(subnet.dnsServers),
        TableCell(subnet.hostRoutes.map { "\($0.destination) via \($0.nextHop)" }),
        TableCell(subnet.origin), subnet.id.map { .id($0.rawValue) } ?? .none,
      ])
    }
    return table
  }
}
