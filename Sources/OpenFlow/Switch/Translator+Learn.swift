// learn(): makes a flow of the packet that ran into it.
import Facts
import NetworkTypes

extension Translator {
  func learn(_ action: LearnAction) {
    guard options.learns else {
      report(.learnSuppressed)
      return
    }
    guard let flow = learnedFlow(action) else { return }
    let isWithinLimit = hasRoom(for: flow, limit: action.limit)
    if isWithinLimit {
      remember(LearnedFlow(flow))
      report(.learnedFlow(flow))
    } else {
      report(.learnLimitReached)
    }
    if let result = action.result { _ = key.write(result, isWithinLimit ? 1 : 0) }
  }

  private func learnedFlow(_ action: LearnAction) -> FlowEntry? {
    guard let evidence = flow.evidence else { return nil }
    var entry = FlowEntry(
      table: action.table, priority: action.priority, cookie: action.cookie,
      idleTimeoutSeconds: action.idleTimeoutSeconds,
      hardTimeoutSeconds: action.hardTimeoutSeconds, evidence: evidence)
    if action.finIdleTimeoutSeconds != 0 || action.finHardTimeoutSeconds != 0 {
      entry.actions.append(
        .finTimeout(
          idleSeconds: action.finIdleTimeoutSeconds, hardSeconds: action.finHardTimeoutSeconds))
    }
    for specification in action.specifications {
      guard add(specification, to: &entry) else {
        noteUnknown(.unmodelledAction("learn from an unmodelled field"))
        return nil
      }
    }
    return entry
  }

  private func add(
    _ specification: LearnAction.Specification, to entry: inout FlowEntry
  ) -> Bool {
    switch specification {
    case .match(let field, let value): entry.match.set(field, to: value)
    case .matchField(let field, let from):
      guard let value = key.read(from) else { return false }
      entry.match.set(field, to: value)
    case .load(let value, let into): entry.actions.append(.load(value, into: into))
    case .loadField(let from, let into):
      guard let value = key.read(from) else { return false }
      entry.actions.append(.load(value, into: into))
    case .output(let field):
      guard let value = key.read(field) else { return false }
      let port = OpenFlowPort(UInt32(truncatingIfNeeded: value))
      let special: [OpenFlowPort] = [.inPort, .flood, .all, .local]
      if value <= 0xffff, !port.isReserved || special.contains(port) {
        entry.actions.append(.output(port))
      }
    }
    return true
  }

  private func hasRoom(for flow: FlowEntry, limit: UInt32) -> Bool {
    guard limit > 0 else { return true }
    let learned = state.learnedFlows[bridge.name] ?? []
    let match = CompiledMatch(flow.match)
    if learned.contains(where: { isSame($0, flow, match) }) { return true }
    let count =
      bridge.flows.flowCount(of: flow.table, cookie: flow.cookie)
      + learned.filter { $0.entry.table == flow.table && $0.entry.cookie == flow.cookie }.count
    return count < Int(limit)
  }

  private func remember(_ flow: LearnedFlow) {
    var learned = state.learnedFlows[bridge.name] ?? []
    learned.removeAll { isSame($0, flow.entry, flow.match) }
    learned.append(flow)
    state.learnedFlows[bridge.name] = learned
  }

  private func isSame(_ old: LearnedFlow, _ flow: FlowEntry, _ match: CompiledMatch) -> Bool {
    old.entry.table == flow.table && old.entry.priority == flow.priority && old.match == match
  }
}

extension FlowMatch {
  fileprivate mutating func set(_ subfield: Subfield, to value: UInt128) {
    set(
      subfield.field, value: value << UInt128(min(subfield.firstBit, 127)), mask: subfield.mask)
  }
}
