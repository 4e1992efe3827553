// What the rules found, a card a rule, the gravest first, and which rules could not tell.
import Audit

enum FindingsSection {
  /// More cases of one rule are a list nobody reads; the rest is counted and `ovsight audit` has it.
  static let caseLimit = 50
  private static let placeLimit = 8

  static func value(_ input: ReportInput) -> PageValue {
    guard let audit = input.audit else { return ["was_run": false] }
    let open = audit.results.filter { $0.verdict == .unknown }
    return [
      "was_run": true,
      "silence": .text(silence(audit)),
      "is_empty": .flag(audit.findings.isEmpty),
      "has_open": .flag(!open.isEmpty),
      "cards": .list(cards(audit.findings).enumerated().map { card($1, number: $0 + 1) }),
      "open": .list(open.map(value)),
    ]
  }

  private static func silence(_ audit: AuditReport) -> String {
    let words = SummarySection.silence(audit)
    return words.prefix(1).uppercased() + words.dropFirst() + "."
  }

  /// Findings come sorted by rule.
  private static func cards(_ findings: [Finding]) -> [[Finding]] {
    findings.reduce(into: []) { cards, finding in
      if cards.last?.first?.rule.id == finding.rule.id {
        cards[cards.count - 1].append(finding)
      } else {
        cards.append([finding])
      }
    }
  }

  private static func card(_ findings: [Finding], number: Int) -> PageValue {
    guard let rule = findings.first?.rule else { return .none }
    let hidden = findings.count - caseLimit
    return [
      "anchor": .text("finding-\(number)"),
      "severity": .text(rule.severity.rawValue),
      "icon": .markup(Icon.severity(rule.severity.rawValue)),
      "rule": .text(rule.id), "title": .text(rule.title),
      "tally": .text(findings.count > 1 ? "\(findings.count)" : ""),
      "why": .text(rule.why), "fix": .text(rule.fix),
      "has_references": .flag(!rule.references.isEmpty),
      "references": .list(rule.references.map { .text($0) }),
      "cases": .list(findings.prefix(caseLimit).map(value)),
      "more": .text(hidden > 0 ? "\(hidden) more: ovsight audit SNAPSHOT" : ""),
    ]
  }

  private static func value(_ finding: Finding) -> PageValue {
    let hidden = finding.evidence.count - placeLimit
    return [
      "subject": .text(finding.subject), "message": .text(finding.message),
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
