// What the rules found, the gravest first, and which rules could not tell.
import Audit

enum FindingsSection {
  /// More on one page are a list nobody reads; the rest is counted and `ovsight audit` has it.
  static let limit = 200
  private static let placeLimit = 8

  static func value(_ input: ReportInput) -> PageValue {
    guard let audit = input.audit else { return ["was_run": false] }
    let findings = audit.findings
    let open = audit.results.filter { $0.verdict == .unknown }
    let hidden = max(0, findings.count - limit)
    return [
      "was_run": true,
      "count": .text("\(findings.count)"),
      "rules": .text(count(audit.results.count, "rule")),
      "is_empty": .flag(findings.isEmpty),
      "has_open": .flag(!open.isEmpty),
      "items": .list(findings.prefix(limit).enumerated().map { value($1, number: $0 + 1) }),
      "more": .text(hidden == 0 ? "" : "\(hidden) more: ovsight audit SNAPSHOT"),
      "open": .list(open.map(value)),
    ]
  }

  private static func value(_ finding: Finding, number: Int) -> PageValue {
    let rule = finding.rule
    let hidden = finding.evidence.count - placeLimit
    return [
      "anchor": .text("finding-\(number)"),
      "severity": .text(rule.severity.rawValue),
      "icon": .markup(Icon.severity(rule.severity.rawValue)),
      "rule": .text(rule.id), "title": .text(rule.title),
      "subject": .text(finding.subject), "message": .text(finding.message),
      "why": .text(rule.why), "fix": .text(rule.fix),
      "has_references": .flag(!rule.references.isEmpty),
      "references": .list(rule.references.map { .text($0) }),
      "places": .list(finding.evidence.prefix(placeLimit).map { .text($0.text) }),
      "more_places": .text(hidden > 0 ? "and \(hidden) more places" : ""),
    ]
  }

  private static func value(_ result: RuleResult) -> PageValue {
    let hidden = result.missing.count - placeLimit
    return [
      "rule": .text(result.rule.id), "title": .text(result.rule.title),
      "missing": .list(result.missing.prefix(placeLimit).map { .text($0) }),
      "more": .text(hidden > 0 ? "and \(hidden) more" : ""),
    ]
  }
}
