// Puts pages into their frame and hands them on: navigation, policy, style, and the script where a
// page needs it. Pages are told in order and made side by side, some at a time.
import Workers

/// Writes the pages of one report.
final class PageWriter {
  struct Section: Hashable {
    let path: String
    let title: String
    /// Shown smaller, below the others.
    var isList = false
  }

  /// What a page's address must stay below, in bytes; more is split by those who make pages.
  static let pageLimit = 300_000

  let folder: ReportFolder
  private let input: ReportInput
  private let sections: [Section]
  private let style: String
  private let scriptPolicy: String
  private let plainPolicy: String
  private var frames: [String: PageFrame] = [:]
  /// Told and not made yet.
  private var pending: [PendingPage] = []
  /// Enough to share out, and few enough to hold.
  private static let batch = 256
  private let emit: (String, String) throws(ReportError) -> Void

  init(
    _ input: ReportInput, folder: ReportFolder, sections: [Section],
    emit: @escaping (String, String) throws(ReportError) -> Void
  ) {
    self.input = input
    self.folder = folder
    self.sections = sections
    self.emit = emit
    // By its contents, so that no browser shows an old style with new pages.
    let digest = SHA256.digest(Array(folder.style.utf8)).prefix(6)
    style = "style-" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + ".css"
    scriptPolicy = Self.policy(script: folder.script)
    plainPolicy = Self.policy(script: nil)
  }

  /// Nothing from anywhere but the folder's style; no script but the one that is named by its hash.
  /// `file:` is for browsers to which a page on disk has no self; pages from a server may not use it.
  static func policy(script: String?) -> String {
    let source = script.map { "'sha256-\(SHA256.base64(Array($0.utf8)))'" } ?? "'none'"
    return "default-src 'none'; script-src \(source); style-src 'self' file:; img-src data:; "
      + "base-uri 'none'; form-action 'none'"
  }

  func writeStyle() throws(ReportError) { try emit(style, folder.style) }

  /// A page of `template`, filled with `values`; `section` is the path of the section that it belongs
  /// to. Pages are made some at a time: who has told the last calls `finish`.
  func write(
    _ path: String, title: String, section: String, _ template: String, _ values: PageValue,
    isScripted: Bool = false
  ) throws(ReportError) {
    pending.append(
      PendingPage(
        path: path, title: title == input.title ? title : "\(title) – \(input.title)",
        frame: try frame(section: section, isScripted: isScripted), template: template,
        values: values))
    if pending.count >= Self.batch { try finish() }
  }

  /// Makes and hands on what was told, in its order.
  func finish() throws(ReportError) {
    let pages = Workers.map(pending) { [folder] in $0.made(with: folder) }
    for (page, text) in zip(pending, pages) { try emit(page.path, text.get()) }
    pending = []
  }

  /// Made once for the pages of a section: it is the same around all of them.
  private func frame(section: String, isScripted: Bool) throws(ReportError) -> PageFrame {
    let key = isScripted ? section : "\(section) plain"
    if let known = frames[key] { return known }
    let values: PageValue = [
      "title": .text(PageFrame.title),
      "policy": .text(isScripted ? scriptPolicy : plainPolicy),
      "style": .text(style),
      "tool": .text("Ovsight \(input.toolVersion)"),
      "report": .text(input.title),
      "sections": .list(sections.map { value($0, current: section) }),
      "script": isScripted ? .html(RenderedHTML(scriptOf: folder)) : .none,
      "body": .text(PageFrame.body),
    ]
    let frame = PageFrame(try RenderedHTML("page", values, of: folder))
    frames[key] = frame
    return frame
  }

  private func value(_ section: Section, current: String) -> PageValue {
    [
      "path": .text(section.path), "title": .text(section.title),
      "is_list": .flag(section.isList), "is_current": .flag(section.path == current),
    ]
  }
}

/// A page of which everything is known.
private struct PendingPage: Sendable {
  let path: String
  let title: String
  let frame: PageFrame
  let template: String
  let values: PageValue

  func made(with folder: ReportFolder) -> Result<String, ReportError> {
    do {
      let body = try RenderedHTML(template, values, of: folder)
      return .success(frame.page(title: HTMLText.escaped(title), body: body))
    } catch {
      return .failure(error)
    }
  }
}
