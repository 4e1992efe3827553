// Secrets that no key announces: credentials in URLs, and arguments that are known to be secret.
// Feeds SecretMask.

enum SecretWords {
  private static let mask = Array("***".utf8)

  /// `scheme://user:password@host`: from the first `:` to the last `@` of the word, because a
  /// password may hold both, and oslo.messaging's transport_url several hosts.
  static func maskedURLs(_ line: [UInt8]) -> [UInt8] {
    let scheme = Array("://".utf8)
    var result: [UInt8] = []
    var index = 0
    while let found = SecretScan.position(of: scheme, in: line, from: index) {
      let start = found + scheme.count
      let end = line[start...].firstIndex { endsURL($0) } ?? line.count
      result += line[index..<start]
      if let at = line[start..<end].lastIndex(of: UInt8(ascii: "@")) {
        let colon = line[start..<at].firstIndex(of: UInt8(ascii: ":"))
        result += line[start..<(colon.map { $0 + 1 } ?? start)] + mask + line[at..<end]
      } else {
        result += line[start..<end]
      }
      index = end
    }
    return result + line[index...]
  }

  private static func endsURL(_ byte: UInt8) -> Bool {
    [0x20, 0x09, 0x0d, 0x22, 0x27, 0x3c, 0x3e].contains(byte)
  }

  /// `sshpass -p SECRET`, `-u user:SECRET`, `mysql -pSECRET`, qemu's `secret,…,data=SECRET`.
  static func maskedArguments(_ line: [UInt8]) -> [UInt8] {
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
    let isMySQL = words.contains { name(of: $0).starts(with: Array("mysql".utf8)) }
    let isSSHPass = words.contains { name(of: $0) == Array("sshpass".utf8) }
    let hasSecret = SecretScan.position(of: Array("secret".utf8), in: line, from: 0) != nil
    var result: [[UInt8]] = []
    var option: [UInt8] = []
    for word in words {
      var shown = word
      if isSSHPass, option == Array("-p".utf8) {
        shown = mask
      } else if isSSHPass || isMySQL, word.count > 2, word.starts(with: Array("-p".utf8)),
        word.dropFirst(2) != mask[...]
      {
        shown = Array("-p".utf8) + mask
      } else if isUser(option), let colon = word.firstIndex(of: 0x3a) {
        shown = word[...colon] + mask
      } else if hasSecret {
        shown = maskedData(word)
      }
      result.append(shown)
      if !word.isEmpty { option = word }
    }
    return Array(result.joined(separator: [0x20]))
  }

  private static func name(of word: [UInt8]) -> [UInt8] {
    Array(word.split(separator: UInt8(ascii: "/")).last ?? [])
  }
  private static func isUser(_ option: [UInt8]) -> Bool {
    option == Array("-u".utf8) || option == Array("--user".utf8)
  }

  private static func maskedData(_ word: [UInt8]) -> [UInt8] {
    guard let key = SecretScan.position(of: Array("data=".utf8), in: word, from: 0) else {
      return word
    }
    let start = key + 5
    let end = word[start...].firstIndex(of: UInt8(ascii: ",")) ?? word.count
    return word[..<start] + mask + word[end...]
  }
}
