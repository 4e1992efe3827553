// Long texts that are alike but for identifiers and addresses: rows of OVSDB as JSON. What is alike is kept
// once, what is not in the row.
import Facts

/// A text taken apart.
struct PrintedText: Hashable, Sendable {
  /// The text with a sign in place of each part.
  let skeleton: String
  /// A JSON array; nil where nothing in the text is its own.
  let parts: String?

  /// No JSON has it in a text but escaped.
  private static let sign: UInt8 = 1

  /// Words with two digits or more, which identifiers and addresses have, are the text's own.
  init(_ text: String) {
    var text = text
    var (skeleton, parts): ([UInt8], [UInt8]) = ([], [])
    let isWhole = text.withUTF8 { bytes in
      skeleton.reserveCapacity(bytes.count)
      return Self.split(bytes, &skeleton, &parts)
    }
    self.skeleton = isWhole ? text : String(decoding: skeleton, as: UTF8.self)
    self.parts = isWhole ? nil : String(decoding: parts + [UInt8(ascii: "]")], as: UTF8.self)
  }

  /// As the snapshot keeps it: a JSON array of the pieces around the parts, one more than there are
  /// parts; without parts the text.
  var pattern: String {
    guard parts != nil else { return skeleton }
    return JSONText.array(
      skeleton.utf8.split(separator: Self.sign, omittingEmptySubsequences: false)
        .map { String(Substring($0)) })
  }

  /// True where there are no parts, or a byte that would be taken for one.
  private static func split(
    _ bytes: UnsafeBufferPointer<UInt8>, _ skeleton: inout [UInt8], _ parts: inout [UInt8]
  ) -> Bool {
    var index = 0
    while index < bytes.count {
      let word = index
      var digits = 0
      while index < bytes.count, isOfWord(bytes[index]) {
        if (0x30...0x39).contains(bytes[index]) { digits += 1 }
        index += 1
      }
      if digits >= 2 {
        skeleton.append(sign)
        // Nothing in a word is escaped in JSON.
        parts += [parts.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","), UInt8(ascii: "\"")]
        parts += bytes[word..<index]
        parts.append(UInt8(ascii: "\""))
      } else if index > word {
        skeleton += bytes[word..<index]
      } else {
        if bytes[index] == sign { return true }
        skeleton.append(bytes[index])
        index += 1
      }
    }
    return parts.isEmpty
  }

  /// ASCII only, so that no character is cut.
  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: [0x2d, 0x2e, 0x3a, 0x5f].contains(byte)
    }
  }
}
