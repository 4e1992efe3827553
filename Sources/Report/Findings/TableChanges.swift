// Changes between two snapshots as the tables of `ovsight show` tell them: row by row, by id.
import Facts
import LogicalModel

extension ReportChanges {
  /// What `new` has otherwise than `old`; `from` names the old one.
  public init(
    from name: String, old: (model: CloudModel, facts: CloudFacts),
    new: (model: CloudModel, facts: CloudFacts)
  ) {
    let topics: [ShowTopic] = [
      .nodes, .networks, .subnets, .routers, .ports, .eips, .dhcp, .agents, .gaps,
    ]
    var changes: [Change] = []
    for topic in topics {
      let before = Self.rows(old.model, old.facts, topic)
      let after = Self.rows(new.model, new.facts, topic)
      for key in Set(before.keys).union(after.keys).sorted() {
        changes += Self.changes(
          topic.rawValue, key, before[key] ?? [:], after[key] ?? [:],
          isNew: before[key] == nil, isGone: after[key] == nil)
      }
    }
    self.init(from: name, changes: changes)
  }

  /// Of each thing's first table its columns by name.
  private static func rows(
    _ model: CloudModel, _ facts: CloudFacts, _ topic: ShowTopic
  ) -> [String: [String: String]] {
    guard let table = (try? model.show(topic, facts: facts))?.first else { return [:] }
    var result: [String: [String: String]] = [:]
    for row in table.rows {
      let cells = Dictionary(
        zip(table.columns, row).map { ($0.title, Self.words($1)) }
      ) { first, _ in first }
      let name = row.first.map(words) ?? ""
      let id = row.compactMap { cell in if case .id(let id) = cell { id } else { nil } }.first
      // Services have no id but what they serve and where; of a gap all that is said is its name.
      let named = topic == .gaps ? row[...] : row.prefix(2)
      let key = id.map { $0.hasPrefix(name) ? name : "\(name) (\($0.prefix(8)))" }
      result[key ?? named.map(words).joined(separator: " ")] = cells
    }
    return result
  }

  private static func words(_ cell: TableCell) -> String {
    switch cell {
    // Process ids change with every start.
    case .text(let text): text.replacing(#/ ?\(?pid \d+\)?/#, with: "")
    case .id(let id): id
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "yes" : "no"
    case .list(let items): items.joined(separator: ", ")
    case .none: ""
    }
  }

  /// Times of capture differ always.
  private static let ignored: Set<String> = ["Captured at", "Captured", "ID"]

  private static func changes(
    _ category: String, _ key: String, _ before: [String: String], _ after: [String: String],
    isNew: Bool, isGone: Bool
  ) -> [Change] {
    if isNew || isGone {
      let cells = isNew ? after : before
      let text = cells.filter { !$0.value.isEmpty && !ignored.contains($0.key) }
        .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "; ")
      return [
        Change(
          category: category, subject: key, before: isNew ? nil : text, after: isNew ? text : nil)
      ]
    }
    return before.keys.sorted().filter { before[$0] != after[$0] && !ignored.contains($0) }
      .map { column in
        Change(
          category: category, subject: "\(key) \(column)", before: before[column] ?? "",
          after: after[column] ?? "")
      }
  }
}
