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
  func lookup(_ key: inout FlowKey) -> LookupResult {
    var search = Search()
    visitSubtables(&key, &search, allowsConjunctions: true)
    if !search.soft.isEmpty, let found = conjunctiveMatch(&key, &search) { return found }
    return result(search)
  }

  private struct SoftMatch {
    /// Negative once it is spent.
    var flow: Int
    var subtable: Int
  }
  private struct Search {
    var hard = -1
    /// Of the hard match; -1 without one.
    var priority = -1
    var subtableMaximum = -1
    var soft: [SoftMatch] = []
    var uncertain: [Int] = []
    var ties: [Int] = []
  }

  private func priority(_ flow: Int) -> Int { Int(priorities[flow]) }

  private func result(_ search: Search) -> LookupResult {
    LookupResult(
      flow: search.hard < 0 ? nil : search.hard,
      uncertain: search.uncertain.isEmpty
        ? [] : search.uncertain.filter { priority($0) >= search.priority },
      ties: search.ties)
  }

  // A key is passed to be changed where it is only read, because it is large: that makes no copy.

  /// Those that the filters leave, by falling maximum priority, as long as one can win.
  private func visitSubtables(
    _ key: inout FlowKey, _ search: inout Search, allowsConjunctions: Bool
  ) {
    var starts = InlineArray<3, Int>(repeating: 0)
    let filterCount = filters.count
    for index in 0..<filterCount { starts[index] = filters[index].set(&key, words.filters) }
    for word in 0..<(subtables.count + 63) / 64 {
      let left = subtables.count - word * 64
      var set: UInt64 = left >= 64 ? .max : 1 << UInt64(left) - 1
      for index in 0..<filterCount { set &= words.filters[starts[index] + word] }
      while set != 0 {
        let subtable = word * 64 + set.trailingZeroBitCount
        set &= set - 1
        let maximum = Int(subtables[subtable].maximumPriority)
        // OVS visits by falling maximum and keeps the first: only equal maxima leave a choice.
        if maximum < search.priority { return }
        if maximum == search.priority, maximum < search.subtableMaximum { return }
        visit(subtable, &key, &search, allowsConjunctions: allowsConjunctions)
      }
    }
  }

  @inline(__always)
  private func visit(
    _ subtable: Int, _ key: inout FlowKey, _ search: inout Search, allowsConjunctions: Bool
  ) {
    var member = find(subtables[subtable], &key)
    if !unmodelled.isEmpty {
      while member >= 0, unmodelled[member] != nil {
        search.uncertain.append(Int(member))
        member = next(after: member)
      }
    }
    guard member >= 0 else { return }
    let flow = Int(member)
    if isConjunctive(flow) {
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
      var top = -1
      for soft in search.soft { top = max(top, priority(soft.flow)) }
      guard top >= 0 else { return nil }
      if let found = satisfied(search.soft, top, &key) { return found }
      for index in search.soft.indices where priority(search.soft[index].flow) == top {
        stepDown(index, &search)
      }
    }
  }

  /// Replaces a soft match by the next lower flow with the same match.
  private func stepDown(_ index: Int, _ search: inout Search) {
    let soft = search.soft[index]
    let next = Int(next(after: Int32(soft.flow)))
    if next >= 0, isConjunctive(next) {
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

  /// The flow that asks for the id of a conjunction that the soft matches of priority `top` complete.
  private func satisfied(_ soft: [SoftMatch], _ top: Int, _ key: inout FlowKey) -> LookupResult? {
    var count = 0
    for match in soft where priority(match.flow) == top { count += 1 }
    var seen: [ClauseState] = []
    for match in soft where priority(match.flow) == top {
      guard let state = complete(match.flow, of: count, &seen) else { continue }
      let saved = key[.conjunctionID]
      key[.conjunctionID] = UInt64(state.id)
      var search = Search()
      visitSubtables(&key, &search, allowsConjunctions: false)
      key[.conjunctionID] = saved
      guard search.hard >= 0 else { continue }
      var found = result(search)
      found.conjunction = (state.id, state.flows)
      return found
    }
    return nil
  }

  private struct ClauseState {
    var id: UInt32
    var bits: UInt64
    var flows: [Int] = []
  }

  /// Notes the clauses of `flow`; the state of a conjunction that is complete with them.
  private func complete(_ flow: Int, of count: Int, _ seen: inout [ClauseState]) -> ClauseState? {
    guard let set = conjunction(flow), count >= set.minimumCount else { return nil }
    for clause in set.clauses where Int(clause.count) <= count {
      let known = seen.firstIndex { $0.id == clause.id }
      let index = known ?? seen.count
      if known == nil {
        seen.append(ClauseState(id: clause.id, bits: .max << UInt64(clause.count & 63)))
      }
      seen[index].bits |= 1 << UInt64(clause.clause & 63)
      seen[index].flows.append(flow)
      if seen[index].bits == .max { return seen[index] }
    }
    return nil
  }
}
