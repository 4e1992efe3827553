// Nodes: their list, and a page each with its picture, guests, routers and gaps.
import Facts
import LogicalModel
import NetworkTypes

struct NodePages {
  let site: SiteContext

  func list() -> LinkTable {
    LinkTable(
      id: "nodes-table", caption: "Nodes",
      columns: [
        .init("Node"), .init("Captured at", isTechnical: true),
        .init("Tunnel address", isTechnical: true), .init("Bridge mappings", isTechnical: true),
        .init("Firewall"), .init("L3 mode"), .init("Servers", isNumeric: true),
        .init("Namespaces", isNumeric: true), .init("Gaps", isNumeric: true), .init("Findings"),
      ],
      rows: site.model.nodes.map { node in
        [
          site.map.link(node.name), .text(node.capturedAt ?? "unknown"),
          .text(node.tunnelAddress?.description ?? ""), .lines(mappings(node).map { .text($0) }),
          .text(node.firewallDriver ?? ""), .text(node.l3Mode ?? ""), .text("\(node.servers)"),
          .text("\(node.namespaces)"), .text("\(node.gaps)"),
          site.tally(ReportObject(.node, node.name.rawValue)),
        ]
      })
  }

  private func mappings(_ node: Node) -> [String] {
    node.bridgeMappings.map { "\($0.key)=\($0.value)" }.sorted()
  }

  func page(_ node: Node) -> ObjectPage {
    var page = ObjectPage(
      object: ReportObject(.node, node.name.rawValue), kind: "Node", title: node.name.rawValue,
      section: "nodes.html")
    let facts = site.input.facts.node(node.name)
    page.add("Captured at", node.capturedAt ?? "unknown")
    page.add("Also called", .listed(node.hosts.map { .text($0) }))
    page.add("Kernel", facts?.kernel.records.first?.release)
    page.add("Open vSwitch", facts?.openVSwitch.version)
    page.add("Tunnel address", node.tunnelAddress)
    page.add("Bridge mappings", .lines(mappings(node).map { .text($0) }))
    page.add("Firewall driver", node.firewallDriver)
    page.add("L3 agent mode", node.l3Mode)
    page.add("Datapath", node.datapathType)
    page.figure = picture(node.name)
    page.caption = "What the node holds: servers, namespaces, Open vSwitch bridges, and wires."
    page.tables = [
      ServerPages(site: site).table(
        site.index.serversByNode[node.name] ?? [], id: "servers", caption: "Servers"),
      routers(node), dhcp(node),
      FloatingIPPages(site: site).table(
        site.index.floatingByNode[node.name] ?? [], id: "floating", caption: "Floating IPs"),
      site.portTable(site.index.portsByNode[node.name] ?? [], id: "ports"), gaps(node),
    ]
    return page
  }

  private func picture(_ node: NodeName) -> Markup? {
    let diagram = OverviewDiagram(site.catalogue, only: node).result
    guard !diagram.lanes.isEmpty else { return nil }
    return DiagramDrawing(DiagramLayout(diagram), id: "node-map", map: site.map)
      .svg(title: "Node \(node)", description: TopologySection.words(diagram))
  }

  private func routers(_ node: Node) -> LinkTable {
    LinkTable(
      id: "routers", caption: "Routers",
      columns: [
        .init("Router"), .init("Mode"), .init("Part"), .init("Active"),
        .init("Namespace", isTechnical: true),
      ],
      rows: (site.index.routersByNode[node.name] ?? []).flatMap { router in
        router.places.filter { $0.node == node.name }.map { place in
          [
            site.map.link(router.id), .text(router.mode.description), .text(place.part.rawValue),
            .text(place.isActive.map { $0 ? "yes" : "no" } ?? "unknown"),
            .text(place.namespace.rawValue),
          ]
        }
      })
  }

  private func dhcp(_ node: Node) -> LinkTable {
    LinkTable(
      id: "dhcp", caption: "DHCP servers",
      columns: [
        .init("Network"), .init("Addresses", isTechnical: true), .init("Running"),
        .init("Namespace", isTechnical: true),
      ],
      rows: (site.index.dhcpByNode[node.name] ?? []).map { server in
        [
          site.map.link(server.network), .lines(server.addresses.map { .text($0.description) }),
          .text(server.isAlive.map { $0 ? "yes" : "no" } ?? "unknown"),
          .text(server.namespace.rawValue),
        ]
      })
  }

  private func gaps(_ node: Node) -> LinkTable {
    LinkTable(
      id: "gaps", caption: "Gaps",
      columns: [.init("File", isTechnical: true), .init("Reason")],
      rows: site.input.facts.gaps.filter { $0.node == node.name }
        .map { [.text($0.path), .text($0.reason)] })
  }
}
