// CloudFacts → CloudModel: one step a kind of thing, each merging what the API asked for with what
// the nodes hold. Steps only read facts and the steps before them.
import Facts
import NetworkTypes
import Workers

struct ModelBuilder {
  let facts: CloudFacts
  let hosts: HostDirectory
  let nodes: [NodeIndex]
  private let positions: [NodeName: Int]
  var networks: [NetworkID: Network] = [:]
  var subnets: [Subnet] = []
  var ports: [PortID: Port] = [:]
  var servers: [ServerID: Server] = [:]
  var routers: [RouterID: Router] = [:]
  var floatingIPs: [FloatingIP] = []
  var portForwardings: [PortForwarding] = []
  var floatingPositions: [IPAddress: [Int]] = [:]
  var portsByAddress: [IPAddress: [PortID]] = [:]
  /// NAT rules of routers' namespaces.
  let nat: [NamespaceKey: NATReader]

  var neutron: NeutronFacts { facts.neutron }

  static func build(_ facts: CloudFacts) -> CloudModel {
    var builder = ModelBuilder(facts)
    builder.buildNetworks()
    builder.buildServers()
    builder.buildPorts()
    builder.inferMTUs()
    builder.buildSubnets()
    builder.buildRouters()
    builder.buildFloatingIPs()
    builder.buildPortForwardings()
    return builder.model()
  }

  private init(_ facts: CloudFacts) {
    self.facts = facts
    hosts = HostDirectory(facts)
    nodes = Workers.map(facts.nodes) { NodeIndex($0) }
    positions = Dictionary(nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
    var nat: [NamespaceKey: NATReader] = [:]
    for node in nodes {
      for (name, role) in node.roles where role.router != nil {
        nat[NamespaceKey(node.name, name)] = NATReader(node.namespace(name))
      }
    }
    self.nat = nat
  }

  func node(_ name: NodeName) -> NodeIndex? { positions[name].map { nodes[$0] } }

  private func model() -> CloudModel {
    var model = CloudModel()
    model.hasAPI = neutron.isCaptured
    model.networks = sorted(networks.values) { ($0.name, $0.id.rawValue) }
    model.subnets = subnets.sorted {
      (networkName($0.network), $0.cidr, $0.name) < (networkName($1.network), $1.cidr, $1.name)
    }
    model.ports = sorted(ports.values) { ($0.name, $0.id.rawValue) }
    model.servers = sorted(servers.values) { ($0.label, $0.id.rawValue) }
    model.routers = sorted(routers.values) { ($0.name, $0.id.rawValue) }
    model.floatingIPs = floatingIPs.sorted {
      ($0.address, $0.router ?? "") < ($1.address, $1.router ?? "")
    }
    model.portForwardings = portForwardings.sorted {
      ($0.address, $0.protocolName, $0.externalPorts?.first ?? 0)
        < ($1.address, $1.protocolName, $1.externalPorts?.first ?? 0)
    }
    model.dhcpServers = dhcpServers()
    model.metadataProxies = metadataProxies()
    model.securityGroups = securityGroups()
    model.trunks = trunks()
    model.agents = agents()
    model.nodes = nodeSummaries(model.agents)
    model.index = index(of: model)
    return model
  }

  private func networkName(_ id: NetworkID) -> String {
    let name = networks[id]?.name ?? ""
    return name.isEmpty ? "\u{10ffff}\(id)" : name
  }

  /// Nameless things last.
  private func sorted<Item>(
    _ items: some Sequence<Item>, _ key: (Item) -> (name: String, id: String)
  ) -> [Item] {
    items.map { (key($0), $0) }.sorted { first, second in
      let (a, b) = (first.0, second.0)
      return (a.name.isEmpty ? 1 : 0, a.name, a.id) < (b.name.isEmpty ? 1 : 0, b.name, b.id)
    }.map(\.1)
  }

  private func index(of model: CloudModel) -> ModelIndex {
    func positions<Item, Key: Hashable>(_ items: [Item], _ key: (Item) -> Key?) -> [Key: Int] {
      groups(items, key).mapValues { $0[0] }
    }
    func groups<Item, Key: Hashable>(_ items: [Item], _ key: (Item) -> Key?) -> [Key: [Int]] {
      items.indices.reduce(into: [:]) { found, position in
        if let key = key(items[position]) { found[key, default: []].append(position) }
      }
    }
    return ModelIndex(
      networks: positions(model.networks, \.id), ports: positions(model.ports, \.id),
      routers: positions(model.routers, \.id), servers: positions(model.servers, \.id),
      groups: positions(model.securityGroups, \.id), nodes: positions(model.nodes, \.name),
      subnets: positions(model.subnets, \.id),
      subnetsByNetwork: groups(model.subnets, \.network),
      portsByNetwork: groups(model.ports, \.network),
      floatingIPsByRouter: groups(model.floatingIPs, \.router))
  }
}
