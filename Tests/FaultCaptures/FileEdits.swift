// Reads and applies `changes.txt` of a fault: edits of one file, piece by piece.

/// What is taken out of a file and put in, in rising order.
struct FileEdits {
  struct Hunk {
    /// Of the healthy file's pieces, from 1.
    let first: Int
    var removed: [String] = []
    var added: [String] = []
  }
  private(set) var hunks: [Hunk] = []

  /// By path: `cmp1/root/ps.txt`.
  static func parse(_ text: String) throws -> [String: FileEdits] {
    var edits: [String: FileEdits] = [:]
    var path = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      let rest = String(line.dropFirst().replacing("⏎", with: "\n"))
      switch line.first {
      case "e" where line.hasPrefix("edit "): path = String(line.dropFirst(5))
      case "@":
        guard let first = Int(rest) else { throw FixtureError("not a place: \(line)") }
        edits[path, default: FileEdits()].hunks.append(Hunk(first: first))
      case "-": edits[path]?.change { $0.removed.append(rest) }
      case "+": edits[path]?.change { $0.added.append(rest) }
      default: throw FixtureError("not an edit: \(line)")
      }
    }
    return edits
  }

  private mutating func change(_ change: (inout Hunk) -> Void) {
    guard !hunks.isEmpty else { return }
    change(&hunks[hunks.count - 1])
  }

  /// Throws where the text is not what was edited.
  func applied(to text: String, path: String) throws -> String {
    let pieces = Self.pieces(of: text, isJSON: path.hasSuffix(".json"))
    var result = ""
    var next = 0
    for hunk in hunks {
      let start = hunk.first - 1
      let end = start + hunk.removed.count
      guard next <= start, end <= pieces.count, Array(pieces[start..<end]) == hunk.removed else {
        throw FixtureError("\(path): piece \(hunk.first) is not what the edit takes out")
      }
      result += pieces[next..<start].joined() + hunk.added.joined()
      next = end
    }
    return result + pieces[next...].joined()
  }

  static func pieces(of text: String, isJSON: Bool) -> [String] {
    var pieces: [String] = []
    var piece: [UInt8] = []
    var previous: UInt8 = 0
    for byte in text.utf8 {
      piece.append(byte)
      let closes =
        previous == UInt8(ascii: "}") || previous == UInt8(ascii: "]")
      if byte == UInt8(ascii: "\n") || isJSON && byte == UInt8(ascii: ",") && closes {
        pieces.append(String(decoding: piece, as: UTF8.self))
        piece = []
      }
      previous = byte
    }
    if !piece.isEmpty { pieces.append(String(decoding: piece, as: UTF8.self)) }
    return pieces
  }
}
