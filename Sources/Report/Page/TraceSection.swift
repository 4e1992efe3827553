// Traced packets: verdict, the way there and back as a picture, and stop by stop with evidence.
import Facts
import LogicalModel
import NetworkTypes
import Trace

struct TraceSection {
  private let model: CloudModel
  private let catalogue: ElementCatalogue
  private let citation: Citation
  private let map: SiteMap

  init(_ site: SiteContext) {
    model = site.model
    catalogue = site.catalogue
    citation = Citation(site.input, site.book)
    map = site.map
  }

  /// `id` begins every id on the page.
  func value(_ trace: TracedProbe, id: String) -> PageValue {
    let result = trace.result
    let standing = Self.standing(result.outcome.isDelivered).rawValue
    return [
      "id": .text(id), "title": .text(trace.title),
      "outcome": .text(Self.words(result.outcome)), "standing": .text(standing),
      "icon": .markup(Icon.sign(standing)),
      "facts": .list(facts(result)),
      "directions": .list(directions(result, id: id)),
      "observations": trace.observations.isEmpty
        ? .none : .markup(Self.table(trace.observations).markup),
      "has_assumptions": .flag(!result.assumptions.isEmpty),
      "assumptions": .list(result.assumptions.map { .text($0) }),
    ]
  }

  private static func table(_ items: [ReportObservation]) -> LinkTable {
    LinkTable(
      id: "observations", caption: "Prediction beside capture",
      columns: [
        .init("Place", isTechnical: true), .init("Predicted", isTechnical: true),
        .init("Seen", isTechnical: true), .init("Agrees"),
      ],
      rows: items.map { item in
        let word: String =
          switch item.standing {
          case .good: "yes"
          case .bad: "no"
          case .open: "not known"
          }
        let sign = Markup.tag(
          "span", item.standing.rawValue, [], [Icon.standing(item.standing), .text(" \(word)")])
        return [.text(item.place), .text(item.predicted), .text(item.observed), sign]
      }, isPlain: true)
  }

  static func standing(_ verdict: Bool?) -> Standing {
    verdict.map { $0 ? .good : .bad } ?? .open
  }

  static func words(_ outcome: Outcome) -> String {
    outcome == .leftCloud ? "left the cloud" : outcome.rawValue
  }

  // MARK: verdict

  private func facts(_ result: TraceResult) -> [PageValue] {
    var rows: [PageValue] = []
    func add(_ name: String, _ text: String, _ evidence: [Evidence] = []) {
      rows.append([
        "name": .text(name), "text": .text(text), "evidence": citation.values(evidence),
      ])
    }
    if !result.receivedBy.isEmpty { add("Taken by", named(result.receivedBy)) }
    if let seen = result.seen { add("Arrives as", words(seen)) }
    if let reason = result.reason { add("Because", reason.text, reason.evidence) }
    add("Answer", answer(result), result.replyReason?.evidence ?? [])
    if !result.overheardBy.isEmpty { add("Overheard by", named(result.overheardBy)) }
    return rows
  }

  private func answer(_ result: TraceResult) -> String {
    switch result.isReplied {
    case true?: return "comes back"
    case false? where result.outcome.isDelivered == true:
      return "does not come back" + (result.replyReason.map { ": \($0.text)" } ?? "")
    case false?: return "none, as the packet did not arrive"
    case nil: return "unknown" + (result.replyReason.map { ": \($0.text)" } ?? "")
    }
  }

  private func words(_ seen: SeenHeader) -> String {
    let source = seen.source.map { "\($0)" } ?? "no address"
    let destination = seen.destination.map { "\($0)" } ?? "no address"
    let port = seen.destinationPort.map { ", port \($0)" } ?? ""
    return "\(source) → \(destination)\(port), TTL \(seen.ttl)"
  }

  /// Receivers are port ids, namespaces, or `internet`.
  private func named(_ receivers: [String]) -> String {
    receivers.map { receiver in
      guard let port = model.port(PortID(receiver)) else { return receiver }
      let network = model.network(port.network).map { " on \($0.label)" } ?? ""
      return model.title(of: port) + network
    }.joined(separator: ", ")
  }

  // MARK: ways

  /// The way there alone, its numbers leading to the stops on `page`.
  func picture(_ trace: TracedProbe, page: String) -> Markup? {
    let story = TraceStory(trace.result.steps, catalogue)
    guard !story.stops.isEmpty else { return nil }
    let diagram = PathDiagram.make(
      story, catalogue, end: Self.end(trace.result.outcome.isDelivered)
    ) { "\(page)#there-\($0)" }
    return DiagramDrawing(DiagramLayout(diagram), id: "path-map").svg(
      title: trace.title, description: words(story))
  }

  /// Marks of the boxes that it visits, with blanks between.
  func marks(_ trace: TracedProbe) -> String {
    let story = TraceStory(trace.result.steps, catalogue)
    let diagram = PathDiagram.make(story, catalogue, end: .unknown) { _ in "" }
    return Set(diagram.boxes.map(\.mark)).sorted().joined(separator: " ")
  }

  private static func end(_ isArrived: Bool?) -> Diagram.End {
    isArrived.map { $0 ? .arrived : .stopped } ?? .unknown
  }

  private func directions(_ result: TraceResult, id: String) -> [PageValue] {
    var directions = [
      direction(
        "The way there", result.steps, id: "there", isArrived: result.outcome.isDelivered)
    ]
    if !result.replySteps.isEmpty {
      directions.append(
        direction(
          "The way back", result.replySteps, id: "back", isArrived: result.isReplied))
    }
    return directions.compactMap { $0 }
  }

  private func direction(
    _ title: String, _ steps: [Step], id: String, isArrived: Bool?
  ) -> PageValue? {
    let story = TraceStory(steps, catalogue)
    guard !story.stops.isEmpty else { return nil }
    let diagram = PathDiagram.make(story, catalogue, end: Self.end(isArrived)) { "#\(id)-\($0)" }
    let layout = DiagramLayout(diagram)
    let drawing = DiagramDrawing(layout, id: "\(id)-map")
    return [
      "id": .text(id), "title": .text(title), "is_narrow": .flag(layout.width <= 480),
      "map": .markup(drawing.svg(title: title, description: words(story))),
      "stops": .list(story.stops.map { value($0, id: id) }),
      "has_asides": .flag(!story.asides.isEmpty),
      "asides": .list(story.asides.map { .text($0) }),
    ]
  }

  private func words(_ story: TraceStory) -> String {
    story.stops.map { stop in
      let box = catalogue.box(stop.element)
      return "\(stop.number) \(box.title)" + (stop.element.node.map { " on \($0)" } ?? "")
    }.joined(separator: ", ")
  }

  private func value(_ stop: StoryStop, id: String) -> PageValue {
    let box = catalogue.box(stop.element)
    return [
      "anchor": .text("\(id)-\(stop.number)"), "number": .text("\(stop.number)"),
      "map": .text(id), "title": .text(box.title), "kind": .text(box.detail),
      "node": .markup(map.link(stop.element.node)),
      "explanation": .text(explanation(box)),
      "events": .list(stop.events.map(value)),
    ]
  }

  /// Says more than title and kind only for namespaces, whose title is their owner's name.
  private func explanation(_ box: DiagramBox) -> String {
    if case .namespace(let key) = box.id, key.namespace != .root { return key.namespace.rawValue }
    return ""
  }

  private func value(_ event: StoryEvent) -> PageValue {
    [
      "kind": .text("\(event.kind)"), "title": .text(event.title), "header": .text(event.header),
      "has_line": .flag(!event.title.isEmpty || !event.header.isEmpty),
      "has_changes": .flag(!event.changes.isEmpty),
      "changes": .list(event.changes.map { .text($0) }),
      "has_decisions": .flag(!event.decisions.isEmpty),
      "decisions": .list(
        event.decisions.map { line in
          [
            "text": .text(line.text),
            "evidence": citation.values(line.evidence, beside: line.text),
          ]
        }),
    ]
  }
}
