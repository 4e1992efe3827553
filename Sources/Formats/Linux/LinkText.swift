// `ip link`, `ip -d link`, `ip -s link` (and the devices of `ip addr`) without `-j` → `Link`.
import Facts
import NetworkTypes

/// The first line of a device: `3: tap1@if9: <BROADCAST,UP> mtu 1500 …`.
struct LinkTextHead {
  let index: Int
  let name: InterfaceName
  /// What stands behind the `@`: a device, `if9`, or `NONE`.
  let peer: String?
  let flags: Set<String>
  let words: ArraySlice<String>

  init?(_ line: String) {
    guard let colon = line.firstIndex(of: ":"), let index = Int(line[..<colon]),
      let open = line.range(of: ": <", from: line.index(after: colon)),
      let close = line[open.upperBound...].firstIndex(of: ">")
    else { return nil }
    let full = line[line.index(after: colon)..<open.lowerBound].drop { $0 == " " }
    guard !full.isEmpty else { return nil }
    let at = full.lastIndex(of: "@")
    self.index = index
    name = InterfaceName(String(at.map { full[..<$0] } ?? full))
    peer = at.map { String(full[full.index(after: $0)...]) }
    flags = Set(line[open.upperBound..<close].split(separator: ",").map(String.init))
    words = line[line.index(after: close)...].split(separator: " ").map(String.init)[...]
  }
}

enum LinkText {
  static func parse(_ text: CaptureText) -> Parsed<Link> {
    parseBlockRecords(text, format: "link", wanted: "a device") { block, log in
      guard let head = LinkTextHead(text.string(block.first.content)) else { return nil }
      var link = Link(
        index: head.index, name: head.name, flags: head.flags, mtuBytes: 0, operState: "",
        linkType: "", address: nil,
        evidence: log.evidence(line: block.first.number, block.content))
      var words = head.words
      while let word = words.popFirst() { link.take(word, words.popFirst() ?? "") }
      var counters = LinkTextCounters()
      for line in block.lines.dropFirst() {
        if !counters.take(text.words(line)) { link.take(line, text) }
      }
      link.statistics = counters.statistics
      link.setPeer(head.peer)
      return [link]
    }
  }
}

extension Link {
  /// A key and value of the first line or of the `link/…` line.
  fileprivate mutating func take(_ word: String, _ value: String) {
    switch word {
    case "mtu": mtuBytes = Int(value) ?? 0
    case "state": operState = value
    case "master": master = InterfaceName(value)
    case "promiscuity": promiscuity = Int(value) ?? 0
    case "link-netnsid": peerNamespaceID = Int(value)
    // The namespace's name, where `ip` found one for its number.
    case "link-netns": attributes["device.link_netns"] = value
    case "addrgenmode": attributes["device.inet6_addr_gen_mode"] = value
    case "brd", "mode", "qlen", "minmtu", "maxmtu": break
    case let word where Self.uninteresting.contains(word): break
    default: attributes["device.\(word)"] = value
    }
  }

  /// An indented line.
  fileprivate mutating func take(_ line: Line, _ text: CaptureText) {
    var words = text.words(line)
    guard let first = words.popFirst() else { return }
    switch first {
    case let first where first.hasPrefix("link/"):
      linkType = String(first.dropFirst("link/".count))
      takeAddress(&words)
      while let word = words.popFirst() { take(word, words.popFirst() ?? "") }
    case "alias":
      alias =
        text.string(line.content).drop { $0 == " " || $0 == "\t" }
        .dropFirst("alias ".count).description
    case "altname":
      let names = [attributes["device.altnames"], words.first].compactMap { $0 }
      attributes["device.altnames"] = names.joined(separator: ",")
    case "inet", "inet6", "valid_lft", "vf": break
    // A device of no kind.
    case "addrgenmode", "numtxqueues": break
    case let first where first.hasPrefix("prog/"): break
    case let first where first.hasSuffix("_slave"):
      attributes["slave.kind"] = String(first.dropLast("_slave".count))
      takeDetails(words, "slave.")
    default:
      kind = first
      takeDetails(words, "")
    }
  }

  private mutating func takeAddress(_ words: inout ArraySlice<String>) {
    guard let text = words.first, text.contains(":") || text.contains(".") else { return }
    words.removeFirst()
    address = MACAddress(text)
    if address == nil { attributes["device.address"] = text }
  }

  /// Words of a kind that have no value; a `no` in front says the opposite.
  private static let switches: Set<String> = [
    "collect_metadata", "external", "gbp", "gpe", "l2miss", "l3miss", "learning", "proxy", "rsc",
    "udp6zerocsumrx", "udp6zerocsumtx", "udpcsum",
  ]
  /// Queues and offloads, which stand in the same line.
  private static let uninteresting: Set<String> = [
    "gro_max_size", "gso_max_segs", "gso_max_size", "numrxqueues", "numtxqueues",
    "tso_max_segs", "tso_max_size",
  ]
  /// Where the JSON names a value otherwise.
  private static let jsonNames = [
    "dev": "link", "dstport": "port", "udpcsum": "udp_csum",
    "udp6zerocsumtx": "udp_zero_csum6_tx", "udp6zerocsumrx": "udp_zero_csum6_rx",
  ]

  private mutating func takeDetails(_ words: ArraySlice<String>, _ prefix: String) {
    var words = words
    while let word = words.popFirst() {
      let positive = word.hasPrefix("no") ? String(word.dropFirst(2)) : word
      if word.hasPrefix("<") {
        attributes[prefix + "flags"] = String(word.dropFirst().prefix { $0 != ">" })
      } else if Self.switches.contains(word) || Self.switches.contains(positive) {
        attributes[prefix + (Self.jsonNames[positive] ?? positive)] = "\(word == positive)"
      } else if word == "srcport" {
        attributes[prefix + "port_range.low"] = words.popFirst()
        attributes[prefix + "port_range.high"] = words.popFirst()
      } else if word == "addrgenmode" {
        attributes["device.inet6_addr_gen_mode"] = words.popFirst()
      } else if let value = words.popFirst(), !Self.uninteresting.contains(word) {
        let name = prefix + (Self.jsonNames[word] ?? word)
        attributes[name] = value == "on" ? "true" : value == "off" ? "false" : value
      }
    }
  }

  /// A device of another namespace has a number and, mostly, that namespace's.
  fileprivate mutating func setPeer(_ peer: String?) {
    guard let peer, peer != "NONE" else { return }
    if peer.hasPrefix("if"), let index = Int(peer.dropFirst(2)) {
      peerIndex = index
    } else if peerNamespaceID == nil, attributes["device.link_netns"] == nil {
      peerName = InterfaceName(peer)
    }
  }
}

/// `RX:` and `TX:` headings, each with its numbers on the line below.
private struct LinkTextCounters {
  private var headings: [String] = []
  private var isReceiving = false
  private var received: [String: UInt64] = [:]
  private var sent: [String: UInt64] = [:]

  /// False for lines that are none of these.
  mutating func take(_ words: ArraySlice<String>) -> Bool {
    if let first = words.first, first.hasPrefix("RX") || first.hasPrefix("TX") {
      // `RX errors:` heads details of `-s -s`, which are not kept.
      headings = first.hasSuffix(":") ? Array(words.dropFirst()) : ["-"]
      isReceiving = first.hasPrefix("RX")
      return true
    }
    guard !headings.isEmpty else { return false }
    defer { headings = [] }
    for (heading, number) in zip(headings, words) {
      if isReceiving { received[heading] = UInt64(number) } else { sent[heading] = UInt64(number) }
    }
    return true
  }

  var statistics: LinkStatistics? {
    guard !received.isEmpty, !sent.isEmpty else { return nil }
    func count(_ counters: [String: UInt64], _ name: String) -> UInt64 { counters[name] ?? 0 }
    return LinkStatistics(
      receivedBytes: count(received, "bytes"), receivedPackets: count(received, "packets"),
      receiveErrors: count(received, "errors"), receiveDropped: count(received, "dropped"),
      sentBytes: count(sent, "bytes"), sentPackets: count(sent, "packets"),
      sendErrors: count(sent, "errors"), sendDropped: count(sent, "dropped"))
  }
}

extension String {
  /// Where `literal` begins first at or behind `start`.
  fileprivate func range(of literal: String, from start: Index) -> Range<Index>? {
    var index = start
    while index < endIndex {
      if self[index...].hasPrefix(literal) {
        return index..<self.index(index, offsetBy: literal.count)
      }
      index = self.index(after: index)
    }
    return nil
  }
}
