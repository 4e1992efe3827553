// Findings as a Prometheus textfile for node_exporter's collector, for alerts and boards.
import Audit
import Facts
import LogicalModel

enum PrometheusText {
  static func document(_ input: ReportInput) -> String {
    var lines: [String] = []
    func metric(
      _ name: String, _ help: String, _ samples: [(labels: [(String, String)], value: Int)]
    ) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge"]
      lines += samples.map { sample in
        let labels = sample.labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
        return name + (labels.isEmpty ? "" : "{\(labels)}") + " \(sample.value)"
      }
    }
    let source = ("source", input.source)
    let set = input.findings
    metric("ovsight_rules_run", "Whether rules were run.", [([source], set == nil ? 0 : 1)])
    metric(
      "ovsight_findings", "Findings that nobody has waived, by severity.",
      RuleSeverity.allCases.map { severity in
        (
          [source, ("severity", severity.rawValue)],
          set?.open.count { $0.severity == severity } ?? 0
        )
      })
    metric(
      "ovsight_findings_waived", "Findings that somebody has waived.",
      [([source], (set?.findings.count ?? 0) - (set?.open.count ?? 0))])
    let byRule = Dictionary(grouping: set?.open ?? []) { $0.rule }
    let rules = Set((set?.rules ?? []).map(\.id)).union(byRule.keys).sorted()
    metric(
      "ovsight_rule_findings", "Findings that nobody has waived, by rule.",
      rules.map { ([source, ("rule", $0)], byRule[$0]?.count ?? 0) })
    metric(
      "ovsight_rule_unknown", "Whether the capture lacks something that the rule needs.",
      (set?.rules ?? []).map { ([source, ("rule", $0.id)], $0.missing.isEmpty ? 0 : 1) })
    metric(
      "ovsight_capture_nodes", "Captured nodes.", [([source], input.facts.nodes.count)])
    metric("ovsight_capture_gaps", "Gaps of the capture.", [([source], input.facts.gaps.count)])
    return lines.joined(separator: "\n") + "\n"
  }

  /// A label's value: control characters shown, then what the exposition format escapes.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in TerminalText.escaped(text).unicodeScalars {
      if scalar == "\\" || scalar == "\"" { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
