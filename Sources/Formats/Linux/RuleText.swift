// `ip rule` without `-j` → `RoutingRule`.
import Facts
import NetworkTypes

/// `priority: [not] from … key value … action`.
enum RuleText {
  static func parse(_ text: CaptureText, family: AddressFamily) -> Parsed<RoutingRule> {
    parseBlockRecords(text, format: "rule", wanted: "a rule") { block, log in
      var draft = RuleDraft(family: family)
      var words = text.words(block.first)
      guard block.lines.count == 1, let head = words.popFirst(), head.hasSuffix(":"),
        draft.set("priority", String(head.dropLast()))
      else { return nil }
      var unknown: [String] = []
      while let word = words.popFirst() {
        if !take(word, &words, &draft) { unknown.append(word) }
      }
      log.remark(unknown: unknown, of: "rule", .warning, block.first)
      draft.unrecognised += unknown
      let evidence = log.evidence(line: block.first.number, block.content)
      return draft.rule(evidence).map { [$0] }
    }
  }

  /// Takes a word with its value; false if it is not understood. The value of an unknown word is
  /// named by itself.
  private static func take(
    _ word: String, _ words: inout ArraySlice<String>, _ draft: inout RuleDraft
  ) -> Bool {
    switch word {
    case "not", "nop": return draft.set(word, "")
    case "unreachable", "prohibit", "blackhole": return draft.set("action", word)
    case "[detached]", "[unresolved]": return true
    case "from": return setPrefix("src", words.popFirst(), &draft)
    case "to": return setPrefix("dst", words.popFirst(), &draft)
    case "fwmark": return setMark(words.popFirst(), &draft)
    case "sport", "dport": return setPorts(word, words.popFirst(), &draft)
    case "iif", "oif", "tos", "ipproto", "goto": return draft.set(word, words.popFirst() ?? "")
    case "dsfield": return draft.set("tos", words.popFirst() ?? "")
    case "suppress_prefixlength": return draft.set("suppress_prefixlen", words.popFirst() ?? "")
    case "lookup", "table": return setTable(words.popFirst(), &draft)
    case "realms", "proto", "protocol":
      words.removeFirst(min(1, words.count))
      return true
    default: return false
    }
  }

  private static func setTable(_ name: String?, _ draft: inout RuleDraft) -> Bool {
    guard let name else { return false }
    return name == "[l3mdev-table]" ? draft.set("l3mdev", "") : draft.set("table", name)
  }

  /// `all`, an address, or one with its length.
  private static func setPrefix(_ key: String, _ value: String?, _ draft: inout RuleDraft) -> Bool {
    let parts = (value ?? "").split(separator: "/", maxSplits: 1).map(String.init)
    guard let address = parts.first, draft.set(key, address) else { return false }
    return parts.count < 2 || draft.set(key + "len", parts[1])
  }

  private static func setMark(_ value: String?, _ draft: inout RuleDraft) -> Bool {
    let parts = (value ?? "").split(separator: "/", maxSplits: 1).map(String.init)
    guard let mark = parts.first, draft.set("fwmark", mark) else { return false }
    return parts.count < 2 || draft.set("fwmask", parts[1])
  }

  private static func setPorts(_ key: String, _ value: String?, _ draft: inout RuleDraft) -> Bool {
    let parts = (value ?? "").split(separator: "-", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return draft.set(key, value ?? "") }
    return draft.set("\(key)_start", parts[0]) && draft.set("\(key)_end", parts[1])
  }
}
