// `bridge fdb` without `-j` → `BridgeForwardingEntry`.
import Facts
import NetworkTypes

/// `mac dev p [dst ip] [vlan n] [master br] flags state`.
enum BridgeForwardingText {
  static func parse(_ text: CaptureText) -> Parsed<BridgeForwardingEntry> {
    parseBlockRecords(text, format: "bridge-fdb", wanted: "a forwarding entry") { block, log in
      var words = text.words(block.first)
      guard block.lines.count == 1, let mac = words.popFirst().flatMap({ MACAddress($0) }),
        words.popFirst() == "dev", let interface = words.popFirst()
      else { return nil }
      var entry = BridgeForwardingEntry(
        mac: mac, interface: InterfaceName(interface), bridge: nil, vlan: nil, state: "",
        flags: [], evidence: log.evidence(line: block.first.number, block.content))
      var unknown: [String] = []
      while let word = words.popFirst() {
        if !entry.take(word, &words) { unknown.append(word) }
      }
      log.remark(unknown: unknown, of: "bridge-fdb", .warning, block.first)
      return [entry]
    }
  }
}

extension BridgeForwardingEntry {
  fileprivate mutating func take(_ word: String, _ words: inout ArraySlice<String>) -> Bool {
    switch word {
    case "master": return assign(&bridge, words.popFirst().map { InterfaceName($0) })
    case "vlan": return assign(&vlan, words.popFirst().flatMap { Int($0) }.flatMap { VLANID($0) })
    case "dst": return assign(&remote, words.popFirst().flatMap { IPAddress($0) })
    case "vni": return assign(&vni, words.popFirst().flatMap { UInt32($0) })
    case "permanent", "static", "stale", "reachable": state = word
    case "self", "router", "offload", "offloaded", "extern_learn", "sticky", "added_by_user",
      "added_by_external_learn", "locked":
      flags.insert(word)
    case "port", "src_vni", "via", "link-netnsid", "nhid":
      guard let value = words.popFirst() else { return false }
      flags.insert("\(word == "via" ? "viaIf" : word) \(value)")
    // Ages.
    case "used", "proto": words.removeFirst(min(1, words.count))
    default: return false
    }
    return true
  }
}
