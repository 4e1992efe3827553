// What `ovsight diff` finds, as the report's changes.
import LogicalModel

extension ReportChanges {
  /// `name` is the older snapshot's.
  public init(from name: String, _ diff: SnapshotDiff) {
    self.init(
      from: name, changes: diff.changes.map(Change.init),
      unknown: diff.gaps.map { gap in
        let place = [gap.node?.rawValue ?? "", gap.place].filter { !$0.isEmpty }
        return ([gap.category.rawValue] + place).joined(separator: " ") + ": " + gap.reason
      })
  }
}

extension ReportChanges.Change {
  init(_ change: DiffChange) {
    self.init(
      category: change.category.rawValue, node: change.node?.rawValue,
      subject: change.place.isEmpty ? change.item : "\(change.place) \(change.item)",
      before: change.before.isEmpty ? nil : change.before.joined(separator: "; "),
      after: change.after.isEmpty ? nil : change.after.joined(separator: "; "))
  }
}
