// An audit for people, and for programs.
import Facts
import Foundation

extension AuditReport {
  /// Lines for a terminal or a log, not yet escaped.
  public var text: [String] {
    var lines: [String] = []
    var lastRule: String?
    for finding in findings {
      if finding.rule.id != lastRule { lines += heading(finding.rule) }
      lastRule = finding.rule.id
      lines.append("  \(finding.subject): \(finding.message)")
      lines += finding.evidence.prefix(Self.placeLimit).map { "    at \($0.text)" }
      let rest = finding.evidence.count - Self.placeLimit
      if rest > 0 { lines.append("    … and at \(rest) more places: --format json has them") }
    }
    for result in results where !result.missing.isEmpty {
      lines.append("unknown   \(result.rule.id)  \(result.rule.title)")
      lines += result.missing.prefix(5).map { "  lacks \($0)" }
      if result.missing.count > 5 { lines.append("  … and \(result.missing.count - 5) more") }
    }
    return lines + [summary]
  }

  /// Of one finding; more would push the next one off the screen.
  private static let placeLimit = 5

  private func heading(_ rule: AuditRule) -> [String] {
    let severity = rule.severity.rawValue.uppercased()
    let padded = severity + String(repeating: " ", count: max(1, 10 - severity.count))
    var lines = ["\(padded)\(rule.id)  \(rule.title)", "  why: \(rule.why)", "  fix: \(rule.fix)"]
    if !rule.falsePositives.isEmpty { lines.append("  no finding where: \(rule.falsePositives)") }
    if let seen = results.first(where: { $0.rule.id == rule.id })?.population {
      lines.append("  looked at: \(seen)")
    }
    return lines
  }

  private var summary: String {
    let clean = results.count { $0.verdict == .clean }
    let unknown = results.count { $0.verdict == .unknown }
    return "\(findings.count) finding\(findings.count == 1 ? "" : "s"), \(results.count) rules: "
      + "\(results.count - clean - unknown) with findings, \(clean) clean, \(unknown) unknown"
  }

  /// One JSON object, keys sorted.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let answer = Answer(
      findings: findings.map(Answer.Entry.init), rules: results.map(Answer.Rule.init))
    return JSONText.terminalSafe(String(decoding: try encoder.encode(answer), as: UTF8.self))
  }

  private struct Answer: Encodable {
    var findings: [Entry]
    var rules: [Rule]

    struct Entry: Encodable {
      var rule, title, subject, message, why, fix: String
      var severity: RuleSeverity
      var precision: RulePrecision
      var references: [String]
      var evidence: [FindingPlace]
      init(_ finding: Finding) {
        rule = finding.rule.id
        title = finding.rule.title
        subject = finding.subject
        message = finding.message
        why = finding.rule.why
        fix = finding.rule.fix
        severity = finding.rule.severity
        precision = finding.rule.precision
        references = PublicReference.addresses(finding.rule.references)
        evidence = finding.evidence
      }
    }

    struct Rule: Encodable {
      var id, title: String
      var verdict: RuleResult.Verdict
      var missing: [String]
      /// What the rule looks at, and how many there are.
      var population: String?
      var lookedAt: Int?
      enum CodingKeys: String, CodingKey {
        case id, title, verdict, missing, population
        case lookedAt = "looked_at"
      }
      init(_ result: RuleResult) {
        id = result.rule.id
        title = result.rule.title
        verdict = result.verdict
        missing = result.missing
        population = result.rule.population?.noun
        lookedAt = result.lookedAt
      }
    }
  }
}
