// What an import tells: how much was read, and how much of it was understood.
import Facts
import Formats
import NetworkTypes

/// Counts of an import, added up part by part.
public struct ImportSummary: Sendable {
  public private(set) var nodes: [NodeName] = []
  public private(set) var fileCount = 0
  public private(set) var byteCount = 0
  /// Bytes of known formats that neither became facts nor a diagnostic.
  public private(set) var lostBytes = 0
  public private(set) var ignored: [CaptureFile] = []
  public private(set) var diagnostics: [Diagnostic] = []
  /// Sorted when all parts are there.
  public private(set) var gaps: [Gap] = []
  /// Those that could not be read are among the gaps.
  private(set) var unreadable: [Gap] = []
  /// When nodes were captured, as their own clocks say.
  private(set) var captureTimes: [String] = []
  private var counts: [String: Int] = [:]
  /// Files that diagnostics are about.
  private var files: [CaptureFileID: CaptureFile] = [:]

  init() {}

  public init(_ facts: CloudFacts) {
    add(facts, unreadable: [])
    finish()
  }

  /// Facts by the name of their format, sorted.
  public var records: [(format: String, count: Int)] {
    counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Adds a part of the capture whose files follow those of all parts before.
  mutating func add(_ facts: CloudFacts, unreadable: [Gap]) {
    for (index, file) in facts.files.enumerated() {
      byteCount += file.sizeBytes
      guard let coverage = facts.coverage[index] else {
        ignored.append(file)
        continue
      }
      // Bytes counted twice in one file must not make up for bytes lost in another.
      lostBytes += abs(coverage.lostBytes)
      if let format = facts.formatNames[index] { counts[format, default: 0] += coverage.records }
    }
    for diagnostic in facts.diagnostics {
      let numbered = diagnostic.numbered(from: fileCount)
      files[numbered.evidence.file] = facts.file(diagnostic.evidence.file)
      diagnostics.append(numbered)
    }
    fileCount += facts.files.count
    nodes += facts.nodes.map(\.name)
    captureTimes += facts.nodes.compactMap(\.capturedAt)
    gaps += facts.gaps
    self.unreadable += unreadable
  }

  mutating func finish() { gaps = Array(Set(gaps)).sorted() }

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
      diagnostics.map { "  \($0.severity.rawValue): \($0.rendered(in: files[$0.evidence.file]))" },
      isVerbose)
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
