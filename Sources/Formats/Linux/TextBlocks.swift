// The shape of what `ip` and `bridge` print without `-j`: a line, and the indented lines that belong
// to it. Feeds the plain-text readers, which releases without JSON need.
import Facts

/// A record's lines, the first not indented.
struct TextBlock {
  let lines: [Line]
  var first: Line { lines[0] }
  var content: Range<Int> { first.content.lowerBound..<lines[lines.count - 1].content.upperBound }
  var whole: Range<Int> { first.whole.lowerBound..<lines[lines.count - 1].whole.upperBound }
}

/// Reads a file block by block; `read` gives nil where a block is no record of this kind. A block
/// whose last line is cut off is rejected whole.
func parseBlockRecords<Record>(
  _ text: CaptureText, format: String, wanted: String,
  _ read: (TextBlock, inout ParseLog) -> [Record]?
) -> Parsed<Record> {
  var log = ParseLog(text)
  var records: [Record] = []
  for block in textBlocks(text, &log) {
    if block.whole.upperBound == text.bytes.count, text.bytes.last != UInt8(ascii: "\n") {
      log.isIncomplete = true
      log.reject(
        "\(format)/cut-line", line: block.first.number, block.whole,
        "the file ends inside a line: wanted a line feed")
    } else if !text.isIndented(block.first), let made = read(block, &log) {
      records += made
      log.fact(block.whole)
    } else {
      log.reject(
        "\(format)/bad-line", line: block.first.number, block.whole,
        "\(excerpt(text, block.content)): wanted \(wanted)")
    }
  }
  return log.parsed(records)
}

private func textBlocks(_ text: CaptureText, _ log: inout ParseLog) -> [TextBlock] {
  var blocks: [[Line]] = []
  var continues = false
  for line in Lines(text) {
    if text.isBlank(line), line.whole.upperBound > line.content.upperBound {
      log.structure(line.whole)
      continues = false
    } else if continues, text.isIndented(line) {
      blocks[blocks.count - 1].append(line)
    } else {
      blocks.append([line])
      continues = true
    }
  }
  return blocks.map(TextBlock.init)
}

extension CaptureText {
  fileprivate func isIndented(_ line: Line) -> Bool {
    guard let first = line.content.first else { return false }
    return bytes[first] == 0x20 || bytes[first] == 0x09
  }
  /// The line's words, between spaces and tabs.
  func words(_ line: Line) -> ArraySlice<String> {
    string(line.content).split { $0 == " " || $0 == "\t" }.map(String.init)[...]
  }
}

extension ParseLog {
  /// Names words that a plain-text reader does not know.
  mutating func remark(
    unknown words: [String], of format: String, _ severity: Diagnostic.Severity, _ line: Line
  ) {
    for word in words {
      remark(
        "\(format)/unrecognised", severity, line: line.number, line.content,
        "\(word.prefix(60)) is not understood")
    }
  }
}
