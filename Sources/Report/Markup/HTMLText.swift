// Text of anyone's making → HTML. Every string that reaches a page goes through here: Markup and
// PageValue hold nothing else.
import Facts

/// Escaping for HTML and SVG, in text and in quoted attributes alike.
enum HTMLText {
  /// The five characters that mean something to a parser as entities; control characters, and those
  /// that turn or hide text, as `\x1b`.
  ///
  /// Works on scalars: a quote with a combining mark is one `Character` and still ends an attribute.
  static func escaped(_ text: String) -> String {
    // Most of what a large report writes; the same answer without asking Unicode.
    if isPlain(text) { return text }
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in TerminalText.escaped(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isPlain) }
      ?? text.utf8.allSatisfy(isPlain)
  }

  /// Printable ASCII that means nothing to a parser.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
      UInt8(ascii: "'"):
      false
    default: (0x20...0x7e).contains(byte)
    }
  }
}
