// A packet's way through the bridges of a switch: of all copies, the one that the trace follows. A
// flooded packet also enters bridges that its traced copy never sees.
import NetworkTypes
import OpenFlow

/// A bridge that the traced copy passes, with what its tables decided.
public struct SwitchLeg: Hashable, Sendable {
  public let bridge: BridgeName
  public fileprivate(set) var lines: [NarrativeLine]
}

struct SwitchWay {
  private(set) var legs: [SwitchLeg] = []

  /// `lines` begins with one line for each lookup; `next` is where the trace goes on.
  init(_ translation: Translation, _ lines: [NarrativeLine], next: NarrativeHop?) {
    let lookups = translation.lookups.prefix(lines.count)
    let bridges = Self.bridges(translation, next)
    for (lookup, line) in zip(lookups, lines) where bridges?.contains(lookup.bridge) ?? true {
      if legs.last?.bridge != lookup.bridge {
        legs.append(SwitchLeg(bridge: lookup.bridge, lines: []))
      }
      legs[legs.count - 1].lines.append(line)
    }
    if let last = legs.indices.last { legs[last].lines += lines.dropFirst(lookups.count) }
  }

  /// The bridges between entry and exit; nil where the exit is not known.
  private static func bridges(_ translation: Translation, _ next: NarrativeHop?) -> Set<BridgeName>?
  {
    guard let next, let exit = exit(translation, next) else { return nil }
    for root in translation.steps {
      guard let entry = root.lookups.first?.bridge else { continue }
      if let chain = chain(to: exit, in: [root], from: [entry]) { return Set(chain) }
    }
    return nil
  }

  private static func exit(_ translation: Translation, _ next: NarrativeHop) -> BridgeName? {
    guard next.kind == .device || next.kind == .tunnel else { return nil }
    switch next.place {
    case .bridge(let key): return key.bridge
    case .device(let key):
      return translation.outputs.first { $0.name == key.interface }?.bridge
    default: return translation.outputs.count == 1 ? translation.outputs.first?.bridge : nil
    }
  }

  private static func chain(
    to exit: BridgeName, in steps: [PipelineStep], from path: [BridgeName]
  ) -> [BridgeName]? {
    if path.last == exit { return path }
    for step in steps {
      var path = path
      if case .bridge(let name, _) = step.kind, path.last != name { path.append(name) }
      if let found = chain(to: exit, in: step.steps, from: path) { return found }
      if path.last == exit { return path }
    }
    return nil
  }
}
