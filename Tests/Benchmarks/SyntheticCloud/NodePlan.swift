// One node's share of the cloud: its devices with their OpenFlow numbers and local VLANs, its tunnels.
// Made for each node in turn and dropped; feeds the writers of its files.

/// A device on the integration bridge.
struct Plug {
  let port: Ref<Port>
  let device: Text
  /// Its OpenFlow number on br-int.
  let number: Int
  let vlan: Int
  /// Nil for guests' devices.
  let namespace: Text?
  /// Of the device that carries the port's frames into the switch.
  let ifindex: Int
}

struct NodePlan {
  let cloud: Cloud
  let index: CloudIndex
  let ref: Ref<Node>
  let node: Node
  let faults: NodeFaults
  private(set) var plugs: [Plug] = []
  private(set) var vlans: [Ref<Network>: Int] = [:]
  /// In the order of their VLANs, which start at 1.
  private(set) var networks: [Ref<Network>] = []
  /// The other ends of tunnels, sorted, and each one's OpenFlow number on br-tun.
  private(set) var peers: [Ref<Node>] = []
  private(set) var tunnels: [Ref<Node>: Int] = [:]
  var random: RandomSource

  init(_ cloud: Cloud, _ index: CloudIndex, _ ref: Ref<Node>, _ faults: NodeFaults) {
    self.cloud = cloud
    self.index = index
    self.ref = ref
    self.faults = faults
    node = cloud.nodes[ref]
    random = RandomSource(seed: cloud.options.seed &* 0x1_0000 &+ UInt64(ref.index) &+ 77)
    plugServices()
    plugGuests()
    findPeers()
  }

  var isHybrid: Bool { node.firewall == .hybrid }
  var guests: [Plug] { plugs.filter { $0.namespace == nil } }
  var agentGateway: Plug? { plugs.first { cloud.ports[$0.port].owner == .agentGateway } }
  func plugs(of router: Ref<Router>) -> [Plug] {
    plugs.filter { cloud.ports[$0.port].router == router }
  }
  /// VLANs' interfaces of distributed routers with an instance here.
  var distributed: [(plug: Plug, router: Ref<Router>)] {
    plugs.compactMap { plug in
      let port = cloud.ports[plug.port]
      guard port.owner == .distributedInterface, let router = port.router else { return nil }
      return (plug, router)
    }
  }
  /// Local ports that a distributed router delivers to.
  var served: [(plug: Plug, interface: Port)] {
    plugs.compactMap { plug in
      let port = cloud.ports[plug.port]
      guard [.guest, .dhcp, .centralSNAT].contains(port.owner),
        let interface = distributedInterface(of: port.network)
      else { return nil }
      return (plug, cloud.ports[interface])
    }
  }
  func distributedInterface(of network: Ref<Network>) -> Ref<Port>? {
    guard let router = cloud.networks[network].router,
      cloud.routers[router].kind == .distributed,
      let position = cloud.routers[router].networks.firstIndex(of: network)
    else { return nil }
    return cloud.routers[router].interfaces[position]
  }

  /// What l2population spreads of a network: of routers' replicas and distributed interfaces nothing.
  func remotePorts(of network: Ref<Network>) -> [(port: Port, number: Int)] {
    cloud.networks[network].ports.compactMap { ref in
      let port = cloud.ports[ref]
      guard let place = port.node, place != self.ref, port.owner != .replicatedInterface,
        let number = tunnels[place]
      else { return nil }
      return (port, number)
    }
  }
  func floodTargets(of network: Ref<Network>) -> [Int] {
    index.nodes[network.index].compactMap { place in
      faults.unfloodedPeers[network] == place ? nil : tunnels[place]
    }
  }

  private mutating func vlan(of network: Ref<Network>) -> Int {
    if let known = vlans[network] { return known }
    networks.append(network)
    vlans[network] = networks.count
    return networks.count
  }

  private mutating func plug(_ port: Ref<Port>, _ prefix: String, _ namespace: Text?) {
    let number = plugs.count + 3
    plugs.append(
      Plug(
        port: port, device: "\(prefix)\(cloud.ports[port].id.prefix(11))", number: number,
        vlan: vlan(of: cloud.ports[port].network), namespace: namespace,
        ifindex: namespace == nil ? 12 + number * 4 : 100_000 + number))
  }

  private mutating func plugServices() {
    for network in index.dhcp[ref.index] {
      guard let port = cloud.networks[network].dhcp else { continue }
      plug(port, "tap", "qdhcp-\(cloud.networks[network].id)")
    }
    for router in index.routers[ref.index] { plug(router) }
    if let gateway = cloud.agentGateways[ref] {
      plug(gateway, "fg-", "fip-\(cloud.networks[cloud.external].id)")
    }
  }

  private mutating func plug(_ ref: Ref<Router>) {
    let router = cloud.routers[ref]
    let namespace: Text = "qrouter-\(router.id)"
    for port in router.interfaces + router.interfaces6 { plug(port, "qr-", namespace) }
    switch router.kind {
    case .legacy: plug(router.gateway, "qg-", namespace)
    case .highlyAvailable:
      plug(router.gateway, "qg-", namespace)
      for port in router.haPorts where cloud.ports[port].node == self.ref {
        plug(port, "ha-", namespace)
      }
    case .distributed:
      guard router.agents.contains(self.ref) else { return }
      let central: Text = "snat-\(router.id)"
      for port in router.central { plug(port, "sg-", central) }
      plug(router.gateway, "qg-", central)
    }
  }

  private mutating func plugGuests() {
    for port in index.guests[ref.index] { plug(port, isHybrid ? "qvo" : "tap", nil) }
  }

  /// l2population builds tunnels to the nodes that share a network.
  private mutating func findPeers() {
    var found: Set<Ref<Node>> = []
    for network in networks where cloud.networks[network].kind == .vxlan {
      found.formUnion(index.nodes[network.index])
    }
    found.remove(ref)
    peers = found.sorted { $0.index < $1.index }
    for (position, peer) in peers.enumerated() { tunnels[peer] = position + 2 }
  }
}

/// What is wrong on a node, of every kind that can be planted.
struct NodeFaults {
  /// A guest's port in the local VLAN of that network.
  var wrongTags: [Ref<Port>: Ref<Network>] = [:]
  /// The flood row of a network leaves that node out.
  var unfloodedPeers: [Ref<Network>: Ref<Node>] = [:]
  /// Leftover rows that let anybody reach a guest on that TCP port.
  var openPorts: [Ref<Port>: Int] = [:]
  /// Members of remote groups without a row or set entry, under that network.
  var lostMembers: [Ref<Network>: Ref<Port>] = [:]
  /// Rows that hand frames of a network to a guest of another.
  var bridgedGuests: [Ref<Network>: Ref<Port>] = [:]
  var lostTranslations: Set<Ref<FloatingIP>> = []
  var lostTunnels: Set<Ref<Node>> = []
  /// Guests that may send ARP for any address.
  var openSenders: Set<Ref<Port>> = []
  /// Frames of a network's tunnel id come out in the VLAN of that one.
  var wrongSegments: [Ref<Network>: Ref<Network>] = [:]
  /// Guests that the distributed router's instance has no neighbour for.
  var lostNeighbours: Set<Ref<Port>> = []
}
