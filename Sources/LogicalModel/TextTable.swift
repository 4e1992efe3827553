// Tables for terminals: columns as wide as what they hold, wrapped where the terminal is narrower,
// every control character shown instead of sent. Feeds `show`; knows nothing of clouds.
import Facts

/// What stands in a cell: one value, or several below each other.
public enum TableCell: Hashable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([String])
  /// A UUID: its first eight characters for people (every command takes them), all for programs.
  case id(String)
  /// Nothing to say.
  case none

  /// Nil becomes `none`.
  public init(_ text: (some CustomStringConvertible)?) {
    self = text.map { .text($0.description) } ?? .none
  }
  public init(_ items: some Sequence<some CustomStringConvertible>) {
    self = .list(items.map(\.description))
  }
  public init(flag: Bool?) { self = flag.map(TableCell.flag) ?? .none }

  var lines: [String] {
    switch self {
    case .text(let text): [text]
    case .number(let number): ["\(number)"]
    case .flag(let flag): [flag ? "yes" : "no"]
    case .list(let items): items
    case .id(let id): [String(id.prefix(8))]
    case .none: []
    }
  }
}

public struct TableColumn: Hashable, Sendable {
  public let title: String
  /// Its name for programs.
  public let key: String
  public let isRightAligned: Bool
  public init(_ title: String, key: String? = nil, isRightAligned: Bool = false) {
    self.title = title
    self.key = key ?? title.lowercased().replacing(" ", with: "_")
    self.isRightAligned = isRightAligned
  }
}

/// A titled table.
public struct TextTable: Hashable, Sendable {
  public var title: String
  public var key: String
  public var columns: [TableColumn]
  public private(set) var rows: [[TableCell]] = []
  /// Said below the table; warnings, mostly.
  public var notes: [String] = []
  public init(_ title: String, key: String? = nil, columns: [TableColumn]) {
    self.title = title
    self.key = key ?? title.lowercased().replacing(" ", with: "_")
    self.columns = columns
  }

  /// Too few cells are filled up with `none`, too many cut.
  public mutating func add(_ cells: [TableCell]) {
    let missing = max(0, columns.count - cells.count)
    rows.append(Array(cells.prefix(columns.count)) + Array(repeating: .none, count: missing))
  }

  /// Narrower columns than this are unreadable: where they would be, rows are written one below the
  /// other.
  private static let minimumWidth = 10
  private static let gap = "  "

  /// The table as lines, no wider than `width` characters where that is possible; nil: as wide as it is.
  public func rendered(width: Int? = nil) -> String {
    let header = columns.map { [TerminalText.escaped($0.title.uppercased())] }
    let cells = rows.map { row in row.map { $0.lines.map(TerminalText.escaped) } }
    let widths = columnWidths(([header] + cells), limit: width)
    var lines = title.isEmpty ? [] : [TerminalText.escaped(title)]
    if rows.isEmpty {
      lines.append(title.isEmpty ? "(none)" : "  (none)")
    } else if let width, widths.reduce(0, +) + gaps > width {
      lines += cells.flatMap { stacked($0, width) }
    } else {
      for row in [header] + cells { lines += self.lines(of: row, widths) }
    }
    lines += notes.map { "note: " + TerminalText.escaped($0) }
    return lines.joined(separator: "\n") + "\n"
  }

  private var gaps: Int { Self.gap.count * max(0, columns.count - 1) }

  /// A row as a line for each cell that holds something, its column's title before it.
  private func stacked(_ row: [[String]], _ width: Int) -> [String] {
    let titles = columns.map { TerminalText.escaped($0.title.uppercased()) }
    let margin = (titles.map(TerminalText.width).max() ?? 0) + Self.gap.count
    var lines: [String] = []
    for (title, cell) in zip(titles, row) {
      var head = title
      for text in cell.flatMap({
        TerminalText.wrapped($0, to: max(Self.minimumWidth, width - margin))
      }) where !text.isEmpty {
        lines.append(
          head + String(repeating: " ", count: margin - TerminalText.width(head)) + text)
        head = ""
      }
    }
    return lines + [""]
  }

  private func columnWidths(_ rows: [[[String]]], limit: Int?) -> [Int] {
    var widths = columns.indices.map { column in
      rows.flatMap { $0[column] }.map(TerminalText.width).max() ?? 0
    }
    guard let limit else { return widths }
    while widths.reduce(0, +) + gaps > limit,
      let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
      widths[widest] > Self.minimumWidth
    {
      widths[widest] -= 1
    }
    return widths
  }

  private func lines(of row: [[String]], _ widths: [Int]) -> [String] {
    let wrapped = columns.indices.map { column in
      row[column].flatMap { TerminalText.wrapped($0, to: widths[column]) }
    }
    let height = max(1, wrapped.map(\.count).max() ?? 1)
    return (0..<height).map { line in
      let parts = columns.indices.map { column in
        let text = line < wrapped[column].count ? wrapped[column][line] : ""
        let padding = String(
          repeating: " ", count: max(0, widths[column] - TerminalText.width(text)))
        return columns[column].isRightAligned ? padding + text : text + padding
      }
      let joined = parts.joined(separator: Self.gap)
      return String(joined.reversed().drop { $0 == " " }.reversed())
    }
  }
}
