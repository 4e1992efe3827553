// The `conjunction` actions of a flow.
import Facts

/// One dimension of a conjunctive match that a flow satisfies.
struct ConjunctionClause: Hashable, Sendable {
  var id: UInt32
  /// From 0.
  var clause: UInt8
  var count: UInt8
}

struct ConjunctionSet: Hashable, Sendable {
  var clauses: [ConjunctionClause]
  var minimumCount: Int

  /// Nil for actions other than `conjunction`; a note beside them is allowed.
  init?(_ actions: [FlowAction]) {
    clauses = actions.compactMap {
      guard case .conjunction(let id, let clause, let count) = $0 else { return nil }
      return ConjunctionClause(id: id, clause: clause &- 1, count: count)
    }
    guard !clauses.isEmpty else { return nil }
    minimumCount = clauses.map { Int($0.count) }.min() ?? 0
  }
}
