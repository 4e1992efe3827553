// Servers (VMs): their list, and a page each with its ports, their filters and floating IPs.
import Facts
import LogicalModel
import NetworkTypes

struct ServerPages {
  let site: SiteContext

  func list() -> LinkTable {
    table(site.model.servers, id: "vms-table", caption: "Servers")
  }

  func table(_ servers: [Server], id: String, caption: String) -> LinkTable {
    LinkTable(
      id: id, caption: caption,
      columns: [
        .init("Server"), .init("Tenant"), .init("Node"), .init("Networks"),
        .init("Addresses", isTechnical: true), .init("Floating IP", isTechnical: true),
        .init("Running"), .init("Findings"), .init("ID", isTechnical: true),
      ],
      rows: servers.map { server in
        let ports = site.index.portsByServer[server.id] ?? []
        return [
          site.map.link(server.id), site.map.link(server.project), site.map.link(server.node),
          .lines(ports.map { site.map.link($0.network) }),
          .lines(ports.flatMap(\.addresses).map { .text($0.description) }),
          .lines(ports.flatMap { site.index.floatingByPort[$0.id] ?? [] }.map(site.map.link)),
          .text(server.isRunning.map { $0 ? "yes" : "no" } ?? "unknown"),
          site.tally(ReportObject(.server, server.id.rawValue)), .shortID(server.id.rawValue),
        ]
      })
  }

  func page(_ server: Server) -> ObjectPage {
    var page = ObjectPage(
      object: ReportObject(.server, server.id.rawValue), kind: "Server", title: server.label,
      section: "vms.html")
    let ports = site.index.portsByServer[server.id] ?? []
    page.add("Tenant", site.map.link(server.project))
    page.add("Node", site.map.link(server.node))
    page.add("libvirt's name", server.instanceName)
    page.add("Flavor", server.flavor)
    page.add("Running", server.isRunning.map { $0 ? "yes" : "no" } ?? "unknown")
    page.add("Known from", server.origin)
    page.tables = [site.portTable(ports, id: "ports"), filters(ports)] + ports.map(rules)
    page.evidence = server.evidence + ports.flatMap(\.evidence)
    return page
  }

  private func filters(_ ports: [Port]) -> LinkTable {
    LinkTable(
      id: "filters", caption: "Filters",
      columns: [
        .init("Port"), .init("Port security"), .init("Security groups"),
        .init("Allowed address pairs", isTechnical: true),
      ],
      rows: ports.map { port in
        [
          .text(site.model.title(of: port)),
          .text(port.isPortSecurityEnabled.map { $0 ? "on" : "off" } ?? "unknown"),
          .lines(
            port.securityGroups.map {
              .text(site.model.securityGroup($0)?.label ?? $0.rawValue)
            }),
          .lines(port.allowedAddressPairs.map { .text("\($0.prefix)") }),
        ]
      })
  }

  /// What the port's groups admit, as Neutron has it.
  private func rules(_ port: Port) -> LinkTable {
    let groups = port.securityGroups.compactMap { site.model.securityGroup($0) }
    return LinkTable(
      id: "rules-" + PageName.slug(port.id.rawValue),
      caption: "What security groups admit at \(site.model.title(of: port))",
      columns: [
        .init("Group"), .init("Direction"), .init("Family"), .init("Protocol"),
        .init("Ports", isTechnical: true), .init("Remote", isTechnical: true),
      ],
      rows: groups.flatMap { group in
        group.rules.map { rule in
          [
            .text(group.label), .text("\(rule.direction)"), .text("\(rule.family)"),
            .text(rule.protocolName ?? "any"), .text(Self.ports(rule)),
            .text(remote(rule)),
          ]
        }
      })
  }

  private static func ports(_ rule: NeutronSecurityGroupRule) -> String {
    switch (rule.portMinimum, rule.portMaximum) {
    case (let low?, let high?): low == high ? "\(low)" : "\(low)-\(high)"
    case (let low?, nil): "\(low)"
    default: ""
    }
  }

  private func remote(_ rule: NeutronSecurityGroupRule) -> String {
    if let group = rule.remoteGroup {
      return "group " + (site.model.securityGroup(group)?.label ?? group.rawValue)
    }
    if let group = rule.remoteAddressGroup { return "address group \(group)" }
    return rule.remotePrefix.map { "\($0)" } ?? "anywhere"
  }
}
