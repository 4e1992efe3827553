// Draws a cloud: nodes, tenants with heavy-tailed sizes, their networks, routers, guests, groups and
// floating IPs. Feeds everything; the same options give the same cloud.

/// Builds a `Cloud` step by step.
struct CloudPlan {
  var cloud: Cloud
  var random: RandomSource
  /// Compute nodes in the order in which guests are spread, and how far that has come.
  var order: [Ref<Node>] = []
  var position = 0
  var usedMACs: Set<UInt64> = []
  var nextExternal = IPv4(198, 18, 0, 10)
  var nextVNI = 10_001
  var nextVLAN = 200
  var clusters = 0

  static func make(_ options: Options) -> Cloud {
    var plan = CloudPlan(cloud: Cloud(options: options), random: RandomSource(seed: options.seed))
    plan.addNodes()
    plan.addExternalNetwork()
    plan.addTenants()
    plan.placeDistributedRouters()
    if let touch = options.touch { plan.change(touch) }
    return plan.cloud
  }

  var networkNodes: [Ref<Node>] { cloud.nodes.refs.filter { cloud.nodes[$0].role == .network } }

  private mutating func addNodes() {
    let options = cloud.options
    let wanted = options.networkNodes > 0 ? options.networkNodes : options.nodes / 40
    let servers = options.nodes < 4 ? 1 : min(max(2, wanted), options.nodes - 1)
    for index in 0..<options.nodes {
      let isServer = index < servers
      let number = isServer ? index + 1 : index - servers + 1
      let isHybrid =
        !isServer && options.hybridEvery > 0 && (number - 1) % options.hybridEvery == 1
      cloud.nodes.append(
        Node(
          name: (isServer ? "net" : "cmp") + "\(number)", role: isServer ? .network : .compute,
          firewall: isHybrid ? .hybrid : .openFlow, underlay: IPv4(10, 20, 0, 0) + (index + 11),
          underlayMAC: random.deviceMAC(), providerMAC: random.deviceMAC(),
          routingMAC: drawMAC(prefix: 0xfa16_3f00_0000), switchAgent: random.objectID(),
          routingAgent: random.objectID(), metadataAgent: random.objectID(),
          addressAgent: random.objectID()))
    }
    order = cloud.nodes.refs.filter { cloud.nodes[$0].role == .compute }
    order = random.shuffled(order)
  }

  /// Neutron draws the last three bytes and draws again where another has them.
  mutating func drawMAC(prefix: UInt64 = 0xfa16_3e00_0000) -> MAC {
    while true {
      let candidate = prefix | random.next() & 0xff_ffff
      if usedMACs.insert(candidate).inserted { return MAC(rawValue: candidate) }
    }
  }

  private mutating func addExternalNetwork() {
    let provider = addTenant("provider")
    cloud.networks.append(
      Network(
        id: random.objectID(), name: "public", tenant: provider, kind: .flat, segment: 0,
        subnet4: Subnet4(
          id: random.objectID(), base: IPv4(198, 18, 0, 0), length: 16,
          gateway: IPv4(198, 18, 0, 1))))
  }

  mutating func takeExternalAddress() -> IPv4 {
    defer { nextExternal = nextExternal + 1 }
    return nextExternal
  }

  /// With the project's default group, as Neutron makes it.
  mutating func addTenant(_ name: String) -> Ref<Tenant> {
    let tenant = cloud.tenants.add(
      Tenant(project: random.objectID(), name: name, defaultGroup: Ref(index: 0)))
    cloud.tenants[tenant].defaultGroup = addPeerGroup("default", tenant)
    return tenant
  }

  mutating func addPort(
    _ network: Ref<Network>, _ owner: Port.Owner, node: Ref<Node>?, device: ObjectID,
    address4: IPv4?, router: Ref<Router>? = nil, mac: MAC? = nil
  ) -> Ref<Port> {
    let port = cloud.ports.add(
      Port(
        id: random.objectID(), mac: mac ?? drawMAC(), network: network, owner: owner, node: node,
        address4: address4, device: device, router: router))
    if owner != .floatingIP { cloud.networks[network].ports.append(port) }
    return port
  }
}

extension CloudPlan {
  /// Sizes follow a Pareto law (index 1.1): most tenants are small, the largest has a tenth.
  private mutating func addTenants() {
    var rest = cloud.options.ports
    let largest = max(rest / 10, min(rest, 20))
    // Small clouds have small tenants: there shall be several.
    let smallest = min(Double(cloud.options.portsPerNetwork) / 2, max(2, Double(rest) / 20))
    var isFirst = true
    while rest > 0 {
      let draw = Int(smallest / Self.power(max(random.fraction(), 1e-9), 1 / 1.1))
      let size = min(isFirst ? largest : min(max(2, draw), largest), rest)
      addTenant(size: size, isLargest: isFirst)
      isFirst = false
      rest -= size
    }
  }

  /// base^exponent for 0 < base ≤ 1 without a mathematics library, whose last bit varies between
  /// machines: by halving the exponent 40 times.
  static func power(_ base: Double, _ exponent: Double) -> Double {
    var result = 1.0
    var root = base
    var rest = exponent
    for _ in 0..<40 {
      if rest >= 1 {
        result *= root
        rest -= 1
      }
      root = root.squareRoot()
      rest *= 2
    }
    return result
  }

  private mutating func addTenant(size: Int, isLargest: Bool) {
    let tenant = addTenant("tenant-\(cloud.tenants.count)")
    var sizes: [Int] = []
    var rest = size
    while rest > 0 {
      let mean = cloud.options.portsPerNetwork
      sizes.append(min(rest, mean / 2 + random.below(mean) + 1))
      rest -= sizes[sizes.count - 1]
    }
    let applications = (0..<max(1, (sizes.count + 1) / 2)).map { addApplicationGroup($0, tenant) }
    var members = Members(
      tenant: tenant, applications: applications, isCrowded: size > Self.crowd)
    if isLargest { members.clients = addClientGroups(size, tenant) }
    var remaining = sizes[...]
    while !remaining.isEmpty {
      let shape = Cluster.allCases[clusters % Cluster.allCases.count]
      clusters += 1
      let count = min(shape.networkCount, remaining.count)
      addCluster(shape, Array(remaining.prefix(count)), members)
      remaining = remaining.dropFirst(count)
    }
  }

  /// Above that, guests of one network are each other's peers and not the whole project's: the
  /// flows of one group would otherwise be members × VLANs on every node.
  private static var crowd: Int { 120 }
}

/// What guests of a tenant are members of.
struct Members {
  let tenant: Ref<Tenant>
  let applications: [Ref<SecurityGroup>]
  let isCrowded: Bool
  /// The largest remote group, and the group whose rule names it.
  var clients: (clients: Ref<SecurityGroup>, servers: Ref<SecurityGroup>)?
}
