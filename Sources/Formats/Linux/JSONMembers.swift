// What the readers of `ip -j`, `bridge -j` and `lsns -J` share: whether a file is JSON at all, and
// how a member that a record cannot take is named.
import Facts

extension CaptureText {
  /// False where `ip` or `bridge` was too old for `-j` and printed its plain text all the same.
  var isJSON: Bool {
    let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    return first == nil || first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
  }
}

extension ParseLog {
  /// Names a member whose key or value the format does not know.
  mutating func remark(
    unknown member: JSONNode.Member, of format: String, _ severity: Diagnostic.Severity
  ) {
    remark(
      "\(format)/unrecognised", severity, line: member.value.line, member.value.range,
      "\(member.printed(in: text)) is not understood")
  }
}

extension JSONNode.Member {
  /// The member as the file has it, shortened; a JSON null is a bare word, as `ip` means it.
  func printed(in text: CaptureText) -> String {
    value.isNull ? key : "\(key) \(excerpt(text, value.range))"
  }
}

extension JSONNode {
  /// The strings of an array; nil if it is none or holds anything else.
  var strings: [String]? {
    guard let elements else { return nil }
    let strings = elements.compactMap(\.string)
    return strings.count == elements.count ? strings : nil
  }
  /// A string, a number's or boolean's spelling, or nothing for the null that `ip` prints for a word.
  var wordOrNothing: String? { isNull ? "" : scalarText }
}
