// A flow that a `learn` action added during a trace.
import Facts

/// The flow and its match, ready to be compared.
struct LearnedFlow: Hashable, Sendable {
  var entry: FlowEntry
  var match: CompiledMatch
  init(_ entry: FlowEntry) {
    self.entry = entry
    match = CompiledMatch(entry.match)
  }
}
