// Findings as JUnit's XML: a test case a rule, which fails with each of its findings and is skipped
// where it could not tell. Findings that no rule of the set made are cases of their own.

enum JUnit {
  static func document(_ input: ReportInput) -> String {
    let set = input.findings
    let byRule = Dictionary(grouping: set?.open ?? []) { $0.rule }
    let known = Set((set?.rules ?? []).map(\.id))
    let others = byRule.keys.filter { !known.contains($0) }.sorted()
    let cases =
      (set?.rules ?? []).map { rule in
        testCase(rule.id, rule.title, byRule[rule.id] ?? [], missing: rule.missing)
      }
      + others.map { id in
        testCase(id, byRule[id]?.first?.title ?? id, byRule[id] ?? [], missing: [])
      }
    let skipped = (set?.rules ?? []).count { byRule[$0.id] == nil && !$0.missing.isEmpty }
    let counts = [
      MarkupAttribute("tests", cases.count), MarkupAttribute("failures", byRule.count),
      MarkupAttribute("errors", 0), MarkupAttribute("skipped", skipped),
    ]
    let name = input.source.isEmpty ? input.title : input.source
    let suite = Markup.element("testsuite", [MarkupAttribute("name", name)] + counts, cases)
    let root = Markup.element("testsuites", [MarkupAttribute("name", "Ovsight")] + counts, [suite])
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.rendered + "\n"
  }

  private static func testCase(
    _ id: String, _ title: String, _ findings: [ReportFinding], missing: [String]
  ) -> Markup {
    var children = findings.map { finding in
      Markup.element(
        "failure",
        [
          MarkupAttribute("message", "\(finding.subject): \(finding.message)"),
          MarkupAttribute("type", finding.severity.rawValue),
        ], [.text(words(finding))])
    }
    if findings.isEmpty, !missing.isEmpty {
      let words = "lacks " + missing.prefix(5).joined(separator: "; ")
      children.append(.element("skipped", [MarkupAttribute("message", words)], []))
    }
    return .element(
      "testcase",
      [
        MarkupAttribute("classname", "ovsight.\(id)"), MarkupAttribute("name", title),
        MarkupAttribute("time", 0),
      ], children)
  }

  private static func words(_ finding: ReportFinding) -> String {
    (finding.fix.map { "fix: \($0)" } + finding.evidence.map { "at \($0.text)" })
      .joined(separator: "; ")
  }
}
