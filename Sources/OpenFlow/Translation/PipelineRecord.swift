// What happens to a packet while it happens: numbers and levels, cheap to note. Written by the Translator; a
// Translation makes its tree of steps of it when somebody asks.
import Facts
import NetworkTypes

struct PipelineRecord: Sendable {
  enum Kind {
    /// By number of a site.
    case bridge(Int, port: OpenFlowPort)
    /// Of `lookups`.
    case lookup(Int)
    /// Of `lists`, and the action's place in it.
    case action(list: Int32, index: Int32)
    case actionSet
    case bucket(UInt32)
    /// Of `recirculations`.
    case recirculation(Int)
    /// Of `events`.
    case event(Int)
    case error(TranslationError)
  }
  struct Step {
    var kind: Kind
    var level: Int32
  }
  struct Lookup {
    var site: Int32
    var table: UInt8
    var outcome: Outcome
    /// Of `conjunctions`; -1 for none.
    var conjunction: Int32 = -1
    enum Outcome {
      /// By position in the table.
      case flow(Int)
      /// Of `learned`.
      case learned(Int)
      case miss, unknown
    }
  }

  private(set) var steps: [Step] = []
  private(set) var lookups: [Lookup] = []
  private(set) var lists: [[FlowAction]] = []
  private(set) var events: [SwitchEvent] = []
  private(set) var recirculations: [Recirculation] = []
  private(set) var learned: [FlowEntry] = []
  private(set) var conjunctions: [(id: UInt32, clauses: [Int])] = []
  /// How deep the next step is.
  var level: Int32 = 0

  init() {
    steps.reserveCapacity(48)
    lookups.reserveCapacity(16)
    lists.reserveCapacity(16)
    events.reserveCapacity(4)
  }

  mutating func add(_ kind: Kind) { steps.append(Step(kind: kind, level: level)) }
  mutating func add(_ event: SwitchEvent) {
    add(.event(events.count))
    events.append(event)
  }
  /// Keeps a list of actions; its number.
  mutating func add(_ actions: [FlowAction]) -> Int32 {
    lists.append(actions)
    return Int32(lists.count - 1)
  }
  /// Keeps a recirculation; its step.
  mutating func add(_ recirculation: Recirculation) -> Kind {
    recirculations.append(recirculation)
    return .recirculation(recirculations.count - 1)
  }
  /// Keeps a lookup; its step.
  mutating func add(
    _ found: FoundFlow, conjunction: (id: UInt32, clauses: [Int])?, site: Int, table: UInt8
  ) -> Kind {
    var lookup = Lookup(site: Int32(site), table: table, outcome: .miss)
    switch found {
    case .flow(_, let position): lookup.outcome = .flow(position)
    case .learned(let flow):
      lookup.outcome = .learned(learned.count)
      learned.append(flow)
    case .miss: break
    case .unknown: lookup.outcome = .unknown
    }
    if let conjunction {
      lookup.conjunction = Int32(conjunctions.count)
      conjunctions.append(conjunction)
    }
    lookups.append(lookup)
    return .lookup(lookups.count - 1)
  }
}

// MARK: As values

/// What a record's numbers count.
struct RecordReader {
  let record: PipelineRecord
  let sites: [BridgeSite]
  let isAfterTimeouts: Bool

  var steps: [PipelineStep] {
    var next = 0
    return steps(at: 0, from: &next)
  }
  private func steps(at level: Int32, from next: inout Int) -> [PipelineStep] {
    var steps: [PipelineStep] = []
    while next < record.steps.count, record.steps[next].level == level {
      let kind = kind(record.steps[next].kind)
      next += 1
      steps.append(PipelineStep(kind, steps: self.steps(at: level + 1, from: &next)))
    }
    return steps
  }

  var lookups: [TableLookup] { record.lookups.map(lookup) }

  private func kind(_ kind: PipelineRecord.Kind) -> PipelineStep.Kind {
    switch kind {
    case .bridge(let site, let port): .bridge(sites[site].bridge.name, port: port)
    case .lookup(let number): .lookup(lookup(record.lookups[number]))
    case .action(let list, let index): .action(record.lists[Int(list)][Int(index)])
    case .actionSet: .actionSet
    case .bucket(let id): .bucket(id)
    case .recirculation(let number): .recirculation(record.recirculations[number])
    case .event(let number): .event(record.events[number])
    case .error(let error): .error(error)
    }
  }

  private func lookup(_ lookup: PipelineRecord.Lookup) -> TableLookup {
    let bridge = sites[Int(lookup.site)].bridge
    let table = bridge.flows.table(lookup.table, isAfterTimeouts: isAfterTimeouts)
    let outcome: TableLookup.Outcome =
      switch lookup.outcome {
      case .flow(let position): table.map { .flow($0.entry(position)) } ?? .unknown
      case .learned(let number): .learned(record.learned[number])
      case .miss: .miss
      case .unknown: .unknown
      }
    var result = TableLookup(bridge: bridge.name, table: lookup.table, outcome: outcome)
    if lookup.conjunction >= 0, let table {
      let found = record.conjunctions[Int(lookup.conjunction)]
      result.conjunction = ConjunctiveMatch(
        id: found.id, clauses: found.clauses.map { table.entry($0) })
    }
    return result
  }
}
