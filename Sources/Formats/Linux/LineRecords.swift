// The common shape of tools that print a record a line.
import Facts

/// What a line turned out to be.
enum LineReading<Record> {
  case record(Record)
  /// A heading, a comment, a blank line.
  case structure
  /// It could not be read; says what was wanted.
  case bad(String)
}

/// Reads a file line by line. Every tool ends its last line with a line feed, so one without is cut
/// somewhere, maybe inside a number: it is rejected and the file incomplete. Files that people write
/// may end without.
func parseLineRecords<Record>(
  _ text: CaptureText, format: String, endsWithLineFeed: Bool = true,
  _ read: (Line, inout ParseLog) -> LineReading<Record>
) -> Parsed<Record> {
  var log = ParseLog(text)
  var records: [Record] = []
  for line in Lines(text) {
    if endsWithLineFeed, line.whole.upperBound == text.bytes.count,
      text.bytes.last != UInt8(ascii: "\n")
    {
      log.isIncomplete = true
      log.reject(
        "\(format)/cut-line", line: line.number, line.whole,
        "the file ends inside a line: wanted a line feed")
      break
    }
    switch read(line, &log) {
    case .record(let record):
      records.append(record)
      log.fact(line.whole)
    case .structure: log.structure(line.whole)
    case .bad(let wanted):
      log.reject(
        "\(format)/bad-line", line: line.number, line.whole,
        "\(excerpt(text, line.content)): wanted \(wanted)")
    }
  }
  return log.parsed(records)
}

extension CaptureText {
  /// Nothing but spaces and tabs.
  func isBlank(_ line: Line) -> Bool {
    bytes[line.content].allSatisfy { $0 == 0x20 || $0 == 0x09 }
  }
}
