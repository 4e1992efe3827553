// The few shapes that the drawings are made of.
import Facts

enum SVG {
  static func root(
    width: Double, height: Double, id: String, title: String, description: String, _ body: [Markup]
  ) -> Markup {
    .tag(
      "svg", "drawing",
      [
        MarkupAttribute("viewBox", "0 0 \(width.drawn) \(height.drawn)"),
        MarkupAttribute("width", width.drawn), MarkupAttribute("height", height.drawn),
        MarkupAttribute("role", "group"),
        MarkupAttribute("aria-label", title),
        MarkupAttribute("aria-describedby", "\(id)-words"),
      ],
      [.tag("desc", "", [MarkupAttribute("id", "\(id)-words")], [.text(description)])] + body)
  }

  /// A shape that leads to the page of what it stands for.
  static func linked(_ shape: Markup, to object: ReportObject?, _ map: SiteMap?) -> Markup {
    guard let object, let path = map?.path(object) else { return shape }
    return .link(path, [shape])
  }

  /// A group with a tooltip.
  static func group(
    _ className: String, explanation: String, mark: String? = nil, _ body: [Markup]
  ) -> Markup {
    let title = explanation.isEmpty ? [] : [Markup.tag("title", text: explanation)]
    return .tag(
      "g", className, mark.map { [MarkupAttribute("data-mark", $0)] } ?? [], title + body)
  }

  static func box(_ frame: Rect, _ className: String, radius: Double) -> Markup {
    .tag(
      "rect", className,
      [
        MarkupAttribute("x", frame.x.drawn), MarkupAttribute("y", frame.y.drawn),
        MarkupAttribute("width", frame.width.drawn), MarkupAttribute("height", frame.height.drawn),
        MarkupAttribute("rx", radius.drawn),
      ])
  }

  static func circle(_ at: Point, _ radius: Double, _ className: String) -> Markup {
    .tag(
      "circle", className,
      [
        MarkupAttribute("cx", at.x.drawn), MarkupAttribute("cy", at.y.drawn),
        MarkupAttribute("r", radius.drawn),
      ])
  }

  static func line(_ from: Point, _ to: Point, _ className: String) -> Markup {
    path([from, to], className)
  }

  static func path(_ points: [Point], _ className: String) -> Markup {
    .tag("path", className, [MarkupAttribute("d", outline(points))])
  }

  static func polygon(_ points: [Point], _ className: String) -> Markup {
    .tag("path", className, [MarkupAttribute("d", outline(points) + "Z")])
  }

  private static func outline(_ points: [Point]) -> String {
    points.enumerated().map { index, point in
      "\(index == 0 ? "M" : "L")\(point.x.drawn) \(point.y.drawn)"
    }.joined()
  }

  /// A line of text, cut with an ellipsis where it is wider than `room`.
  static func text(
    _ text: String, at point: Point, _ className: String, room: Double? = nil, size: Double = 12
  ) -> Markup {
    let shown = room.map { cut(text, room: $0, size: size) } ?? text
    guard !shown.isEmpty else { return .empty }
    return .tag(
      "text", className,
      [MarkupAttribute("x", point.x.drawn), MarkupAttribute("y", point.y.drawn)], [.text(shown)])
  }

  /// An upper estimate, as no font can be asked: 0.6 of the size a column.
  static func width(of text: String, size: Double) -> Double {
    Double(TerminalText.width(TerminalText.escaped(text))) * size * 0.6
  }

  /// The middle is left out: names of one kind often differ at their end.
  static func cut(_ text: String, room: Double, size: Double) -> String {
    let shown = TerminalText.escaped(text)
    guard width(of: shown, size: size) > room else { return shown }
    let columns = max(1, Int(room / (size * 0.6)) - 1)
    let tail = prefix(of: shown.reversed(), columns / 3)
    return String(prefix(of: shown, columns - columns / 3)) + "…" + String(tail.reversed())
  }

  /// As many characters as fit.
  private static func prefix(of text: some Sequence<Character>, _ columns: Int) -> [Character] {
    var used = 0
    return Array(
      text.prefix { character in
        used += TerminalText.width(String(character))
        return used <= columns
      })
  }
}
