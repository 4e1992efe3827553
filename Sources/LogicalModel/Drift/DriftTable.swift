// `show drift`: the findings as a table, and what could not be compared.
import Facts
import NetworkTypes

extension CloudModel {
  func driftTables(_ selection: Selection, _ facts: CloudFacts) -> [TextTable] {
    let report = Drift.report(self, facts)
    let table = driftTable(
      "Drift", key: "drift", report.findings.filter { isShown($0, selection) }, facts)
    var unknown = TextTable(
      "Not compared", key: "unknown",
      columns: [TableColumn("Code"), TableColumn("Node"), TableColumn("Reason")])
    for gap in report.unknowns
    where selection.isEverything
      || gap.node.map({
        selection.has(.node($0))
      }) == true
    {
      unknown.add([.text(gap.code.rawValue), TableCell(gap.node), .text(gap.reason)])
    }
    return [table, unknown]
  }

  func driftTable(
    _ title: String, key: String, _ findings: [DriftFinding], _ facts: CloudFacts
  ) -> TextTable {
    var table = TextTable(
      title, key: key,
      columns: [
        TableColumn("Severity"), TableColumn("Code"), TableColumn("Kind"), TableColumn("Object"),
        TableColumn("Name"), TableColumn("Node"), TableColumn("Place"), TableColumn("Wanted"),
        TableColumn("Found"), TableColumn("Evidence"), TableColumn("ID"),
      ])
    for finding in findings {
      let places = Set(finding.intended.evidence + finding.actual.evidence).sorted()
      table.add([
        .text(finding.severity.rawValue), .text(finding.code.rawValue),
        .text(finding.kind.rawValue), .text(finding.object.kind.rawValue),
        .text(finding.object.name), TableCell(finding.node), .text(finding.place),
        .text(finding.intended.value), .text(finding.actual.value),
        TableCell(places.map { facts.place(of: $0) }), .id(finding.object.id),
      ])
    }
    return table
  }

  private func isShown(_ finding: DriftFinding, _ selection: Selection) -> Bool {
    var items: [ModelItem] = []
    if let node = finding.node { items.append(.node(node)) }
    switch finding.object.kind {
    case .port:
      items.append(.port(PortID(finding.object.id)))
      if let port = port(PortID(finding.object.id)) {
        items += [port.server.map(ModelItem.server), port.network.map(ModelItem.network)]
          .compactMap { $0 }
        items += [port.router.map(ModelItem.router)].compactMap { $0 }
      }
    case .network: items.append(.network(NetworkID(finding.object.id)))
    case .router: items.append(.router(RouterID(finding.object.id)))
    case .securityGroup: items.append(.securityGroup(SecurityGroupID(finding.object.id)))
    case .floatingIP:
      items += floatingIPs.filter { $0.address.description == finding.object.name }
        .map { .floatingIP($0.address, $0.router) }
    default: break
    }
    return selection.has(items)
  }
}

extension CloudFacts {
  /// `compute1 root/ps.txt:12`, as people cite it.
  public func place(of evidence: Evidence) -> String {
    let file = self.file(evidence.file)
    return (file?.node.map { "\($0) " } ?? "") + "\(file?.path ?? "?"):\(evidence.line)"
  }
}
