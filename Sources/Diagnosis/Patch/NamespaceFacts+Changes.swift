// Changes inside one network namespace: addresses with the routes that the kernel makes for them,
// routes, neighbours, sysctls, packet filter rules, sets, sockets.
import Facts
import NetworkTypes

extension NamespaceFacts {
  mutating func add(_ address: InterfaceAddress, to key: DeviceKey) {
    guard
      !addresses.records.contains(where: {
        $0.interface == key.interface && $0.address == address
      })
    else { return }
    addresses.records.append(
      LinkAddress(interface: key.interface, address: address, scope: "global", evidence: .none))
    add(localRoute(to: address.address, key.interface))
    restoreConnectedRoutes(of: key.interface)
  }

  private func localRoute(to address: IPAddress, _ interface: InterfaceName) -> Route {
    Route(
      table: .local, destination: IPPrefix(host: address), type: .local,
      nextHops: [NextHop(gateway: nil, interface: interface)], preferredSource: address,
      scope: "host", protocolName: "kernel", evidence: .none)
  }

  mutating func remove(_ address: IPAddress, from key: DeviceKey) {
    addresses.records.removeAll {
      $0.interface == key.interface && $0.address.address == address
    }
    func isOf(_ route: Route) -> Bool {
      route.type == .local && route.destination == IPPrefix(host: address)
        && route.nextHops.contains { $0.interface == key.interface }
    }
    routes4.records.removeAll(where: isOf)
    routes6.records.removeAll(where: isOf)
  }

  /// What the kernel adds when a device comes up: a route to each of its addresses' prefixes.
  mutating func restoreConnectedRoutes(of interface: InterfaceName) {
    guard links.records.first(where: { $0.name == interface })?.isUp == true else { return }
    for record in addresses.records where record.interface == interface {
      let address = record.address
      if !routes(address.address.family).contains(where: {
        $0.type == .local && $0.destination == IPPrefix(host: address.address)
      }) {
        add(localRoute(to: address.address, interface))
      }
      guard address.prefixLength < address.address.family.width else { continue }
      add(
        Route(
          table: .main, destination: address.prefix,
          nextHops: [NextHop(gateway: nil, interface: interface)],
          preferredSource: address.address.family == .ipv4 ? address.address : nil,
          metric: address.address.family == .ipv4 ? 0 : 256,
          scope: "link", protocolName: "kernel", evidence: .none))
    }
    for index in routes4.records.indices {
      for hop in routes4.records[index].nextHops.indices
      where routes4.records[index].nextHops[hop].interface == interface {
        routes4.records[index].nextHops[hop].flags.subtract(["dead", "linkdown"])
      }
    }
  }

  /// A Linux bridge disables a port that goes down and forwards on it again when it comes up.
  mutating func forwardOnBridge(_ interface: InterfaceName) {
    for index in bridgePorts.records.indices
    where bridgePorts.records[index].interface == interface {
      bridgePorts.records[index].state = "forwarding"
    }
    for index in links.records.indices
    where links.records[index].name == interface
      && links.records[index].attributes["slave.state"] != nil
    {
      links.records[index].attributes["slave.state"] = "forwarding"
    }
  }

  func routes(_ family: AddressFamily) -> [Route] {
    family == .ipv4 ? routes4.records : routes6.records
  }

  /// One that is there already, whatever its evidence, stays as it is.
  mutating func add(_ route: Route) {
    let isThere = routes(route.destination.family).contains {
      $0.table == route.table && $0.destination == route.destination && $0.type == route.type
        && $0.nextHops.map(\.gateway) == route.nextHops.map(\.gateway)
        && $0.nextHops.map(\.interface) == route.nextHops.map(\.interface)
    }
    guard !isThere else { return }
    if route.destination.family == .ipv4 {
      routes4.records.append(route)
    } else {
      routes6.records.append(route)
    }
  }

  mutating func remove(_ route: Route) {
    routes4.records.removeAll { $0 == route }
    routes6.records.removeAll { $0 == route }
  }

  mutating func set(_ address: IPAddress, _ mac: MACAddress, on interface: InterfaceName) {
    neighbours.records.removeAll { $0.interface == interface && $0.address == address }
    neighbours.records.append(
      Neighbour(
        address: address, interface: interface, mac: mac, states: ["PERMANENT"], evidence: .none))
  }

  mutating func setSysctl(_ name: String, _ value: String) {
    if let index = sysctls.records.firstIndex(where: { $0.name == name }) {
      sysctls.records[index].value = value
    } else {
      sysctls.records.append(Sysctl(name: name, value: value, evidence: .none))
    }
  }

  mutating func insert(_ rule: IPTablesRule, into chain: FilterChain, at position: Int?) {
    editChain(chain) { chain in
      let index = min(position ?? chain.rules.count, chain.rules.count)
      chain.rules.insert(rule, at: index)
    }
  }

  mutating func remove(_ rule: IPTablesRule, from chain: FilterChain) {
    editChain(chain) { chain in chain.rules.removeAll { $0.text == rule.text } }
  }

  private mutating func editChain(
    _ place: FilterChain, _ body: (inout IPTablesChain) -> Void
  ) {
    func edit(_ section: inout Section<IPTablesTable>) {
      for table in section.records.indices where section.records[table].name == place.table {
        for chain in section.records[table].chains.indices
        where section.records[table].chains[chain].name == place.chain {
          body(&section.records[table].chains[chain])
        }
      }
    }
    if place.family == .ipv4 {
      edit(&iptables4)
      edit(&iptables4Legacy)
    } else {
      edit(&iptables6)
      edit(&iptables6Legacy)
    }
  }

  mutating func addMember(_ prefix: IPPrefix, to set: IPSetName) {
    for index in ipsets.records.indices where ipsets.records[index].name == set {
      ipsets.records[index].members.append(
        IPSetMember(elements: [.network(prefix)], evidence: .none))
    }
  }

  mutating func removeMember(_ prefix: IPPrefix, from set: IPSetName) {
    for index in ipsets.records.indices where ipsets.records[index].name == set {
      ipsets.records[index].members.removeAll { $0.elements == [.network(prefix)] }
    }
  }

  mutating func listen(_ socket: NewSocket) {
    sockets.records.append(
      ListeningSocket(
        transport: socket.transport, state: socket.transport == "tcp" ? "LISTEN" : "UNCONN",
        address: socket.address, port: socket.port,
        processes: [SocketProcess(name: socket.process, pid: 0)], evidence: .none))
  }
}
