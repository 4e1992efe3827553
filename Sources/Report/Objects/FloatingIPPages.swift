// Floating IPs (EIPs): their list, and a page each with the nodes that serve them and what it takes.
import Facts
import LogicalModel
import NetworkTypes

struct FloatingIPPages {
  let site: SiteContext

  func list() -> LinkTable {
    table(site.model.floatingIPs, id: "eips-table", caption: "Floating IPs")
  }

  func table(_ items: [FloatingIP], id: String, caption: String) -> LinkTable {
    LinkTable(
      id: id, caption: caption,
      columns: [
        .init("Address", isTechnical: true), .init("Tenant"), .init("Leads to"),
        .init("Fixed address", isTechnical: true), .init("Router"), .init("Network"),
        .init("Served on"), .init("Status"), .init("Findings"),
      ],
      rows: items.map { item in
        [
          site.map.link(item), site.map.link(item.project), target(item),
          .text(item.fixedAddress?.description ?? ""), site.map.link(item.router),
          site.map.link(item.network), served(item), .text(item.status),
          site.tally(ReportObject(.floatingIP, item.address.description)),
        ]
      })
  }

  private func target(_ item: FloatingIP) -> Markup {
    site.model.port(item.port).map { site.map.link($0, site.model) } ?? .empty
  }

  private func served(_ item: FloatingIP) -> Markup {
    if item.port != nil, item.servingNodes.isEmpty { return .tag("span", "bad", text: "nowhere") }
    return .listed(item.servingNodes.map { site.map.link($0) })
  }

  func page(_ item: FloatingIP) -> ObjectPage {
    var page = ObjectPage(
      object: ReportObject(.floatingIP, item.address.description), kind: "Floating IP",
      title: item.address.description, section: "eips.html")
    page.add("Tenant", site.map.link(item.project))
    page.add("Leads to", target(item))
    page.add("Fixed address", item.fixedAddress)
    page.add("Server", site.map.link(site.model.port(item.port)?.server))
    page.add("Router", site.map.link(item.router))
    page.add("External network", site.map.link(item.network))
    page.add("Served on", served(item))
    page.add("Status", item.status)
    page.add("Known from", item.origin)
    page.tables = [
      LinkTable(
        id: "places", caption: "What serves it",
        columns: [
          .init("Node"), .init("Namespace", isTechnical: true), .init("Kind"), .init("Present"),
          .init("Missing"), .init("Not captured"), .init("Evidence"),
        ],
        rows: item.places.map { place in
          [
            site.map.link(place.node), .text(place.namespace.rawValue), .text(place.kind.rawValue),
            words(place.present), words(place.missing), words(place.unknown),
            .lines(place.evidence.prefix(4).compactMap { site.book.cite($0) }),
          ]
        })
    ]
    page.evidence = item.evidence
    return page
  }

  private func words(_ parts: [FloatingIPPlace.Part]) -> Markup {
    .text(parts.map(\.rawValue).joined(separator: ", "))
  }
}
