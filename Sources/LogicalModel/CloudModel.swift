// The logical view of a cloud: what tenants asked for beside where the nodes hold it. Made of
// CloudFacts by ModelBuilder; feeds `show`, the reports and the resolution of users' words.
import Facts
import NetworkTypes

/// All items sorted by name (then id), so that output is deterministic.
public struct CloudModel: Sendable {
  public internal(set) var nodes: [Node] = []
  public internal(set) var networks: [Network] = []
  public internal(set) var subnets: [Subnet] = []
  public internal(set) var ports: [Port] = []
  public internal(set) var servers: [Server] = []
  public internal(set) var routers: [Router] = []
  public internal(set) var floatingIPs: [FloatingIP] = []
  public internal(set) var portForwardings: [PortForwarding] = []
  public internal(set) var dhcpServers: [DHCPServer] = []
  public internal(set) var metadataProxies: [MetadataProxy] = []
  public internal(set) var securityGroups: [SecurityGroup] = []
  public internal(set) var trunks: [Trunk] = []
  public internal(set) var agents: [Agent] = []
  /// Whether Neutron's API was captured at all; without it names are missing.
  public internal(set) var hasAPI = false
  var index = ModelIndex()

  /// Cost: linear in facts, but for NAT rules times floating IPs of a router.
  public init(_ facts: CloudFacts) { self = ModelBuilder.build(facts) }
  init() {}

  public func network(_ id: NetworkID?) -> Network? {
    id.flatMap { index.networks[$0] }.map { networks[$0] }
  }
  public func port(_ id: PortID?) -> Port? { id.flatMap { index.ports[$0] }.map { ports[$0] } }
  public func router(_ id: RouterID?) -> Router? {
    id.flatMap { index.routers[$0] }.map { routers[$0] }
  }
  public func server(_ id: ServerID?) -> Server? {
    id.flatMap { index.servers[$0] }.map { servers[$0] }
  }
  public func securityGroup(_ id: SecurityGroupID?) -> SecurityGroup? {
    id.flatMap { index.groups[$0] }.map { securityGroups[$0] }
  }
  public func subnet(_ id: SubnetID?) -> Subnet? {
    id.flatMap { index.subnets[$0] }.map { subnets[$0] }
  }
  public func node(_ name: NodeName) -> Node? { index.nodes[name].map { nodes[$0] } }
  public func subnets(of network: NetworkID) -> [Subnet] {
    (index.subnetsByNetwork[network] ?? []).map { subnets[$0] }
  }
  public func ports(of network: NetworkID) -> [Port] {
    (index.portsByNetwork[network] ?? []).map { ports[$0] }
  }
  public func floatingIPs(of router: RouterID) -> [FloatingIP] {
    (index.floatingIPsByRouter[router] ?? []).map { floatingIPs[$0] }
  }

  /// The port's own name, else its server's, router's or network's with what it is there.
  public func title(of port: Port) -> String {
    if !port.name.isEmpty { return port.name }
    if let server = server(port.server) { return server.label }
    if let router = router(port.router) { return "\(router.label) \(port.owner.part)" }
    if port.owner == .floatingAgent, let node = port.boundNode ?? port.locations.first?.node {
      return "floating IP agent on \(node)"
    }
    if let network = network(port.network), port.owner == .dhcp { return "\(network.label) DHCP" }
    return port.label
  }
}

/// Positions by id.
struct ModelIndex: Sendable {
  var networks: [NetworkID: Int] = [:]
  var ports: [PortID: Int] = [:]
  var routers: [RouterID: Int] = [:]
  var servers: [ServerID: Int] = [:]
  var groups: [SecurityGroupID: Int] = [:]
  var nodes: [NodeName: Int] = [:]
  var subnets: [SubnetID: Int] = [:]
  var subnetsByNetwork: [NetworkID: [Int]] = [:]
  var portsByNetwork: [NetworkID: [Int]] = [:]
  var floatingIPsByRouter: [RouterID: [Int]] = [:]
}
