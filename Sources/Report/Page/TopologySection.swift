// Two pictures of the cloud: what tenants asked for, and what the nodes hold.
import Facts
import LogicalModel
import NetworkTypes

enum TopologySection {
  /// So many nodes are named one by one below the picture of kinds.
  private static let nodeLimit = 1000

  static func value(_ site: SiteContext) -> PageValue {
    let logical = site.logical
    let overview = OverviewDiagram(site.catalogue)
    let isGrouped = site.input.facts.nodes.count > OverviewDiagram.laneLimit
    return [
      "logical": .markup(
        LogicalDrawing(logical, id: "logical-map", map: site.map).svg(
          title: "Networks and routers", description: words(logical))),
      "has_logical": .flag(!logical.clusters.isEmpty || !logical.externals.isEmpty),
      "omissions": .text(
        logical.omissions.isEmpty
          ? "" : "Not drawn: " + logical.omissions.joined(separator: ", ") + "."),
      "physical": .markup(
        DiagramDrawing(
          DiagramLayout(overview.result), id: "physical-map", map: site.map, isMarked: true
        )
        .svg(title: "Nodes", description: words(overview.result))),
      "has_physical": .flag(!site.input.facts.nodes.isEmpty),
      "is_grouped": .flag(isGrouped),
      "nodes": .list(isGrouped ? chips(site) : []),
      "traces": .list(
        site.input.traces.enumerated().map { index, trace in
          [
            "path": .text(SiteContext.tracePath(index)), "title": .text(trace.title),
            // Nodes that share a lane are not drawn one by one.
            "marks": .text(isGrouped ? "" : TraceSection(site).marks(trace)),
          ]
        }),
      "has_traces": .flag(!site.input.traces.isEmpty),
    ]
  }

  static func words(_ diagram: LogicalDiagram) -> String {
    diagram.clusters.map { cluster in
      let routers = cluster.routers.map(\.title).joined(separator: ", ")
      let networks = cluster.networks.map(\.title).joined(separator: ", ")
      return routers.isEmpty ? "\(networks) without a router" : "\(routers) joins \(networks)"
    }.joined(separator: "; ")
  }

  static func words(_ diagram: Diagram) -> String {
    diagram.lanes.map { "\($0.title): \($0.detail)" }.joined(separator: "; ")
      + (diagram.wires.isEmpty
        ? "" : "; joined by " + diagram.wires.map(\.title).joined(separator: ", "))
  }

  private static func chips(_ site: SiteContext) -> [PageValue] {
    let gaps = Dictionary(grouping: site.input.facts.gaps, by: \.node).mapValues(\.count)
    return site.input.facts.nodes.prefix(nodeLimit).map { node in
      let missing = gaps[node.name] ?? 0
      return [
        "name": .markup(site.map.link(node.name)),
        "gaps": .text(missing > 0 ? count(missing, "gap") : ""),
      ]
    }
  }
}
