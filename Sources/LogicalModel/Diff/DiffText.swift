// `ovsight diff` as text and as JSON.
import Facts
import NetworkTypes

extension SnapshotDiff {
  /// A heading a category, a line a change: `+` new, `-` gone, `~` another value. Safe for a terminal.
  public var text: String {
    var lines: [String] = []
    for category in DiffCategory.allCases {
      let own = changes.filter { $0.category == category }
      guard !own.isEmpty else { continue }
      lines.append(category.rawValue)
      lines += own.flatMap { $0.lines }.map { "  " + TerminalText.escaped($0) }
    }
    if !gaps.isEmpty {
      lines.append("not comparable")
      lines += gaps.map { gap in
        let place = [gap.node?.rawValue, gap.place].compactMap { $0 }.filter { !$0.isEmpty }
        return "  "
          + TerminalText.escaped(
            "\(gap.category.rawValue) \(place.joined(separator: " ")): \(gap.reason)")
      }
    }
    if lines.isEmpty { lines.append("no change") }
    return lines.joined(separator: "\n") + "\n"
  }

  public var json: String {
    func optional(_ text: String?) -> JSONText { .optional(text) }
    let changes = changes.map { change in
      JSONText.object([
        .init("category", .string(change.category.rawValue)),
        .init("kind", .string(change.kind.rawValue)),
        .init("node", optional(change.node?.rawValue)),
        .init("place", .string(change.place)), .init("item", .string(change.item)),
        .init("before", .strings(change.before)), .init("after", .strings(change.after)),
      ]).rendered
    }
    let gaps = gaps.map { gap in
      JSONText.object([
        .init("category", .string(gap.category.rawValue)),
        .init("node", optional(gap.node?.rawValue)), .init("place", .string(gap.place)),
        .init("reason", .string(gap.reason)),
      ]).rendered
    }
    return "{\"changes\":[" + changes.joined(separator: ",\n") + "],\n\"not_comparable\":["
      + gaps.joined(separator: ",\n") + "]}\n"
  }
}

extension DiffChange {
  fileprivate var lines: [String] {
    let place = [node?.rawValue, self.place].compactMap { $0 }.filter { !$0.isEmpty }
    let head = (place.isEmpty ? "" : place.joined(separator: " ") + " ") + item
    func tail(_ values: [String]) -> String {
      values.allSatisfy { $0 == "there" || $0 == "runs" } && !values.isEmpty
        ? "" : ": " + values.joined(separator: ", ")
    }
    switch kind {
    case .added: return ["+ \(head)\(tail(after))"]
    case .removed: return ["- \(head)\(tail(before))"]
    case .changed:
      return [
        "~ \(head): \(before.joined(separator: ", ")) → \(after.joined(separator: ", "))"
      ]
    }
  }
}
