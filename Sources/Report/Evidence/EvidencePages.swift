// The cited lines of captures, each with the lines around it: what an auditor checks.
import Facts

struct EvidencePages {
  private static let context = 3
  private static let contextWidth = 300
  private static let citedWidth = 1_400
  /// Beside a part of a long line.
  private static let margin = 120

  let book: EvidenceBook
  let map: SiteMap

  /// Path, title and contents of each page.
  func write(_ writer: PageWriter) throws(ReportError) {
    for (file, pages) in book.cited.sorted(by: { $0.key < $1.key }) {
      guard let description = book.file(file) else { continue }
      for (page, places) in pages.sorted(by: { $0.key < $1.key }) {
        let title =
          (description.node.map { "\($0) " } ?? "") + description.path
        try writer.write(
          "evidence-\(page).html", title: title, section: "capture.html", "evidence",
          [
            "title": .text(title),
            "node": .markup(map.link(description.node)),
            "path": .text(description.path),
            "command": .text(description.command?.commandLine ?? ""),
            "size": .text(grouped(description.sizeBytes)),
            "excerpts": .list(excerpts(places.sorted(), file)),
          ])
      }
    }
  }

  private func excerpts(_ places: [EvidenceBook.Place], _ file: CaptureFileID) -> [PageValue] {
    let parts = places.filter(\.isPart).map { part($0, file) }
    return runs(places.filter { !$0.isPart }.map(\.line), file).map { run($0, file) } + parts
  }

  // MARK: whole lines

  /// Cited lines whose surroundings touch stand together.
  private func runs(_ cited: [Int], _ file: CaptureFileID) -> [(lines: [Int], cited: Set<Int>)] {
    var runs: [(lines: [Int], cited: Set<Int>)] = []
    for line in cited {
      let around = (line - Self.context...line + Self.context)
        .filter { book.range(of: $0, in: file) != nil }
      if let last = runs.last?.lines.last, let first = around.first, first <= last + 1 {
        runs[runs.count - 1].lines += around.filter { $0 > last }
        runs[runs.count - 1].cited.insert(line)
      } else {
        runs.append((lines: around, cited: [line]))
      }
    }
    return runs
  }

  private func run(_ run: (lines: [Int], cited: Set<Int>), _ file: CaptureFileID) -> PageValue {
    let lines = run.lines.map { number -> Markup in
      let isCited = run.cited.contains(number)
      let text = book.range(of: number, in: file).map { book.text($0, in: file) } ?? ""
      return line(number, text, isCited: isCited, anchor: isCited ? "L\(number)" : nil)
    }
    return ["lines": .markup(.group(lines)), "label": .text("lines")]
  }

  private func line(
    _ number: Int, _ text: String, isCited: Bool, anchor: String?
  ) -> Markup {
    let limit = isCited ? Self.citedWidth : Self.contextWidth
    let shown: String = text.count > limit ? text.prefix(limit) + " …" : text
    return .tag(
      "div", isCited ? "line cited" : "line", anchor.map { [MarkupAttribute("id", $0)] } ?? [],
      [
        .tag("span", "line-number", text: "\(number)"),
        .tag(
          "code", "",
          [], isCited ? [.tag("mark", text: shown)] : [.text(shown)]),
      ])
  }

  // MARK: parts of long lines

  private func part(_ place: EvidenceBook.Place, _ file: CaptureFileID) -> PageValue {
    let whole = book.range(of: place.line, in: file) ?? place.start..<place.end
    let end = min(place.end, place.start + Self.citedWidth)
    let before = max(whole.lowerBound, place.start - Self.margin)..<place.start
    let after = end..<max(end, min(whole.upperBound, end + Self.margin))
    let body: [Markup] = [
      .text((before.lowerBound > whole.lowerBound ? "… " : "") + book.text(before, in: file)),
      .tag("mark", text: book.text(place.start..<end, in: file)),
      .text(
        (end < place.end ? " … " : "") + book.text(after, in: file)
          + (after.upperBound < whole.upperBound ? " …" : "")),
    ]
    let line = Markup.tag(
      "div", "line cited", [MarkupAttribute("id", place.anchor)],
      [.tag("span", "line-number", text: "\(place.line)"), .tag("code", "", [], body)])
    return [
      "lines": .markup(line),
      "label": .text("line \(place.line), from byte \(grouped(place.start - whole.lowerBound))"),
    ]
  }
}
