// What templates are filled with. Strings become HTML when they become values, so that no template
// can forget to escape: `{{name}}` and `{{{name}}}` give the same.
import Mustache

/// A value of a page.
enum PageValue: Sendable {
  case text(String)
  case markup(Markup)
  case html(RenderedHTML)
  case flag(Bool)
  case list([PageValue])
  case object([String: PageValue])
  case none

  init(_ text: (some CustomStringConvertible)?) {
    self = text.map { .text($0.description) } ?? .none
  }

  /// As Mustache wants it.
  var forMustache: Any {
    switch self {
    case .text(let text): EscapedText(renderText: HTMLText.escaped(text))
    case .markup(let markup): EscapedText(renderText: markup.rendered)
    case .html(let html): EscapedText(renderText: html.text)
    case .flag(let flag): flag
    case .list(let items): items.map(\.forMustache)
    case .object(let members): members.mapValues(\.forMustache)
    case .none: EscapedText(renderText: "")
    }
  }
}

/// HTML that is finished; an empty one counts as absent in a section.
private struct EscapedText: MustacheCustomRenderable, Sendable {
  let renderText: String
  var isNull: Bool { renderText.isEmpty }
}

extension PageValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByStringInterpolation
{
  init(stringLiteral value: String) { self = .text(value) }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(arrayLiteral elements: PageValue...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, PageValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}
