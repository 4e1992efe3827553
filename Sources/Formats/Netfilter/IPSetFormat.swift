// `ipset save`: `create` and `add` lines. Feeds IPSet.
import Facts
import NetworkTypes

public enum IPSetFormat {
  public static func parse(_ text: CaptureText) -> Parsed<IPSet> {
    var parser = IPSetParser(log: ParseLog(text))
    for line in Lines(text) { parser.read(line) }
    return parser.log.parsed(parser.sets)
  }
}

private struct IPSetParser {
  var log: ParseLog
  var sets: [IPSet] = []
  private var index: [IPSetName: Int] = [:]

  init(log: ParseLog) { self.log = log }

  mutating func read(_ line: Line) {
    guard !line.content.isEmpty, log.text.bytes[line.content.lowerBound] != UInt8(ascii: "#")
    else { return log.structure(line.whole) }
    // A cut line may read as a shorter address.
    guard line.whole.upperBound > line.content.upperBound else {
      log.isIncomplete = true
      return reject(line, "cut-line", "the file ends inside a line: wanted a line feed")
    }
    guard let words = ruleWords(log.text.bytes, line.content), let verb = words.first else {
      return reject(line, "bad-line", "a quote stays open")
    }
    switch verb.text {
    case "create" where words.count >= 3: create(line, words)
    case "add" where words.count >= 3: add(line, words)
    default: reject(line, "bad-line", "wanted 'create NAME TYPE …' or 'add NAME ELEMENT …'")
    }
  }

  private mutating func reject(_ line: Line, _ id: String, _ message: String) {
    log.reject(
      "ipset/\(id)", line: line.number, line.whole,
      "\(message): \(excerpt(log.text, line.content))")
    if !sets.isEmpty { sets[sets.count - 1].isComplete = false }
  }

  private mutating func create(_ line: Line, _ words: [RuleWord]) {
    let name = IPSetName(words[1].text)
    guard index[name] == nil else { return reject(line, "bad-line", "a set twice") }
    let type = IPSetType(words[2].text)
    if type.dimensions == nil {
      log.remark(
        "ipset/unknown-type", .warning, line: line.number, words[2].range,
        "a set type that is not understood: \(type.text)")
    }
    let options = options(words.dropFirst(3))
    index[name] = sets.count
    sets.append(
      IPSet(
        name: name, type: type, family: family(options["family"], type), options: options,
        text: log.text.string(line.content),
        evidence: log.evidence(line: line.number, line.content)))
    log.fact(line.whole)
  }

  private func family(_ option: String?, _ type: IPSetType) -> AddressFamily? {
    switch option {
    case "inet": return .ipv4
    case "inet6": return .ipv6
    default:
      // Bitmaps of addresses know IPv4 only and print no family.
      return type.storage == "bitmap" && type.dimensions?.first == .ip ? .ipv4 : nil
    }
  }

  /// Options stand alone or before one value.
  private func options(_ words: ArraySlice<RuleWord>) -> [String: String] {
    let flags: Set = ["counters", "comment", "skbinfo", "forceadd", "nomatch", "wildcard"]
    var options: [String: String] = [:]
    var rest = words
    while let word = rest.popFirst() {
      // In `add`, comment takes a text in quotes.
      let isFlag = flags.contains(word.text) && rest.first?.isQuoted != true
      options[word.text] = isFlag ? "" : rest.popFirst()?.text ?? ""
    }
    return options
  }

  private mutating func add(_ line: Line, _ words: [RuleWord]) {
    guard let position = index[IPSetName(words[1].text)] else {
      return reject(line, "bad-line", "an element of a set that is not there")
    }
    let set = (type: sets[position].type, family: sets[position].family)
    let elements = self.elements(words[2].text, set.type)
    let isUnread = elements.contains { if case .unrecognised = $0 { true } else { false } }
    if isUnread {
      log.remark(
        "ipset/unknown-element", .warning, line: line.number, words[2].range,
        "an element of \(set.type) that is not understood: \(words[2].text)")
    }
    let options = options(words.dropFirst(3))
    sets[position].members.append(
      IPSetMember(
        elements: elements, isException: options["nomatch"] != nil, options: options,
        evidence: log.evidence(line: line.number, line.content)))
    log.fact(line.whole)
  }

  private func elements(_ text: String, _ type: IPSetType) -> [IPSetElement] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard let dimensions = type.dimensions, parts.count == dimensions.count else {
      return [.unrecognised(text)]
    }
    return zip(parts, dimensions).map { part, dimension in
      element(part, dimension, storage: type.storage) ?? .unrecognised(String(part))
    }
  }

  private func element(
    _ text: Substring, _ dimension: IPSetType.Dimension, storage: String
  ) -> IPSetElement? {
    switch dimension {
    case .ip, .net:
      if let prefix = IPPrefix(text) { return .network(prefix) }
      return RuleValue.addresses(text).map { .addresses($0) }
    case .port: return port(text, isBitmap: storage == "bitmap")
    case .mac: return MACAddress(text).map { .mac($0) }
    case .mark: return RuleValue.number(text, of: UInt32.self).map { .mark($0) }
    case .set: return .set(IPSetName(String(text)))
    case .iface:
      guard text.hasPrefix("physdev:") else {
        return .interface(InterfaceName(String(text)), isPhysical: false)
      }
      return .interface(InterfaceName(String(text.dropFirst(8))), isPhysical: true)
    }
  }

  /// `80`, `tcp:80`, `tcp:80-90`, `icmp:8/0`, `icmp:echo-request`, `gre:0`.
  private func port(_ text: Substring, isBitmap: Bool) -> IPSetElement? {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else {
      return RuleValue.ports(text, separator: "-")
        .map { .port(ipProtocol: isBitmap ? nil : IPProtocol.tcp, $0) }
    }
    guard let ipProtocol = RuleValue.ipProtocol(parts[0]) else { return nil }
    if ipProtocol == IPProtocol.icmp || ipProtocol == IPProtocol.icmp6 {
      return icmpPort(parts[1], ipProtocol)
    }
    return RuleValue.ports(parts[1], separator: "-").map { .port(ipProtocol: ipProtocol, $0) }
  }

  private func icmpPort(_ text: Substring, _ ipProtocol: UInt8) -> IPSetElement? {
    let parts = text.split(separator: "/", maxSplits: 1)
    if parts.count == 2, let type = UInt8(parts[0]), let code = UInt8(parts[1]) {
      return .port(
        ipProtocol: ipProtocol, PortRange(single: UInt16(type) << 8 | UInt16(code)))
    }
    let names = ipProtocol == IPProtocol.icmp ? icmpNames : icmp6Names
    return names[String(text)].map { .port(ipProtocol: ipProtocol, PortRange(single: $0)) }
  }
}

/// The names that ipset prints for type × 256 + code (its ipset_icmp tables).
private let icmpNames: [String: UInt16] = [
  "echo-reply": 0x0000, "pong": 0x0000, "network-unreachable": 0x0300,
  "host-unreachable": 0x0301, "protocol-unreachable": 0x0302, "port-unreachable": 0x0303,
  "fragmentation-needed": 0x0304, "source-route-failed": 0x0305, "network-unknown": 0x0306,
  "host-unknown": 0x0307, "network-prohibited": 0x0309, "host-prohibited": 0x030a,
  "TOS-network-unreachable": 0x030b, "TOS-host-unreachable": 0x030c,
  "communication-prohibited": 0x030d, "host-precedence-violation": 0x030e,
  "precedence-cutoff": 0x030f, "source-quench": 0x0400, "network-redirect": 0x0500,
  "host-redirect": 0x0501, "TOS-network-redirect": 0x0502, "TOS-host-redirect": 0x0503,
  "echo-request": 0x0800, "ping": 0x0800, "router-advertisement": 0x0900,
  "router-solicitation": 0x0a00, "ttl-zero-during-transit": 0x0b00,
  "ttl-zero-during-reassembly": 0x0b01, "ip-header-bad": 0x0c00,
  "required-option-missing": 0x0c01, "timestamp-request": 0x0d00, "timestamp-reply": 0x0e00,
  "address-mask-request": 0x1100, "address-mask-reply": 0x1200,
]
private let icmp6Names: [String: UInt16] = [
  "no-route": 0x0100, "communication-prohibited": 0x0101, "address-unreachable": 0x0103,
  "port-unreachable": 0x0104, "packet-too-big": 0x0200, "ttl-zero-during-transit": 0x0300,
  "ttl-zero-during-reassembly": 0x0301, "bad-header": 0x0400,
  "unknown-header-type": 0x0401, "unknown-option": 0x0402, "echo-request": 0x8000,
  "ping": 0x8000, "echo-reply": 0x8100, "pong": 0x8100, "router-solicitation": 0x8500,
  "router-advertisement": 0x8600, "neighbour-solicitation": 0x8700,
  "neigbour-solicitation": 0x8700, "neighbour-advertisement": 0x8800,
  "neigbour-advertisement": 0x8800, "redirect": 0x8900,
]
