// One table: the beam falls apart into what each flow takes, by falling priority.
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

extension SwitchReach {
  /// More nested tables than OVS allows end a packet there; no real pipeline comes near.
  private static let maximumDepth = 200

  /// Looks into a table and runs what is found. Returns what goes on in the calling list.
  @discardableResult
  func goTo(_ table: UInt8, _ pipe: Pipe, inPort: OpenFlowPort? = nil, goesOn: Bool = false)
    -> [Pipe]
  {
    if pipe.beam.set.isEmpty { return [] }
    var pipe = pipe
    pipe.depth += 1
    guard pipe.depth < Self.maximumDepth else {
      unknown("more than \(Self.maximumDepth) nested table lookups on \(pipe.bridge.name)", pipe)
      return []
    }
    if let gap = pipe.bridge.flowGap {
      unknown("\(pipe.bridge.name): \(gap)", pipe)
      return goesOn ? [pipe] : []
    }
    let asked = inPort.map {
      pipe.with(space.assign(.inPort, UInt128($0.sixteenBits), in: pipe.beam.set))
    }
    let found = lookUp(table, asked ?? pipe, allowsConjunctions: true)
    var rest: [Pipe] = []
    for (flow, set) in found.taken {
      var next = pipe.with(set)
      if inPort != nil {
        next.beam.set = space.assign(.inPort, UInt128(pipe.inPort.sixteenBits), in: set)
      }
      if !flow.entry.unrecognised.isEmpty {
        unknown(
          "a flow has parts that are not understood: "
            + flow.entry.unrecognised.joined(separator: " "), next, evidence: flow.entry.evidence)
      }
      rest += run(flow.entry.actions, next, table: table, goesOn: goesOn, flow.entry.evidence)
    }
    if goesOn, !found.missed.isEmpty { rest.append(pipe.with(found.missed)) }
    return rest
  }

  private func lookUp(_ table: UInt8, _ pipe: Pipe, allowsConjunctions: Bool)
    -> (taken: [(CompiledFlow, PacketSet)], missed: PacketSet)
  {
    var rest = pipe.beam.set
    var taken: [(CompiledFlow, PacketSet)] = []
    var known = [UInt128?](repeating: nil, count: HeaderField.allCases.count)
    space.leadingConstants(of: rest) { known[$0] = $1 }
    let flows = flows(of: table, pipe.bridge)
    var index = 0
    while index < flows.count, !rest.isEmpty {
      let priority = flows[index].entry.priority
      var level = Level(rest: rest)
      while index < flows.count, flows[index].entry.priority == priority {
        let flow = flows[index]
        index += 1
        if flow.constants.contains(where: {
          known[$0.field].map { [v = $0.value] in $0 != v } ?? false
        }) {
          continue
        }
        take(flow, pipe, &level, allowsConjunctions: allowsConjunctions)
      }
      rest = level.rest
      taken += level.taken
      if !level.clauses.isEmpty { taken += conjunctions(level, table, pipe, &rest) }
    }
    return (taken, rest)
  }

  /// What the flows of one priority do to the packets that came so far.
  private struct Level {
    var rest: PacketSet
    var taken: [(CompiledFlow, PacketSet)] = []
    /// By conjunction, what satisfies each of its clauses.
    var clauses: [UInt32: [UInt8: PacketSet]] = [:]
    var counts: [UInt32: UInt8] = [:]
    init(rest: PacketSet) { self.rest = rest }
  }

  private func take(
    _ flow: CompiledFlow, _ pipe: Pipe, _ level: inout Level, allowsConjunctions: Bool
  ) {
    if !flow.clauses.isEmpty {
      guard allowsConjunctions else { return }
      let set = space.and(level.rest, flow.match)
      if set.isEmpty { return }
      for clause in flow.clauses {
        level.clauses[clause.id, default: [:]][clause.clause] = space.or(
          level.clauses[clause.id]?[clause.clause] ?? .empty, set)
        level.counts[clause.id] = clause.count
      }
      return
    }
    for (other, set) in level.taken where other.entry.actions != flow.entry.actions {
      let both = space.and(set, flow.match)
      if both.isEmpty { continue }
      // OVS's choice depends on the flows' history, so both are followed.
      unknown(
        "flows of one priority match in table \(flow.entry.table)", pipe.with(both),
        evidence: flow.entry.evidence)
      level.taken.append((flow, both))
    }
    let set = space.and(level.rest, flow.match)
    if set.isEmpty { return }
    if !flow.unmodelled.isEmpty {
      // It may take them, and may not.
      unknown(
        "the match \(flow.unmodelled.joined(separator: ",")) is not modelled", pipe.with(set),
        evidence: flow.entry.evidence)
    } else if !flow.entry.hasTimeout {
      level.rest = space.minus(level.rest, set)
    }
    // A flow with a timeout may be gone when the packet comes: lower ones see it as well.
    level.taken.append((flow, flow.entry.hasTimeout ? space.assign(.passing, 1, in: set) : set))
  }

  private func conjunctions(
    _ level: Level, _ table: UInt8, _ pipe: Pipe, _ rest: inout PacketSet
  ) -> [(CompiledFlow, PacketSet)] {
    var taken: [(CompiledFlow, PacketSet)] = []
    for (id, clauses) in level.clauses.sorted(by: { $0.key < $1.key })
    where clauses.count == Int(level.counts[id] ?? 0) {
      var set = rest
      for (_, part) in clauses.sorted(by: { $0.key < $1.key }) { set = space.and(set, part) }
      if set.isEmpty { continue }
      let inside = pipe.with(space.assign(.conjunctionID, UInt128(id), in: set))
      let found = lookUp(table, inside, allowsConjunctions: false)
      let missed = space.assign(.conjunctionID, 0, in: found.missed)
      rest = space.minus(rest, space.minus(set, missed))
      taken += found.taken.map { ($0.0, space.assign(.conjunctionID, 0, in: $0.1)) }
    }
    return taken
  }
}
