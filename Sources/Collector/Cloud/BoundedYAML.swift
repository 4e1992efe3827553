// YAML that people hand over, read in a time that its length bounds. Feeds InventoryYAML and
// CloudSettings.
import Yams

enum BoundedYAML {
  /// Why a text is not read.
  struct Refusal: Error, CustomStringConvertible {
    let line: Int
    var description: String {
      "\(line): aliases beside keys that are lists or mappings: wanted keys that are text"
    }
  }

  /// Twelve aliases in four levels of three make 81 of one node; each three more, three times that.
  private static let maximumAliases = 12

  /// The first document's tree, nil where there is none.
  ///
  /// Yams compares the keys of every mapping, and walks all that a key's aliases stand for: twenty
  /// lines of aliases of aliases would take for ever. Neither an inventory nor `clouds.yaml` has keys
  /// other than text.
  static func compose(_ text: String) throws -> Node? {
    let bytes = Array(text.utf8)
    if aliasCount(bytes) > maximumAliases, let place = compoundKey(bytes) {
      throw Refusal(line: bytes[..<place].count { $0 == UInt8(ascii: "\n") } + 1)
    }
    return try Yams.compose(yaml: text)
  }

  /// No fewer than there are: a `*` within text is counted too.
  private static func aliasCount(_ bytes: [UInt8]) -> Int {
    zip(bytes, bytes.dropFirst()).count { $0 == UInt8(ascii: "*") && isNamePart($1) }
  }

  /// The first place of anything like `? key`, `[a]: b`, `{a: b}: c` or `*alias: b`, also within text.
  private static func compoundKey(_ bytes: [UInt8]) -> Int? {
    bytes.indices.first { place in
      bytes[place] == UInt8(ascii: "?")
        || bytes[place] == UInt8(ascii: ":") && endsCompound(bytes[..<place])
    }
  }

  /// Whether what stands before a colon ends in a bracket, or is an alias.
  private static func endsCompound(_ before: ArraySlice<UInt8>) -> Bool {
    guard let last = before.lastIndex(where: { $0 != UInt8(ascii: " ") && $0 != 0x09 }) else {
      return false
    }
    if before[last] == UInt8(ascii: "]") || before[last] == UInt8(ascii: "}") { return true }
    let start = before[...last].lastIndex { !isNamePart($0) }
    return start.map { $0 < last && before[$0] == UInt8(ascii: "*") } ?? false
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
