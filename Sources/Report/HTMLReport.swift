// A report as a static site: one page so far, each of its sections made by a file of Page/ and laid
// out by a template of Reports/templates.
import Facts
import LogicalModel
import Mustache

public enum HTMLReport {
  /// The site of `input`. The same input gives the same bytes.
  public static func site(
    _ input: ReportInput, folder: ReportFolder
  ) throws(ReportError) -> Site {
    let traces = TraceSection.values(input)
    let page: PageValue = [
      "title": .text(input.title),
      "policy": .text(policy(style: folder.style)),
      "style": .markup(.empty),
      "tool": .text("Ovsight \(input.toolVersion)"),
      "source": .text(input.source),
      "summary": SummarySection.value(input),
      "findings": FindingsSection.value(input),
      "topology": TopologySection.value(input),
      "traces": .list(traces),
      "has_traces": .flag(!traces.isEmpty),
      "tables": .list(TableSection.values(input)),
      "capture": CaptureSection.value(input),
    ]
    guard var values = page.forMustache as? [String: Any] else { return Site(files: [:]) }
    values["style"] = folder.style
    guard let text = folder.templates.render(values, withTemplate: "page") else {
      throw ReportError("page.mustache", "is missing")
    }
    return Site(files: ["index.html": text])
  }

  /// Nothing from anywhere but the page's own style and its icon.
  static func policy(style: String) -> String {
    "default-src 'none'; style-src 'sha256-\(SHA256.base64(Array(style.utf8)))'; "
      + "img-src data:; base-uri 'none'; form-action 'none'"
  }
}
