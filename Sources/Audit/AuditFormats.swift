// An audit for other programs: SARIF for code scanners' dashboards, JUnit for CI, Prometheus for alerts.
import Foundation

extension AuditReport {
  // MARK: SARIF 2.1.0

  public func sarif() throws -> String {
    let rules = results.map { result in
      Sarif.Rule(
        id: result.rule.id, shortDescription: .init(text: result.rule.title),
        fullDescription: .init(text: result.rule.why.isEmpty ? result.rule.title : result.rule.why),
        help: .init(text: result.rule.fix.isEmpty ? "–" : result.rule.fix),
        properties: .init(severity: result.rule.severity.rawValue))
    }
    let found = findings.map { finding in
      Sarif.Result(
        ruleId: finding.rule.id, level: finding.rule.severity.sarifLevel,
        message: .init(text: "\(finding.subject): \(finding.message)"),
        locations: finding.evidence.prefix(1).map(Sarif.Location.init),
        relatedLocations: finding.evidence.dropFirst().map(Sarif.Location.init))
    }
    let log = Sarif(
      schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0",
      runs: [.init(tool: .init(driver: .init(name: "ovsight", rules: rules)), results: found)])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(log), as: UTF8.self)
  }

  // MARK: JUnit

  /// A test suite with a case a rule: findings fail it, what cannot be told is an error.
  public func junit() -> String {
    let failures = results.count { $0.verdict == .findings && $0.rule.severity != .info }
    let errors = results.count { $0.verdict == .unknown }
    var lines = [
      #"<?xml version="1.0" encoding="UTF-8"?>"#,
      #"<testsuite name="ovsight audit" tests="\#(results.count)" failures="\#(failures)" errors="\#(errors)">"#,
    ]
    for result in results {
      let name = xml("\(result.rule.id): \(result.rule.title)")
      lines.append(#"  <testcase classname="\#(result.rule.severity.rawValue)" name="\#(name)">"#)
      if result.rule.severity != .info {
        for finding in result.findings {
          let places = finding.evidence.map(\.text).joined(separator: "\n")
          lines.append(
            #"    <failure message="\#(xml("\(finding.subject): \(finding.message)"))">\#(xml(places))</failure>"#)
        }
      }
      if result.verdict == .unknown {
        lines.append(
          #"    <error message="\#(xml(result.missing.joined(separator: "; ")))"/>"#)
      }
      lines.append("  </testcase>")
    }
    return (lines + ["</testsuite>"]).joined(separator: "\n")
  }

  private func xml(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\n": escaped += "&#10;"
      // XML 1.0 has no other control characters at all.
      case _ where scalar.value < 0x20 || scalar.value == 0x7f || (0xfffe...0xffff).contains(scalar.value):
        escaped += "\u{fffd}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  // MARK: Prometheus

  /// The text format: findings by rule and severity, and rules that could not tell.
  public func prometheus() -> String {
    var lines = [
      "# HELP ovsight_findings Findings of the audit.", "# TYPE ovsight_findings gauge",
    ]
    for result in results {
      lines.append(
        "ovsight_findings{rule=\"\(label(result.rule.id))\",severity=\"\(result.rule.severity.rawValue)\"} \(result.findings.count)")
    }
    lines += [
      "# HELP ovsight_rule_unknown 1 where a rule could not tell.",
      "# TYPE ovsight_rule_unknown gauge",
    ]
    for result in results {
      lines.append(
        "ovsight_rule_unknown{rule=\"\(label(result.rule.id))\"} \(result.verdict == .unknown ? 1 : 0)")
    }
    return lines.joined(separator: "\n")
  }

  private func label(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\"", with: "\\\"")
      .replacingOccurrences(of: "\n", with: "\\n")
  }
}

extension RuleSeverity {
  fileprivate var sarifLevel: String {
    switch self {
    case .critical, .high: "error"
    case .medium, .low: "warning"
    case .info: "note"
    }
  }
}

private struct Sarif: Encodable {
  struct Text: Encodable { let text: String }
  struct Properties: Encodable { let severity: String }
  struct Rule: Encodable {
    let id: String
    let shortDescription, fullDescription, help: Text
    let properties: Properties
  }
  struct Driver: Encodable {
    let name: String
    let rules: [Rule]
  }
  struct Tool: Encodable { let driver: Driver }
  struct Location: Encodable {
    struct Artifact: Encodable { let uri: String }
    struct Region: Encodable { let startLine: Int }
    struct Physical: Encodable {
      let artifactLocation: Artifact
      let region: Region
    }
    let physicalLocation: Physical
    init(_ place: FindingPlace) {
      let path = (place.node.map { $0 + "/" } ?? "") + place.file
      let uri = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
      physicalLocation = Physical(
        artifactLocation: Artifact(uri: uri), region: Region(startLine: max(1, place.line)))
    }
  }
  struct Result: Encodable {
    let ruleId, level: String
    let message: Text
    let locations, relatedLocations: [Location]
  }
  struct Run: Encodable {
    let tool: Tool
    let results: [Result]
  }
  let schema, version: String
  let runs: [Run]
  enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version, runs
  }
}
