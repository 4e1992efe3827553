// The lab's IPv6 network: the IPv4 one in other words, where IPv6 has such a thing.
import NetworkTypes

extension RoutingNetwork {
  /// `10.0.1.5/24` → `fd00:10:0:1::5/64`; other words stay.
  static func ipv6(_ word: some StringProtocol) -> String {
    let parts = word.split(separator: "/")
    let octets = parts.first?.split(separator: ".") ?? []
    guard octets.count == 4, octets.allSatisfy({ Int($0) != nil }) else { return String(word) }
    let address = "fd00:\(octets[0]):\(octets[1]):\(octets[2])::\(octets[3])"
    guard parts.count == 2, let length = Int(parts[1]) else { return address }
    return "\(address)/\(ipv6Length(length))"
  }

  /// Octets become words of 16 bits, the last one the last 8 bits.
  private static func ipv6Length(_ length: Int) -> Int {
    length <= 24 ? length == 0 ? 0 : 16 + 2 * length : 96 + length
  }

  static func ipv6(_ address: IPAddress) -> IPAddress { IPAddress(ipv6("\(address)")) ?? address }

  /// Neighbours are left out, as no packet is sent.
  var commands6: [String] {
    commands.filter { !$0.hasPrefix("neigh") }.map(translate)
  }

  private func translate(_ command: String) -> String {
    var words = command.split(separator: " ").map(String.init)
    let isRule = words[0] == "rule"
    // IPv6 chooses scopes itself, has no broadcast, and no TOS of routes.
    for (word, isForeign) in [("brd", true), ("scope", true), ("tos", !isRule)] where isForeign {
      if let index = words.firstIndex(of: word) { words.removeSubrange(index...(index + 1)) }
    }
    if let index = words.firstIndex(of: "suppress_prefixlength"), let length = Int(words[index + 1])
    {
      words[index + 1] = "\(Self.ipv6Length(length))"
    }
    if words[0] == "addr" { words.append("nodad") }
    return words.map { $0 == "icmp" ? "58" : Self.ipv6($0) }.joined(separator: " ")
  }

  mutating func routeQuestion6() -> RouteQuestion {
    var question = routeQuestion()
    question.destination = Self.ipv6(question.destination)
    question.source = question.source.map { Self.ipv6($0) }
    return question
  }
}
