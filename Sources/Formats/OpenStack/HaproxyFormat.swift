// haproxy's configuration, as Neutron's agents write it for the metadata proxy. Credentials masked.
import Facts

public enum HaproxyFormat {
  private static let sections: Set<String> = [
    "global", "defaults", "listen", "frontend", "backend", "peers", "userlist", "resolvers",
    "mailers", "program", "cache", "ring", "http-errors", "log-forward", "fcgi-app",
  ]

  public static func parse(_ text: CaptureText) -> Parsed<HaproxySetting> {
    var section = ""
    // Section lines are structure, so this walks lines itself.
    var log = ParseLog(text)
    var records: [HaproxySetting] = []
    for line in Lines(text) {
      let words = words(text.string(line.content))
      if words.isEmpty {
        log.structure(line.whole)
      } else if sections.contains(words[0]) {
        section = words.joined(separator: " ")
        log.structure(line.whole)
      } else if section.isEmpty {
        log.reject(
          "haproxy/no-section", line: line.number, line.whole,
          "wanted a section before the first setting")
      } else {
        log.fact(line.whole)
        records.append(
          HaproxySetting(
            section: section, keyword: words[0], arguments: masked(words),
            evidence: log.evidence(line: line.number, line.content)))
      }
    }
    return log.parsed(records)
  }

  private static func masked(_ words: [String]) -> [String] {
    words.indices.dropFirst().map { index in
      let key = words[index - 1]
      let isSecret = index > 1 && (key == "auth" || Secrets.isSecret(key: key))
      return isSecret ? Secrets.mask : Secrets.maskedURLs(words[index])
    }
  }

  /// Words between white space; `\` escapes, quotes group, `#` begins a comment.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character == "#" {
        break
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
