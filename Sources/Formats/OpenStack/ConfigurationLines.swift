// The common shape of line-based files: one line a record, `#` begins a comment. And the small words
// of text that these formats share.
import Facts

/// A line's text with its place.
struct ConfigurationLine {
  let text: String
  let number: Int
  let range: Range<Int>
  let evidence: Evidence
  /// Split at white space.
  var words: [String] { text.split { $0 == " " || $0 == "\t" }.map(String.init) }
}

/// Reads a file line by line; blank lines and comments are structure, a line of which `record` makes
/// nothing is rejected with `wanted`. Messages never quote the line: it may hold a secret.
func parseLines<Record>(
  _ text: CaptureText, _ id: String, _ wanted: String,
  _ record: (ConfigurationLine, inout ParseLog) -> Record?
) -> Parsed<Record> {
  var log = ParseLog(text)
  var records: [Record] = []
  for line in Lines(text) {
    let content = text.string(line.content).trimmed
    if content.isEmpty || content.hasPrefix("#") {
      log.structure(line.whole)
      continue
    }
    let read = ConfigurationLine(
      text: content, number: line.number, range: line.content,
      evidence: log.evidence(line: line.number, line.content))
    if let made = record(read, &log) {
      records.append(made)
      log.fact(line.whole)
    } else {
      log.reject(id, line: line.number, line.whole, "wanted \(wanted)")
    }
  }
  return log.parsed(records)
}

extension StringProtocol {
  /// Without white space at both ends.
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
    let start = drop(while: isSpace)
    guard let last = start.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(start[...last])
  }
  /// What follows `prefix`; nil where it does not begin so.
  func after(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
