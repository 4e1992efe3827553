// DHCP: a server where the network is scheduled, with an entry for every port and its subnets' options.
// Source: neutron/agent/linux/dhcp.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareDHCP() {
    for network in model.networks where network.origin.contains(.api) {
      let subnets = model.subnets(of: network.id).filter { $0.isDHCPEnabled == true }
      guard let agents = neutron.dhcpAgents[network.id], agents.isKnown else {
        if !subnets.isEmpty {
          unknown(.dhcpServer, nil, "DHCP agents of network \(network.label): not captured")
        }
        continue
      }
      let scheduled = agents.records.map { (hosts.node($0.host), $0) }
      if !subnets.isEmpty {
        for (name, agent) in scheduled { compareServer(network, subnets, name, agent) }
      }
      compareStrayServers(network, subnets, scheduled)
    }
  }

  private mutating func compareServer(
    _ network: Network, _ subnets: [Subnet], _ name: NodeName?, _ agent: NeutronAgent
  ) {
    guard let name, let node = node(name) else {
      return unknown(.dhcpServer, nil, "host \(agent.host) was not captured")
    }
    let server = lookups.servers[network.id]?.first { $0.node == name }
    let wanted = DriftSide("scheduled on \(agent.host)", [agent.evidence] + network.evidence)
    switch server.map({ isServing($0, node) }) ?? nil {
    case true?: break
    case false?:
      find(
        .dhcpServer, .missing, .high, object(network.id), on: name,
        at: server?.namespace.rawValue ?? "", wanted: wanted,
        found: DriftSide("no dnsmasq process", server?.evidence ?? []))
    case nil:
      if server == nil, node.facts.processes.isKnown {
        find(
          .dhcpServer, .missing, .high, object(network.id), on: name,
          at: NamespaceRole.dhcp(network.id).namespace.rawValue, wanted: wanted, found: .none)
      } else {
        unknown(.dhcpServer, name, "processes: not captured")
      }
    }
    compareFiles(network, subnets, node)
    compareServerAddress(network, node)
  }

  /// A process, or a socket on the server's port: processes of containers may be out of sight.
  private func isServing(_ server: DHCPServer, _ node: NodeSwitch) -> Bool? {
    if server.isAlive == true { return true }
    let sockets = node.index.namespace(server.namespace)?.sockets.records ?? []
    return sockets.contains { $0.transport == "udp" && [67, 547].contains($0.port) }
      ? true : server.isAlive
  }

  private mutating func compareStrayServers(
    _ network: Network, _ subnets: [Subnet], _ scheduled: [(NodeName?, NeutronAgent)]
  ) {
    let names = Set(scheduled.compactMap(\.0))
    for server in lookups.servers[network.id] ?? [] where server.isAlive == true {
      if names.contains(server.node), !subnets.isEmpty { continue }
      // An agent that no captured host answers to may be this node's.
      if scheduled.contains(where: { $0.0 == nil }) { continue }
      find(
        .dhcpServer, subnets.isEmpty ? .extra : names.isEmpty ? .wrongNode : .twice, .high,
        object(network.id), on: server.node, at: server.namespace.rawValue,
        wanted: DriftSide(
          subnets.isEmpty ? "no DHCP" : "on \(list(names))", scheduled.map(\.1.evidence)),
        found: DriftSide("a dnsmasq process", server.evidence))
    }
  }

  /// The device in the namespace has its port's addresses.
  private mutating func compareServerAddress(_ network: Network, _ node: NodeSwitch) {
    let port = (portsByNetwork[network.id] ?? []).first {
      $0.owner == .dhcp && $0.boundNode == node.name && $0.origin.contains(.api)
    }
    guard let port, let location = port.locations.first(where: { $0.node == node.name }) else {
      return
    }
    guard case .dhcp = NamespaceRole(location.namespace) else {
      return unknown(
        .dhcpServer, node.name, "where device \(location.interface) is: not captured")
    }
    guard let held = node.index.addresses(in: location.namespace)
    else {
      return unknown(.dhcpServer, node.name, "addresses of \(location.namespace): not captured")
    }
    let own = held.filter { $0.interface == location.interface }
    for address in port.addresses where !own.contains(where: { $0.address.address == address }) {
      find(
        .dhcpServer, .different, .high, object(network.id), on: node.name,
        at: "\(location.namespace) \(location.interface)",
        wanted: DriftSide("\(address)", port.evidence),
        found: DriftSide(list(own.map(\.address)), own.map(\.evidence)))
    }
  }
}

// Its files.
extension DriftBuilder {
  private mutating func compareFiles(
    _ network: Network, _ subnets: [Subnet], _ node: NodeSwitch
  ) {
    guard let files = node.facts.files.dnsmasq[network.id] else {
      return unknown(.dhcpHost, node.name, "dnsmasq's files of network \(network.label): missing")
    }
    if let entries = known(
      files.hosts, .dhcpHost, node.name, "dnsmasq's hosts of network \(network.label)")
    {
      compareHosts(network, subnets, entries, node)
    }
    if let options = known(
      files.options, .dhcpOption, node.name, "dnsmasq's options of network \(network.label)")
    {
      for subnet in subnets { compareOptions(network, subnet, options, node) }
    }
  }

  /// Subnets whose addresses dnsmasq gives out one by one.
  private func isAssigned(_ subnet: Subnet) -> Bool {
    subnet.cidr.family == .ipv4 || subnet.ipv6AddressMode == "dhcpv6-stateful"
  }

  private mutating func compareHosts(
    _ network: Network, _ subnets: [Subnet], _ entries: [DnsmasqHost], _ node: NodeSwitch
  ) {
    let assigned = Set(subnets.filter(isAssigned).compactMap(\.id))
    let ports = portsByNetwork[network.id] ?? []
    let byMAC = entries.reduce(into: [MACAddress: [DnsmasqHost]]()) { found, entry in
      for mac in Set(entry.macs) { found[mac, default: []].append(entry) }
    }
    let byAddress = entries.reduce(into: [IPAddress: [DnsmasqHost]]()) { found, entry in
      for address in Set(entry.addresses) { found[address, default: []].append(entry) }
    }
    let owners = ports.reduce(into: [IPAddress: [Port]]()) { found, port in
      for address in Set(port.addresses) { found[address, default: []].append(port) }
    }
    for port in ports where port.owner == .server || port.owner == .subPort {
      guard let mac = port.mac, port.origin.contains(.api), port.isAdminUp != false else {
        continue
      }
      for fixed in port.fixedIPs where fixed.subnet.map(assigned.contains) == true {
        let own = byMAC[mac] ?? []
        if own.contains(where: { $0.addresses.contains(fixed.address) }) { continue }
        let others = byAddress[fixed.address] ?? []
        let found = own + others
        find(
          .dhcpHost, found.isEmpty ? .missing : .different, .high, object(port), on: node.name,
          at: "dnsmasq of network \(network.label)",
          wanted: DriftSide("\(mac) gets \(fixed.address)", port.evidence),
          found: DriftSide(list(found.map(describe)), found.map(\.evidence)))
      }
    }
    for entry in entries {
      for address in entry.addresses {
        let isPorts = owners[address]?.contains { port in
          port.mac.map(entry.macs.contains) == true
        }
        // Said already, where the address is a port's.
        let owner = owners[address]?.first
        if isPorts == true || owner?.owner == .server { continue }
        find(
          .dhcpHost, .extra, .medium, object(network.id), on: node.name,
          at: "dnsmasq of network \(network.label)",
          wanted: DriftSide("no such port", owner?.evidence ?? []),
          found: DriftSide(describe(entry), [entry.evidence]))
      }
    }
  }

  private func describe(_ entry: DnsmasqHost) -> String {
    "\(list(entry.macs)) gets \(list(entry.addresses))"
  }

  /// The gateway and the name servers of a subnet, and its host routes.
  private mutating func compareOptions(
    _ network: Network, _ subnet: Subnet, _ options: [DnsmasqOption], _ node: NodeSwitch
  ) {
    guard let id = subnet.id, subnet.cidr.family == .ipv4 else { return }
    let own = options.filter { $0.tags == ["subnet-\(id)"] }
    // Releases before 2020 tag by position (`tag0`): which subnet is meant is not told.
    guard !own.isEmpty else {
      if !options.isEmpty {
        unknown(
          .dhcpOption, node.name,
          "options of subnet \(subnet.label): none carries its tag")
      }
      return
    }
    func values(_ codes: [DnsmasqOptionCode]) -> [DnsmasqOption] {
      own.filter { codes.contains($0.code) }
    }
    compareOption(
      "router", [subnet.gateway].compactMap { $0 }, values([.named("router"), .number(3)]), subnet,
      node)
    if !subnet.dnsServers.isEmpty {
      compareOption(
        "dns-server", subnet.dnsServers, values([.named("dns-server"), .number(6)]), subnet, node)
    }
    let routes = own.compactMap(\.classlessRoutes).flatMap { $0 }
    for route in subnet.hostRoutes where route.destination.length > 0 && !routes.contains(route) {
      find(
        .dhcpOption, .missing, .high, object(subnet), on: node.name,
        at: "classless-static-route",
        wanted: DriftSide("\(route.destination) via \(route.nextHop)", subnet.evidence),
        found: DriftSide(
          list(routes.map { "\($0.destination) via \($0.nextHop)" }), own.map(\.evidence)))
    }
  }

  private mutating func compareOption(
    _ name: String, _ wanted: [IPAddress], _ options: [DnsmasqOption], _ subnet: Subnet,
    _ node: NodeSwitch
  ) {
    let found = options.flatMap(\.addresses)
    // `0.0.0.0` asks for no option at all.
    if found == wanted || found.isEmpty && wanted.allSatisfy(\.isUnspecified) { return }
    find(
      .dhcpOption, found.isEmpty ? .missing : wanted.isEmpty ? .extra : .different, .high,
      object(subnet), on: node.name, at: name,
      wanted: DriftSide(list(wanted), subnet.evidence),
      found: DriftSide(list(found), options.map(\.evidence)))
  }

  private func object(_ subnet: Subnet) -> DriftObject {
    DriftObject(
      .subnet, id: subnet.id?.rawValue ?? subnet.cidr.description, name: subnet.label)
  }
}
