// Findings for a terminal. Names are anyone's: control characters are shown, not sent.
import Facts
import LogicalModel

enum FindingsText {
  static func document(_ input: ReportInput) -> String {
    var lines = [input.title, SummarySection.sentence(input)]
    for finding in input.findings?.findings ?? [] {
      lines.append("")
      lines += Self.lines(finding)
    }
    if let text = input.findings?.leftOut, !text.isEmpty { lines += ["", text] }
    lines += (input.findings?.waiverNotes ?? []).flatMap { ["", $0] }
    for rule in input.findings?.rules ?? [] where !rule.missing.isEmpty {
      lines.append("")
      lines.append("unknown   \(rule.title) [\(rule.id)]")
      lines += rule.missing.prefix(5).map { "  lacks \($0)" }
      if rule.missing.count > 5 { lines.append("  and \(rule.missing.count - 5) more") }
    }
    return lines.map { TerminalText.escaped($0) }.joined(separator: "\n") + "\n"
  }

  private static func lines(_ finding: ReportFinding) -> [String] {
    let severity = finding.severity.rawValue.uppercased()
    let padding = String(repeating: " ", count: max(1, 10 - severity.count))
    var lines = [
      "\(severity)\(padding)\(finding.title) [\(finding.rule)]",
      "  \(finding.subject): \(finding.message)",
    ]
    func add(_ name: String, _ text: String) {
      if !text.isEmpty { lines.append("  \(name): \(text)") }
    }
    if let waiver = finding.waiver {
      add("waived", waiver.reason + (waiver.until.map { ", until \($0)" } ?? ""))
    }
    add("node", finding.node ?? "")
    add("who", finding.who)
    add("whom", finding.whom)
    add("packets", finding.packets)
    add("why", finding.why)
    for step in finding.fix { add("fix", step) }
    add("tried", finding.proof)
    return lines + finding.evidence.map { "  at \($0.text)" }
  }
}
