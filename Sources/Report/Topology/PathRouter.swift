// Leads a path through a laid-out diagram: inside a box it runs along a track of its own, between
// boxes it goes straight up or down where nothing is in the way, else through the lane's gutter.

/// A path with places.
struct RoutedPath {
  struct Badge {
    let at: Point
    let visit: DiagramVisit
  }
  struct Arrow {
    let at: Point
    let isDown: Bool
  }
  var points: [Point] = []
  var badges: [Badge] = []
  var arrows: [Arrow] = []
  var end = Point(x: 0, y: 0)
}

struct PathRouter {
  private let layout: DiagramLayout
  private let visits: [(visit: DiagramVisit, frame: Rect, track: Double)]
  /// Vertical runs that are taken.
  private var runs: [(x: Double, from: Double, to: Double)] = []

  private static let step = 12.0
  private static let clearance = 15.0
  private static let gutters = [14.0, 28.0]

  init(_ layout: DiagramLayout) {
    self.layout = layout
    var counts: [ElementID: Int] = [:]
    visits = layout.diagram.visits.compactMap { visit in
      guard let frame = layout.frames[visit.element] else { return nil }
      let position = Double(counts[visit.element, default: 0])
      counts[visit.element, default: 0] += 1
      let track =
        frame.y + DiagramLayout.titleHeight + DiagramLayout.trackHeight * (position + 0.5)
      return (visit, frame, track)
    }
  }

  mutating func route() -> RoutedPath {
    var path = RoutedPath()
    guard let first = visits.first else { return path }
    var x = first.frame.x + min(24, first.frame.width / 2)
    for (index, stop) in visits.enumerated() {
      let entry = Point(x: x, y: stop.track)
      path.points.append(entry)
      if stop.visit.number != nil { path.badges.append(.init(at: entry, visit: stop.visit)) }
      guard index + 1 < visits.count else {
        path.end = end(of: stop.frame, entry)
        path.points.append(path.end)
        break
      }
      let next = visits[index + 1]
      x = crossing(from: index, near: x)
      path.points.append(Point(x: x, y: stop.track))
      let (top, bottom) = (min(stop.track, next.track), max(stop.track, next.track))
      runs.append((x, top, bottom))
      path.arrows += arrow(x, stop, next)
    }
    return path
  }

  /// In the gap between the two boxes, where nothing else is written.
  private func arrow(
    _ x: Double, _ from: (visit: DiagramVisit, frame: Rect, track: Double),
    _ to: (visit: DiagramVisit, frame: Rect, track: Double)
  ) -> [RoutedPath.Arrow] {
    let isDown = to.track > from.track
    let gap = isDown ? to.frame.y - from.frame.maxY : from.frame.y - to.frame.maxY
    guard gap >= 12 else { return [] }
    let middle = isDown ? to.frame.y - gap / 2 : to.frame.maxY + gap / 2
    return [RoutedPath.Arrow(at: Point(x: x, y: middle), isDown: isDown)]
  }

  private func end(of frame: Rect, _ entry: Point) -> Point {
    let room = frame.maxX - 18
    return Point(
      x: entry.x + 40 <= room ? entry.x + 40 : max(frame.x + 14, entry.x - 40), y: entry.y)
  }

  // MARK: crossings

  /// The x at which the path goes from a visit to the next.
  private func crossing(from index: Int, near x: Double) -> Double {
    let (from, to) = (visits[index], visits[index + 1])
    let candidates = straight(from.frame, to.frame) + detours(from.frame, to.frame)
    let scored = candidates.map { (x: $0.x, cost: cost($0.x, index, near: x) + $0.cost) }
    return scored.min { ($0.cost, $0.x) < ($1.cost, $1.x) }?.x ?? to.frame.midX
  }

  private func straight(_ a: Rect, _ b: Rect) -> [(x: Double, cost: Double)] {
    let (low, high) = (max(a.x, b.x) + 16, min(a.maxX, b.maxX) - 16)
    guard low <= high else { return [] }
    return stride(from: low, through: high, by: Self.step).map { ($0, 0) }
  }

  /// Gutters of the lane that holds either box.
  private func detours(_ a: Rect, _ b: Rect) -> [(x: Double, cost: Double)] {
    layout.lanes.filter { $0.contains(x: a.midX) || $0.contains(x: b.midX) }.flatMap { lane in
      Self.gutters.flatMap { [(lane.x + $0, 30.0), (lane.maxX - $0, 30.0)] }
    }
  }

  private func cost(_ candidate: Double, _ index: Int, near x: Double) -> Double {
    let (from, to) = (visits[index], visits[index + 1])
    let (top, bottom) = (min(from.track, to.track), max(from.track, to.track))
    var cost = abs(candidate - x) * 0.3
    // A number needs room before the path turns again.
    if abs(candidate - x) < 26, from.visit.number != nil { cost += 25 }
    for run in runs where abs(run.x - candidate) < Self.clearance {
      if run.from < bottom, run.to > top { cost += 200 }
    }
    cost += 90 * Double(obstacles(candidate, top, bottom, [from.visit.element, to.visit.element]))
    if to.track > from.track, candidate < titleEnd(of: to) { cost += 40 }
    if to.track < from.track, candidate < titleEnd(of: from) { cost += 40 }
    return cost
  }

  /// Boxes that a vertical run would pass through.
  private func obstacles(
    _ x: Double, _ top: Double, _ bottom: Double, _ own: Set<ElementID>
  ) -> Int {
    layout.frames.count { id, frame in
      !own.contains(id) && frame.contains(x: x) && frame.y < bottom && frame.maxY > top
    }
  }

  /// Entering from above, or leaving upwards, must not cross the box's title.
  private func titleEnd(of stop: (visit: DiagramVisit, frame: Rect, track: Double)) -> Double {
    let box = layout.diagram.box(stop.visit.element)
    return stop.frame.x + 10 + Double(box?.title.count ?? 0) * 7.4
  }
}

extension Diagram {
  func box(_ id: ElementID) -> DiagramBox? {
    let all = lanes.flatMap { lane in DiagramLevel.allCases.flatMap(lane.boxes) }
    return (all + wires + outside).first { $0.id == id }
  }
}
