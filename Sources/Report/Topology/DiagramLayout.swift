// Gives a diagram's boxes their places: lanes side by side, the same rows at the same height in all
// of them, wires below across all lanes. Feeds PathRouter and DiagramDrawing.

/// A diagram with places.
struct DiagramLayout {
  let diagram: Diagram
  private(set) var frames: [ElementID: Rect] = [:]
  private(set) var lanes: [Rect] = []
  private(set) var headings: [(text: String, at: Point)] = []
  private(set) var width = 0.0
  private(set) var height = 0.0

  static let margin = 6.0
  static let laneGap = 16.0
  private static let headerHeight = 54.0
  private static let pathHeaderHeight = 38.0
  private static let rowGap = 8.0
  private static let wireHeight = 34.0
  /// Of a box that a path visits: its title, then a track a visit.
  static let titleHeight = 26.0
  static let trackHeight = 24.0

  init(_ diagram: Diagram) {
    self.diagram = diagram
    placeLanes()
    let bottom = placeLevels()
    for index in lanes.indices { lanes[index].height = bottom - lanes[index].y }
    placeBelow(bottom)
  }

  private var laneWidth: Double {
    if diagram.hasPath { return 320 }
    let count = Double(max(1, diagram.lanes.count))
    return min(360, (1108 - (count - 1) * Self.laneGap) / count)
  }

  private mutating func placeLanes() {
    var x = Self.margin
    for _ in diagram.lanes {
      lanes.append(Rect(x: x, y: Self.margin, width: laneWidth, height: 0))
      x += laneWidth + Self.laneGap
    }
    width = max(x - Self.laneGap + Self.margin, 332)
  }

  // MARK: rows

  /// Servers and namespaces as each lane has them; from the hub down all lanes keep step.
  private mutating func placeLevels() -> Double {
    let top =
      Self.margin + (diagram.hasPath ? Self.pathHeaderHeight : Self.headerHeight)
    let upper: [DiagramLevel] = [.guests, .linuxBridges, .namespaces]
    var y = top
    for lane in diagram.lanes.indices {
      var bottom = top
      for level in upper {
        bottom = place(level, lanes: [lane], top: bottom, isFirst: bottom == top)
      }
      y = max(y, bottom)
    }
    for level in [DiagramLevel.hub, .bridges, .devices] {
      y = place(level, lanes: Array(diagram.lanes.indices), top: y, isFirst: y == top)
    }
    return y + 14
  }

  /// Gives back where the level ends.
  private mutating func place(
    _ level: DiagramLevel, lanes used: [Int], top: Double, isFirst: Bool
  ) -> Double {
    let used = used.filter { !diagram.lanes[$0].boxes(level).isEmpty }
    guard !used.isEmpty else { return top }
    var y = top + (isFirst ? 0 : Self.space(above: level))
    if !diagram.hasPath, !level.heading.isEmpty {
      for lane in used { headings.append((level.heading, Point(x: lanes[lane].x + 14, y: y + 9))) }
      y += 16
    }
    let heights = used.map { placeLevel(level, lane: $0, top: y) }
    return y + (heights.max() ?? 0)
  }

  private static func space(above level: DiagramLevel) -> Double {
    switch level {
    case .guests: 0
    case .linuxBridges: 22
    case .namespaces: 14
    case .hub: 26
    case .bridges: 34
    case .devices: 26
    }
  }

  private mutating func placeLevel(_ level: DiagramLevel, lane: Int, top: Double) -> Double {
    let boxes = diagram.lanes[lane].boxes(level)
    guard !boxes.isEmpty else { return 0 }
    if level == .devices { return placeDevices(boxes, lane: lane, top: top) }
    let columns = self.columns(level, boxes.count)
    let area = lanes[lane].inset(inset(level), 0)
    let boxWidth = (area.width - Double(columns - 1) * Self.rowGap) / Double(columns)
    var y = top
    for start in stride(from: 0, to: boxes.count, by: columns) {
      let row = boxes[start..<min(start + columns, boxes.count)]
      let height = row.map { self.height(of: $0, level) }.max() ?? 0
      for (column, box) in row.enumerated() {
        let x = area.x + Double(column) * (boxWidth + Self.rowGap)
        frames[box.id] = Rect(x: x, y: y, width: boxWidth, height: height)
      }
      y += height + (diagram.hasPath ? 16 : Self.rowGap)
    }
    return y - top - (diagram.hasPath ? 16 : Self.rowGap)
  }

  /// Each below its bridge where that is drawn and still free.
  private mutating func placeDevices(_ boxes: [DiagramBox], lane: Int, top: Double) -> Double {
    let area = lanes[lane].inset(inset(.devices), 0)
    let fallback = (area.width - Double(boxes.count - 1) * Self.rowGap) / Double(boxes.count)
    let bridges = boxes.map { box in
      diagram.links.first { $0.to == box.id && $0.kind == .solid }.flatMap { frames[$0.from] }
    }
    let isAligned =
      bridges.allSatisfy { $0 != nil }
      && Set(bridges.compactMap { $0?.x }).count
        == boxes.count
    for (index, box) in boxes.enumerated() {
      let height = self.height(of: box, .devices)
      let bridge = isAligned ? bridges[index] : nil
      frames[box.id] = Rect(
        x: bridge?.x ?? area.x + Double(index) * (fallback + Self.rowGap), y: top,
        width: bridge?.width ?? fallback, height: height)
    }
    return boxes.map { self.height(of: $0, .devices) }.max() ?? 0
  }

  private func columns(_ level: DiagramLevel, _ count: Int) -> Int {
    switch level {
    case .guests, .namespaces: diagram.hasPath ? 1 : 2
    case .linuxBridges, .hub: 1
    case .bridges: max(1, min(count, 3))
    case .devices: max(1, count)
    }
  }

  private func inset(_ level: DiagramLevel) -> Double {
    switch level {
    case .guests, .linuxBridges, .namespaces: diagram.hasPath ? 46 : 12
    case .hub, .bridges, .devices: 10
    }
  }

  private func height(of box: DiagramBox, _ level: DiagramLevel) -> Double {
    let visits = diagram.visitCount(box.id)
    if visits > 0 { return Self.titleHeight + Self.trackHeight * Double(visits) + 4 }
    switch level {
    case .guests, .namespaces: return box.isMuted ? 24 : 38
    case .linuxBridges: return 30
    case .hub: return 34
    case .bridges: return 40
    case .devices: return 28
    }
  }

  // MARK: wires and the outside

  private mutating func placeBelow(_ bottom: Double) {
    var y = bottom + 26
    let span = width - 2 * Self.margin
    for wire in diagram.wires {
      let visits = Double(diagram.visitCount(wire.id))
      let height = visits > 0 ? Self.titleHeight + Self.trackHeight * visits + 4 : Self.wireHeight
      frames[wire.id] = Rect(x: Self.margin, y: y, width: span, height: height)
      y += height + 16
    }
    if !diagram.outside.isEmpty { y += 12 }
    let count = Double(max(1, diagram.outside.count))
    let boxWidth = min(320, (span - (count - 1) * Self.laneGap) / count)
    var tallest = 0.0
    for (index, box) in diagram.outside.enumerated() {
      let visits = Double(diagram.visitCount(box.id))
      let height = visits > 0 ? Self.titleHeight + Self.trackHeight * visits + 4 : 42
      let x = width - Self.margin - boxWidth - Double(index) * (boxWidth + Self.laneGap)
      frames[box.id] = Rect(x: x, y: y, width: boxWidth, height: height)
      tallest = max(tallest, height)
    }
    height = (diagram.outside.isEmpty ? y - 16 : y + tallest) + Self.margin
    if diagram.wires.isEmpty, diagram.outside.isEmpty { height = bottom + Self.margin }
  }
}
