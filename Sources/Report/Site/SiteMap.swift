// Which page tells of a thing, and what links call it.
import Facts
import LogicalModel
import NetworkTypes

struct SiteMap {
  private var paths: [ReportObject: String] = [:]
  private var labels: [ReportObject: String] = [:]

  init(_ index: CloudIndex) {
    let model = index.model
    for node in model.nodes { add(.node, node.name.rawValue, node.name.rawValue) }
    for network in model.networks { add(.network, network.id.rawValue, network.label) }
    for router in model.routers { add(.router, router.id.rawValue, router.label) }
    for server in model.servers { add(.server, server.id.rawValue, server.label) }
    for tenant in index.tenants { add(.tenant, tenant.id, tenant.label) }
    for item in model.floatingIPs {
      let address = item.address.description
      // Two external networks may use one address: ids tell them apart.
      let isTaken = paths[ReportObject(.floatingIP, address)] != nil
      let name = isTaken ? item.id?.rawValue ?? address : address
      let path = PageName.object("eip", name)
      for id in [address, item.id?.rawValue].compactMap({ $0 }) {
        let object = ReportObject(.floatingIP, id)
        if paths[object] == nil { (paths[object], labels[object]) = (path, address) }
      }
    }
    for port in model.ports { addPort(port, model) }
  }

  private mutating func add(_ kind: ReportObject.Kind, _ id: String, _ label: String) {
    let object = ReportObject(kind, id)
    let word = kind == .server ? "vm" : kind.rawValue
    paths[object] = PageName.object(word, id)
    labels[object] = label
  }

  /// Ports are told of where what they belong to is.
  private mutating func addPort(_ port: Port, _ model: CloudModel) {
    let owner =
      port.server.flatMap { paths[ReportObject(.server, $0.rawValue)] }
      ?? port.router.flatMap { paths[ReportObject(.router, $0.rawValue)] }
      ?? port.network.flatMap { paths[ReportObject(.network, $0.rawValue)] }
    let object = ReportObject(.port, port.id.rawValue)
    if let owner { paths[object] = owner }
    labels[object] = model.title(of: port)
  }

  func path(_ object: ReportObject) -> String? { paths[object] }
  func label(_ object: ReportObject) -> String { labels[object] ?? object.id }

  /// A link where the thing has a page, else its name.
  func link(_ object: ReportObject, text: String? = nil) -> Markup {
    let words = text ?? label(object)
    guard let path = path(object) else { return .text(words) }
    return .link(path, text: words.isEmpty ? "(no name)" : words)
  }

  func link(_ id: NetworkID?) -> Markup {
    id.map { link(ReportObject(.network, $0.rawValue)) } ?? .empty
  }
  func link(_ id: RouterID?) -> Markup {
    id.map { link(ReportObject(.router, $0.rawValue)) } ?? .empty
  }
  func link(_ id: ServerID?) -> Markup {
    id.map { link(ReportObject(.server, $0.rawValue)) } ?? .empty
  }
  func link(_ id: ProjectID?) -> Markup {
    id.map { link(ReportObject(.tenant, $0.rawValue)) } ?? .empty
  }
  func link(_ name: NodeName?) -> Markup {
    name.map { link(ReportObject(.node, $0.rawValue)) } ?? .empty
  }
  func link(_ item: FloatingIP) -> Markup {
    link(
      ReportObject(.floatingIP, item.id?.rawValue ?? item.address.description),
      text: item.address.description)
  }
  func link(_ port: Port, _ model: CloudModel) -> Markup {
    link(ReportObject(.port, port.id.rawValue), text: model.title(of: port))
  }
}
