// Findings as one JSON object; `Reports/findings.schema.json` is its schema.
import Audit
import Facts

enum FindingsJSON {
  static func document(_ input: ReportInput) -> String {
    let set = input.findings
    return JSONText.object([
      .init("version", .number(1)), .init("tool", .string("Ovsight")),
      .init("tool_version", .string(input.toolVersion)), .init("title", .string(input.title)),
      .init("source", .string(input.source)), .init("captured_at", .string(input.capturedAt)),
      .init("summary", .string(SummarySection.sentence(input))),
      .init("was_run", .bool(set != nil)), .init("left_out", text(set?.leftOut ?? "")),
      .init("findings", .array((set?.findings ?? []).map(value))),
      .init("rules", .array((set?.rules ?? []).map(value))),
      .init(
        "gaps",
        .array(
          input.facts.gaps.map { gap in
            .object([
              .init("node", .optional(gap.node?.rawValue)), .init("file", .string(gap.path)),
              .init("reason", .string(gap.reason)),
            ])
          })),
    ]).rendered + "\n"
  }

  private static func text(_ text: String) -> JSONText { text.isEmpty ? .null : .string(text) }

  private static func value(_ finding: ReportFinding) -> JSONText {
    return .object([
      .init("rule", .string(finding.rule)), .init("title", .string(finding.title)),
      .init("severity", .string(finding.severity.rawValue)),
      .init("subject", .string(finding.subject)), .init("message", .string(finding.message)),
      .init("node", .optional(finding.node)), .init("who", text(finding.who)),
      .init("whom", text(finding.whom)), .init("packets", text(finding.packets)),
      .init("why", .string(finding.why)), .init("fix", .strings(finding.fix)),
      .init("proof", text(finding.proof)),
      .init("references", .strings(PublicReference.addresses(finding.references))),
      .init("evidence", .array(finding.evidence.map(value))),
      .init(
        "objects",
        .array(
          finding.objects.map {
            .object([.init("kind", .string($0.kind.rawValue)), .init("id", .string($0.id))])
          })),
      .init(
        "waiver",
        finding.waiver.map {
          .object([.init("reason", .string($0.reason)), .init("until", .optional($0.until))])
        } ?? .null),
    ])
  }

  private static func value(_ place: ReportPlace) -> JSONText {
    .object([
      .init("node", .optional(place.node)), .init("file", .string(place.file)),
      .init("line", .number(place.line)),
    ])
  }

  private static func value(_ rule: FindingSet.Rule) -> JSONText {
    .object([
      .init("id", .string(rule.id)), .init("title", .string(rule.title)),
      .init("severity", .string(rule.severity.rawValue)),
      .init("verdict", .string(rule.verdict.rawValue)), .init("missing", .strings(rule.missing)),
      .init("looked_at", .string(rule.lookedAt)),
    ])
  }
}
