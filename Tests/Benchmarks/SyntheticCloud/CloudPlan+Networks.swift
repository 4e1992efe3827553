// Draws networks and the router that joins them, their DHCP ports, guests and floating IPs. Part of
// the plan.

/// Networks that belong together, taken in turn so that small clouds have every kind.
enum Cluster: CaseIterable {
  case distributed, highlyAvailable, distributedAgain, legacyDualStack, distributedLarge, isolated
  case legacy, distributedPair, vlan, distributedTriple

  var networkCount: Int {
    switch self {
    case .distributedAgain, .distributedPair, .highlyAvailable, .legacy: 2
    case .distributedTriple, .distributedLarge: 3
    case .distributed, .legacyDualStack, .isolated, .vlan: 1
    }
  }
  var router: Router.Kind? {
    switch self {
    case .isolated, .vlan: nil
    case .legacy, .legacyDualStack: .legacy
    case .highlyAvailable: .highlyAvailable
    case .distributed, .distributedAgain, .distributedLarge, .distributedPair, .distributedTriple:
      .distributed
    }
  }
}

extension CloudPlan {
  mutating func addCluster(_ shape: Cluster, _ sizes: [Int], _ members: Members) {
    let hosts = takeHosts(for: sizes.max() ?? 1)
    let networks = sizes.map { _ in addNetwork(shape, members.tenant) }
    if let kind = shape.router { addRouter(kind, networks, members.tenant) }
    for (network, size) in zip(networks, sizes) {
      addDHCP(network)
      let peers =
        members.isCrowded
        ? addPeerGroup("peers-\(cloud.networks[network].name)", members.tenant)
        : cloud.tenants[members.tenant].defaultGroup
      for number in 0..<size {
        let guest = addGuest(number, network, on: hosts[number % hosts.count])
        let application = network.index % members.applications.count
        join(guest, members.applications[application])
        join(guest, peers)
        joinClients(guest, number, members)
        giveFloatingIP(guest, number)
      }
    }
  }

  private mutating func joinClients(_ guest: Ref<Port>, _ number: Int, _ members: Members) {
    guard let (clients, servers) = members.clients else { return }
    if cloud.groups[clients].members.count < cloud.options.largestGroup { join(guest, clients) }
    if cloud.groups[servers].members.count < 16, number % 3 == 0 { join(guest, servers) }
  }

  /// As many nodes as it takes to have `networksPerNode` networks on each.
  private mutating func takeHosts(for guests: Int) -> [Ref<Node>] {
    let options = cloud.options
    let perNode = Double(options.ports) / Double(order.count)
    let together = max(1, perNode / Double(options.networksPerNode))
    let count = min(max(1, Int((Double(guests) / together).rounded(.up))), order.count)
    return (0..<count).map { _ in
      if position == order.count {
        order = random.shuffled(order)
        position = 0
      }
      defer { position += 1 }
      return order[position]
    }
  }

  private mutating func addNetwork(_ shape: Cluster, _ tenant: Ref<Tenant>) -> Ref<Network> {
    // Tenants use the same addresses on purpose: only their networks keep them apart.
    let own = cloud.networks.lazy.filter { $0.tenant == tenant }.count
    let isVLAN = shape == .vlan && nextVLAN < 4_000
    let base = IPv4(10, UInt32(own / 256), UInt32(own % 256), 0)
    let hasGateway = shape.router != nil
    var network = Network(
      id: random.objectID(), name: "\(cloud.tenants[tenant].name)-net-\(own)", tenant: tenant,
      kind: isVLAN ? .vlan : .vxlan, segment: isVLAN ? nextVLAN : nextVNI,
      subnet4: Subnet4(
        id: random.objectID(), base: base, length: 24, gateway: hasGateway ? base + 1 : nil))
    if isVLAN { nextVLAN += 1 } else { nextVNI += 1 }
    if shape == .legacyDualStack {
      let prefix = 0xfd00_0000_0000_0000 | UInt64(tenant.index) << 32 | UInt64(own) << 16
      network.subnet6 = Subnet6(id: random.objectID(), prefix: prefix)
    }
    return cloud.networks.add(network)
  }

  private mutating func addDHCP(_ network: Ref<Network>) {
    let servers = networkNodes
    let node = servers[network.index % servers.count]
    let subnet = cloud.networks[network].subnet4
    let port = addPort(
      network, .dhcp, node: node, device: random.objectID(), address4: subnet.base + 2)
    cloud.ports[port].address6 = cloud.networks[network].subnet6?.address(of: cloud.ports[port].mac)
    cloud.networks[network].dhcp = port
  }

  private mutating func addGuest(
    _ number: Int, _ network: Ref<Network>, on node: Ref<Node>
  ) -> Ref<Port> {
    let subnet = cloud.networks[network].subnet4
    let guest = addPort(
      network, .guest, node: node, device: random.objectID(), address4: subnet.base + (10 + number))
    cloud.ports[guest].address6 =
      cloud.networks[network].subnet6?.address(of: cloud.ports[guest].mac)
    cloud.ports[guest].name = "\(cloud.networks[network].name)-vm-\(number)"
    return guest
  }

  private mutating func giveFloatingIP(_ guest: Ref<Port>, _ number: Int) {
    let every = cloud.options.floatingEvery
    guard every > 0, number % every == 1 % every,
      let router = cloud.networks[cloud.ports[guest].network].router
    else { return }
    let id = random.objectID()
    let address = takeExternalAddress()
    let own = addPort(cloud.external, .floatingIP, node: nil, device: id, address4: address)
    let floating = cloud.floatingIPs.add(
      FloatingIP(id: id, address: address, port: guest, ownPort: own, router: router))
    cloud.ports[guest].floatingIP = floating
    cloud.routers[router].floatingIPs.append(floating)
  }
}
