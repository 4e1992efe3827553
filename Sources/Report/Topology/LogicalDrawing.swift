// A logical diagram as SVG: groups side by side in bands as wide as the page, each band under the
// external networks that its routers use.
import NetworkTypes

struct LogicalDrawing {
  private let diagram: LogicalDiagram
  private let id: String
  private let map: SiteMap?
  private var parts: [Markup] = []
  private var lines: [Markup] = []
  private var y = 6.0

  private static let width = 1120.0
  private static let margin = 6.0
  private static let cardWidth = 240.0
  private static let routerWidth = 196.0
  private static let routerHeight = 58.0
  private static let gap = 18.0
  private static let barHeight = 38.0
  private static let lineHeight = 18.0
  private static let columns = 4

  init(_ diagram: LogicalDiagram, id: String, map: SiteMap? = nil) {
    self.diagram = diagram
    self.id = id
    self.map = map
  }

  func svg(title: String, description: String) -> Markup {
    var drawing = self
    for band in bands() { drawing.draw(band) }
    return SVG.root(
      width: Self.width, height: max(drawing.y - 12, 40), id: id, title: title,
      description: description, drawing.lines + drawing.parts)
  }

  // MARK: bands

  private func bands() -> [[LogicalCluster]] {
    var bands: [[LogicalCluster]] = []
    var used = Double.infinity
    for cluster in diagram.clusters {
      let width = Self.width(of: cluster)
      if used + Self.gap * 2 + width > Self.width - 2 * Self.margin {
        bands.append([])
        used = -Self.gap * 2
      }
      bands[bands.count - 1].append(cluster)
      used += Self.gap * 2 + width
    }
    if bands.isEmpty, !diagram.externals.isEmpty { bands.append([]) }
    return bands
  }

  private static func width(of cluster: LogicalCluster) -> Double {
    let routers = Double(cluster.routers.count) * (routerWidth + gap) - gap
    let networks = Double(min(columns, cluster.networks.count)) * (cardWidth + gap) - gap
    return max(routers, networks)
  }

  private mutating func draw(_ band: [LogicalCluster]) {
    let used = Set(band.flatMap(\.routers).compactMap(\.external))
    let orphans = lines.isEmpty && parts.isEmpty
    let bars = diagram.externals.filter { bar in
      used.contains(bar.id) || (orphans && !isUsed(bar.id))
    }
    var bottoms: [NetworkID: Double] = [:]
    for bar in bars {
      draw(bar: bar)
      bottoms[bar.id] = y
      y += 10
    }
    let hasRouters = band.contains { !$0.routers.isEmpty }
    let top = y + (bars.isEmpty ? 0 : 22)
    var x = Self.margin
    var bottom = top
    for cluster in band {
      bottom = max(bottom, draw(cluster, x: x, top: top, bottoms, hasRouters))
      x += Self.width(of: cluster) + Self.gap * 2
    }
    y = bottom + 30
  }

  private func isUsed(_ network: NetworkID) -> Bool {
    diagram.clusters.flatMap(\.routers).contains { $0.external == network }
  }

  private mutating func draw(bar: NetworkCard) {
    let frame = Rect(
      x: Self.margin, y: y, width: Self.width - 2 * Self.margin, height: Self.barHeight)
    let words = [bar.segment, bar.subnets.joined(separator: ", ")].filter { !$0.isEmpty }
      .joined(separator: "  ·  ")
    let group = SVG.group(
      "external", explanation: bar.explanation,
      [
        SVG.box(frame, "shape", radius: 8),
        SVG.text(
          bar.title, at: Point(x: frame.x + 14, y: frame.midY + 4.5), "name", room: 420, size: 13),
        SVG.text(
          words, at: Point(x: frame.maxX - 14, y: frame.midY + 4), "detail end", room: 600,
          size: 11),
      ])
    parts.append(SVG.linked(group, to: ReportObject(.network, bar.id.rawValue), map))
    y += Self.barHeight
  }

  // MARK: a cluster

  private mutating func draw(
    _ cluster: LogicalCluster, x: Double, top: Double, _ bars: [NetworkID: Double],
    _ hasRouters: Bool
  ) -> Double {
    let width = Self.width(of: cluster)
    let routersWidth = Double(cluster.routers.count) * (Self.routerWidth + Self.gap) - Self.gap
    var frames: [Rect] = []
    for (index, router) in cluster.routers.enumerated() {
      let frame = Rect(
        x: x + (width - routersWidth) / 2 + Double(index) * (Self.routerWidth + Self.gap), y: top,
        width: Self.routerWidth, height: Self.routerHeight)
      frames.append(frame)
      draw(router, frame)
      if let bar = router.external.flatMap({ bars[$0] }) { gateway(router, frame, bar) }
    }
    let buses = 30.0 + 9 * Double(max(0, cluster.routers.count - 1))
    let cardTop = hasRouters ? top + Self.routerHeight + buses + 10 : top
    let cards = places(cluster, x: x, width: width, top: cardTop)
    for (card, frame) in zip(cluster.networks, cards) { draw(card, frame) }
    for (index, router) in cluster.routers.enumerated() {
      bus(router, index, frames[index], cluster, cards, firstRow: cardTop)
    }
    return cards.map(\.maxY).max() ?? top + Self.routerHeight
  }

  private func places(
    _ cluster: LogicalCluster, x: Double, width: Double, top: Double
  ) -> [Rect] {
    let columns = min(Self.columns, max(1, cluster.networks.count))
    let used = Double(columns) * (Self.cardWidth + Self.gap) - Self.gap
    var frames: [Rect] = []
    var rowTop = top
    for start in stride(from: 0, to: cluster.networks.count, by: columns) {
      let row = cluster.networks[start..<min(start + columns, cluster.networks.count)]
      for (column, card) in row.enumerated() {
        frames.append(
          Rect(
            x: x + (width - used) / 2 + Double(column) * (Self.cardWidth + Self.gap), y: rowTop,
            width: Self.cardWidth, height: height(of: card)))
      }
      rowTop += (row.map(height).max() ?? 0) + Self.gap
    }
    return frames
  }

  private func height(of card: NetworkCard) -> Double {
    let lines = card.servers.count + (card.more.isEmpty ? 0 : 1)
    let subnets = Double(max(1, min(2, card.subnets.count)))
    return 40 + subnets * 15 + (lines == 0 ? 0 : 10 + Double(lines) * Self.lineHeight)
  }

  // MARK: lines

  private mutating func gateway(_ router: RouterBox, _ frame: Rect, _ bar: Double) {
    let x = frame.midX
    lines.append(SVG.line(Point(x: x, y: bar), Point(x: x, y: frame.y), "link"))
    parts.append(SVG.circle(Point(x: x, y: bar), 3.5, "joint"))
    parts.append(
      SVG.text(router.gateway, at: Point(x: x + 8, y: frame.y - 7), "address"))
  }

  /// From a router to a line of its own, and from there to each of its networks.
  private mutating func bus(
    _ router: RouterBox, _ index: Int, _ frame: Rect, _ cluster: LogicalCluster, _ cards: [Rect],
    firstRow: Double
  ) {
    let level = frame.maxY + 12 + 9 * Double(index)
    var ends = [frame.midX]
    for foot in router.feet {
      guard let position = cluster.networks.firstIndex(where: { $0.id == foot.network })
      else { continue }
      let card = cards[position]
      if card.y > firstRow + 1 {
        let x = card.x - Self.gap / 2
        let entry = card.y + 20
        lines.append(
          SVG.path(
            [Point(x: x, y: level), Point(x: x, y: entry), Point(x: card.x, y: entry)], "link"))
        ends.append(x)
      } else {
        let x = card.x + 26 + 92 * Double(index % 3)
        lines.append(SVG.line(Point(x: x, y: level), Point(x: x, y: card.y), "link"))
        parts.append(SVG.circle(Point(x: x, y: card.y), 3, "joint"))
        parts.append(SVG.text(foot.address, at: Point(x: x + 7, y: card.y - 6), "address"))
        ends.append(x)
      }
    }
    guard ends.count > 1, let low = ends.min(), let high = ends.max() else { return }
    lines.append(
      SVG.line(Point(x: frame.midX, y: frame.maxY), Point(x: frame.midX, y: level), "link"))
    lines.append(SVG.line(Point(x: low, y: level), Point(x: high, y: level), "link"))
  }

  // MARK: boxes

  private mutating func draw(_ router: RouterBox, _ frame: Rect) {
    let room = frame.width - 20
    let group = SVG.group(
      "router", explanation: router.explanation,
      [
        SVG.box(frame, "shape", radius: 8),
        SVG.text(
          router.title, at: Point(x: frame.x + 10, y: frame.y + 20), "name", room: room, size: 13),
        SVG.text(
          "\(router.mode) router", at: Point(x: frame.x + 10, y: frame.y + 36), "detail",
          room: room, size: 11),
        SVG.text(
          router.place, at: Point(x: frame.x + 10, y: frame.y + 50), "detail", room: room,
          size: 11),
      ])
    parts.append(SVG.linked(group, to: ReportObject(.router, router.id.rawValue), map))
  }

  private mutating func draw(_ card: NetworkCard, _ frame: Rect) {
    let title = SVG.text(
      card.title, at: Point(x: frame.x + 12, y: frame.y + 20), "name", room: frame.width - 24,
      size: 13)
    var body = [
      SVG.box(frame, "shape", radius: 8),
      SVG.linked(title, to: ReportObject(.network, card.id.rawValue), map),
      SVG.text(
        card.segment.isEmpty ? "segment unknown" : card.segment,
        at: Point(x: frame.x + 12, y: frame.y + 35), "detail", room: frame.width - 24, size: 11),
    ]
    var line = frame.y + 50
    for subnet in card.subnets.prefix(2) {
      body.append(
        SVG.text(
          subnet, at: Point(x: frame.x + 12, y: line), "address", room: frame.width - 24, size: 11))
      line += 15
    }
    line = frame.y + 40 + Double(max(1, min(2, card.subnets.count))) * 15 + 14
    if !card.servers.isEmpty {
      body.append(
        SVG.line(
          Point(x: frame.x, y: line - 14), Point(x: frame.maxX, y: line - 14), "divider"))
    }
    for server in card.servers {
      body += row(server, frame, line + 2)
      line += Self.lineHeight
    }
    body.append(
      SVG.text(card.more, at: Point(x: frame.x + 12, y: line + 2), "detail"))
    parts.append(SVG.group("network", explanation: card.explanation, body))
  }

  /// A server's name, its address and its floating address behind an arrow.
  private func row(_ server: NetworkCard.ServerLine, _ frame: Rect, _ y: Double) -> [Markup] {
    let right = server.floating.isEmpty ? server.address : server.floating
    let words = server.floating.isEmpty ? right : "↔ \(right)"
    return [
      SVG.linked(
        SVG.text(server.name, at: Point(x: frame.x + 12, y: y), "server", room: 104, size: 11.5),
        to: server.object, map),
      SVG.text(
        words, at: Point(x: frame.maxX - 12, y: y),
        server.floating.isEmpty ? "address end" : "address floating end", room: 112, size: 10.5),
    ]
  }
}
