// Small signs beside words; shape tells them apart where colour does not.

enum Icon {
  static func standing(_ standing: Standing) -> Markup { sign(standing.rawValue) }

  /// `good`, `bad` or `open`.
  static func sign(_ name: String) -> Markup {
    switch name {
    case "good": icon([disc, stroke("M4.6 8.3 7 10.7 11.6 5.6")], name)
    case "bad": icon([disc, stroke("M5.4 5.4 10.6 10.6M10.6 5.4 5.4 10.6")], name)
    default:
      icon([disc, stroke("M5.9 6.3a2.1 2.1 0 1 1 3 2c-.6.3-.9.7-.9 1.3M8 11.6v.1")], name)
    }
  }

  /// An octagon, a triangle, a diamond, a disc, a ring: from the gravest to the mildest.
  static func severity(_ name: String) -> Markup {
    let outline: String
    switch name {
    case "critical": outline = "M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z"
    case "high": outline = "M8 1.2 15.2 14.4H.8z"
    case "medium": outline = "M8 .8 15.2 8 8 15.2.8 8z"
    case "info":
      outline =
        "M8 1.4a6.6 6.6 0 1 0 0 13.2A6.6 6.6 0 0 0 8 1.4zm0 2a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 0 1 0-9.2z"
    default: outline = "M8 1.4a6.6 6.6 0 1 0 0 13.2A6.6 6.6 0 0 0 8 1.4z"
    }
    return icon([shape(outline)], "severity \(name)")
  }

  /// Sign and word.
  static func severityTag(_ name: String) -> Markup {
    .tag("span", "tag \(name)", [], [severity(name), .text(name)])
  }

  private static var disc: Markup { shape("M8 .6a7.4 7.4 0 1 0 0 14.8A7.4 7.4 0 0 0 8 .6z") }
  private static func shape(_ path: String) -> Markup {
    .tag("path", "icon-shape", [MarkupAttribute("d", path)])
  }
  private static func stroke(_ path: String) -> Markup {
    .tag("path", "icon-stroke", [MarkupAttribute("d", path)])
  }
  private static func icon(_ parts: [Markup], _ className: String) -> Markup {
    .tag(
      "svg", "icon \(className)",
      [
        MarkupAttribute("viewBox", "0 0 16 16"), MarkupAttribute("width", 16),
        MarkupAttribute("height", 16), MarkupAttribute("aria-hidden", "true"),
      ], parts)
  }
}
