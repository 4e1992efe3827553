// `ip route show table all` without `-j` → `Route`.
import Facts
import NetworkTypes

/// `[type] destination key value … flag …`, hops of a multipath route on indented lines.
enum RouteText {
  static func parse(_ text: CaptureText, family: AddressFamily?) -> Parsed<Route> {
    parseBlockRecords(text, format: "route", wanted: "a route") { block, log in
      var draft = RouteDraft(family: family)
      var words = text.words(block.first)
      var unknown = readHead(&words, &draft)
      unknown += readPairs(&words, &draft)
      for line in block.lines.dropFirst() { unknown += readHop(text.words(line), &draft) }
      log.remark(unknown: unknown, of: "route", .warning, block.first)
      draft.unrecognised += unknown
      let evidence = log.evidence(line: block.first.number, block.content)
      return draft.route(evidence, &log).map { [$0] }
    }
  }

  private static let types: Set<String> = [
    "unicast", "local", "broadcast", "multicast", "anycast", "unreachable", "prohibit",
    "blackhole", "throw", "nat", "xresolve",
  ]

  private static func readHead(
    _ words: inout ArraySlice<String>, _ draft: inout RouteDraft
  ) -> [String] {
    guard let first = words.first, types.contains(first) else {
      return words.popFirst().map { draft.set("dst", $0) ? [] : [$0] } ?? []
    }
    words.removeFirst()
    let isKnown = draft.set("type", first)
    let destination = words.popFirst().map { draft.set("dst", $0) ? [] : [$0] } ?? []
    return (isKnown ? [] : ["type \(first)"]) + destination
  }

  /// Words of a route that stand alone, as the JSON's `flags` have them.
  private static let flags: Set<String> = [
    "dead", "linkdown", "notify", "offload", "offload_failed", "onlink", "pervasive", "rt_notify",
    "rt_offload", "rt_offload_failed", "rt_trap", "trap", "unresolved",
  ]

  private static func readPairs(
    _ words: inout ArraySlice<String>, _ draft: inout RouteDraft
  ) -> [String] {
    var unknown: [String] = []
    while let word = words.popFirst() {
      // What a cached route is made of stands in angle brackets.
      if flags.contains(word) {
        draft.hop.flags.insert(word)
      } else if word != "cache", !word.hasPrefix("<") {
        let value = self.value(&words)
        if !set(word, value, &draft) { unknown.append("\(word) \(value)") }
      }
    }
    return unknown
  }

  /// The next word, without the `lock` of a metric and the family of a gateway.
  private static func value(_ words: inout ArraySlice<String>) -> String {
    if ["lock", "inet", "inet6"].contains(words.first), words.count > 1 { words.removeFirst() }
    return words.popFirst() ?? ""
  }

  private static func set(_ word: String, _ value: String, _ draft: inout RouteDraft) -> Bool {
    switch word {
    case "via": draft.set("gateway", value)
    case "proto": draft.set("protocol", value)
    // Of an encapsulation, its own addresses.
    case "src": draft.isEncapsulated || draft.set("prefsrc", value)
    case "dsfield": draft.set("tos", value)
    case "dst": draft.isEncapsulated
    case "type", "deleted": false
    default: draft.set(word, value)
    }
  }

  /// `nexthop via 10.0.0.2 dev e weight 1 onlink`.
  private static func readHop(
    _ words: ArraySlice<String>, _ draft: inout RouteDraft
  ) -> [String] {
    var words = words
    guard words.popFirst() == "nexthop" else { return [words.joined(separator: " ")] }
    var hop = NextHop(gateway: nil, interface: nil)
    var unknown: [String] = []
    while let word = words.popFirst() {
      if flags.contains(word) {
        hop.flags.insert(word)
        continue
      }
      let value = self.value(&words)
      if !set(word, value, &hop) { unknown.append("nexthop \(word) \(value)") }
    }
    draft.nextHops.append(hop)
    return unknown
  }

  private static func set(_ word: String, _ value: String, _ hop: inout NextHop) -> Bool {
    switch word {
    case "via": assign(&hop.gateway, IPAddress(value))
    case "dev": assign(&hop.interface, InterfaceName(value))
    case "weight": assign(&hop.weight, Int(value))
    case "realm", "realms": true
    default: false
    }
  }
}
