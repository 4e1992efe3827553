// The inventory: the tables of `ovsight show` as HTML tables.
import Facts
import LogicalModel

enum TableSection {
  /// More rows than this make a page that browsers labour over; the rest is counted, and `ovsight
  /// show` has it.
  static let rowLimit = 500

  static let topics: [(topic: ShowTopic, words: String)] = [
    (.networks, "Segments as Neutron has them, and the VLAN that each node gave them."),
    (.routers, "How each router is spread over nodes, and where its traffic leaves."),
    (.eips, "Floating IPs with the guests behind them and the nodes that serve them."),
    (.ports, "Every port with the device that carries it."),
    (.nodes, "Captured nodes, with what their agents are configured to do."),
  ]

  static func values(_ input: ReportInput) -> [PageValue] {
    topics.compactMap { topic, words in
      guard let tables = try? input.model.show(topic, facts: input.facts) else { return nil }
      let shown = tables.enumerated().filter { $0.offset == 0 || !$0.element.rows.isEmpty }
      return [
        "id": .text(topic.rawValue), "title": .text(title(tables)), "words": .text(words),
        "count": .text("\(tables.first?.rows.count ?? 0)"),
        "parts": .list(
          shown.map { value($0.element, topic: topic, isTitled: $0.offset == 0) }),
      ]
    }
  }

  private static func title(_ tables: [TextTable]) -> String { tables.first?.title ?? "" }

  /// A table as its template wants it.
  static func value(
    _ table: TextTable, topic: ShowTopic, isTitled: Bool = false
  ) -> PageValue {
    let used = table.columns.indices.filter { isTelling($0, of: table) }
    let hidden = max(0, table.rows.count - rowLimit)
    let more = hidden == 0 ? "" : "\(hidden) more: ovsight show SNAPSHOT \(topic.rawValue)"
    return [
      "caption": .text(table.title), "is_titled": .flag(isTitled),
      "columns": .list(
        used.map { column in
          [
            "title": .text(table.columns[column].title),
            "numeric": .flag(table.columns[column].isRightAligned),
          ]
        }),
      "rows": .list(table.rows.prefix(rowLimit).map { row in cells(row, used, table) }),
      "is_empty": .flag(table.rows.isEmpty),
      "notes": .list((table.notes + (more.isEmpty ? [] : [more])).map { .text($0) }),
    ]
  }

  /// Empty columns say nothing, nor does that all is as it should be.
  private static func isTelling(_ column: Int, of table: TextTable) -> Bool {
    let usual = TableCell(Origin.both)
    let isOrigin = table.columns[column].key == "known_from"
    return table.rows.contains { !$0[column].isEmpty && !(isOrigin && $0[column] == usual) }
  }

  private static func cells(_ row: [TableCell], _ used: [Int], _ table: TextTable) -> PageValue {
    let cells: [PageValue] = used.enumerated().map { position, column in
      [
        "is_header": .flag(position == 0),
        "class": .text(style(row[column], table.columns[column])),
        "body": .markup(body(row[column])),
      ]
    }
    return ["cells": .list(cells)]
  }

  private static func style(_ cell: TableCell, _ column: TableColumn) -> String {
    if column.isRightAligned { return "number" }
    switch cell {
    case .id: return "id"
    case .number: return "number"
    case .flag, .none: return "plain"
    case .text, .list: return technical.contains(column.key) ? "mono" : "plain"
    }
  }

  /// Columns whose contents are compared letter by letter.
  private static let technical: Set<String> = [
    "segment", "local_vlan", "subnets", "cidr", "eip", "fixed_address", "addresses", "mac",
    "device", "vlan", "tunnel_address", "bridge_mappings", "namespace", "interfaces", "gateway",
    "snat", "ports", "to_address", "to_ports", "captured_at", "place", "file", "id",
  ]

  private static func body(_ cell: TableCell) -> Markup {
    switch cell {
    case .text(let text): .text(shortened(text))
    case .number(let number): .text("\(number)")
    case .flag(let flag): .tag("span", flag ? "yes" : "no", text: flag ? "yes" : "no")
    case .id(let id):
      .tag("abbr", "", [MarkupAttribute("title", id)], [.text(String(id.prefix(8)))])
    case .list(let items) where items.count > 1:
      .tag("ul", "lines", [], listed(items).map { .tag("li", text: $0) })
    case .list(let items): .text(items.first ?? "")
    case .none: .empty
    }
  }
}

extension TableSection {
  /// Above any name's length; what is longer lists a value for each of many nodes.
  private static let textLimit = 320
  private static let listLimit = 12

  private static func shortened(_ text: String) -> String {
    text.count > textLimit ? text.prefix(textLimit) + " …" : text
  }

  private static func listed(_ items: [String]) -> [String] {
    let hidden = items.count - listLimit
    return hidden > 1 ? items.prefix(listLimit) + ["and \(hidden) more"] : items
  }
}

extension TableCell {
  /// Nothing to read there.
  var isEmpty: Bool {
    switch self {
    case .text(let text), .id(let text): text.isEmpty
    case .list(let items): items.allSatisfy(\.isEmpty)
    case .number, .flag: false
    case .none: true
    }
  }
}
