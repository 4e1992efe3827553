// Views for operators and rules: the questions that are asked most, as one name each.

/// A documented view.
struct SnapshotView: Sendable {
  let name: String
  let documentation: String
  let sql: String
}

enum SnapshotViews {
  static let all: [SnapshotView] = []
}
