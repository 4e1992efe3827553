// Routers: their list, and a page each with interfaces, places, routes and floating IPs.
import Facts
import LogicalModel
import NetworkTypes

struct RouterPages {
  let site: SiteContext
  let pictures: ClusterPictures

  func list() -> LinkTable { table(site.model.routers) }

  func table(_ items: [Router]) -> LinkTable {
    LinkTable(
      id: "routers-table", caption: "Routers",
      columns: [
        .init("Router"), .init("Tenant"), .init("Mode"), .init("Active on"),
        .init("Networks"), .init("Gateway", isTechnical: true), .init("SNAT as", isTechnical: true),
        .init("Floating IPs", isNumeric: true), .init("Status"), .init("Findings"),
        .init("ID", isTechnical: true),
      ],
      rows: items.map(row))
  }

  private func row(_ router: Router) -> [Markup] {
    let networks = router.interfaces.compactMap(\.network)
    let nodes = router.activeNodes
    return [
      site.map.link(router.id), site.map.link(router.project), .text(router.mode.description),
      .lines(
        nodes.prefix(8).map { site.map.link($0) }
          + (nodes.count > 8 ? [.text("and \(nodes.count - 8) more")] : [])),
      .lines(
        networks.prefix(8).map { site.map.link($0) }
          + (networks.count > 8 ? [.text("and \(networks.count - 8) more")] : [])),
      .lines((router.gateway?.addresses ?? []).map { .text($0.description) }),
      .text(router.gateway?.snatAddress?.description ?? ""),
      .text("\(site.index.floatingByRouter[router.id]?.count ?? 0)"), .text(router.status),
      site.tally(ReportObject(.router, router.id.rawValue)), .shortID(router.id.rawValue),
    ]
  }

  func page(_ router: Router) -> ObjectPage {
    var page = ObjectPage(
      object: ReportObject(.router, router.id.rawValue), kind: "Router", title: router.label,
      section: "routers.html")
    page.add("Tenant", site.map.link(router.project))
    page.add("Mode", router.mode)
    page.add("Active on", .listed(router.activeNodes.map { site.map.link($0) }))
    page.add("SNAT on", .listed(router.snatNodes.map { site.map.link($0) }))
    if let gateway = router.gateway {
      page.add("External network", site.map.link(gateway.network))
      page.add("Gateway addresses", .listed(gateway.addresses.map { .text($0.description) }))
      page.add("SNAT", flag: gateway.isSNATEnabled)
      page.add("Tenants appear as", gateway.snatAddress)
    }
    page.add("Admin up", flag: router.isAdminUp)
    page.add("Status", router.status)
    page.add("Scheduled on", .listed(router.scheduledHosts.map { .text($0) }))
    page.add("Known from", router.origin)
    page.figure = pictures.picture(of: router.id)
    page.caption = ClusterPictures.caption
    page.tables = [
      interfaces(router), places(router), routes(router),
      FloatingIPPages(site: site).table(
        site.index.floatingByRouter[router.id] ?? [], id: "floating", caption: "Floating IPs"),
      forwardings(router),
    ]
    page.evidence = router.evidence
    return page
  }

  private func interfaces(_ router: Router) -> LinkTable {
    let own = router.interfaces.map { ($0, "") }
    let central = router.centralInterfaces.map { ($0, "central SNAT") }
    return LinkTable(
      id: "interfaces", caption: "Interfaces",
      columns: [
        .init("Network"), .init("Addresses", isTechnical: true), .init("MAC", isTechnical: true),
        .init("Part"), .init("Devices", isTechnical: true), .init("Port", isTechnical: true),
      ],
      rows: (own + central).map { interface, part in
        let port = site.model.port(interface.port)
        return [
          site.map.link(interface.network),
          .lines(interface.addresses.map { .text($0.description) }),
          .text(interface.mac?.description ?? ""), .text(part),
          .text(
            Set((port?.locations ?? []).map(\.interface.rawValue)).sorted()
              .joined(separator: ", ")),
          .shortID(interface.port.rawValue),
        ]
      })
  }

  private func places(_ router: Router) -> LinkTable {
    LinkTable(
      id: "places", caption: "Places",
      columns: [
        .init("Node"), .init("Namespace", isTechnical: true), .init("Part"), .init("Active"),
        .init("State file"), .init("Reported"), .init("Evidence"),
      ],
      rows: router.places.map { place in
        [
          site.map.link(place.node), .text(place.namespace.rawValue), .text(place.part.rawValue),
          .text(place.isActive.map { $0 ? "yes" : "no" } ?? "unknown"),
          .text(place.stateFile ?? ""), .text(place.reportedState ?? ""),
          place.evidence.first.flatMap { site.book.cite($0) } ?? .empty,
        ]
      })
  }

  private func routes(_ router: Router) -> LinkTable {
    LinkTable(
      id: "routes", caption: "Extra routes",
      columns: [.init("Destination", isTechnical: true), .init("Next hop", isTechnical: true)],
      rows: router.routes.map {
        [.text($0.destination.description), .text($0.nextHop.description)]
      }
    )
  }

  private func forwardings(_ router: Router) -> LinkTable {
    LinkTable(
      id: "forwardings", caption: "Port forwardings",
      columns: [
        .init("Address", isTechnical: true), .init("Protocol"),
        .init("Ports", isTechnical: true), .init("To", isTechnical: true),
        .init("To ports", isTechnical: true), .init("Nodes"),
      ],
      rows: (site.index.forwardingsByRouter[router.id] ?? []).map { item in
        [
          .text(item.address.description), .text(item.protocolName),
          .text(item.externalPorts.map { "\($0)" } ?? ""),
          .text(item.internalAddress?.description ?? ""),
          .text(item.internalPorts.map { "\($0)" } ?? ""),
          .listed(item.places.map { site.map.link($0.node) }),
        ]
      })
  }
}
