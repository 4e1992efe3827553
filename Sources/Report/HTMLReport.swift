// A report as a static site: which pages there are, in which order they are made. What a page holds
// is said by the files of Page/ and Objects/, how it looks by the templates of Reports/.
import Facts
import LogicalModel

public enum HTMLReport {
  /// The site of `input`. The same input gives the same bytes.
  public static func site(
    _ input: ReportInput, folder: ReportFolder
  ) throws(ReportError) -> Site {
    var files: [String: String] = [:]
    try make(input, folder: folder) { path, text in files[path] = text }
    return Site(files: files)
  }

  /// Writes the site page by page, so that a large one need not fit in memory.
  public static func write(
    _ input: ReportInput, folder: ReportFolder, to path: String
  ) throws(ReportError) {
    let target = try SiteFolder(path)
    try make(input, folder: folder) { name, text throws(ReportError) in
      try target.write(name, text)
    }
    try target.finish()
  }

  private static func make(
    _ input: ReportInput, folder: ReportFolder,
    emit: @escaping (String, String) throws(ReportError) -> Void
  ) throws(ReportError) {
    let writer = PageWriter(input, folder: folder, sections: sections(input), emit: emit)
    try SiteBuilder(SiteContext(input, writer: writer)).write()
  }

  private static func sections(_ input: ReportInput) -> [PageWriter.Section] {
    var sections: [PageWriter.Section] = [
      .init(path: "index.html", title: "Summary"),
      .init(path: "findings.html", title: "Findings"),
      .init(path: "tenants.html", title: "Tenants"),
      .init(path: "topology.html", title: "Topology"),
    ]
    if !input.traces.isEmpty || !input.diagnoses.isEmpty {
      sections.append(.init(path: "traces.html", title: "Traces and why"))
    }
    if input.changes != nil { sections.append(.init(path: "changes.html", title: "Changes")) }
    sections += ["Networks", "Routers", "EIPs", "Nodes", "VMs", "Ports"].map { name in
      .init(path: "\(name.lowercased()).html", title: name, isList: true)
    }
    return sections + [
      .init(path: "capture.html", title: "Capture"), .init(path: "search.html", title: "Search"),
    ]
  }
}
