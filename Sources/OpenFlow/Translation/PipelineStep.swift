// The typed tree of an evaluation; text is made of it only at the edge.
import Facts
import NetworkTypes

/// One thing that happened, and what it led to.
public struct PipelineStep: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The packet entered a bridge, from outside or through a patch.
    case bridge(BridgeName, port: OpenFlowPort)
    case lookup(TableLookup)
    /// What it led to are the steps behind it in the same list.
    case action(FlowAction)
    case actionSet
    case bucket(UInt32)
    /// A copy of the packet came back from connection tracking.
    case recirculation(Recirculation)
    case event(SwitchEvent)
    case error(TranslationError)
  }
  public var kind: Kind
  public var steps: [PipelineStep]
  public init(_ kind: Kind, steps: [PipelineStep] = []) {
    self.kind = kind
    self.steps = steps
  }

  public var lookups: [TableLookup] {
    if case .lookup(let lookup) = kind { return [lookup] + steps.flatMap(\.lookups) }
    return steps.flatMap(\.lookups)
  }
}

/// One look into one flow table.
public struct TableLookup: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    case flow(FlowEntry)
    /// A flow that a `learn` action of this trace added.
    case learned(FlowEntry)
    case miss
    /// The flows are not known.
    case unknown
  }
  public var bridge: BridgeName
  public var table: UInt8
  public var outcome: Outcome
  /// The id that a conjunctive match was satisfied with, and its clauses' flows.
  public var conjunction: ConjunctiveMatch?

  public var flow: FlowEntry? {
    switch outcome {
    case .flow(let flow), .learned(let flow): flow
    case .miss, .unknown: nil
    }
  }
}

/// The clauses that together made a conjunctive match.
public struct ConjunctiveMatch: Hashable, Sendable {
  public var id: UInt32
  public var clauses: [FlowEntry]
}

/// How a packet came back from `ct(table=…)`.
public struct Recirculation: Hashable, Sendable {
  public var bridge: BridgeName
  public var zone: UInt16
  public var state: ConntrackState
  public var mark: UInt32
  public var label: UInt128
  public var table: UInt8
  /// Nil where the state was assumed.
  public var connection: Int?
  /// The packet as connection tracking left it, NAT done.
  public var packet: Packet
}
