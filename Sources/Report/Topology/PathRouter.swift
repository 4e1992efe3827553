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
  private static let gutters = [12.0, 28.0]

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
      if stop.visit.number != nil {
        let inside = min(max(x, stop.frame.x + 15), stop.frame.maxX - 15)
        path.badges.append(.init(at: Point(x: inside, y: entry.y), visit: stop.visit))
      }
      guard index + 1 < visits.count else {
        path.end = end(of: stop.frame, path.badges.last?.at ?? entry)
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

  /// Shortly before the next box.
  private func arrow(
    _ x: Double, _ from: (visit: DiagramVisit, frame: Rect, track: Double),
    _ to: (visit: DiagramVisit, frame: Rect, track: Double)
  ) -> [RoutedPath.Arrow] {
    let isDown = to.track > from.track
    let gap = isDown ? to.frame.y - from.frame.maxY : from.frame.y - to.frame.maxY
    guard gap >= 12 else { return [] }
    let middle = isDown ? to.frame.y - 8 : to.frame.maxY + 8
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
    let candidates =
      straight(from.frame, to.frame, x) + beside(from.frame, to.frame)
      + detours(from.frame, to.frame)
    let scored = candidates.map { (x: $0.x, cost: cost($0.x, index, near: x) + $0.cost) }
    return scored.min { ($0.cost, $0.x) < ($1.cost, $1.x) }?.x ?? to.frame.midX
  }

  private func straight(_ a: Rect, _ b: Rect, _ x: Double) -> [(x: Double, cost: Double)] {
    let (low, high) = (max(a.x, b.x) + 16, min(a.maxX, b.maxX) - 16)
    guard low <= high else { return [] }
    let steps = stride(from: low, through: high, by: Self.step).map { ($0, 0.0) }
    return x >= low && x <= high ? [(x, 0)] + steps : steps
  }

  /// In the gap between neighbours of one row.
  private func beside(_ a: Rect, _ b: Rect) -> [(x: Double, cost: Double)] {
    guard a.y < b.maxY, b.y < a.maxY else { return [] }
    if a.maxX <= b.x { return [((a.maxX + b.x) / 2, 0)] }
    return b.maxX <= a.x ? [((b.maxX + a.x) / 2, 0)] : []
  }

  /// Gutters of the lane that holds either box, beside boxes that leave room for them.
  private func detours(_ a: Rect, _ b: Rect) -> [(x: Double, cost: Double)] {
    layout.lanes.filter { lane in
      [a, b].contains {
        lane.contains(x: $0.midX) && $0.x >= lane.x + 40 && $0.maxX <= lane.maxX - 40
      }
    }.flatMap { lane in
      Self.gutters.flatMap { [(lane.x + $0, 30.0), (lane.maxX - $0, 30.0)] }
    }
  }

  private func cost(_ candidate: Double, _ index: Int, near x: Double) -> Double {
    let (from, to) = (visits[index], visits[index + 1])
    let (top, bottom) = (min(from.track, to.track), max(from.track, to.track))
    var cost = abs(candidate - x) * 0.12
    // A number needs room before the path turns again.
    if abs(candidate - x) < 26, from.visit.number != nil { cost += 45 }
    for run in runs where abs(run.x - candidate) < Self.clearance {
      if run.from < bottom, run.to > top { cost += 200 }
    }
    for id in obstacles(candidate, top, bottom, [from.visit.element, to.visit.element]) {
      cost += layout.words(in: id).contains { $0.contains(candidate) } ? 130 : 90
    }
    // Entering from above, or leaving upwards, must not cross the box's words.
    let lower = to.track > from.track ? to : from
    let words = layout.words(in: lower.visit.element)
    if words.contains(where: { $0.contains(candidate) }) { cost += 40 }
    return cost
  }

  /// Boxes that a vertical run would pass through.
  private func obstacles(
    _ x: Double, _ top: Double, _ bottom: Double, _ own: Set<ElementID>
  ) -> [ElementID] {
    layout.frames.filter { id, frame in
      !own.contains(id) && frame.contains(x: x) && frame.y < bottom && frame.maxY > top
    }.map(\.key)
  }
}

extension Diagram {
  func box(_ id: ElementID) -> DiagramBox? {
    boxes.first { $0.id == id }
  }
}
