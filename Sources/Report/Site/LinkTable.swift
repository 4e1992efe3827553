// A table of a page: cells are markup, so that they may hold links. The script makes tables sortable
// and searchable; without it they read the same.

struct LinkTable {
  struct Column {
    let title: String
    var isNumeric = false
    /// Compared letter by letter: addresses, ids, devices.
    var isTechnical = false
    init(_ title: String, isNumeric: Bool = false, isTechnical: Bool = false) {
      self.title = title
      self.isNumeric = isNumeric
      self.isTechnical = isTechnical
    }
  }
  /// Unique on its page.
  var id: String
  var caption: String
  var columns: [Column]
  var rows: [[Markup]]
  /// Ids of rows, where something links to them.
  var rowIDs: [String] = []
  var notes: [String] = []
  /// Too short to be searched.
  var isPlain = false
  /// Values that a reader may pick, of one column: severities.
  var choices: (column: Int, values: [String])?

  /// Columns without a word are left out.
  func pruned() -> LinkTable {
    let used = columns.indices.filter { column in rows.contains { !$0[column].isEmpty } }
    guard !rows.isEmpty, used.count < columns.count, choices == nil else { return self }
    var result = self
    result.columns = used.map { columns[$0] }
    result.rows = rows.map { row in used.map { row[$0] } }
    return result
  }

  /// The tables that it becomes where one page would be too large: at most `bytes` and `limit` rows.
  func split(bytes: Int = 200_000, limit: Int = 500) -> [LinkTable] {
    var parts: [LinkTable] = []
    var start = 0
    var size = 0
    let frozen = rows.map { Markup.rendered(RenderedHTML(Markup.group(cells($0)))) }
    for (index, row) in frozen.enumerated() {
      let length = row.byteCount
      if index > start, size + length > bytes || index - start >= limit {
        parts.append(part(start..<index))
        (start, size) = (index, 0)
      }
      size += length
    }
    parts.append(part(start..<rows.count))
    return parts
  }

  private func part(_ range: Range<Int>) -> LinkTable {
    var part = self
    part.rows = Array(rows[range])
    if !rowIDs.isEmpty { part.rowIDs = Array(rowIDs[range]) }
    return part
  }

  // MARK: markup

  var markup: Markup {
    guard !rows.isEmpty else {
      return .group([.tag("p", "empty", text: "\(caption): none.")] + notesMarkup)
    }
    let head = Markup.tag(
      "thead", "", [], [.tag("tr", "", [], columns.map(heading))])
    let body = Markup.tag("tbody", "", [], rows.enumerated().map { row($0.offset, $0.element) })
    let table = Markup.tag(
      "table", "", [MarkupAttribute("id", id)],
      [.tag("caption", text: caption), head, body])
    let canvas = Markup.tag(
      "div", "canvas table",
      [
        MarkupAttribute("role", "region"), MarkupAttribute("tabindex", 0),
        MarkupAttribute("aria-label", "\(caption), scrolls sideways"),
      ], [table])
    return .group((isPlain || rows.count < 8 ? [] : [tools]) + [canvas] + notesMarkup)
  }

  /// Filled and shown by the script.
  private var tools: Markup {
    var attributes = [
      MarkupAttribute("data-table", id), MarkupAttribute("hidden", "hidden"),
    ]
    if let choices {
      attributes.append(MarkupAttribute("data-column", choices.column))
      attributes.append(MarkupAttribute("data-values", choices.values.joined(separator: " ")))
    }
    return .tag("div", "tools", attributes)
  }

  private var notesMarkup: [Markup] { notes.map { .tag("p", "note", text: $0) } }

  private func heading(_ column: Column) -> Markup {
    .tag(
      "th", column.isNumeric ? "number" : "", [MarkupAttribute("scope", "col")],
      [.text(column.title)])
  }

  private func row(_ index: Int, _ row: [Markup]) -> Markup {
    let id = rowIDs.indices.contains(index) ? [MarkupAttribute("id", rowIDs[index])] : []
    return .tag("tr", "", id, cells(row))
  }

  private func cells(_ row: [Markup]) -> [Markup] {
    row.enumerated().map { index, cell in
      let column = columns[index]
      let style = column.isNumeric ? "number" : column.isTechnical ? "mono" : ""
      let body = cell.isEmpty ? [] : [Markup.tag("div", "", [], [cell])]
      return index == 0
        ? .tag("th", style, [MarkupAttribute("scope", "row")], body)
        : .tag("td", style, [], body)
    }
  }
}

extension Markup {
  var byteCount: Int {
    if case .rendered(let html) = self { return html.byteCount }
    return rendered.utf8.count
  }
}

/// `1 234 567`, with narrow no-break spaces.
func grouped(_ number: Int) -> String {
  let digits = Array(String(abs(number)))
  var result = number < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result += "\u{202f}" }
    result.append(digit)
  }
  return result
}
