// Text that anyone may have written, made safe for a terminal, and its width there.

public enum TerminalText {
  /// Control characters, and those that change the direction or order of text, as `\x1b` or
  /// `\u{202e}`. Nothing else changes, a backslash stays one: this is for reading, not for parsing.
  public static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isUnsafe(scalar) {
        let digits = String(scalar.value, radix: 16)
        result +=
          scalar.value > 0xff ? "\\u{\(digits)}" : "\\x\(digits.count < 2 ? "0" : "")\(digits)"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// What a terminal obeys, or what hides a part of a text or turns it around.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
    return switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
    // Bidirectional overrides, joiners, tags: invisible, and able to fake another name.
    case .format: true
    default: false
    }
  }

  /// Columns that it takes: East Asian wide characters two, combining ones none.
  public static func width(_ text: String) -> Int {
    text.reduce(0) { sum, character in sum + width(character) }
  }

  private static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: return isWide(scalar.value) ? 2 : 1
    }
  }

  /// The wide blocks of Unicode's EastAsianWidth.txt, and emoji.
  private static func isWide(_ value: UInt32) -> Bool {
    (0x1100...0x115f).contains(value) || (0x2e80...0xa4cf).contains(value)
      || (0xac00...0xd7a3).contains(value) || (0xf900...0xfaff).contains(value)
      || (0xfe30...0xfe6f).contains(value) || (0xff00...0xff60).contains(value)
      || (0xffe0...0xffe6).contains(value) || (0x1f300...0x1f64f).contains(value)
      || (0x1f900...0x1f9ff).contains(value) || (0x20000...0x3fffd).contains(value)
  }

  /// Lines of at most `limit` columns, broken at spaces where there are some.
  public static func wrapped(_ text: String, to limit: Int) -> [String] {
    guard limit > 0, width(text) > limit else { return [text] }
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let candidate = line.isEmpty ? String(word) : line + " " + word
      if width(candidate) <= limit {
        line = candidate
        continue
      }
      if !line.isEmpty { lines.append(line) }
      line = String(word)
      while width(line) > limit {
        let head = prefix(of: line, limit)
        lines.append(head)
        line = String(line.dropFirst(head.count))
      }
    }
    lines.append(line)
    return lines
  }

  private static func prefix(of text: String, _ limit: Int) -> String {
    var result = ""
    var used = 0
    for character in text {
      let next = width(character)
      if used + next > limit, !result.isEmpty { break }
      result.append(character)
      used += next
    }
    return result
  }
}
