// `show gaps`: what the capture lacks, and what of it could not be read.
import Facts
import NetworkTypes

extension CloudModel {
  func gapTables(_ selection: Selection, _ facts: CloudFacts) -> [TextTable] {
    var gaps = TextTable(
      "Gaps", columns: [TableColumn("Node"), TableColumn("File"), TableColumn("Reason")])
    for gap in facts.gaps where isShown(gap.node, selection) {
      gaps.add([TableCell(gap.node), .text(gap.path), .text(gap.reason)])
    }
    gaps.notes = [
      gaps.rows.isEmpty
        ? "nothing that answers depend on is missing"
        : "an answer that depends on one of these says 'unknown'"
    ]
    return [gaps, diagnosticTable(selection, facts)]
  }

  private func isShown(_ node: NodeName?, _ selection: Selection) -> Bool {
    selection.isEverything || node.map { selection.has(.node($0)) } == true
  }

  /// Warnings and errors; notes have no consequence.
  private func diagnosticTable(_ selection: Selection, _ facts: CloudFacts) -> TextTable {
    var table = TextTable(
      "Not understood", key: "diagnostics",
      columns: [
        TableColumn("Severity"), TableColumn("Node"), TableColumn("Place"),
        TableColumn("Message"), TableColumn("ID"),
      ])
    for diagnostic in facts.diagnostics where diagnostic.severity > .note {
      let file = facts.file(diagnostic.evidence.file)
      guard isShown(file?.node, selection) else { continue }
      table.add([
        .text(diagnostic.severity.rawValue), TableCell(file?.node),
        .text("\(file?.path ?? "?"):\(diagnostic.evidence.line)"), .text(diagnostic.message),
        .text(diagnostic.id),
      ])
    }
    return table
  }
}
