// Finds the flow that a packet meets in a table, conjunctive matches included.
import Facts

/// What a lookup found.
struct LookupResult {
  /// Position in the table.
  var flow: Int?
  var conjunction: (id: UInt32, clauses: [Int])?
  /// Flows that would win if their unmodelled part matched.
  var uncertain: [Int] = []
  /// Other flows of the same priority that OVS might take as well.
  var ties: [Int] = []
}

extension FlowTable {
  /// The winner for `key`; its conjunction id is put in and taken out again.
  func lookup(_ key: inout FlowKey) -> LookupResult { lookup(&key, allowsConjunctions: true) }

  private func lookup(_ key: inout FlowKey, allowsConjunctions: Bool) -> LookupResult {
    var search = Search()
    for subtable in subtables.indices {
      let maximum = Int(subtables[subtable].maximumPriority)
      // OVS visits by falling maximum and keeps the first: only equal maxima leave a choice.
      if maximum < search.priority { break }
      if maximum == search.priority, maximum < search.subtableMaximum { break }
      visit(subtable, key, &search, allowsConjunctions: allowsConjunctions)
    }
    if !search.soft.isEmpty, let found = conjunctiveMatch(&key, &search) { return found }
    return result(search)
  }

  private struct SoftMatch {
    /// Negative once it is spent.
    var flow: Int
    var subtable: Int
  }
  private struct Search {
    var hard: Int?
    /// Of the hard match; -1 without one.
    var priority = -1
    var subtableMaximum = -1
    var soft: [SoftMatch] = []
    var uncertain: [Int] = []
    var ties: [Int] = []
  }

  private func priority(_ flow: Int) -> Int { Int(entries[flow].priority) }

  private func result(_ search: Search) -> LookupResult {
    LookupResult(
      flow: search.hard,
      uncertain: search.uncertain.filter { priority($0) >= search.priority },
      ties: search.ties)
  }

  private func visit(
    _ subtable: Int, _ key: borrowing FlowKey, _ search: inout Search, allowsConjunctions: Bool
  ) {
    var member = subtables[subtable].find(key)
    while member >= 0, !matches[Int(member)].unmodelled.isEmpty {
      search.uncertain.append(Int(member))
      member = subtables[subtable].next(after: member)
    }
    guard member >= 0 else { return }
    let flow = Int(member)
    if conjunctions[flow] != nil {
      if allowsConjunctions, priority(flow) > search.priority {
        search.soft.append(SoftMatch(flow: flow, subtable: subtable))
      }
    } else if priority(flow) > search.priority {
      search.hard = flow
      search.priority = priority(flow)
      search.subtableMaximum = Int(subtables[subtable].maximumPriority)
      search.ties = []
    } else if priority(flow) == search.priority,
      Int(subtables[subtable].maximumPriority) == search.subtableMaximum
    {
      search.ties.append(flow)
    }
  }

  /// Tries conjunctions from the highest priority down (`classifier_lookup__`'s second loop).
  private func conjunctiveMatch(_ key: inout FlowKey, _ search: inout Search) -> LookupResult? {
    while true {
      search.soft.removeAll { $0.flow < 0 || priority($0.flow) <= search.priority }
      guard let top = search.soft.map({ priority($0.flow) }).max() else { return nil }
      let candidates = search.soft.filter { priority($0.flow) == top }
      if let found = satisfied(candidates.map(\.flow), &key) { return found }
      for index in search.soft.indices where priority(search.soft[index].flow) == top {
        stepDown(index, &search)
      }
    }
  }

  /// Replaces a soft match by the next lower flow with the same match.
  private func stepDown(_ index: Int, _ search: inout Search) {
    let soft = search.soft[index]
    let next = Int(subtables[soft.subtable].next(after: Int32(soft.flow)))
    if next >= 0, conjunctions[next] != nil {
      search.soft[index].flow = next
      return
    }
    if next >= 0, priority(next) > search.priority {
      search.hard = next
      search.priority = priority(next)
      search.ties = []
    }
    search.soft[index].flow = -1
  }

  private func satisfied(_ flows: [Int], _ key: inout FlowKey) -> LookupResult? {
    var seen: [UInt32: ClauseState] = [:]
    for flow in flows {
      guard let id = complete(flow, of: flows.count, &seen) else { continue }
      let saved = key[.conjunctionID]
      key[.conjunctionID] = UInt64(id)
      var found = lookup(&key, allowsConjunctions: false)
      key[.conjunctionID] = saved
      guard found.flow != nil else { continue }
      found.conjunction = (id, seen[id]?.flows ?? [])
      return found
    }
    return nil
  }

  private struct ClauseState {
    var bits: UInt64
    var flows: [Int] = []
  }

  /// Notes the clauses of `flow`; the id of a conjunction that is complete with them.
  private func complete(
    _ flow: Int, of count: Int, _ seen: inout [UInt32: ClauseState]
  ) -> UInt32? {
    guard let set = conjunctions[flow], count >= set.minimumCount else { return nil }
    for clause in set.clauses where Int(clause.count) <= count {
      var state = seen[clause.id] ?? ClauseState(bits: .max << UInt64(clause.count & 63))
      state.bits |= 1 << UInt64(clause.clause & 63)
      state.flows.append(flow)
      seen[clause.id] = state
      if state.bits == .max { return clause.id }
    }
    return nil
  }
}
