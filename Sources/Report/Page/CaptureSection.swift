// What the report rests on: nodes, files, how much of them was understood, and what is missing.
import Facts
import LogicalModel
import NetworkTypes

enum CaptureSection {
  static func value(_ site: SiteContext) -> PageValue {
    let facts = site.input.facts
    let total = facts.coverage.compactMap { $0 }.reduce(Coverage(), +)
    let ignored = facts.coverage.count { $0 == nil }
    return [
      "captured": .text(site.input.capturedAt),
      "figures": .list([
        figure(
          "Files", grouped(facts.files.count), ignored > 0 ? "\(ignored) of no known format" : ""),
        figure("Bytes read", grouped(total.totalBytes), ""),
        figure("Records", grouped(total.records), ""),
        figure("Bytes in facts", share(total.factBytes, of: total.totalBytes), ""),
        figure("Bytes lost", grouped(lostBytes(facts)), "every other byte is accounted for"),
        figure("Gaps", grouped(facts.gaps.count), "answers that need them say “unknown”"),
      ]),
      "notes": .text(notes(facts)),
    ]
  }

  /// Nodes, gaps, and what was not understood.
  static func tables(_ site: SiteContext) -> [LinkTable] {
    let facts = site.input.facts
    return [
      LinkTable(
        id: "captured-nodes", caption: "Captured nodes",
        columns: [
          .init("Node"), .init("Captured at", isTechnical: true),
          .init("Kernel", isTechnical: true), .init("Open vSwitch", isTechnical: true),
          .init("Files", isNumeric: true), .init("Bytes", isNumeric: true),
          .init("Commands failed", isNumeric: true), .init("Gaps", isNumeric: true),
        ], rows: nodes(site)),
      LinkTable(
        id: "gaps", caption: "Gaps",
        columns: [.init("Node"), .init("File", isTechnical: true), .init("Reason")],
        rows: facts.gaps.map { gap in
          [
            gap.node.map { site.map.link($0) } ?? .text("Neutron API"), .text(gap.path),
            .text(gap.reason),
          ]
        }),
      LinkTable(
        id: "diagnostics", caption: "Not understood",
        columns: [
          .init("Place"), .init("Severity"), .init("What"), .init("Code", isTechnical: true),
        ],
        rows: facts.diagnostics.filter { $0.severity > .note }.map { item in
          [
            site.book.cite(item.evidence) ?? .text("unknown place"),
            .text(item.severity.rawValue), .text(item.message), .text(item.id),
          ]
        }),
    ]
  }

  /// Bytes counted twice in one file must not make up for bytes lost in another.
  static func lostBytes(_ facts: CloudFacts) -> Int {
    facts.coverage.reduce(0) { $0 + abs($1?.lostBytes ?? 0) }
  }

  private static func figure(_ name: String, _ value: String, _ remark: String) -> PageValue {
    ["name": .text(name), "value": .text(value), "remark": .text(remark)]
  }

  private static func nodes(_ site: SiteContext) -> [[Markup]] {
    let facts = site.input.facts
    let files = Dictionary(grouping: facts.files) { $0.node }
    let gaps = Dictionary(grouping: facts.gaps) { $0.node }
    return facts.nodes.map { node in
      let own = files[node.name] ?? []
      let failed = own.count { $0.command.map { $0.exitCode != 0 } == true }
      return [
        site.map.link(node.name), .text(node.capturedAt ?? "unknown"),
        .text(node.kernel.records.first?.release ?? "unknown"),
        .text(node.openVSwitch.version ?? "unknown"), .text(grouped(own.count)),
        .text(grouped(own.reduce(0) { $0 + $1.sizeBytes })), .text(grouped(failed)),
        .text(grouped(gaps[node.name]?.count ?? 0)),
      ]
    }
  }

  private static func notes(_ facts: CloudFacts) -> String {
    let notes = facts.diagnostics.count { $0.severity == .note }
    return notes == 0 ? "" : "\(count(notes, "remark")) of no consequence to any answer left out."
  }

  /// Rounded down to a tenth of a percent: never 100 % while something is missing.
  private static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "none" }
    let tenths = part * 1000 / whole
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
