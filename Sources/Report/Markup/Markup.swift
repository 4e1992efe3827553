// Elements as values: the only way in which the report makes markup in code (templates make the
// rest). Names of elements and attributes are the program's own; everything else is escaped.
import Audit

/// A piece of HTML or SVG.
enum Markup: Hashable, Sendable {
  case text(String)
  indirect case element(String, [MarkupAttribute], [Markup])
  case group([Markup])
  /// Finished already; see RenderedHTML.
  case rendered(RenderedHTML)

  static var empty: Markup { .group([]) }

  /// Elements that HTML writes without an end tag.
  private static let void: Set<String> = ["br", "hr", "img", "meta", "link", "wbr"]

  /// The markup as text.
  var rendered: String {
    var result = ""
    write(to: &result)
    return result
  }

  private func write(to result: inout String) {
    switch self {
    case .text(let text): result += HTMLText.escaped(text)
    case .group(let items): for item in items { item.write(to: &result) }
    case .rendered(let html): result += html.text
    case .element(let name, let attributes, let children):
      result += "<\(name)"
      for attribute in attributes {
        result += " \(attribute.name)=\"\(HTMLText.escaped(attribute.value))\""
      }
      result += ">"
      guard !Self.void.contains(name) else { return }
      for child in children { child.write(to: &result) }
      result += "</\(name)>"
    }
  }
}

struct MarkupAttribute: Hashable, Sendable {
  let name: String
  let value: String
  init(_ name: String, _ value: some CustomStringConvertible) {
    self.name = name
    self.value = value.description
  }
}

extension Markup {
  /// An element with its class; the usual case.
  static func tag(
    _ name: String, _ className: String = "", _ attributes: [MarkupAttribute] = [],
    _ children: [Markup] = []
  ) -> Markup {
    let own = className.isEmpty ? [] : [MarkupAttribute("class", className)]
    return .element(name, own + attributes, children)
  }
  static func tag(_ name: String, _ className: String = "", text: String) -> Markup {
    .tag(name, className, [], [.text(text)])
  }
}

extension Markup {
  /// A link to a page of the report; `path` is one that SiteMap gave.
  static func link(_ path: String, _ body: [Markup], _ className: String = "") -> Markup {
    .tag("a", className, [MarkupAttribute("href", path)], body)
  }
  static func link(_ path: String, text: String) -> Markup { .link(path, [.text(text)]) }

  /// A published text, by its title and with its address; what is not known as one stays text.
  static func reference(_ name: String) -> Markup {
    guard let reference = PublicReference(name) else { return .text(name) }
    let attributes = [
      MarkupAttribute("href", reference.address), MarkupAttribute("rel", "noreferrer"),
    ]
    return .tag("a", "", attributes, [.text(reference.title)])
  }

  static func code(_ text: String) -> Markup { .tag("code", text: text) }

  /// One below the other; nothing for none, itself for one.
  static func lines(_ items: [Markup]) -> Markup {
    items.count > 1
      ? .tag("ul", "lines", [], items.map { .tag("li", "", [], [$0]) }) : .group(items)
  }

  /// Side by side, with commas.
  static func listed(_ items: [Markup]) -> Markup {
    .group(
      items.enumerated().flatMap { index, item in index == 0 ? [item] : [.text(", "), item] })
  }

  var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .group(let items): items.allSatisfy(\.isEmpty)
    case .rendered(let html): html.text.isEmpty
    case .element: false
    }
  }
}

extension Markup {
  /// A sentence in which backticks stand around what is typed; an odd one is a backtick.
  static func words(_ text: String) -> Markup {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1, parts.count % 2 == 1 else { return .text(text) }
    return .group(
      parts.enumerated().map { index, part in index % 2 == 0 ? .text(part) : .code(part) })
  }
}
