// All pages of a site in their order: findings and traces first, as they cite first; evidence last,
// as by then all that is cited is known.
import LogicalModel

struct SiteBuilder {
  private let site: SiteContext
  private var writer: PageWriter { site.writer }

  init(_ site: SiteContext) { self.site = site }

  func write() throws(ReportError) {
    try writer.writeStyle()
    try writeFindings()
    try writeTraces()
    try DiagnosisSection(site: site).writePages()
    try writeChanges()
    try writeTenants()
    try writeObjects()
    try writePage("topology.html", "Topology", "topology", TopologySection.value(site))
    try writeCapture()
    try SearchIndex(site: site).write()
    try writePage("index.html", site.input.title, "summary", SummarySection.value(site))
    try EvidencePages(book: site.book, map: site.map).write(writer)
    try writer.finish()
  }

  private func writePage(
    _ path: String, _ title: String, _ template: String, _ values: PageValue
  ) throws(ReportError) {
    try writer.write(
      path, title: title, section: path, template, values, isScripted: true)
  }

  // MARK: lists

  /// A list on as many pages as it takes. The first has `head`, which is filled into the template.
  private func writeList(
    _ name: String, title: String, words: String, table: LinkTable,
    template: String = "listing", head: [String: PageValue] = [:], section: String? = nil
  ) throws(ReportError) {
    let parts = table.pruned().split()
    let names = parts.indices.map { PageName.part(name, $0) }
    for (index, part) in parts.enumerated() {
      var values = index == 0 ? head : [:]
      values["title"] = .text(title)
      values["words"] = .text(words)
      values["count"] = .text(grouped(table.rows.count))
      values["table"] = .markup(part.markup)
      values["is_first"] = .flag(index == 0)
      values["parts"] = PartLinks.value(names, current: index)
      try writer.write(
        names[index], title: index == 0 ? title : "\(title), part \(index + 1)",
        section: section ?? names[0], template, .object(values),
        isScripted: true)
    }
  }

  private func writeFindings() throws(ReportError) {
    guard let set = site.input.findings else {
      return try writePage(
        "findings.html", "Findings", "findings", ["was_run": false, "title": "Findings"])
    }
    let section = FindingsSection(site: site, set: set)
    let silence = SummarySection.silence(set)
    try writeList(
      "findings", title: "Findings",
      words: "The gravest first. Each leads to a page with its cause, its fix and its evidence.",
      table: section.table(), template: "findings",
      head: [
        "was_run": true, "left_out": .text(set.leftOut), "is_empty": .flag(set.findings.isEmpty),
        "silence": .text(silence.prefix(1).uppercased() + silence.dropFirst() + "."),
        "open": section.open(), "has_open": .flag(set.rules.contains { !$0.missing.isEmpty }),
        "waiver_notes": .list(set.waiverNotes.map { .text($0) }),
      ])
    try writeList(
      "rules", title: "Rules",
      words: "What was looked for, how much of it there is, and what each rule answered.",
      table: section.lookedAt(), section: "findings.html")
    try section.writePages()
  }

  private func writeTraces() throws(ReportError) {
    let input = site.input
    guard !input.traces.isEmpty || !input.diagnoses.isEmpty else { return }
    let section = TraceSection(site)
    for (position, trace) in input.traces.enumerated() {
      var values = section.value(trace, id: "trace")
      if case .object(var members) = values {
        let why = input.diagnoses.firstIndex { $0.trace == position }
        members["why"] = .text(why.map(SiteContext.diagnosisPath) ?? "")
        let finding = input.findings?.findings.firstIndex { $0.trace == position }
        members["finding"] = .text(finding.map(SiteContext.findingPath) ?? "")
        values = .object(members)
      }
      try writer.write(
        SiteContext.tracePath(position), title: trace.title, section: "traces.html",
        "trace", values, isScripted: true)
    }
    try writePage("traces.html", "Traces and why", "traces", SummarySection.value(site))
  }

  private func writeChanges() throws(ReportError) {
    guard let changes = site.input.changes else { return }
    try writeList(
      "changes", title: "Changes",
      words: "What differs from \(changes.from). A name leads to the thing as it is now.",
      table: ChangesSection.table(changes, site), template: "changes",
      head: [
        "unknown": .list(changes.unknown.map { .text($0) }),
        "has_unknown": .flag(!changes.unknown.isEmpty),
      ])
  }

  private func writeTenants() throws(ReportError) {
    let pages = TenantPages(site: site)
    let tenancy = site.input.tenancy
    try writeList(
      "tenants", title: "Tenants", words: "Who owns what, by project.", table: pages.list(),
      template: "tenants",
      head: [
        "was_proved": .flag(tenancy != nil),
        "is_large": .flag((tenancy?.tenants.count ?? 0) > TenantPages.matrixLimit),
        "matrix": pages.matrix().map { .markup($0.markup) } ?? .none,
        "remarks": .list((tenancy?.remarks ?? []).map { .text($0) }),
      ])
    try write(site.index.tenants.map(\.id), .tenant) { position in
      pages.page(site.index.tenants[position])
    }
  }

  private func writeObjects() throws(ReportError) {
    let pictures = ClusterPictures(site.logical, site.map)
    let model = site.model
    let networks = NetworkPages(site: site, pictures: pictures)
    try writeList(
      "networks", title: "Networks",
      words: "Segments as Neutron has them, and the VLAN that each node gave them.",
      table: networks.list())
    try write(model.networks.map(\.id.rawValue), .network) { networks.page(model.networks[$0]) }
    let routers = RouterPages(site: site, pictures: pictures)
    try writeList(
      "routers", title: "Routers",
      words: "How each router is spread over nodes, and where its traffic leaves.",
      table: routers.list())
    try write(model.routers.map(\.id.rawValue), .router) { routers.page(model.routers[$0]) }
    let floating = FloatingIPPages(site: site)
    try writeList(
      "eips", title: "Floating IPs",
      words: "Floating IPs with the guests behind them and the nodes that serve them.",
      table: floating.list())
    try write(
      model.floatingIPs.map { $0.id?.rawValue ?? $0.address.description }, .floatingIP
    ) { floating.page(model.floatingIPs[$0]) }
    let nodes = NodePages(site: site)
    try writeList(
      "nodes", title: "Nodes",
      words: "Captured nodes, with what their agents are configured to do.",
      table: nodes.list())
    try write(model.nodes.map(\.name.rawValue), .node) { nodes.page(model.nodes[$0]) }
    let servers = ServerPages(site: site)
    try writeList(
      "vms", title: "VMs", words: "Servers with their networks, addresses and floating IPs.",
      table: servers.list())
    try write(model.servers.map(\.id.rawValue), .server) { servers.page(model.servers[$0]) }
    try writeList(
      "ports", title: "Ports", words: "Every port with the device that carries it.",
      table: site.portTable(model.ports.filter { $0.owner != .floatingIP }, id: "ports-table"))
  }

  /// Pages of things of one kind, by position. Of two with one id the first has the page.
  private func write(
    _ ids: [String], _ kind: ReportObject.Kind, page: (Int) -> ObjectPage
  ) throws(ReportError) {
    let pages = ObjectPageWriter(site: site)
    var written: Set<String> = []
    for (position, id) in ids.enumerated() {
      guard let path = site.map.path(ReportObject(kind, id)), written.insert(path).inserted else {
        continue
      }
      try pages.write(page(position), path: path)
    }
  }

  // MARK: capture

  /// Long tables of gaps go on on pages of their own.
  private func writeCapture() throws(ReportError) {
    let tables = CaptureSection.tables(site).map { $0.split(bytes: 80_000) }
    let rest = tables.flatMap { $0.dropFirst() }
    let names = (0...rest.count).map { PageName.part("capture", $0) }
    guard case .object(var values) = CaptureSection.value(site) else { return }
    for (index, name) in names.enumerated() {
      if index > 0 { values = [:] }
      values["tables"] = .list(
        index == 0 ? tables.map { .markup($0[0].markup) } : [.markup(rest[index - 1].markup)])
      values["is_first"] = .flag(index == 0)
      values["parts"] = PartLinks.value(names, current: index)
      try writer.write(
        name, title: "Capture", section: "capture.html",
        "capture", .object(values), isScripted: true)
    }
  }
}
