// JSON for programs that read our answers: built as a value, rendered with keys in the order given.

/// A JSON value to be written.
public indirect enum JSONText: Hashable, Sendable {
  case string(String)
  case number(Int)
  case bool(Bool)
  case null
  case array([JSONText])
  case object([Member])

  public struct Member: Hashable, Sendable {
    public let key: String
    public let value: JSONText
    public init(_ key: String, _ value: JSONText) {
      self.key = key
      self.value = value
    }
  }

  public static func optional(_ text: String?) -> JSONText { text.map { .string($0) } ?? .null }
  public static func optional(_ number: Int?) -> JSONText { number.map { .number($0) } ?? .null }
  public static func optional(_ flag: Bool?) -> JSONText { flag.map { .bool($0) } ?? .null }
  public static func strings(_ texts: [String]) -> JSONText { .array(texts.map { .string($0) }) }

  /// One line, no spaces.
  public var rendered: String {
    var text = ""
    append(to: &text)
    return text
  }

  private func append(to text: inout String) {
    switch self {
    case .string(let value): Self.quote(value, into: &text)
    case .number(let value): text += String(value)
    case .bool(let value): text += value ? "true" : "false"
    case .null: text += "null"
    case .array(let values):
      text += "["
      for (position, value) in values.enumerated() {
        if position > 0 { text += "," }
        value.append(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (position, member) in members.enumerated() {
        if position > 0 { text += "," }
        Self.quote(member.key, into: &text)
        text += ":"
        member.value.append(to: &text)
      }
      text += "}"
    }
  }

  /// Escapes what JSON demands, and all that a terminal must not see.
  private static func quote(_ value: String, into text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default: append(scalar, to: &text)
      }
    }
    text += "\""
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    guard !(0x20..<0x7f).contains(scalar.value), TerminalText.isUnsafe(scalar) else {
      return text.unicodeScalars.append(scalar)
    }
    for unit in String(scalar).utf16 {
      let hex = String(unit, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
  }

  /// Finished JSON with what a terminal must not see escaped: outside of strings there is none of it.
  public static func terminalSafe(_ json: String) -> String {
    json.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar == "\n" { text += "\n" } else { append(scalar, to: &text) }
    }
  }
}
