// The logical model by what belongs to what, so that a page an object costs no walk over all ports.
import Facts
import LogicalModel
import NetworkTypes

struct CloudIndex {
  struct Tenant: Hashable {
    let id: String
    let label: String
  }
  let model: CloudModel
  let facts: CloudFacts
  private(set) var portsByNetwork: [NetworkID: [Port]] = [:]
  private(set) var portsByServer: [ServerID: [Port]] = [:]
  private(set) var portsByRouter: [RouterID: [Port]] = [:]
  private(set) var portsByNode: [NodeName: [Port]] = [:]
  private(set) var subnets: [NetworkID: [Subnet]] = [:]
  private(set) var floatingByPort: [PortID: [FloatingIP]] = [:]
  private(set) var floatingByRouter: [RouterID: [FloatingIP]] = [:]
  private(set) var floatingByNode: [NodeName: [FloatingIP]] = [:]
  private(set) var dhcpByNetwork: [NetworkID: [DHCPServer]] = [:]
  private(set) var dhcpByNode: [NodeName: [DHCPServer]] = [:]
  private(set) var serversByNode: [NodeName: [Server]] = [:]
  private(set) var routersByNode: [NodeName: [Router]] = [:]
  private(set) var routersByNetwork: [NetworkID: [Router]] = [:]
  private(set) var forwardingsByRouter: [RouterID: [PortForwarding]] = [:]
  private(set) var tenants: [Tenant] = []

  init(_ model: CloudModel, _ facts: CloudFacts) {
    self.model = model
    self.facts = facts
    for port in model.ports { add(port) }
    subnets = Dictionary(grouping: model.subnets, by: \.network)
    for item in model.floatingIPs {
      if let port = item.port { floatingByPort[port, default: []].append(item) }
      if let router = item.router { floatingByRouter[router, default: []].append(item) }
      for node in Set(item.places.map(\.node)) { floatingByNode[node, default: []].append(item) }
    }
    dhcpByNetwork = Dictionary(grouping: model.dhcpServers, by: \.network)
    dhcpByNode = Dictionary(grouping: model.dhcpServers, by: \.node)
    for server in model.servers {
      if let node = server.node { serversByNode[node, default: []].append(server) }
    }
    for router in model.routers { add(router) }
    for item in model.portForwardings {
      if let router = item.router { forwardingsByRouter[router, default: []].append(item) }
    }
    tenants = Self.tenants(model)
  }

  private mutating func add(_ port: Port) {
    if let network = port.network { portsByNetwork[network, default: []].append(port) }
    if let server = port.server { portsByServer[server, default: []].append(port) }
    if let router = port.router { portsByRouter[router, default: []].append(port) }
    let nodes = Set(port.locations.map(\.node))
    for node in nodes.isEmpty ? Set([port.boundNode].compactMap { $0 }) : nodes {
      portsByNode[node, default: []].append(port)
    }
  }

  private mutating func add(_ router: Router) {
    for node in Set(router.places.map(\.node)) { routersByNode[node, default: []].append(router) }
    let feet = router.interfaces.compactMap(\.network) + [router.gateway?.network].compactMap { $0 }
    for network in Set(feet) { routersByNetwork[network, default: []].append(router) }
  }

  /// Everyone who owns something, by name.
  private static func tenants(_ model: CloudModel) -> [Tenant] {
    var ids: Set<ProjectID> = []
    ids.formUnion(model.networks.compactMap(\.project))
    ids.formUnion(model.routers.compactMap(\.project))
    ids.formUnion(model.servers.compactMap(\.project))
    ids.formUnion(model.ports.compactMap(\.project))
    ids.formUnion(model.floatingIPs.compactMap(\.project))
    let names = Dictionary(
      model.servers.compactMap { server in
        server.project.flatMap { id in server.projectName.map { (id, $0) } }
      }
    ) { first, _ in first }
    return ids.filter { !$0.rawValue.isEmpty }
      .map { Tenant(id: $0.rawValue, label: names[$0] ?? String($0.rawValue.prefix(8))) }
      .sorted { ($0.label, $0.id) < ($1.label, $1.id) }
  }
}
