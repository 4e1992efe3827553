// What was found: a table of all findings, the gravest first, a page each, and which rules could not
// tell.
import Audit
import LogicalModel

struct FindingsSection {
  private static let placeLimit = 8
  private static let evidenceLimit = 60

  let site: SiteContext
  let set: FindingSet

  func table() -> LinkTable {
    LinkTable(
      id: "findings-table", caption: "Findings",
      columns: [
        .init("Severity"), .init("What"), .init("Finding"), .init("Node"), .init("State"),
        .init("Rule", isTechnical: true),
      ],
      rows: set.findings.enumerated().map { row($0.offset, $0.element) },
      choices: (0, RuleSeverity.allCases.map(\.rawValue)))
  }

  private func row(_ position: Int, _ finding: ReportFinding) -> [Markup] {
    [
      Icon.severityTag(finding.severity.rawValue), .text(finding.title),
      .link(
        SiteContext.findingPath(position), text: "\(finding.subject): \(finding.message)"),
      finding.node.map { site.map.link(ReportObject(.node, $0)) } ?? .empty,
      .text(finding.waiver == nil ? "open" : "waived"), .text(finding.rule),
    ]
  }

  /// What rules could not tell, as the list's template wants it.
  func open() -> PageValue {
    .list(
      set.rules.filter { !$0.missing.isEmpty }.map { rule in
        let hidden = rule.missing.count - Self.placeLimit
        return [
          "rule": .text(rule.id), "title": .text(rule.title),
          "missing": .list(rule.missing.prefix(Self.placeLimit).map { .text($0) }),
          "more": .text(hidden > 0 ? "and \(hidden) more" : ""),
        ]
      })
  }

  /// What each rule looked at, and what it answered.
  func lookedAt() -> LinkTable {
    LinkTable(
      id: "looked-at", caption: "Rules",
      columns: [
        .init("Rule"), .init("Answer"), .init("Looked at"), .init("Id", isTechnical: true),
      ],
      rows: set.rules.map { rule in
        [
          .text(rule.title), answer(rule),
          .text(rule.lookedAt.isEmpty ? "not counted" : rule.lookedAt), .text(rule.id),
        ]
      })
  }

  private func answer(_ rule: FindingSet.Rule) -> Markup {
    let found = set.findings.count { $0.rule == rule.id }
    if found > 0 { return .text(count(found, "finding")) }
    return .text(rule.missing.isEmpty ? "nothing found" : "could not tell")
  }

  // MARK: a page each

  func writePages() throws(ReportError) {
    for (position, finding) in set.findings.enumerated() {
      try site.writer.write(
        SiteContext.findingPath(position), title: "\(finding.subject): \(finding.title)",
        section: "findings.html", "finding", value(finding, position),
        isScripted: finding.trace != nil)
    }
  }

  private func value(_ finding: ReportFinding, _ position: Int) -> PageValue {
    let hidden = finding.evidence.count - Self.evidenceLimit
    let objects = finding.objects.filter { site.map.path($0) != nil }
    let related = site.related(to: position)
    return [
      "severity": .text(finding.severity.rawValue),
      "tag": .markup(Icon.severityTag(finding.severity.rawValue)),
      "title": .text(finding.title), "subject": .text(finding.subject),
      "message": .text(finding.message), "rule": .text(finding.rule),
      "node": finding.node.map { .markup(site.map.link(ReportObject(.node, $0))) } ?? .none,
      "who": .text(finding.who), "whom": .text(finding.whom), "packets": .text(finding.packets),
      "why": finding.why.isEmpty ? .none : .markup(.words(finding.why)),
      "has_fix": .flag(!finding.fix.isEmpty),
      "fix": .list(finding.fix.map { .markup(.words($0)) }),
      "has_related": .flag(!related.isEmpty),
      "related": .list(related.map { .markup(site.finding($0)) }),
      "related_title": .text(
        finding.isEffect ? "What may be its cause" : "Seen from another side"),
      "is_effect": .flag(finding.isEffect),
      "proof": .text(finding.proof),
      "has_references": .flag(!finding.references.isEmpty),
      "references": .list(finding.references.map { .markup(.reference($0)) }),
      "has_objects": .flag(!objects.isEmpty),
      "objects": .list(
        objects.map { ["kind": .text(Self.words($0.kind)), "link": .markup(site.map.link($0))] }),
      "has_places": .flag(!finding.evidence.isEmpty),
      "places": .list(
        finding.evidence.prefix(Self.evidenceLimit).map { .markup(site.book.cite($0)) }),
      "more_places": .text(hidden > 0 ? "and \(hidden) more places" : ""),
      "trace": .text(
        finding.trace.flatMap {
          site.input.traces.indices.contains($0) ? SiteContext.tracePath($0) : nil
        } ?? ""),
      "path_picture": picture(finding) ?? .none,
      "waiver": .text(finding.waiver?.reason ?? ""),
      "waived_until": .text(finding.waiver?.until ?? ""),
      "previous": .text(position > 0 ? SiteContext.findingPath(position - 1) : ""),
      "next": .text(
        position + 1 < set.findings.count ? SiteContext.findingPath(position + 1) : ""),
    ]
  }

  /// The way of the packet that shows it.
  private func picture(_ finding: ReportFinding) -> PageValue? {
    guard let position = finding.trace, let trace = site.input.traces[safe: position] else {
      return nil
    }
    return TraceSection(site).picture(trace, page: SiteContext.tracePath(position))
      .map { .markup($0) }
  }

  static func words(_ kind: ReportObject.Kind) -> String {
    kind == .floatingIP ? "floating IP" : kind.rawValue
  }
}
