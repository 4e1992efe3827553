// Configuration files of OpenStack's services, as oslo.config reads them: sections, `key = value` or
// `key: value`, indented continuation lines, repeated keys.
import Facts

public enum IniFormat {
  public static func parse(_ text: CaptureText) -> Parsed<IniOption> {
    var reader = IniReader(text)
    for line in Lines(text) { reader.take(line) }
    reader.finish()
    return reader.log.parsed(reader.records)
  }
}

private struct IniReader {
  var log: ParseLog
  var records: [IniOption] = []
  /// Options before any section belong to `DEFAULT`, as oslo.config has it.
  private var section = "DEFAULT"
  private var open: OpenOption?

  private struct OpenOption {
    let key: String
    var values: [String]
    let line: Int
    var range: Range<Int>
  }

  init(_ text: CaptureText) { log = ParseLog(text) }

  mutating func take(_ line: Line) {
    let content = log.text.string(line.content)
    let text = content.trimmed
    if text.isEmpty {
      finish()
      log.structure(line.whole)
    } else if content.hasPrefix(" ") || content.hasPrefix("\t") {
      continueOption(text, line)
    } else {
      finish()
      start(text, line)
    }
  }

  /// An indented line belongs to the value before it; a comment in between ends the value.
  private mutating func continueOption(_ text: String, _ line: Line) {
    guard var option = open else {
      if text.hasPrefix("#") || text.hasPrefix(";") {
        log.structure(line.whole)
      } else {
        reject("ini/bad-continuation", line, "an indented line wanted an option before it")
      }
      return
    }
    option.values.append(text)
    option.range = option.range.lowerBound..<line.whole.upperBound
    open = option
  }

  private mutating func start(_ text: String, _ line: Line) {
    switch text.first {
    case "#", ";": log.structure(line.whole)
    case "[": startSection(text, line)
    default: startOption(text, line)
    }
  }

  private mutating func startSection(_ text: String, _ line: Line) {
    guard let end = text.firstIndex(of: "]"), end > text.index(after: text.startIndex) else {
      reject("ini/bad-section", line, "wanted ']' behind a section's name")
      return
    }
    section = String(text[text.index(after: text.startIndex)..<end])
    log.structure(line.whole)
  }

  private mutating func startOption(_ text: String, _ line: Line) {
    guard let sign = text.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
      reject("ini/bad-option", line, "wanted 'key = value'")
      return
    }
    let key = text[..<sign].trimmed
    guard !key.isEmpty else {
      reject("ini/bad-option", line, "wanted a key before '\(text[sign])'")
      return
    }
    let value = unquoted(text[text.index(after: sign)...].trimmed)
    open = OpenOption(key: key, values: [value], line: line.number, range: line.whole)
  }

  private func unquoted(_ value: String) -> String {
    guard value.count > 1, let first = value.first, first == value.last,
      first == "\"" || first == "'"
    else { return value }
    return String(value.dropFirst().dropLast())
  }

  private mutating func reject(_ id: String, _ line: Line, _ message: String) {
    log.reject(id, line: line.number, line.whole, message)
  }

  mutating func finish() {
    guard let option = open else { return }
    open = nil
    log.fact(option.range)
    let value = Secrets.masked(option.values.joined(separator: "\n"), key: option.key)
    records.append(
      IniOption(
        section: section, key: option.key, value: value,
        evidence: log.evidence(line: option.line, option.range)))
  }
}
