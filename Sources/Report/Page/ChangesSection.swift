// What differs from an older snapshot, as a table.
import LogicalModel

enum ChangesSection {
  static func table(_ changes: ReportChanges, _ site: SiteContext) -> LinkTable {
    let names = ObjectNames(site.model)
    let categories = Set(changes.changes.map(\.category)).sorted()
    return LinkTable(
      id: "changes-table", caption: "Changes",
      columns: [
        .init("Kind"), .init("What"), .init("Node"), .init("Change"), .init("Before"),
        .init("After"),
      ],
      rows: changes.changes.map { change in
        let object = names.objects(in: change.subject).first { site.map.path($0) != nil }
        return [
          .text(change.category),
          object.flatMap { site.map.path($0) }.map { .link($0, text: change.subject) }
            ?? .text(change.subject),
          change.node.map { site.map.link(ReportObject(.node, $0)) } ?? .empty,
          .text(word(change)), .text(shortened(change.before ?? "")),
          .text(shortened(change.after ?? "")),
        ]
      }, choices: (0, categories.allSatisfy { !$0.contains(" ") } ? categories : []))
  }

  private static func word(_ change: ReportChanges.Change) -> String {
    change.before == nil ? "new" : change.after == nil ? "gone" : "changed"
  }

  private static func shortened(_ text: String) -> String {
    text.count > 300 ? text.prefix(300) + " …" : text
  }
}
