// `sysctl -a`, whole or filtered (`a = b`), and `sysctl.d`'s spelling (`a=b`) → `Sysctl`.
import Facts
import NetworkTypes

/// Reads kernel settings; of a name that stands twice, both records are kept in order.
public enum SysctlFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Sysctl> {
    parseLineRecords(text, format: "sysctl") { line, log in
      if text.isBlank(line) { return .structure }
      guard let equals = text.bytes[line.content].firstIndex(of: UInt8(ascii: "=")) else {
        return refusal(line, &log)
      }
      let name = trimmed(text, line.content.lowerBound..<equals)
      if name.isEmpty { return .bad("a name before '='") }
      let first = text.bytes[line.content.lowerBound]
      if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") { return .structure }
      return .record(
        Sysctl(
          name: name, value: trimmed(text, equals + 1..<line.content.upperBound),
          evidence: log.evidence(line: line.number, line.content)))
    }
  }

  /// `sysctl: permission denied on key 'x'`, where standard error went into the same file.
  private static func refusal(_ line: Line, _ log: inout ParseLog) -> LineReading<Sysctl> {
    let content = log.text.string(line.content)
    if content.hasPrefix("#") || content.hasPrefix(";") { return .structure }
    guard content.hasPrefix("sysctl: ") else { return .bad("name = value") }
    log.remark("sysctl/unreadable", .note, line: line.number, line.content, content)
    return .structure
  }

  private static func trimmed(_ text: CaptureText, _ range: Range<Int>) -> String {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var range = range
    while let first = range.first, isSpace(text.bytes[first]) { range.removeFirst() }
    while let last = range.last, isSpace(text.bytes[last]) { range.removeLast() }
    return text.string(range)
  }
}
