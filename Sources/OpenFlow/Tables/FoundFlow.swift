// The flow that a packet runs through: one of a table, or one that an earlier packet taught the switch.
import Facts

enum FoundFlow {
  case flow(FlowTable, Int)
  indirect case learned(FlowEntry)
  case miss
  /// The flows are not known.
  case unknown

  var evidence: Evidence? {
    switch self {
    case .flow(let table, let position): table.evidence(position)
    case .learned(let flow): flow.evidence
    case .miss, .unknown: nil
    }
  }
  /// Nil where there is no flow.
  var actions: [FlowAction]? {
    switch self {
    case .flow(let table, let position): table.actions(position)
    case .learned(let flow): flow.actions
    case .miss, .unknown: nil
    }
  }
  var unrecognised: [String] {
    switch self {
    case .flow(let table, let position): table.unrecognised(position)
    case .learned(let flow): flow.unrecognised
    case .miss, .unknown: []
    }
  }
}
