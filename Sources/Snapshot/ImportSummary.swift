// What an import tells: how much was read, and how much of it was understood.
import Facts
import Formats
import NetworkTypes

/// Counts of an import.
public struct ImportSummary: Sendable {
  public let nodes: [NodeName]
  public let fileCount: Int
  public let byteCount: Int
  /// Facts by the name of their format, sorted.
  public let records: [(format: String, count: Int)]
  /// Bytes of known formats that neither became facts nor a diagnostic.
  public let lostBytes: Int
  public let ignored: [CaptureFile]
  public let diagnostics: [Diagnostic]
  public let gaps: [Gap]
  private let files: [CaptureFile]

  public init(_ facts: CloudFacts) {
    nodes = facts.nodes.map(\.name)
    files = facts.files
    fileCount = facts.files.count
    byteCount = facts.files.reduce(0) { $0 + $1.sizeBytes }
    var counts: [String: Int] = [:]
    for (file, coverage) in zip(facts.files, facts.coverage) {
      guard let coverage, let format = FormatCatalogue.row(for: file) else { continue }
      counts[format.name, default: 0] += coverage.records
    }
    records = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    // Bytes counted twice in one file must not make up for bytes lost in another.
    lostBytes = facts.coverage.reduce(0) { $0 + abs($1?.lostBytes ?? 0) }
    ignored = zip(facts.files, facts.coverage).filter { $0.1 == nil }.map(\.0)
    diagnostics = facts.diagnostics
    gaps = facts.gaps
  }

  /// Lines for a terminal or a log, not yet escaped.
  public func text(isVerbose: Bool) -> [String] {
    let names = nodes.map(\.rawValue).joined(separator: ", ")
    var lines = [
      "nodes        \(nodes.count)  \(names)",
      "files        \(fileCount)  \(byteCount) bytes, \(ignored.count) of unknown format ignored",
      "records      \(records.reduce(0) { $0 + $1.count })",
    ]
    lines += records.map { format, count in "  \(format) \(count)" }
    lines += ["lost bytes   \(lostBytes)", "diagnostics  \(diagnosticCounts)"]
    lines += listed(
      diagnostics.map { "  \($0.severity.rawValue): \($0.rendered(in: files))" }, isVerbose)
    lines.append("gaps         \(gaps.count)")
    lines += listed(gaps.map { "  \($0)" }, isVerbose)
    if isVerbose {
      lines.append("ignored      \(ignored.count)")
      lines += ignored.map { "  \(($0.node.map { "\($0) " } ?? "") + $0.path)" }
    }
    return lines
  }

  private var diagnosticCounts: String {
    let kinds = [Diagnostic.Severity.error, .warning, .note].map { severity in
      let count = diagnostics.count { $0.severity == severity }
      return "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }
    return kinds.joined(separator: ", ")
  }

  /// The first ten, or all of them.
  private func listed(_ lines: [String], _ isVerbose: Bool) -> [String] {
    let limit = 10
    if isVerbose || lines.count <= limit { return lines }
    return lines.prefix(limit) + ["  … and \(lines.count - limit) more; --verbose lists them"]
  }
}
