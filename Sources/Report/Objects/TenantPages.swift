// Tenants: who owns what, the matrix of who reaches whom where that was proved, and a page each.
import Facts
import LogicalModel
import NetworkTypes

struct TenantPages {
  /// A larger matrix is no picture any more: each tenant's row stands on his page.
  static let matrixLimit = 24

  let site: SiteContext
  private let pictures: ClusterPictures
  private let networks: [ProjectID: [Network]]
  private let routers: [ProjectID: [Router]]
  private let servers: [ProjectID: [Server]]
  private let floating: [ProjectID: [FloatingIP]]
  private let cells: [String: [TenantMatrix.Cell]]

  init(site: SiteContext) {
    self.site = site
    pictures = ClusterPictures(site.logical, site.map)
    let model = site.model
    networks = Dictionary(grouping: model.networks) { $0.project ?? "" }
    routers = Dictionary(grouping: model.routers) { $0.project ?? "" }
    servers = Dictionary(grouping: model.servers) { $0.project ?? "" }
    floating = Dictionary(grouping: model.floatingIPs) { $0.project ?? "" }
    cells = Dictionary(grouping: site.input.tenancy?.cells ?? [], by: \.from)
  }

  func list() -> LinkTable {
    LinkTable(
      id: "tenants-table", caption: "Tenants",
      columns: [
        .init("Tenant"), .init("Networks", isNumeric: true), .init("Routers", isNumeric: true),
        .init("Servers", isNumeric: true), .init("Floating IPs", isNumeric: true),
        .init("ID", isTechnical: true),
      ],
      rows: site.index.tenants.map { tenant in
        let id = ProjectID(tenant.id)
        return [
          site.map.link(id), .text("\(networks[id]?.count ?? 0)"),
          .text("\(routers[id]?.count ?? 0)"), .text("\(servers[id]?.count ?? 0)"),
          .text("\(floating[id]?.count ?? 0)"), .shortID(tenant.id),
        ]
      })
  }

  func page(_ tenant: CloudIndex.Tenant) -> ObjectPage {
    let id = ProjectID(tenant.id)
    var page = ObjectPage(
      object: ReportObject(.tenant, tenant.id), kind: "Tenant", title: tenant.label,
      section: "tenants.html")
    var networkTable = NetworkPages(site: site, pictures: pictures).table(networks[id] ?? [])
    networkTable.id = "networks"
    var routerTable = RouterPages(site: site, pictures: pictures).table(routers[id] ?? [])
    routerTable.id = "routers"
    page.tables = [
      reach(tenant), networkTable, routerTable,
      ServerPages(site: site).table(servers[id] ?? [], id: "servers", caption: "Servers"),
      FloatingIPPages(site: site).table(
        floating[id] ?? [], id: "floating", caption: "Floating IPs"),
    ]
    return page
  }

  // MARK: who reaches whom

  private func reach(_ tenant: CloudIndex.Tenant) -> LinkTable {
    LinkTable(
      id: "reach", caption: "Whom this tenant's packets reach",
      columns: [.init("To"), .init("Verdict"), .init("Proof or witness")],
      rows: (cells[tenant.id] ?? []).map { cell in
        [site.map.link(ReportObject(.tenant, cell.to)), sign(cell.verdict), proof(cell)]
      }, rowIDs: (cells[tenant.id] ?? []).map { "to-\(PageName.slug($0.to))" })
  }

  /// Nil where nothing was proved, or the matrix would be too large.
  func matrix() -> LinkTable? {
    guard let matrix = site.input.tenancy, matrix.tenants.count <= Self.matrixLimit else {
      return nil
    }
    let known = Dictionary(
      matrix.cells.map { ([$0.from, $0.to], $0) }, uniquingKeysWith: { first, _ in first })
    return LinkTable(
      id: "matrix", caption: "Who reaches whom: rows send, columns receive",
      columns: [.init("From")]
        + matrix.tenants.map { .init(site.map.label(ReportObject(.tenant, $0))) },
      rows: matrix.tenants.map { from in
        [site.map.link(ReportObject(.tenant, from))]
          + matrix.tenants.map { to in known[[from, to]].map(cell) ?? .text("–") }
      }, isPlain: true)
  }

  private func cell(_ cell: TenantMatrix.Cell) -> Markup {
    let path =
      cell.trace.map(SiteContext.tracePath)
      ?? site.map.path(ReportObject(.tenant, cell.from)).map {
        "\($0)#to-\(PageName.slug(cell.to))"
      }
    let words = sign(cell.verdict)
    return path.map { .link($0, [words], "verdict-cell") } ?? words
  }

  private func proof(_ cell: TenantMatrix.Cell) -> Markup {
    let words = Markup.text(cell.text)
    return cell.trace.map { .link(SiteContext.tracePath($0), [words]) } ?? words
  }

  private func sign(_ verdict: TenantMatrix.Verdict) -> Markup {
    let standing: Standing =
      switch verdict {
      case .isolated, .allowed: .good
      case .leak: .bad
      case .unknown, .exposed: .open
      }
    return .tag(
      "span", standing.rawValue, [], [Icon.standing(standing), .text(" \(verdict.rawValue)")])
  }
}
