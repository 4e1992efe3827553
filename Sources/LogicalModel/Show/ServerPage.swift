// `show vm NAME`: the one page on a server: where it runs, how it is plugged, where its traffic leaves,
// what filters it, who gives it its address, and what is wrong with any of it.
import Facts
import NetworkTypes

extension CloudModel {
  func serverTables(_ selection: Selection, _ facts: CloudFacts) -> [TextTable] {
    if selection.isEverything { return [serverTable(servers, title: "VMs", key: "vms")] }
    let shown = servers.filter { server in
      let own = server.ports.compactMap { port($0) }
      let floating = own.flatMap { port in floatingIPs.filter { $0.port == port.id } }
      return selection.has(
        [.server(server.id)] + own.map { .port($0.id) }
          + floating.map { .floatingIP($0.address, $0.router) })
    }
    let report = Drift.report(self, facts)
    let filters = EnforcedFilters(self, facts)
    return [serverTable(shown, title: "VM", key: "vm")]
      + [
        plugTable(shown), wayTable(shown, facts), intendedTable(shown),
        filters.table(of: shown), leaseTable(shown, facts),
        problemTable(shown, report, facts),
      ]
  }

  private func ports(of servers: [Server]) -> [(Server, Port)] {
    servers.flatMap { server in server.ports.compactMap { port($0) }.map { (server, $0) } }
  }

  func serverTable(_ shown: [Server], title: String, key: String) -> TextTable {
    var table = TextTable(
      title, key: key,
      columns: [
        TableColumn("Name"), TableColumn("Instance"), TableColumn("Node"),
        TableColumn("Project"), TableColumn("Flavor"), TableColumn("Running"),
        TableColumn("Addresses"), TableColumn("EIPs"), TableColumn("ID"),
      ])
    for server in shown {
      let own = server.ports.compactMap { port($0) }
      let floating = floatingIPs.filter { floating in own.contains { $0.id == floating.port } }
      table.add([
        .text(server.label), TableCell(server.instanceName), TableCell(server.node),
        TableCell(server.projectName ?? server.project?.rawValue), TableCell(server.flavor),
        TableCell(flag: server.isRunning), TableCell(own.flatMap(\.addresses)),
        TableCell(floating.map(\.address)), .id(server.id.rawValue),
      ])
    }
    return table
  }

  private func plugTable(_ shown: [Server]) -> TextTable {
    var table = TextTable(
      "How it is plugged", key: "interfaces",
      columns: [
        TableColumn("VM"), TableColumn("Port"), TableColumn("MAC"), TableColumn("Addresses"),
        TableColumn("Network"), TableColumn("Segment"), TableColumn("Node"), TableColumn("Way"),
        TableColumn("VLAN"), TableColumn("MTU", isRightAligned: true), TableColumn("Status"),
        TableColumn("Port security"), TableColumn("Port ID"),
      ])
    for (server, port) in ports(of: shown) {
      let network = network(port.network)
      let places: [PortLocation?] = port.locations.isEmpty ? [nil] : port.locations
      for location in places {
        table.add([
          .text(server.label), .text(title(of: port)), TableCell(port.mac),
          TableCell(port.addresses), TableCell(network?.label),
          TableCell((network?.segments ?? []).map(describe)),
          TableCell(location?.node.rawValue ?? port.boundHost.map { "\($0) (bound, not found)" }),
          TableCell(location.map { way(of: port, $0) }),
          TableCell(location?.tag.map { "\($0)" }), TableCell(network?.mtuBytes),
          .text(port.status), TableCell(flag: port.isPortSecurityEnabled),
          .id(port.id.rawValue),
        ])
      }
    }
    return table
  }

  /// `tap… → qbr… → qvb… → qvo… → br-int port 12`.
  private func way(of port: Port, _ location: PortLocation) -> String {
    var parts = [location.interface.rawValue]
    if let bridge = location.linuxBridge {
      parts += [
        bridge.rawValue, DevicePrefix.hybridBridgeEnd.device(of: port.id).rawValue,
        location.switchPort?.rawValue,
      ].compactMap { $0 }
    }
    if let bridge = location.bridge {
      parts.append(
        bridge.rawValue + (location.openFlowPort.map { " port \($0)" } ?? ""))
    }
    return parts.joined(separator: " → ")
  }
}

// Where its traffic leaves.
extension CloudModel {
  private func wayTable(_ shown: [Server], _ facts: CloudFacts) -> TextTable {
    var table = TextTable(
      "Where its traffic leaves", key: "ways",
      columns: [
        TableColumn("VM"), TableColumn("Address"), TableColumn("Subnet"), TableColumn("Gateway"),
        TableColumn("Router"), TableColumn("Routed on"), TableColumn("EIP"),
        TableColumn("Leaves as"), TableColumn("On"),
      ])
    for (server, port) in ports(of: shown) {
      for fixed in port.fixedIPs {
        let subnet = subnets.first { $0.id == fixed.subnet && $0.id != nil }
        let router = router(of: port, subnet)
        let floating = floatingIPs.first {
          $0.port == port.id && ($0.fixedAddress ?? fixed.address) == fixed.address
        }
        let exit = exit(of: fixed.address, router, floating)
        table.add([
          .text(server.label), TableCell(fixed.address),
          TableCell(subnet.map { "\($0.label) (\($0.cidr))" }), TableCell(subnet?.gateway),
          TableCell(router.map { "\($0.label) (\($0.mode))" }),
          TableCell(router.map { routingNodes($0, server) }), TableCell(floating?.address),
          TableCell(exit?.address), TableCell(exit?.nodes ?? []),
        ])
      }
    }
    return table
  }

  /// The router that has the subnet's gateway address, else any on the network.
  private func router(of port: Port, _ subnet: Subnet?) -> Router? {
    let near = routers.filter { router in
      router.interfaces.contains { $0.network == port.network }
    }
    let atGateway = near.first { router in
      router.interfaces.contains { interface in
        subnet?.gateway.map(interface.addresses.contains) == true
      }
    }
    return atGateway ?? (subnet?.gateway == nil ? nil : near.first)
  }

  private func routingNodes(_ router: Router, _ server: Server) -> String {
    if router.mode.isDistributed, let node = server.node { return "\(node) (beside it)" }
    return router.activeNodes.map(\.rawValue).joined(separator: ", ")
  }

  private func exit(
    of address: IPAddress, _ router: Router?, _ floating: FloatingIP?
  ) -> (address: String, nodes: [String])? {
    guard let router, router.gateway != nil else { return nil }
    if let floating, address.family == .ipv4 {
      return ("\(floating.address)", floating.servingNodes.map(\.rawValue))
    }
    let nodes = router.snatNodes.map(\.rawValue)
    guard address.family == .ipv4 else { return ("\(address) (not translated)", nodes) }
    switch router.gateway?.isSNATEnabled {
    case false: return ("\(address) (not translated)", nodes)
    default:
      guard let source = router.gateway?.snatAddress else {
        return ("\(address) (no source NAT found)", nodes)
      }
      return ("\(source) (source NAT)", nodes)
    }
  }
}

// Filters, DHCP, problems.
extension CloudModel {
  private func intendedTable(_ shown: [Server]) -> TextTable {
    var ids: [SecurityGroupID] = []
    for (_, port) in ports(of: shown) {
      for id in port.securityGroups where !ids.contains(id) { ids.append(id) }
    }
    return ruleTable(
      ids.compactMap { securityGroup($0) }, title: "Security groups as intended", key: "intended")
  }

  private func leaseTable(_ shown: [Server], _ facts: CloudFacts) -> TextTable {
    var table = TextTable(
      "DHCP",
      columns: [
        TableColumn("VM"), TableColumn("Network"), TableColumn("Server on"),
        TableColumn("dnsmasq runs", key: "runs"), TableColumn("Host entry"),
        TableColumn("Lease"), TableColumn("Evidence"),
      ])
    for (server, port) in ports(of: shown) {
      for dhcp in dhcpServers where dhcp.network == port.network {
        let files = facts.node(dhcp.node)?.files.dnsmasq[dhcp.network]
        let entries = (files?.hosts.records ?? []).filter { entry in
          port.mac.map(entry.macs.contains) == true
        }
        let leases = (files?.leases.records ?? []).filter { $0.mac == port.mac && $0.mac != nil }
        table.add([
          .text(server.label), TableCell(network(dhcp.network)?.label), TableCell(dhcp.node),
          TableCell(flag: dhcp.isAlive), TableCell(entries.flatMap(\.addresses)),
          TableCell(leases.map(describe)),
          TableCell((entries.map(\.evidence) + leases.map(\.evidence)).map { facts.place(of: $0) }),
        ])
      }
    }
    return table
  }

  private func describe(_ lease: DnsmasqLease) -> String {
    let address = lease.address.map { "\($0)" } ?? "?"
    guard let expiry = lease.expiry, expiry != 0 else { return "\(address), never ends" }
    return "\(address) until \(Self.utc(seconds: expiry))"
  }

  /// `2024-02-29T23:59:60Z` without a calendar's help: days by Howard Hinnant's civil_from_days.
  static func utc(seconds: UInt64) -> String {
    let days = Int(seconds / 86400) + 719_468
    let era = days / 146_097
    let day = days - era * 146_097
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let ofYear = day - (365 * year + year / 4 - year / 100)
    let shifted = (5 * ofYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let rest = Int(seconds % 86400)
    return "\(year + era * 400 + (month <= 2 ? 1 : 0))-\(two(month))-"
      + two(ofYear - (153 * shifted + 2) / 5 + 1)
      + "T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
  }

  /// Drift of its ports and of all that they depend on.
  private func problemTable(
    _ shown: [Server], _ report: DriftReport, _ facts: CloudFacts
  ) -> TextTable {
    let own = ports(of: shown).map(\.1)
    let networks = Set(own.compactMap(\.network))
    let near = routers.filter { router in
      router.interfaces.contains { $0.network.map(networks.contains) == true }
    }
    var ids = Set(own.map(\.id.rawValue) + networks.map(\.rawValue) + near.map(\.id.rawValue))
    ids.formUnion(own.flatMap(\.securityGroups).map(\.rawValue))
    for floating in floatingIPs where own.contains(where: { $0.id == floating.port }) {
      ids.insert(floating.id?.rawValue ?? floating.address.description)
    }
    // What its node or its routers' and DHCP servers' nodes miss concerns it too.
    var places = Set(shown.compactMap(\.node))
    places.formUnion(near.flatMap(\.places).map(\.node))
    places.formUnion(dhcpServers.filter { networks.contains($0.network) }.map(\.node))
    let shared: Set<DriftObject.Kind> = [.node, .device, .agent, .namespace]
    let findings = report.findings.filter { finding in
      ids.contains(finding.object.id)
        || shared.contains(finding.object.kind) && finding.node.map(places.contains) == true
    }
    var table = driftTable("Problems", key: "problems", findings, facts)
    let unknown = report.unknowns.filter { $0.node == nil || places.contains($0.node ?? "") }
    table.notes = unknown.map { gap in
      "not compared: \(gap.code.rawValue)\(gap.node.map { " on \($0)" } ?? ""): \(gap.reason)"
    }
    return table
  }
}
