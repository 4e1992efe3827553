// Ports as a table, as every page shows those that belong to its thing.
import Facts
import LogicalModel
import NetworkTypes

extension SiteContext {
  /// `id` is the table's.
  func portTable(_ ports: [Port], id: String, caption: String = "Ports") -> LinkTable {
    LinkTable(
      id: id, caption: caption,
      columns: [
        .init("Port"), .init("Network"), .init("Addresses", isTechnical: true),
        .init("MAC", isTechnical: true), .init("Owner"), .init("Node"),
        .init("Device", isTechnical: true), .init("VLAN", isTechnical: true), .init("Status"),
        .init("Floating IP", isTechnical: true), .init("Findings"), .init("ID", isTechnical: true),
      ],
      rows: ports.map(row), rowIDs: ports.map { "port-" + PageName.slug($0.id.rawValue) })
  }

  private func row(_ port: Port) -> [Markup] {
    // A distributed router's interface has a place on every node.
    let places = port.locations.prefix(4)
    let more = port.locations.count - places.count
    return [
      map.link(port, model), map.link(port.network),
      .lines(port.addresses.map { .text($0.description) }),
      .text(port.mac?.description ?? ""), .text(port.owner.description),
      places.isEmpty
        ? map.link(port.boundNode)
        : .lines(
          places.map { map.link($0.node) } + (more > 0 ? [.text("and \(more) more")] : [])),
      .lines(places.map { .text(device($0)) }),
      .lines(places.map { .text($0.tag?.description ?? "") }.filter { !$0.isEmpty }),
      .text(port.status + (port.isAdminUp == false ? " (down on purpose)" : "")),
      .lines((index.floatingByPort[port.id] ?? []).map(map.link)),
      tally(ReportObject(.port, port.id.rawValue)), .shortID(port.id.rawValue),
    ]
  }

  private func device(_ place: PortLocation) -> String {
    let through = place.linuxBridge.map { " via \($0)" } ?? ""
    let bridge = place.bridge.map { " on \($0)" } ?? ""
    return place.interface.rawValue + through + bridge
  }
}

extension Markup {
  /// The first characters of an id, which every command takes; all of it as a tooltip.
  static func shortID(_ id: String) -> Markup {
    id.isEmpty
      ? .empty : .tag("abbr", "", [MarkupAttribute("title", id)], [.text(String(id.prefix(8)))])
  }
}
