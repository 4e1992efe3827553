// What the report rests on: nodes, files, how much of them was understood, and what is missing.
import Facts
import LogicalModel
import NetworkTypes

enum CaptureSection {
  static func value(_ input: ReportInput) -> PageValue {
    let facts = input.facts
    let total = facts.coverage.compactMap { $0 }.reduce(Coverage(), +)
    let ignored = facts.coverage.count { $0 == nil }
    let tables = (try? input.model.show(.gaps, facts: facts)) ?? []
    return [
      "captured": .text(SummarySection.captured(facts)),
      "figures": .list([
        figure(
          "Files", grouped(facts.files.count), ignored > 0 ? "\(ignored) of no known format" : ""),
        figure("Bytes read", grouped(total.totalBytes), ""),
        figure("Records", grouped(total.records), ""),
        figure("Bytes in facts", share(total.factBytes, of: total.totalBytes), ""),
        figure("Bytes lost", grouped(lostBytes(facts)), "every other byte is accounted for"),
        figure("Gaps", grouped(facts.gaps.count), "answers that need them say “unknown”"),
      ]),
      "nodes": .list(facts.nodes.map { node($0, facts) }),
      "tables": .list(tables.map { TableSection.value($0, topic: .gaps) }),
      "notes": .text(notes(facts)),
    ]
  }

  /// Bytes counted twice in one file must not make up for bytes lost in another.
  static func lostBytes(_ facts: CloudFacts) -> Int {
    facts.coverage.reduce(0) { $0 + abs($1?.lostBytes ?? 0) }
  }

  private static func figure(_ name: String, _ value: String, _ remark: String) -> PageValue {
    ["name": .text(name), "value": .text(value), "remark": .text(remark)]
  }

  private static func node(_ node: NodeFacts, _ facts: CloudFacts) -> PageValue {
    let files = facts.files.filter { $0.node == node.name }
    let failed = files.count { $0.command.map { $0.exitCode != 0 } == true }
    return [
      "name": .text(node.name.rawValue),
      "captured": .text(node.capturedAt ?? "unknown"),
      "kernel": .text(node.kernel.records.first?.release ?? "unknown"),
      "switch": .text(node.openVSwitch.version ?? "unknown"),
      "files": .text(grouped(files.count)),
      "bytes": .text(grouped(files.reduce(0) { $0 + $1.sizeBytes })),
      "failed": .text(grouped(failed)),
      "gaps": .text(grouped(facts.gaps.count { $0.node == node.name })),
    ]
  }

  private static func notes(_ facts: CloudFacts) -> String {
    let notes = facts.diagnostics.count { $0.severity == .note }
    return notes == 0 ? "" : "\(count(notes, "remark")) of no consequence to any answer left out."
  }

  /// `1 234 567`, with narrow no-break spaces.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(abs(number)))
    var result = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "\u{202f}" }
      result.append(digit)
    }
    return result
  }

  /// Rounded down to a tenth of a percent: never 100 % while something is missing.
  private static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "none" }
    let tenths = part * 1000 / whole
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
