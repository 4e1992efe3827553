// `ip neigh` without `-j` → `Neighbour`.
import Facts
import NetworkTypes

/// `address dev e [lladdr …] [router] [proxy] STATE`.
enum NeighbourText {
  static func parse(_ text: CaptureText) -> Parsed<Neighbour> {
    parseBlockRecords(text, format: "neighbour", wanted: "a neighbour") { block, log in
      var words = text.words(block.first)
      guard block.lines.count == 1, let address = words.popFirst().flatMap({ IPAddress($0) }),
        words.popFirst() == "dev", let interface = words.popFirst()
      else { return nil }
      var entry = Neighbour(
        address: address, interface: InterfaceName(interface), mac: nil, states: [],
        evidence: log.evidence(line: block.first.number, block.content))
      var unknown: [String] = []
      while let word = words.popFirst() {
        if !entry.take(word, &words) { unknown.append(word) }
      }
      log.remark(unknown: unknown, of: "neighbour", .note, block.first)
      return [entry]
    }
  }
}

extension Neighbour {
  fileprivate mutating func take(_ word: String, _ words: inout ArraySlice<String>) -> Bool {
    switch word {
    case "lladdr": return assign(&mac, words.popFirst().flatMap { MACAddress($0) })
    case "router": isRouter = true
    case "proxy": isProxy = true
    // Ages and counters.
    case "ref", "used", "probes", "proto", "nud": words.removeFirst(min(1, words.count))
    case "extern_learn", "extern_valid", "offload", "managed": break
    default:
      guard word.allSatisfy({ $0.isUppercase }) else { return false }
      states.insert(word)
    }
    return true
  }
}
