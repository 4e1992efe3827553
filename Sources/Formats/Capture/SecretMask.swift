// Secrets never enter a snapshot: whatever collected the files, their values are masked before
// anything is kept. Lines stay where they are, so that evidence still points at them.
// Source of the spellings: oslo.config options (`password`, `…_secret`, `transport_url`),
// keepalived.conf(5) `auth_pass`, libvirt domain XML `<secret>` and `passwd='…'`.

/// Masks the values of secrets in configuration files and command lines.
enum SecretMask {
  private static let keyWords = ["password", "passwd", "secret", "auth_pass", "token", "api_key"]
  private static let authPass = Array("auth_pass".utf8)
  private static let mask = Array("***".utf8)

  /// Whether files at this path may hold secrets: copies of configuration, and processes' arguments.
  static func applies(to path: String) -> Bool {
    ["files/", "root/ps", "root/lsns"].contains { path.hasPrefix($0) }
  }

  /// `bytes` with every secret's value replaced by `***`; the same array where there is none.
  static func masked(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    var isChanged = false
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let line = bytes[start..<end]
      if let masked = maskedLine(line) {
        result += masked
        isChanged = true
      } else {
        result += line
      }
      if end < bytes.count { result.append(UInt8(ascii: "\n")) }
      start = end + 1
    }
    return isChanged ? result : bytes
  }

  /// Nil where the line holds no secret.
  private static func maskedLine(_ line: ArraySlice<UInt8>) -> [UInt8]? {
    let lowered = line.map { byte in
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
    let text = Array(line)
    var ranges = keyWords.flatMap { values(after: Array($0.utf8), in: lowered) }
    ranges += userInformation(in: lowered)
    let wanted = ranges.filter { !text[$0].elementsEqual(mask) && !$0.isEmpty }
    return wanted.isEmpty ? nil : replacing(merged(wanted), in: text)
  }

  /// Where the values of `…key… = value`, `key value` and `key='value'` stand.
  private static func values(after key: [UInt8], in line: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = 0
    while let start = position(of: key, in: line, from: index) {
      index = start + key.count
      while index < line.count, isNameByte(line[index]) { index += 1 }
      // `<secret type='…'>` is no secret; only `auth_pass …` is written without a sign.
      if let value = value(in: line, from: index, needsSign: key != Self.authPass) {
        found.append(value)
        index = value.upperBound
      }
    }
    return found
  }

  private static func value(
    in line: [UInt8], from start: Int, needsSign: Bool
  ) -> Range<Int>? {
    var index = start
    var hasSign = false
    while index < line.count, [0x20, 0x09, 0x3d, 0x3a].contains(line[index]) {
      hasSign = hasSign || line[index] == 0x3d || line[index] == 0x3a
      index += 1
    }
    guard index > start, hasSign || !needsSign, index < line.count else { return nil }
    if line[index] == UInt8(ascii: "'") || line[index] == UInt8(ascii: "\"") {
      let end = line[(index + 1)...].firstIndex(of: line[index]) ?? line.count
      return index + 1..<end
    }
    let end = line[index...].firstIndex { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d } ?? line.count
    return index..<end
  }

  /// The password of `scheme://user:password@host`.
  private static func userInformation(in line: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = 0
    while let start = position(of: Array("://".utf8), in: line, from: index) {
      index = start + 3
      let end = line[index...].firstIndex { [0x2f, 0x20, 0x09].contains($0) } ?? line.count
      // Several hosts may follow each other with commas (oslo.messaging's transport_url).
      for part in line[index..<end].split(separator: UInt8(ascii: ",")) {
        guard let at = part.lastIndex(of: UInt8(ascii: "@")),
          let colon = part[..<at].firstIndex(of: UInt8(ascii: ":"))
        else { continue }
        found.append(colon + 1..<at)
      }
    }
    return found
  }

  private static func position(of word: [UInt8], in line: [UInt8], from start: Int) -> Int? {
    guard line.count - start >= word.count else { return nil }
    return (start...(line.count - word.count)).first { line[$0..<$0 + word.count] == word[...] }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  private static func replacing(_ ranges: [Range<Int>], in text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    for range in ranges {
      result += text[start..<range.lowerBound] + mask
      start = range.upperBound
    }
    return result + text[start...]
  }
}
