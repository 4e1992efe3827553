// Where a secret may be at all: most lines hold nothing that looks like one, and are passed over at the
// pace of a scan for a few words. Feeds SecretMask.

/// The words without one of which a line is as it was.
struct SecretMarks: Sendable {
  private let words: [[UInt8]]
  /// Whether a mark begins with two bytes, lowered: one bit each.
  private let pairs: [Bool]

  private static let all = Dictionary(
    uniqueKeysWithValues: SecretMask.Dialect.allCases.map { ($0, SecretMarks($0)) })
  static func of(_ dialect: SecretMask.Dialect) -> SecretMarks {
    all[dialect] ?? SecretMarks(dialect)
  }

  private init(_ dialect: SecretMask.Dialect) {
    // Keys in PEM; credentials in URLs; arguments that are secrets.
    var marks = SecretScan.words(dialect) + ["-----begin", "://"].map { Array($0.utf8) }
    if dialect == .processes {
      marks += ["sshpass", "mysql", "-u", "--user", "secret"].map { Array($0.utf8) }
    }
    var pairs = [Bool](repeating: false, count: 1 << 16)
    for mark in marks { pairs[Int(mark[0]) << 8 | Int(mark[1])] = true }
    words = marks
    self.pairs = pairs
  }

  /// The first line from `start` on, or with `skips` the first that has a mark; without its line feed.
  func nextLine(
    in bytes: [UInt8], from start: Int, skips: Bool
  ) -> (line: Range<Int>, hasMark: Bool) {
    guard skips else { return (start..<lineEnd(in: bytes, from: start), true) }
    guard let mark = firstMark(in: bytes, from: start) else {
      return (bytes.count..<bytes.count, false)
    }
    let begin = bytes[start..<mark].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? start
    return (begin..<lineEnd(in: bytes, from: mark), true)
  }

  private func lineEnd(in bytes: [UInt8], from start: Int) -> Int {
    bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
  }

  private func firstMark(in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      pairs.withUnsafeBufferPointer { pairs in
        guard start < bytes.count else { return nil }
        var last = Int(Self.lowered(bytes[start]))
        for index in start + 1..<max(bytes.count, start + 1) {
          let byte = Int(Self.lowered(bytes[index]))
          if pairs[last << 8 | byte], isMark(in: bytes, at: index - 1) { return index - 1 }
          last = byte
        }
        return nil
      }
    }
  }

  private func isMark(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    words.contains { word in
      bytes.count - index >= word.count
        && word.indices.allSatisfy { Self.lowered(bytes[index + $0]) == word[$0] }
    }
  }

  @inline(__always)
  private static func lowered(_ byte: UInt8) -> UInt8 {
    (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
  }
}
