// The audit's answers as the report's findings.
import Audit

extension FindingSet {
  /// `names` finds the objects that a finding's words mean.
  public init(_ audit: AuditReport, names: ObjectNames) {
    self.init(
      rules: audit.results.map(Rule.init),
      findings: audit.findings.map { ReportFinding($0, names: names) })
  }
}

extension FindingSet.Rule {
  init(_ result: RuleResult) {
    let rule = result.rule
    self.init(
      id: rule.id, title: rule.title, severity: rule.severity, why: rule.why, fix: rule.fix,
      references: rule.references, verdict: Verdict(rawValue: result.verdict.rawValue) ?? .unknown,
      missing: result.missing, lookedAt: result.population ?? "")
  }
}

extension ReportFinding {
  public init(_ finding: Finding, names: ObjectNames) {
    let rule = finding.rule
    self.init(
      rule: rule.id, title: rule.title, severity: rule.severity, subject: finding.subject,
      message: finding.message)
    why = rule.why
    fix = [rule.fix]
    references = rule.references
    if let traffic = finding.traffic {
      (who, whom, packets) = (traffic.who, traffic.whom, traffic.packets)
      (isEffect, witness, example) = (true, traffic.witness, traffic.example)
    }
    evidence = finding.evidence.map { ReportPlace(node: $0.node, file: $0.file, line: $0.line) }
    objects = names.objects(in: finding.subject)
    for object in names.objects(in: finding.message) where !objects.contains(object) {
      objects.append(object)
    }
    let nodes = Set(objects.filter { $0.kind == .node }.map(\.id))
      .union(finding.evidence.compactMap(\.node))
    node = nodes.count == 1 ? nodes.first : nodes.isEmpty ? names.node(of: objects) : nil
    for node in nodes.union([node].compactMap { $0 }).sorted()
    where !objects.contains(ReportObject(.node, node)) {
      objects.append(ReportObject(.node, node))
    }
  }
}
