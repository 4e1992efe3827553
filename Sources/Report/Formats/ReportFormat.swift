// The report in forms other than pages: findings for terminals, programs and dashboards, the topology
// for drawing tools.

public enum ReportFormat: String, Sendable, CaseIterable {
  case html, text, json, sarif, junit, prometheus, dot, svg

  /// The document of `input`; nil for `html`, which is a folder.
  public func document(
    _ input: ReportInput, folder: ReportFolder
  ) throws(ReportError) -> String? {
    switch self {
    case .html: return nil
    case .text: return FindingsText.document(input)
    case .json: return FindingsJSON.document(input)
    case .sarif: return SARIF.document(input)
    case .junit: return JUnit.document(input)
    case .prometheus: return PrometheusText.document(input)
    case .dot: return TopologyDot.document(input)
    case .svg: return TopologySVG.document(input, folder: folder)
    }
  }
}
