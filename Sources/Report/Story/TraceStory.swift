// A direction of a trace as stops: the hops of its narrative, gathered by the box of the picture in
// which they happen, so that picture and text count alike. The only file that turns steps into words.
import Facts
import NetworkTypes
import OpenFlow
import Trace

/// Something that happens at a stop.
struct StoryEvent {
  enum Kind { case origin, device, switching, tunnel, end }
  let kind: Kind
  let title: String
  /// The header there; empty where it says nothing new.
  let header: String
  let changes: [String]
  let decisions: [NarrativeLine]
}

/// A box of the picture and what happens to the packet there.
struct StoryStop {
  let element: ElementID
  let number: Int
  var events: [StoryEvent]
}

/// One direction of a trace.
struct TraceStory {
  private(set) var stops: [StoryStop] = []
  let asides: [String]
  private let catalogue: ElementCatalogue

  init(_ steps: [Step], _ catalogue: ElementCatalogue) {
    self.catalogue = catalogue
    let narrative = Narrative(steps)
    asides = narrative.asides
    for hop in narrative.hops { add(hop, steps) }
  }

  private mutating func add(_ hop: NarrativeHop, _ steps: [Step]) {
    guard case .openFlow(let translation)? = steps[safe: hop.step]?.event else {
      return add(event(hop, hop.decisions, header: header(of: hop)), at: element(of: hop.place))
    }
    // Of the decisions at a switch the lookups come first, one line each.
    let lookups = translation.lookups.prefix(hop.decisions.count)
    var groups: [(bridge: BridgeName, lines: [NarrativeLine])] = []
    for (lookup, line) in zip(lookups, hop.decisions) {
      if groups.last?.bridge != lookup.bridge { groups.append((lookup.bridge, [])) }
      groups[groups.count - 1].lines.append(line)
    }
    let rest = Array(hop.decisions.dropFirst(lookups.count))
    guard let node = hop.place.node, let last = groups.indices.last else {
      return add(event(hop, hop.decisions, header: ""), at: element(of: hop.place))
    }
    groups[last].lines += rest
    for (index, group) in groups.enumerated() {
      let own = index == 0 ? hop.changes : []
      add(
        StoryEvent(
          kind: .switching, title: "", header: "", changes: own, decisions: group.lines),
        at: .bridge(BridgeKey(node, group.bridge)))
    }
  }

  private mutating func add(_ event: StoryEvent, at element: ElementID) {
    if let last = stops.indices.last, stops[last].element == element {
      stops[last].events.append(event)
    } else {
      stops.append(StoryStop(element: element, number: stops.count + 1, events: [event]))
    }
  }

  private func event(
    _ hop: NarrativeHop, _ decisions: [NarrativeLine], header: String
  ) -> StoryEvent {
    let kind: StoryEvent.Kind =
      switch hop.kind {
      case .origin: .origin
      case .device: .device
      case .decision: .switching
      case .tunnel: .tunnel
      case .end: .end
      }
    return StoryEvent(
      kind: kind, title: hop.title, header: header,
      changes: hop.kind == .origin ? [] : hop.changes, decisions: decisions)
  }

  private func header(of hop: NarrativeHop) -> String {
    switch hop.kind {
    case .origin, .device, .tunnel: hop.packet.summary
    case .decision, .end: ""
    }
  }

  func element(of place: Place) -> ElementID {
    switch place {
    case .device(let key): catalogue.element(for: key)
    case .namespace(let key): .namespace(key)
    case .bridge(let key): .bridge(key)
    case .guest(let node, let name): .guest(node, name)
    case .segment(let name): .wire(name)
    case .outside(let name): .outside(name)
    }
  }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
