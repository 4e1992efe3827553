// Where the values of secret keys stand in a line: `key = value`, `"key": "value"`, `key='value'`,
// `auth_pass value`, `--password value`, `["psk","value"]`. Feeds SecretMask.

enum SecretScan {
  private static let common = [
    "password", "passwd", "passphrase", "secret", "auth_pass", "auth_key", "token", "api_key",
    "apikey", "psk",
  ].map { Array($0.utf8) }
  private static let ofConfiguration =
    common + ["private_key", "credential", "encryption_key", "sasl_pass"].map { Array($0.utf8) }

  static func words(_ dialect: SecretMask.Dialect) -> [[UInt8]] {
    dialect == .configuration ? ofConfiguration : common
  }

  static func lowered(_ line: some Sequence<UInt8>) -> [UInt8] {
    line.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
  }

  /// The first of the words from `start` on, the longest where several begin there.
  ///
  /// Cost: linear in what is passed over, so that a line of a thousand keys is read once.
  static func firstKey(
    in low: [UInt8], from start: Int, _ dialect: SecretMask.Dialect
  ) -> Range<Int>? {
    let words = words(dialect)
    let isFirst = firstBytes(words)
    var index = start
    while index < low.count {
      if isFirst[Int(low[index])] {
        let found = words.filter { word in
          low.count - index >= word.count && low[index..<index + word.count] == word[...]
        }
        if let longest = found.max(by: { $0.count < $1.count }) {
          return index..<index + longest.count
        }
      }
      index += 1
    }
    return nil
  }

  private static func firstBytes(_ words: [[UInt8]]) -> [Bool] {
    var result = [Bool](repeating: false, count: 256)
    for word in words { result[Int(word[0])] = true }
    return result
  }

  static func position(of word: [UInt8], in line: [UInt8], from start: Int) -> Int? {
    guard line.count - start >= word.count else { return nil }
    return (start...(line.count - word.count)).first { at in
      line[at] == word[0] && line[at..<at + word.count] == word[...]
    }
  }

  /// Letters, digits, `_`, `.` and `-`, of a lowered line.
  static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
      || [0x5f, 0x2e, 0x2d].contains(byte)
  }
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }

  /// `some_password =` at the line's very start: its value may go on in the next lines.
  static func startsWithSecretKey(_ low: [UInt8], _ dialect: SecretMask.Dialect) -> Bool {
    let end = low.firstIndex { !isNameByte($0) } ?? low.count
    guard let key = firstKey(in: Array(low[..<end]), from: 0, dialect), key.upperBound <= end else {
      return false
    }
    guard let sign = low[end...].first(where: { !isBlank($0) }) else { return false }
    return sign == 0x3d || sign == 0x3a
  }
}

enum SecretValues {
  private static let authPass = Array("auth_pass".utf8)
  private static let mask = Array("***".utf8)

  static func masked(_ line: [UInt8], _ dialect: SecretMask.Dialect) -> [UInt8] {
    let low = SecretScan.lowered(line)
    var result: [UInt8] = []
    var copied = 0
    var index = 0
    while let key = SecretScan.firstKey(in: low, from: index, dialect) {
      let sign = Sign(after: key, in: low, dialect)
      index = sign.end
      guard sign.isThere, index < line.count else { continue }
      let value = value(in: low, from: sign.end, sign, line: copied..<key.lowerBound, dialect)
      result += line[copied..<value.lowerBound] + (value.isEmpty ? [] : mask)
      copied = value.upperBound
      index = value.upperBound
    }
    return result + line[copied...]
  }

  /// What stands between a key and its value.
  private struct Sign {
    var end: Int
    var isThere = false
    /// The key is in quotes: JSON.
    var isQuoted = false
    /// `auth_pass value`, written without a sign, to the line's end.
    var isBare = false

    init(after key: Range<Int>, in low: [UInt8], _ dialect: SecretMask.Dialect) {
      end = key.upperBound
      skip(in: low, SecretScan.isNameByte)
      skip(in: low) { $0 == 0x5c }
      if end < low.count, SecretScan.isQuote(low[end]) {
        isQuoted = true
        end += 1
      }
      let start = end
      let isQuoted = isQuoted
      skip(in: low) { SecretScan.isBlank($0) || Self.isSign($0) || isQuoted && $0 == 0x2c }
      let between = low[start..<end]
      isThere = between.contains { !SecretScan.isBlank($0) }
      if isThere {
        skip(in: low) { $0 == 0x5c }
      } else if !between.isEmpty {
        isBare = low[key].elementsEqual(SecretValues.authPass)
        isThere = isBare || dialect == .processes && Self.isOption(before: key, in: low)
      }
    }

    private mutating func skip(in low: [UInt8], _ isSkipped: (UInt8) -> Bool) {
      while end < low.count, isSkipped(low[end]) { end += 1 }
    }
    /// `=`, `:` and `>` of `=>`.
    private static func isSign(_ byte: UInt8) -> Bool { [0x3d, 0x3a, 0x3e].contains(byte) }

    /// `--os-password value`: the word that the key is in begins with `-`.
    private static func isOption(before key: Range<Int>, in low: [UInt8]) -> Bool {
      var start = key.lowerBound
      while start > 0, SecretScan.isNameByte(low[start - 1]) { start -= 1 }
      return low[start] == 0x2d && (start == 0 || SecretScan.isBlank(low[start - 1]))
    }
  }

  private static func value(
    in low: [UInt8], from start: Int, _ sign: Sign, line before: Range<Int>,
    _ dialect: SecretMask.Dialect
  ) -> Range<Int> {
    if SecretScan.isQuote(low[start]) {
      let end = low[(start + 1)...].firstIndex(of: low[start]) ?? low.count
      return start + 1..<end
    }
    let isOption =
      dialect == .configuration && !sign.isQuoted && isLineStart(low[..<before.upperBound])
    if sign.isBare || isOption {
      // A value of oslo's goes on to the line's end, blanks and all.
      return start..<(low.last == 0x0d ? max(start, low.count - 1) : low.count)
    }
    let ends = ends(sign, dialect)
    return start..<(low[start...].firstIndex { ends.contains($0) } ?? low.count)
  }

  /// What ends a value without quotes. Within XML a tag or an attribute's quote does: a name that
  /// a tenant chose (`my-password:x`) must not make the rest unreadable.
  private static func ends(_ sign: Sign, _ dialect: SecretMask.Dialect) -> [UInt8] {
    if sign.isQuoted || dialect == .switchDatabase { return Array("], \t}".utf8) }
    return Array((dialect == .configuration ? " \t\r<\"'" : " \t\r").utf8)
  }

  /// Nothing before the key but its own name's beginning, blanks and signs of comments.
  private static func isLineStart(_ before: ArraySlice<UInt8>) -> Bool {
    let name = before.drop { SecretScan.isBlank($0) || $0 == 0x23 || $0 == 0x3b }
    return name.allSatisfy(SecretScan.isNameByte)
  }
}
