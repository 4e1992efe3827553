// What tenants asked for as a picture: external networks on top, routers under them, tenants'
// networks with their servers below; networks that routers join stand together.
import Facts
import LogicalModel
import NetworkTypes

/// A network as a card, or as a bar where it is external.
struct NetworkCard: Hashable {
  let id: NetworkID
  let title: String
  let segment: String
  let subnets: [String]
  /// Name, address and, where there is one, the floating address.
  var servers: [ServerLine] = []
  var more = ""
  let explanation: String

  struct ServerLine: Hashable {
    let name: String
    let address: String
    let floating: String
    let object: ReportObject?
  }
}

struct RouterBox: Hashable {
  let id: RouterID
  let title: String
  let mode: String
  /// Where it is, or is active.
  let place: String
  let gateway: String
  let external: NetworkID?
  let explanation: String
  /// Networks that it joins, with its address there.
  let feet: [Foot]

  struct Foot: Hashable {
    let network: NetworkID
    let address: String
  }
}

/// Routers and networks that are joined.
struct LogicalCluster: Hashable {
  var routers: [RouterBox]
  var networks: [NetworkCard]

  /// A router stands before the others; of networks, those that it joins.
  func startingWith(_ object: ReportObject) -> LogicalCluster {
    var result = self
    switch object.kind {
    case .router:
      let own = routers.first { $0.id.rawValue == object.id }
      let feet = Set(own?.feet.map(\.network) ?? [])
      result.routers = routers.filter { $0.id == own?.id } + routers.filter { $0.id != own?.id }
      result.networks =
        networks.filter { feet.contains($0.id) } + networks.filter { !feet.contains($0.id) }
    default:
      let isOwn = { (card: NetworkCard) in card.id.rawValue == object.id }
      let isNear = { (router: RouterBox) in
        router.feet.contains { $0.network.rawValue == object.id }
      }
      result.networks = networks.filter(isOwn) + networks.filter { !isOwn($0) }
      result.routers = routers.filter(isNear) + routers.filter { !isNear($0) }
    }
    return result
  }
}

struct LogicalDiagram {
  private(set) var externals: [NetworkCard] = []
  private(set) var clusters: [LogicalCluster] = []
  /// Also those that are not drawn, with all that they hold.
  private(set) var allClusters: [LogicalCluster] = []
  /// What is not drawn, in words.
  private(set) var omissions: [String] = []

  static let clusterLimit = 24
  static let routerLimit = 5
  static let networkLimit = 8
  static let serverLimit = 6

  private let model: CloudModel
  private let portsByNetwork: [NetworkID: [Port]]
  private let subnetsByNetwork: [NetworkID: [Subnet]]
  private let floating: [PortID: String]

  init(_ model: CloudModel) {
    self.model = model
    portsByNetwork = Dictionary(
      grouping: model.ports.filter { $0.network != nil }, by: { $0.network ?? "" })
    subnetsByNetwork = Dictionary(grouping: model.subnets, by: \.network)
    floating = Dictionary(
      model.floatingIPs.compactMap { item in item.port.map { ($0, item.address.description) } }
    ) { first, _ in first }
    externals = model.networks.filter(\.isExternal).map(card)
    buildClusters()
  }

  /// One group with the external networks that it uses, `first` before others where not all fit.
  private init(_ whole: LogicalDiagram, _ cluster: LogicalCluster, first: ReportObject) {
    self = whole
    omissions = []
    let used = Set(cluster.routers.compactMap(\.external))
    externals = whole.externals.filter { used.contains($0.id) }
    clusters = [limited(cluster.startingWith(first))]
  }

  /// The group's own picture.
  func alone(_ cluster: LogicalCluster, first: ReportObject) -> LogicalDiagram {
    LogicalDiagram(self, cluster, first: first)
  }

  // MARK: clusters

  private mutating func buildClusters() {
    let networks = model.networks.filter { !$0.isExternal && !isPlumbing($0) }
    let plumbing = model.networks.count { !$0.isExternal && isPlumbing($0) }
    if plumbing > 0 {
      omissions.append("\(count(plumbing, "network")) that only HA routers' VRRP uses")
    }
    var all = joined(networks)
    allClusters = all
    if all.count > Self.clusterLimit {
      omissions.append("\(all.count - Self.clusterLimit) more groups of routers and networks")
      all = Array(all.prefix(Self.clusterLimit))
    }
    clusters = all.map { limited($0) }
  }

  /// It carries VRRP and nothing else.
  private func isPlumbing(_ network: Network) -> Bool {
    let ports = portsByNetwork[network.id] ?? []
    return !ports.isEmpty && ports.allSatisfy { $0.owner == .highAvailability }
  }

  /// Joined by routers; those with routers first, in the routers' order.
  private func joined(_ networks: [Network]) -> [LogicalCluster] {
    let inner = Set(networks.map(\.id))
    var group: [NetworkID: Int] = [:]
    var members: [[Router]] = []
    for router in model.routers {
      let feet = router.interfaces.compactMap(\.network).filter(inner.contains)
      let touched = Set(feet.compactMap { group[$0] }).sorted()
      let home = touched.first ?? members.count
      if touched.isEmpty { members.append([]) }
      members[home].append(router)
      for other in touched.dropFirst() {
        members[home] += members[other]
        members[other] = []
        for (network, index) in group where index == other { group[network] = home }
      }
      for foot in feet { group[foot] = home }
    }
    let homes = Dictionary(grouping: networks) { group[$0.id] ?? -1 }
    let routed = members.enumerated().filter { !$0.element.isEmpty }.map { index, routers in
      LogicalCluster(routers: routers.map(box), networks: (homes[index] ?? []).map(card))
    }
    let alone = networks.filter { group[$0.id] == nil }
      .map { LogicalCluster(routers: [], networks: [card($0)]) }
    return routed + alone
  }

  private mutating func limited(_ cluster: LogicalCluster) -> LogicalCluster {
    let name = cluster.routers.first?.title ?? cluster.networks.first?.title ?? ""
    let routers = cluster.routers.count - Self.routerLimit
    let networks = cluster.networks.count - Self.networkLimit
    if routers > 0 { omissions.append("\(count(routers, "router")) beside \(name)") }
    if networks > 0 { omissions.append("\(count(networks, "network")) of \(name)") }
    return LogicalCluster(
      routers: Array(cluster.routers.prefix(Self.routerLimit)),
      networks: Array(cluster.networks.prefix(Self.networkLimit)))
  }

  // MARK: boxes

  private func card(_ network: Network) -> NetworkCard {
    let segments = network.segments.map { segment in
      segment.networkType + (segment.segmentationID.map { " \($0)" } ?? "")
        + (segment.physicalNetwork.map { " on \($0)" } ?? "")
    }
    let subnets = (subnetsByNetwork[network.id] ?? []).map(\.cidr.description)
    let lines = servers(of: network.id)
    var card = NetworkCard(
      id: network.id, title: network.label, segment: segments.joined(separator: ", "),
      subnets: subnets,
      explanation: "network \(network.label), \(segments.joined(separator: ", ")), "
        + "\(subnets.joined(separator: ", ")), \(count(lines.count, "server port"))")
    card.servers = Array(lines.prefix(Self.serverLimit))
    let rest = lines.count - card.servers.count
    if rest > 0 { card.more = "+ \(rest) more" }
    return card
  }

  private func servers(of network: NetworkID) -> [NetworkCard.ServerLine] {
    (portsByNetwork[network] ?? []).filter { $0.owner == .server || $0.owner == .subPort }
      .map { port in
        NetworkCard.ServerLine(
          name: model.server(port.server)?.label ?? model.title(of: port),
          address: port.addresses.first?.description ?? "", floating: floating[port.id] ?? "",
          object: port.server.map { ReportObject(.server, $0.rawValue) })
      }
      .sorted { ($0.name, $0.address) < ($1.name, $1.address) }
  }

  private func box(_ router: Router) -> RouterBox {
    let nodes = router.activeNodes.map(\.rawValue)
    let place =
      router.mode == .distributed
      ? "on \(count(Set(router.places.map(\.node)).count, "node"))"
      : nodes.isEmpty ? "no active node" : "active on " + nodes.joined(separator: ", ")
    return RouterBox(
      id: router.id, title: router.label, mode: router.mode.description, place: place,
      gateway: router.gateway?.addresses.first?.description ?? "",
      external: router.gateway?.network,
      explanation: "\(router.mode) router \(router.label), \(place)",
      feet: feet(of: router))
  }

  /// One a network, with all addresses that the router has there.
  private func feet(of router: Router) -> [RouterBox.Foot] {
    var addresses: [NetworkID: [String]] = [:]
    for interface in router.interfaces {
      guard let network = interface.network else { continue }
      addresses[network, default: []] += interface.addresses.map(\.description)
    }
    return addresses.sorted { $0.key < $1.key }.map { network, list in
      RouterBox.Foot(network: network, address: list.joined(separator: ", "))
    }
  }
}
