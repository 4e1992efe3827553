// The cloud as Neutron's database would hold it: objects that refer to each other by number. Made by
// CloudPlan; feeds NodePlan and the API's files.

/// The place of an object in its array.
struct Ref<Object>: Hashable {
  let index: Int
}

extension Array {
  subscript(_ ref: Ref<Element>) -> Element {
    get { self[ref.index] }
    set { self[ref.index] = newValue }
  }
  var refs: [Ref<Element>] { indices.map { Ref(index: $0) } }
  mutating func add(_ element: Element) -> Ref<Element> {
    append(element)
    return Ref(index: count - 1)
  }
}

struct Cloud {
  let options: Options
  var nodes: [Node] = []
  var tenants: [Tenant] = []
  var networks: [Network] = []
  var routers: [Router] = []
  var ports: [Port] = []
  var groups: [SecurityGroup] = []
  var floatingIPs: [FloatingIP] = []
  /// The flat network that routers' gateways and floating IPs are on.
  var external: Ref<Network> { Ref(index: 0) }
  /// By node: the floating IP agent's port, where a distributed router needs one.
  var agentGateways: [Ref<Node>: Ref<Port>] = [:]
}

struct Node {
  enum Role { case network, compute }
  /// What filters guests' traffic.
  enum Firewall { case openFlow, hybrid }
  let name: String
  let role: Role
  let firewall: Firewall
  /// Where tunnels end.
  let underlay: IPv4
  /// Of the underlay's and of the provider's card.
  let underlayMAC: MAC
  let providerMAC: MAC
  /// What distributed routers' frames carry between nodes.
  let routingMAC: MAC
  let switchAgent: ObjectID
  let routingAgent: ObjectID
  let metadataAgent: ObjectID
  let addressAgent: ObjectID
}

struct Tenant {
  let project: ObjectID
  let name: String
  var defaultGroup: Ref<SecurityGroup>
}

struct Subnet4 {
  let id: ObjectID
  let base: IPv4
  let length: Int
  let gateway: IPv4?
  var broadcast: IPv4 { base + ((1 << (32 - length)) - 1) }
  var mask: IPv4 { IPv4(UInt32.max << UInt32(32 - length)) }
}

/// A /64 whose guests configure themselves (SLAAC).
struct Subnet6 {
  let id: ObjectID
  let prefix: UInt64
  var base: IPv6 { IPv6(high: prefix, low: 0) }
  var gateway: IPv6 { IPv6(high: prefix, low: 1) }
  func address(of mac: MAC) -> IPv6 { IPv6(high: prefix, low: mac.interfaceID) }
}

struct Network {
  enum Kind { case flat, vlan, vxlan }
  let id: ObjectID
  let name: String
  /// Nil for what belongs to no project: HA networks.
  let tenant: Ref<Tenant>?
  let kind: Kind
  /// VLAN id or VNI; 0 for flat.
  let segment: Int
  let subnet4: Subnet4
  var subnet6: Subnet6?
  var router: Ref<Router>?
  var dhcp: Ref<Port>?
  /// Everything of it but floating IPs' ports.
  var ports: [Ref<Port>] = []
  var isExternal: Bool { kind == .flat }
  /// VXLAN over IPv4 takes 50 bytes.
  var mtuBytes: Int { kind == .vxlan ? 1450 : 1500 }
}

struct Router {
  enum Kind { case legacy, highlyAvailable, distributed }
  let id: ObjectID
  let name: String
  let tenant: Ref<Tenant>
  let kind: Kind
  var networks: [Ref<Network>] = []
  /// One a network, in that order.
  var interfaces: [Ref<Port>] = []
  /// One for each network with an IPv6 subnet.
  var interfaces6: [Ref<Port>] = []
  var gateway: Ref<Port>
  /// Central SNAT's, one a network; distributed routers only.
  var central: [Ref<Port>] = []
  /// The agents that hold it: one, HA two with the active one first, distributed the one with SNAT.
  var agents: [Ref<Node>] = []
  var haPorts: [Ref<Port>] = []
  var haNetwork: Ref<Network>?
  var virtualRouterID = 0
  /// Distributed routers: every node that has an instance, sorted.
  var places: [Ref<Node>] = []
  var floatingIPs: [Ref<FloatingIP>] = []
}

struct Port {
  enum Owner {
    case guest, dhcp, routerInterface, distributedInterface, replicatedInterface, gateway
    case centralSNAT, agentGateway, haInterface, floatingIP
  }
  let id: ObjectID
  let mac: MAC
  let network: Ref<Network>
  let owner: Owner
  /// Nil for distributed interfaces and floating IPs.
  var node: Ref<Node>?
  var address4: IPv4?
  var address6: IPv6?
  var groups: [Ref<SecurityGroup>] = []
  /// The server's id, the router's, the agent's, the floating IP's.
  var device: ObjectID
  var router: Ref<Router>?
  var floatingIP: Ref<FloatingIP>?
  /// Guests' only.
  var name = ""
}

struct SecurityGroup {
  let id: ObjectID
  let tenant: Ref<Tenant>
  let name: String
  var rules: [SecurityRule]
  var members: [Ref<Port>] = []
}

struct SecurityRule {
  enum Direction { case ingress, egress }
  enum Family { case ipv4, ipv6 }
  enum Transport { case any, icmp, tcp, udp }
  enum Remote: Equatable {
    case any
    case prefix(IPv4, length: Int)
    case group(Ref<SecurityGroup>)
  }
  let id: ObjectID
  let direction: Direction
  let family: Family
  let transport: Transport
  let ports: ClosedRange<Int>?
  let remote: Remote
}

struct FloatingIP {
  let id: ObjectID
  let address: IPv4
  let port: Ref<Port>
  /// Its own port on the external network, which is never plugged.
  let ownPort: Ref<Port>
  let router: Ref<Router>
}
