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
    guard case .openFlow? = steps[safe: hop.step]?.event, let node = hop.place.node else {
      return add(event(hop, hop.decisions, header: header(of: hop)), at: home(of: hop))
    }
    for (index, leg) in hop.legs.enumerated() {
      let event = StoryEvent(
        kind: .switching, title: "", header: "",
        changes: index == 0 ? Self.telling(hop.changes) : [], decisions: leg.lines)
      add(event, at: .bridge(BridgeKey(node, leg.bridge)))
    }
    if hop.legs.isEmpty {
      add(event(hop, hop.decisions, header: ""), at: element(of: hop.place))
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
      changes: hop.kind == .origin || hop.kind == .tunnel ? [] : Self.telling(hop.changes),
      decisions: decisions)
  }

  /// Without what was only filled in: a sender's own MAC addresses.
  private static func telling(_ changes: [String]) -> [String] {
    changes.filter { !$0.contains("\(MACAddress.zero)") }
  }

  private func header(of hop: NarrativeHop) -> String {
    switch hop.kind {
    case .origin, .device, .tunnel: hop.packet.summary
    case .decision, .end: ""
    }
  }

  /// What a node's own stack decides about a bridged packet happens at the bridge.
  private func home(of hop: NarrativeHop) -> ElementID {
    if hop.kind == .end, case .namespace(let key) = hop.place, key.namespace == .root,
      case .linuxBridge(key.node, _, _)? = stops.last?.element, let last = stops.last
    {
      return last.element
    }
    return element(of: hop.place)
  }

  private func element(of place: Place) -> ElementID {
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
