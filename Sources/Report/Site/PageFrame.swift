// What stands around a page's title and body: the frame's template, filled once for many pages. Made
// and used by PageWriter.

struct PageFrame: Sendable {
  /// Where a title and a body go. A report whose own title holds such words has them replaced by what
  /// is escaped or finished all the same.
  static let title = "ovsight:title-of-the-page"
  static let body = "ovsight:body-of-the-page"

  /// Around titles: `first`, then what follows each.
  private let pieces: [(title: Bool, text: String)]

  init(_ html: RenderedHTML) {
    var pieces: [(title: Bool, text: String)] = []
    for (index, part) in html.text.split(onWord: Self.title).enumerated() {
      for (place, text) in part.split(onWord: Self.body).enumerated() {
        pieces.append((title: place == 0 && index > 0, text: text))
      }
    }
    self.pieces = pieces
  }

  /// `title` is escaped already.
  func page(title: String, body: RenderedHTML) -> String {
    var result = ""
    result.reserveCapacity(
      pieces.reduce(0) { $0 + $1.text.utf8.count } + title.utf8.count + body.byteCount)
    for (index, piece) in pieces.enumerated() {
      if index > 0 { result += piece.title ? title : body.text }
      result += piece.text
    }
    return result
  }
}

extension String {
  fileprivate func split(onWord word: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let found = rest.range(of: word) {
      parts.append(String(rest[..<found.lowerBound]))
      rest = rest[found.upperBound...]
    }
    return parts + [String(rest)]
  }
}
