// A strict reader of the report's own pages: every element closed where it was opened, every
// attribute quoted, only elements and attributes that templates and code know. A name that slipped
// through unescaped would have to make up markup that this reader refuses.

struct PageReader {
  struct Element: Equatable {
    let name: String
    let attributes: [String: String]
  }
  private(set) var elements: [Element] = []
  private(set) var problems: [String] = []
  /// Text outside of tags, entities undone; without the script's.
  private(set) var text = ""
  private(set) var script = ""

  private static let void: Set<String> = ["meta", "link", "br"]
  private static let elements: Set<String> = [
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "div", "svg", "rect",
    "path", "circle", "span", "nav", "ul", "ol", "li", "main", "h1", "h2", "h3", "h4", "h5", "p",
    "strong", "section", "article", "dl", "dt", "dd", "figure", "figcaption", "code", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "footer", "abbr", "g", "text", "desc", "script",
    "mark",
  ]
  private static let attributes: Set<String> = [
    "lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "viewBox",
    "width", "height", "rx", "x", "y", "d", "cx", "cy", "r", "role", "tabindex", "scope", "title",
    "aria-hidden", "aria-label", "aria-labelledby", "aria-describedby", "hidden", "data-table",
    "data-column", "data-values", "data-search", "data-first", "data-mark", "data-light",
  ]

  private var rest: Substring.UnicodeScalarView
  private var open: [String] = []

  init(_ page: String) {
    rest = page.unicodeScalars[...]
    take("<!DOCTYPE html>")
    while !rest.isEmpty, problems.count < 20 { step() }
    if !open.isEmpty { problems.append("never closed: \(open)") }
  }

  private mutating func take(_ text: String) {
    guard rest.starts(with: text.unicodeScalars) else {
      problems.append("wanted \(text) at \(context)")
      return
    }
    rest = rest.dropFirst(text.unicodeScalars.count)
  }

  private var context: String { String(Substring(rest.prefix(60))) }

  private mutating func step() {
    if rest.first != "<" || open.last == "script" && !rest.starts(with: "</script>".unicodeScalars)
    {
      return readText()
    }
    rest.removeFirst()
    if rest.first == "/" { return readEnd() }
    readStart()
  }

  private mutating func readText() {
    if open.last == "script" { return readScript() }
    let run = rest.prefix { $0 != "<" }
    rest = rest.dropFirst(run.count)
    if run.contains(">") { problems.append("bare > in \(String(Substring(run.prefix(60))))") }
    check(run)
    text += decoded(run)
  }

  /// Up to its end tag, whatever it holds.
  private mutating func readScript() {
    let end = Array("</script>".unicodeScalars)
    while !rest.isEmpty, !rest.starts(with: end) {
      script.unicodeScalars.append(rest.removeFirst())
    }
  }

  private mutating func readEnd() {
    rest.removeFirst()
    let name = word()
    take(">")
    if open.last == name { open.removeLast() } else { problems.append("</\(name)> in \(open)") }
  }

  private mutating func readStart() {
    let name = word()
    if !Self.elements.contains(name) { problems.append("element \(name) at \(context)") }
    var attributes: [String: String] = [:]
    while rest.first == " " {
      rest.removeFirst()
      let key = word()
      if !Self.attributes.contains(key) { problems.append("attribute \(key) at \(context)") }
      if attributes[key] != nil { problems.append("\(key) twice in \(name)") }
      take("=\"")
      let value = rest.prefix { $0 != "\"" }
      rest = rest.dropFirst(value.count + 1)
      check(value)
      attributes[key] = decoded(value)
      if problems.count > 20 { return }
    }
    take(">")
    elements.append(Element(name: name, attributes: attributes))
    if !Self.void.contains(name) { open.append(name) }
  }

  private mutating func word() -> String {
    let run = rest.prefix {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-")
    }
    rest = rest.dropFirst(run.count)
    return String(Substring(run))
  }

  /// Nothing invisible.
  private mutating func check(_ run: Substring.UnicodeScalarView) {
    for scalar in run where scalar.value < 0x20 && scalar != "\n" || scalar.value > 0x7e {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
        problems.append("U+\(String(scalar.value, radix: 16)) unshown")
      default: break
      }
    }
  }

  private static let entities: [String: Unicode.Scalar] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "#39": "'",
  ]

  /// Every ampersand must begin an entity.
  private mutating func decoded(_ run: Substring.UnicodeScalarView) -> String {
    var result = String.UnicodeScalarView()
    var rest = run
    while let scalar = rest.popFirst() {
      guard scalar == "&" else {
        result.append(scalar)
        continue
      }
      let name = rest.prefix { $0 != ";" }.prefix(5)
      if let meant = Self.entities[String(Substring(name))] {
        result.append(meant)
        rest = rest.dropFirst(name.count + 1)
      } else {
        problems.append("bare & before \(String(Substring(rest.prefix(20))))")
      }
    }
    return String(result)
  }
}
