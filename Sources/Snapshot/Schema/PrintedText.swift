// Long texts that are alike but for identifiers and addresses: rows of OVSDB as JSON. What is alike is kept
// once, what is not in the row.
import Facts

/// A text taken apart. Both halves are JSON arrays, or the pattern is the text itself.
struct PrintedText: Hashable, Sendable {
  /// The pieces around the parts: one more than there are parts.
  let pattern: String
  /// Nil where nothing in the text is its own.
  let parts: String?

  /// Words with two digits or more, which identifiers and addresses have, are the text's own.
  init(_ text: String) {
    var text = text
    var (pieces, parts): ([String], [String]) = ([], [])
    let rest = text.withUTF8 { bytes in
      var start = 0
      var index = 0
      while index < bytes.count {
        let word = index
        var digits = 0
        while index < bytes.count, Self.isOfWord(bytes[index]) {
          if (0x30...0x39).contains(bytes[index]) { digits += 1 }
          index += 1
        }
        if digits >= 2 {
          pieces.append(String(decoding: bytes[start..<word], as: UTF8.self))
          parts.append(String(decoding: bytes[word..<index], as: UTF8.self))
          start = index
        }
        if index == word { index += 1 }
      }
      return String(decoding: bytes[start...], as: UTF8.self)
    }
    pattern = parts.isEmpty ? text : JSONText.array(pieces + [rest])
    self.parts = parts.isEmpty ? nil : JSONText.array(parts)
  }

  /// ASCII only, so that no character is cut.
  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: [0x2d, 0x2e, 0x3a, 0x5f].contains(byte)
    }
  }
}
