// Two pictures of the cloud: what tenants asked for, and what the nodes hold.
import Facts
import LogicalModel
import NetworkTypes

enum TopologySection {
  /// So many nodes are named one by one below the picture of kinds.
  private static let nodeLimit = 1000

  static func value(_ input: ReportInput) -> PageValue {
    let logical = LogicalDiagram(input.model)
    let catalogue = ElementCatalogue(input.facts, input.model)
    let overview = OverviewDiagram(catalogue)
    let isGrouped = input.facts.nodes.count > OverviewDiagram.laneLimit
    return [
      "logical": .markup(
        LogicalDrawing(logical, id: "logical-map").svg(
          title: "Networks and routers", description: words(logical))),
      "has_logical": .flag(!logical.clusters.isEmpty || !logical.externals.isEmpty),
      "omissions": .text(
        logical.omissions.isEmpty
          ? "" : "Not drawn: " + logical.omissions.joined(separator: ", ") + "."),
      "physical": .markup(
        DiagramDrawing(DiagramLayout(overview.result), id: "physical-map").svg(
          title: "Nodes", description: words(overview.result))),
      "has_physical": .flag(!input.facts.nodes.isEmpty),
      "is_grouped": .flag(isGrouped),
      "nodes": .list(isGrouped ? chips(input) : []),
    ]
  }

  private static func words(_ diagram: LogicalDiagram) -> String {
    diagram.clusters.map { cluster in
      let routers = cluster.routers.map(\.title).joined(separator: ", ")
      let networks = cluster.networks.map(\.title).joined(separator: ", ")
      return routers.isEmpty ? "\(networks) without a router" : "\(routers) joins \(networks)"
    }.joined(separator: "; ")
  }

  private static func words(_ diagram: Diagram) -> String {
    diagram.lanes.map { "\($0.title): \($0.detail)" }.joined(separator: "; ")
      + (diagram.wires.isEmpty
        ? "" : "; joined by " + diagram.wires.map(\.title).joined(separator: ", "))
  }

  private static func chips(_ input: ReportInput) -> [PageValue] {
    let gaps = Dictionary(grouping: input.facts.gaps, by: \.node).mapValues(\.count)
    return input.facts.nodes.prefix(nodeLimit).map { node in
      let missing = gaps[node.name] ?? 0
      return [
        "name": .text(node.name.rawValue),
        "gaps": .text(missing > 0 ? count(missing, "gap") : ""),
      ]
    }
  }
}
