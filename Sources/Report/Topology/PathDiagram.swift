// A traced path as a picture: only the nodes and boxes that the packet visits, in its order.
import NetworkTypes

enum PathDiagram {
  /// The picture of one direction; `anchor` gives the address of a stop's words.
  static func make(
    _ story: TraceStory, _ catalogue: ElementCatalogue, end: Diagram.End,
    anchor: (Int) -> String
  ) -> Diagram {
    var diagram = Diagram()
    diagram.end = end
    for (position, stop) in story.stops.enumerated() {
      if position > 0 {
        for wire in wires(from: story.stops[position - 1].element, to: stop.element, catalogue) {
          if !diagram.wires.contains(where: { $0.id == wire }) {
            diagram.wires.append(catalogue.box(wire))
          }
          diagram.visits.append(
            DiagramVisit(element: wire, number: nil, anchor: anchor(stop.number)))
        }
      }
      place(stop.element, in: &diagram, catalogue)
      diagram.visits.append(
        DiagramVisit(element: stop.element, number: stop.number, anchor: anchor(stop.number)))
    }
    raiseHubs(&diagram, catalogue)
    diagram.sortWires()
    let shown = Set(diagram.visits.map(\.element))
    let nodes = Set(shown.compactMap(\.node)).sorted()
    diagram.links = nodes.flatMap(catalogue.links).filter {
      $0.kind == .solid && shown.contains($0.from) && shown.contains($0.to)
    }
    return diagram
  }

  /// What lies between two boxes that no lane holds together.
  private static func wires(
    from: ElementID, to: ElementID, _ catalogue: ElementCatalogue
  ) -> [ElementID] {
    func wire(_ id: ElementID) -> ElementID? {
      if case .device(let key) = id { catalogue.wire(of: key) } else { nil }
    }
    guard from.node != to.node || from.node == nil else { return [] }
    return [wire(from), wire(to)].compactMap { $0 }.reduce(into: []) { list, wire in
      if list.last != wire { list.append(wire) }
    }
  }

  private static func place(
    _ id: ElementID, in diagram: inout Diagram, _ catalogue: ElementCatalogue
  ) {
    let box = catalogue.box(id)
    switch id {
    case .outside:
      if !diagram.outside.contains(where: { $0.id == id }) { diagram.outside.append(box) }
    case .wire:
      if !diagram.wires.contains(where: { $0.id == id }) { diagram.wires.append(box) }
    default:
      let title = id.node?.rawValue ?? "place unknown"
      let index =
        diagram.lanes.firstIndex { $0.title == title }
        ?? {
          diagram.lanes.append(DiagramLane(title: title))
          return diagram.lanes.count - 1
        }()
      diagram.lanes[index].add(box, level(of: id))
    }
  }

  private static func level(of id: ElementID) -> DiagramLevel {
    switch id {
    case .guest: .guests
    case .linuxBridge: .linuxBridges
    case .namespace: .namespaces
    case .bridge: .bridges
    case .device, .wire, .outside, .others: .devices
    }
  }

  /// Of a lane's bridges, the one visited first from above becomes the lane's hub.
  private static func raiseHubs(_ diagram: inout Diagram, _ catalogue: ElementCatalogue) {
    for index in diagram.lanes.indices {
      let bridges = diagram.lanes[index].boxes(.bridges)
      guard let hub = bridges.max(by: { weight($0, catalogue) < weight($1, catalogue) })
      else { continue }
      diagram.lanes[index].boxes[.hub] = [hub]
      diagram.lanes[index].boxes[.bridges] = bridges.filter { $0.id != hub.id }
    }
  }

  /// Where Neutron's ports are; ties go to the one that comes first.
  private static func weight(_ box: DiagramBox, _ catalogue: ElementCatalogue) -> Int {
    guard case .bridge(let key) = box.id else { return 0 }
    return catalogue.plugs(on: key.node).count {
      $0.bridge == key.bridge && $0.interface.externalIDs["iface-id"] != nil
    }
  }
}
