// Networks: their list, and a page each with subnets, local VLANs, routers and ports.
import Facts
import LogicalModel
import NetworkTypes

struct NetworkPages {
  let site: SiteContext
  let pictures: ClusterPictures

  func list() -> LinkTable { table(site.model.networks) }

  func table(_ items: [Network]) -> LinkTable {
    LinkTable(
      id: "networks-table", caption: "Networks",
      columns: [
        .init("Network"), .init("Tenant"), .init("Segment", isTechnical: true),
        .init("Subnets", isTechnical: true), .init("Local VLAN", isTechnical: true),
        .init("Routers"), .init("External"), .init("MTU", isNumeric: true),
        .init("Ports", isNumeric: true), .init("Findings"), .init("ID", isTechnical: true),
      ],
      rows: items.map(row))
  }

  private func row(_ network: Network) -> [Markup] {
    let vlans = network.localVLANs.prefix(8).map { Markup.text("\($0.node)=\($0.vlan)") }
    let more = network.localVLANs.count - vlans.count
    return [
      site.map.link(network.id), site.map.link(network.project),
      .lines(network.segments.map { .text(Self.words($0)) }),
      .lines((site.index.subnets[network.id] ?? []).map { .text($0.cidr.description) }),
      .lines(vlans + (more > 0 ? [.text("and \(more) more")] : [])),
      .lines(
        (site.index.routersByNetwork[network.id] ?? []).prefix(8).map { site.map.link($0.id) }),
      .text(network.isExternal ? "yes" : ""), .text(network.mtuBytes.map { "\($0)" } ?? ""),
      .text("\(site.index.portsByNetwork[network.id]?.count ?? 0)"),
      site.tally(ReportObject(.network, network.id.rawValue)), .shortID(network.id.rawValue),
    ]
  }

  static func words(_ segment: NeutronSegment) -> String {
    segment.networkType + (segment.segmentationID.map { " \($0)" } ?? "")
      + (segment.physicalNetwork.map { " on \($0)" } ?? "")
  }

  func page(_ network: Network) -> ObjectPage {
    var page = ObjectPage(
      object: ReportObject(.network, network.id.rawValue), kind: "Network", title: network.label,
      section: "networks.html")
    page.add("Tenant", site.map.link(network.project))
    page.add("Segment", .lines(network.segments.map { .text(Self.words($0)) }))
    page.add("External", flag: network.isExternal)
    page.add("Shared", flag: network.isShared)
    page.add("Admin up", flag: network.isAdminUp)
    page.add("Status", network.status)
    page.add("MTU", network.mtuBytes.map { "\($0) bytes" })
    page.add(
      "Routers",
      .listed((site.index.routersByNetwork[network.id] ?? []).map { site.map.link($0.id) }))
    page.add("DHCP on", .listed((site.index.dhcpByNetwork[network.id] ?? []).map(dhcp)))
    page.add("Known from", network.origin)
    page.figure = pictures.picture(of: network.id)
    page.caption = ClusterPictures.caption
    page.tables = [
      subnets(network), vlans(network),
      site.portTable(site.index.portsByNetwork[network.id] ?? [], id: "ports"),
    ]
    page.evidence = network.evidence
    return page
  }

  private func dhcp(_ server: DHCPServer) -> Markup {
    .group([
      site.map.link(server.node),
      .text(server.isAlive == false ? " (not running)" : ""),
    ])
  }

  private func subnets(_ network: Network) -> LinkTable {
    LinkTable(
      id: "subnets", caption: "Subnets",
      columns: [
        .init("Subnet"), .init("Block", isTechnical: true), .init("Gateway", isTechnical: true),
        .init("DHCP"), .init("Pools", isTechnical: true), .init("Name servers", isTechnical: true),
        .init("Host routes", isTechnical: true), .init("Known from"),
      ],
      rows: (site.index.subnets[network.id] ?? []).map { subnet in
        [
          .text(subnet.label), .text(subnet.cidr.description),
          .text(subnet.gateway?.description ?? ""),
          .text(subnet.isDHCPEnabled.map { $0 ? "yes" : "no" } ?? ""),
          .lines(subnet.pools.map { .text("\($0.first)-\($0.last)") }),
          .lines(subnet.dnsServers.map { .text($0.description) }),
          .lines(subnet.hostRoutes.map { .text("\($0.destination) via \($0.nextHop)") }),
          .text(subnet.origin.description),
        ]
      })
  }

  private func vlans(_ network: Network) -> LinkTable {
    LinkTable(
      id: "vlans", caption: "Local VLANs",
      columns: [
        .init("Node"), .init("VLAN", isNumeric: true), .init("Segment", isTechnical: true),
        .init("Ports", isNumeric: true), .init("Evidence"),
      ],
      rows: network.localVLANs.map { vlan in
        [
          site.map.link(vlan.node), .text("\(vlan.vlan)"),
          .text(vlan.segment.map(Self.words) ?? ""), .text("\(vlan.ports)"),
          site.book.cite(vlan.evidence) ?? .empty,
        ]
      })
  }
}
