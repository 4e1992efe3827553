// A page about one thing: what it is, its picture, what belongs to it, what was found about it, and
// the lines of the capture that say so.
import Facts
import LogicalModel

/// A page's contents, made by the files beside this one.
struct ObjectPage {
  var object: ReportObject
  /// `Network`, `Server`.
  var kind: String
  var title: String
  /// The list that it stands in: `networks.html`.
  var section: String
  var facts: [(name: String, value: Markup)] = []
  var figure: Markup?
  var caption = ""
  var tables: [LinkTable] = []
  var evidence: [Evidence] = []

  mutating func add(_ name: String, _ value: Markup) {
    if !value.isEmpty { facts.append((name, value)) }
  }
  mutating func add(_ name: String, _ text: (some CustomStringConvertible)?) {
    if let text = text?.description { add(name, .text(text)) }
  }
  mutating func add(_ name: String, flag: Bool?) { add(name, flag.map { $0 ? "yes" : "no" }) }
}

/// Writes pages of things; what is too much for a page goes on on others.
struct ObjectPageWriter {
  private static let rowLimit = 200
  private static let evidenceLimit = 12

  let site: SiteContext

  func write(_ page: ObjectPage, path: String) throws(ReportError) {
    let tables = page.tables.filter { !$0.rows.isEmpty }.map { $0.pruned() }
    let split = tables.map { $0.split(bytes: 60_000, limit: Self.rowLimit) }
    // The first part of each table, then whatever is left, a part a page.
    let rest = split.flatMap { $0.dropFirst() }
    let names = (0...rest.count).map { Self.name(path, $0) }
    var first = values(page)
    first["tables"] = .list(split.map { .markup($0[0].markup) })
    first["parts"] = PartLinks.value(names, current: 0)
    try write(first, page, names[0], isScripted: page.figure != nil)
    for (index, table) in rest.enumerated() {
      var values = heading(page)
      values["tables"] = .list([.markup(table.markup)])
      values["parts"] = PartLinks.value(names, current: index + 1)
      try write(values, page, names[index + 1], isScripted: false)
    }
  }

  private func write(
    _ values: [String: PageValue], _ page: ObjectPage, _ path: String, isScripted: Bool
  ) throws(ReportError) {
    try site.writer.write(
      path, title: "\(page.kind) \(page.title)", section: page.section, "object",
      .object(values), isScripted: isScripted)
  }

  static func name(_ path: String, _ index: Int) -> String {
    index == 0 ? path : path.dropLast(".html".count) + "-part\(index + 1).html"
  }

  private func heading(_ page: ObjectPage) -> [String: PageValue] {
    ["kind": .text(page.kind), "title": .text(page.title), "id": .text(page.object.id)]
  }

  private func values(_ page: ObjectPage) -> [String: PageValue] {
    let places = page.evidence.reduce(into: [Evidence]()) { list, item in
      if list.count < Self.evidenceLimit, !list.contains(item) { list.append(item) }
    }
    let findings = site.findings(of: page.object)
    let more = findings.count - 50
    return heading(page).merging([
      "has_facts": .flag(!page.facts.isEmpty),
      "facts": .list(
        page.facts.map { ["name": .text($0.name), "value": .markup($0.value)] }),
      "figure": page.figure.map { .markup($0) } ?? .none,
      "caption": .text(page.caption),
      "has_findings": .flag(!findings.isEmpty),
      "findings": .list(findings.prefix(50).map { .markup(site.finding($0)) }),
      "more_findings": .text(more > 0 ? "and \(more) more" : ""),
      "evidence": .list(places.compactMap { site.book.cite($0) }.map { .markup($0) }),
      "has_evidence": .flag(!places.isEmpty),
    ]) { own, _ in own }
  }
}

/// Links to the pages that a list goes on on.
enum PartLinks {
  /// `none` where there is but one.
  static func value(_ names: [String], current: Int) -> PageValue {
    guard names.count > 1 else { return .none }
    return value(
      names.enumerated().map { index, name in
        (path: name, title: "Part \(index + 1)", isCurrent: index == current)
      })
  }

  static func value(_ links: [(path: String, title: String, isCurrent: Bool)]) -> PageValue {
    guard !links.isEmpty else { return .none }
    let items = links.map { link -> PageValue in
      [
        "path": .text(link.path), "title": .text(link.title), "is_current": .flag(link.isCurrent),
      ]
    }
    return ["links": .list(items)]
  }
}
