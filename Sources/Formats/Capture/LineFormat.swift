// Files of which every line is a fact of its own: `hostname`, `date`.
import Facts

/// A line as it stands.
struct TextLine: Hashable, Sendable {
  let text: String
  let evidence: Evidence
}

enum LineFormat {
  @Sendable static func parse(_ text: CaptureText) -> Parsed<TextLine> {
    var log = ParseLog(text)
    var records: [TextLine] = []
    for line in Lines(text) {
      if line.content.isEmpty {
        log.structure(line.whole)
      } else {
        let evidence = log.evidence(line: line.number, line.content)
        records.append(TextLine(text: text.string(line.content), evidence: evidence))
        log.fact(line.whole)
      }
    }
    return log.parsed(records)
  }
}
