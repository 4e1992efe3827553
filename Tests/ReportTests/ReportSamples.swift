// What others plug into a report, with one word in every field.
import Audit

@testable import Report

enum ReportSamples {
  static func findings(_ word: String) -> FindingSet {
    var finding = ReportFinding(
      rule: word, title: word, severity: .high, subject: word, message: word)
    finding.node = word
    finding.who = word
    finding.whom = word
    finding.packets = word
    finding.why = word
    finding.fix = [word]
    finding.proof = word
    finding.references = [word]
    finding.evidence = [
      ReportPlace(node: word, file: word, line: 1),
      ReportPlace(node: "cmp1", file: "root/iptables-save_-c.txt", line: 12),
      ReportPlace(node: "cmp1", file: "root/ip_-d_-j_link.json", line: 1, bytes: 300..<340),
    ]
    finding.objects = [ReportObject(.node, "cmp1"), ReportObject(.server, word)]
    finding.trace = 0
    var waived = finding
    waived.subject = word + " too"
    waived.waiver = ReportWaiver(reason: word, until: word)
    let rules = [
      FindingSet.Rule(id: "clean", title: word, severity: .low, verdict: .clean),
      FindingSet.Rule(
        id: word, title: word, severity: .high, why: word, fix: word, references: [word],
        verdict: .findings),
      FindingSet.Rule(
        id: "open", title: word, severity: .low, verdict: .unknown, missing: [word]),
    ]
    return FindingSet(rules: rules, findings: [finding, waived])
  }

  static func diagnosis(_ word: String) -> ReportDiagnosis {
    var diagnosis = ReportDiagnosis(
      question: word, standing: .bad, answer: word,
      causes: [
        .init(
          code: word, text: word, evidence: [ReportPlace(node: word, file: word, line: 1)],
          objects: [ReportObject(.node, "cmp1")])
      ],
      remedies: [.init(text: word, commands: [word], node: word, proof: word)],
      assumptions: [word], trace: 0)
    diagnosis.legs = [.init(name: word, standing: .good, text: word)]
    return diagnosis
  }

  static func changes(_ word: String) -> ReportChanges {
    ReportChanges(
      from: word,
      changes: [
        .init(category: word, node: word, subject: word, before: word, after: nil),
        .init(category: word, node: "cmp1", subject: word, before: word, after: word + "2"),
      ], unknown: [word])
  }

  static func tenancy(_ word: String) -> TenantMatrix {
    TenantMatrix(
      tenants: [word, "other"],
      cells: [
        .init(from: word, to: "other", verdict: .leak, text: word, trace: 0),
        .init(from: "other", to: word, verdict: .unknown, text: word),
      ], remarks: [word])
  }
}
