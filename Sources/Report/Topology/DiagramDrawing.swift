// A laid-out diagram as SVG. Colours and fonts are the style sheet's; here are only shapes, words
// and the classes that name what they are.
import LogicalModel

struct DiagramDrawing {
  private let layout: DiagramLayout
  private let id: String
  private let map: SiteMap?
  private let isMarked: Bool
  private var diagram: Diagram { layout.diagram }

  /// `id` begins every id that the drawing uses, so that several fit on one page. Without `map`
  /// nothing leads to other pages. Where `isMarked`, the script may light boxes up.
  init(_ layout: DiagramLayout, id: String, map: SiteMap? = nil, isMarked: Bool = false) {
    self.layout = layout
    self.id = id
    self.map = map
    self.isMarked = isMarked
  }

  func svg(title: String, description: String) -> Markup {
    let body =
      laneFrames() + links() + wires() + boxes() + path()
    return SVG.root(
      width: layout.width, height: layout.height, id: id, title: title, description: description,
      body)
  }

  // MARK: lanes

  private func laneFrames() -> [Markup] {
    var parts: [Markup] = []
    for (lane, frame) in zip(diagram.lanes, layout.lanes) {
      parts.append(SVG.box(frame, "lane", radius: 10))
      let title = SVG.text(
        lane.title, at: Point(x: frame.x + 14, y: frame.y + 24), "lane-title",
        room: frame.width - 28, size: 15)
      parts.append(SVG.linked(title, to: lane.object, map))
      parts.append(
        SVG.text(
          lane.detail, at: Point(x: frame.x + 14, y: frame.y + 41), "lane-detail",
          room: frame.width - 28, size: 11))
    }
    return parts + layout.headings.map { SVG.text($0.text, at: $0.at, "level") }
  }

  // MARK: links

  private func links() -> [Markup] {
    diagram.links.compactMap { link in
      guard let from = layout.frames[link.from], let to = layout.frames[link.to] else { return nil }
      return link.kind == .tunnel ? tunnel(from, to) : cable(from, to, link)
    }
  }

  /// Straight down from the smaller box.
  private func cable(_ from: Rect, _ to: Rect, _ link: DiagramLink) -> Markup {
    let (upper, lower) = from.y <= to.y ? (from, to) : (to, from)
    let narrow = upper.width < lower.width ? upper : lower
    let x = narrow.midX
    return SVG.line(Point(x: x, y: upper.maxY), Point(x: x, y: lower.y), "link")
  }

  /// Below both: tunnels run over what the node sends itself.
  private func tunnel(_ from: Rect, _ to: Rect) -> Markup {
    let depth = max(from.maxY, to.y > from.maxY ? from.maxY : to.maxY) + 10
    let (a, b) = (from.midX + 10, to.midX - 10)
    let target = to.y > from.maxY ? to.y : to.maxY
    return SVG.path(
      [
        Point(x: a, y: from.maxY), Point(x: a, y: depth), Point(x: b, y: depth),
        Point(x: b, y: target),
      ], "link tunnel")
  }

  // MARK: boxes

  private func wires() -> [Markup] {
    diagram.wires.compactMap { box in
      layout.frames[box.id].map { frame in
        SVG.group(
          "wire", explanation: box.explanation, mark: isMarked ? box.mark : nil,
          [SVG.box(frame, "shape", radius: frame.height / 2 > 17 ? 12 : 17)]
            + sideBySide(box, frame))
      }
    }
  }

  private func boxes() -> [Markup] {
    let lanes = zip(diagram.lanes, layout.lanes).flatMap { lane, _ in
      DiagramLevel.allCases.flatMap { level in
        lane.boxes(level).compactMap { draw($0, level.className) }
      }
    }
    return lanes + diagram.outside.compactMap { draw($0, "outside") }
  }

  private func draw(_ box: DiagramBox, _ className: String) -> Markup? {
    guard let frame = layout.frames[box.id] else { return nil }
    let isVisited = diagram.visitCount(box.id) > 0
    let isStacked = !isVisited && frame.height >= 36 && className != "hub"
    let words =
      box.isMuted
      ? centred(box, frame)
      : isStacked ? stacked(box, frame) : sideBySide(box, frame)
    // In a path the badges lead on.
    return SVG.linked(
      SVG.group(
        className + (box.isMuted ? " muted" : ""), explanation: box.explanation,
        mark: isMarked ? box.mark : nil,
        [SVG.box(frame, "shape", radius: 6)] + words), to: diagram.hasPath ? nil : box.object, map)
  }

  private func centred(_ box: DiagramBox, _ frame: Rect) -> [Markup] {
    [
      SVG.text(
        box.title, at: Point(x: frame.x + 9, y: frame.midY + 4), "detail",
        room: frame.width - 18, size: 11)
    ]
  }

  private func stacked(_ box: DiagramBox, _ frame: Rect) -> [Markup] {
    let room = frame.width - 18
    return [
      SVG.text(
        box.title, at: Point(x: frame.x + 9, y: frame.y + 16), "name", room: room, size: 12),
      SVG.text(
        box.detail, at: Point(x: frame.x + 9, y: frame.y + 31), "detail", room: room, size: 10.5),
    ]
  }

  /// The title at the left, the detail at the right where both fit.
  private func sideBySide(_ box: DiagramBox, _ frame: Rect) -> [Markup] {
    let isVisited = diagram.visitCount(box.id) > 0
    let y = isVisited ? frame.y + 17 : frame.midY + 4
    let area = layout.wordArea(of: box.id)
    let title = SVG.text(
      box.title, at: Point(x: area.x, y: y), "name", room: area.width, size: 12)
    guard let room = layout.detailRoom(box), !box.detail.isEmpty else { return [title] }
    return [
      title,
      SVG.text(
        box.detail, at: Point(x: area.maxX, y: y), "detail end", room: room, size: 10.5),
    ]
  }

  // MARK: path

  private func path() -> [Markup] {
    guard diagram.hasPath else { return [] }
    var router = PathRouter(layout)
    let path = router.route()
    return [SVG.path(path.points, "path-halo"), SVG.path(path.points, "path")]
      + path.arrows.map(arrow) + [endMark(path.end)] + path.badges.map(badge)
  }

  private func arrow(_ arrow: RoutedPath.Arrow) -> Markup {
    let sign = arrow.isDown ? 1.0 : -1.0
    let (x, y) = (arrow.at.x, arrow.at.y)
    return SVG.polygon(
      [
        Point(x: x - 6, y: y - 4 * sign), Point(x: x + 6, y: y - 4 * sign),
        Point(x: x, y: y + 6 * sign),
      ], "path-arrow")
  }

  private func badge(_ badge: RoutedPath.Badge) -> Markup {
    let number = badge.visit.number ?? 0
    let title = diagram.box(badge.visit.element)?.title ?? ""
    return .tag(
      "a", "badge",
      [
        MarkupAttribute("href", badge.visit.anchor),
        MarkupAttribute("aria-label", "stop \(number): \(title)"),
      ],
      [
        SVG.circle(badge.at, 10, "badge-shape"),
        SVG.text(
          "\(number)", at: Point(x: badge.at.x, y: badge.at.y + 4), "badge-number"),
      ])
  }

  /// A tick, a cross or a question mark: never by colour alone.
  private func endMark(_ at: Point) -> Markup {
    let (x, y) = (at.x, at.y)
    let className: String
    let glyph: [Markup]
    switch diagram.end {
    case .arrived:
      className = "end good"
      glyph = [
        SVG.path(
          [Point(x: x - 4, y: y), Point(x: x - 1, y: y + 3.5), Point(x: x + 4.5, y: y - 3.5)],
          "glyph")
      ]
    case .stopped:
      className = "end bad"
      glyph = [
        SVG.line(Point(x: x - 3.5, y: y - 3.5), Point(x: x + 3.5, y: y + 3.5), "glyph"),
        SVG.line(Point(x: x - 3.5, y: y + 3.5), Point(x: x + 3.5, y: y - 3.5), "glyph"),
      ]
    case .unknown:
      className = "end open"
      glyph = [SVG.text("?", at: Point(x: x, y: y + 4), "end-text")]
    }
    return .tag("g", className, [], [SVG.circle(at, 9, "end-shape")] + glyph)
  }
}

extension DiagramLevel {
  var className: String {
    switch self {
    case .guests: "guest"
    case .linuxBridges: "linux-bridge"
    case .namespaces: "namespace"
    case .hub: "hub"
    case .bridges: "bridge"
    case .devices: "device"
    }
  }
}
