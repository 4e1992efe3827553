// The picture on a network's or router's page: the group of routers and networks that it is in.
import LogicalModel
import NetworkTypes

struct ClusterPictures {
  static let caption =
    "The routers and networks that are joined to it; ↔ is a floating address."
  private let diagram: LogicalDiagram
  private let map: SiteMap
  private var byNetwork: [NetworkID: Int] = [:]
  private var byRouter: [RouterID: Int] = [:]

  init(_ diagram: LogicalDiagram, _ map: SiteMap) {
    self.diagram = diagram
    self.map = map
    for (index, cluster) in diagram.allClusters.enumerated() {
      for network in cluster.networks { byNetwork[network.id] = index }
      for router in cluster.routers { byRouter[router.id] = index }
    }
  }

  /// Nil for what no picture helps: external networks, networks without a router.
  func picture(of network: NetworkID) -> Markup? {
    byNetwork[network].flatMap { picture($0, ReportObject(.network, network.rawValue)) }
  }
  func picture(of router: RouterID) -> Markup? {
    byRouter[router].flatMap { picture($0, ReportObject(.router, router.rawValue)) }
  }

  private func picture(_ index: Int, _ object: ReportObject) -> Markup? {
    let cluster = diagram.allClusters[index]
    guard !cluster.routers.isEmpty else { return nil }
    let alone = diagram.alone(cluster, first: object)
    return LogicalDrawing(alone, id: "cluster-map", map: map).svg(
      title: "Networks and routers", description: TopologySection.words(alone))
  }
}
