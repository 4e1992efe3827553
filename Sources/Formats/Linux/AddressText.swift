// `ip addr` without `-j` → `LinkAddress`.
import Facts
import NetworkTypes

/// Indented `inet` and `inet6` lines below a device's.
enum AddressText {
  static func parse(_ text: CaptureText) -> Parsed<LinkAddress> {
    parseBlockRecords(text, format: "address", wanted: "a device") { block, log in
      guard let head = LinkTextHead(text.string(block.first.content)) else { return nil }
      return block.lines.dropFirst().compactMap { address($0, on: head.name, &log) }
    }
  }

  private static func address(
    _ line: Line, on interface: InterfaceName, _ log: inout ParseLog
  ) -> LinkAddress? {
    var words = log.text.words(line)
    guard let family = words.popFirst(), family == "inet" || family == "inet6" else { return nil }
    guard
      var address = LinkAddress(interface, &words, log.evidence(line: line.number, line.content))
    else {
      log.remark(
        "address/bad-address", .warning, line: line.number, line.content,
        "not an address of \(interface): \(excerpt(log.text, line.content))")
      return nil
    }
    // IPv4's label stands last.
    if family == "inet", let label = words.last, label.hasPrefix(interface.rawValue) {
      words.removeLast()
    }
    while let word = words.popFirst() { address.take(word, &words) }
    return address
  }
}

extension LinkAddress {
  /// `10.0.0.1/24`, or `10.0.0.9 peer 10.0.0.10/32`.
  fileprivate init?(
    _ interface: InterfaceName, _ words: inout ArraySlice<String>, _ evidence: Evidence
  ) {
    guard let first = words.popFirst(), let local = IPAddress(first.prefix { $0 != "/" }) else {
      return nil
    }
    var printed = first
    var peer: IPAddress?
    if words.first == "peer" {
      words.removeFirst()
      printed = words.popFirst() ?? ""
      peer = IPAddress(printed.prefix { $0 != "/" })
      if peer == nil { return nil }
    }
    guard let prefix = IPPrefix(printed), prefix.family == local.family else { return nil }
    self.init(
      interface: interface,
      address: InterfaceAddress(address: local, prefixLength: prefix.length), peer: peer,
      scope: "", evidence: evidence)
  }

  /// Keys with values; any other word is a flag, whatever its name.
  fileprivate mutating func take(_ word: String, _ words: inout ArraySlice<String>) {
    switch word {
    case "brd": broadcast = words.popFirst().flatMap { IPAddress($0) }
    case "scope": scope = words.popFirst() ?? ""
    case "metric", "proto", "any": words.removeFirst(min(1, words.count))
    case "flags": if let bits = words.popFirst() { flags.insert(bits) }
    default: flags.insert(word)
    }
  }
}
