// `ip -d -j link` and `ip -s -j link` → `Link`.
import Facts
import NetworkTypes

/// Reads the devices of a namespace.
public enum LinkFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Link> {
    if !text.isJSON { return LinkText.parse(text) }
    return parseJSONRecords(text, format: "link") { node, evidence, log in
      link(node, evidence, &log).map { [$0] }
    }
  }

  /// Adds what `ip -s` counted to the devices that `ip -d` described, by index and name.
  public static func merging(statistics: [Link], into links: [Link]) -> [Link] {
    struct Key: Hashable {
      let index: Int
      let name: InterfaceName
    }
    let counted = Dictionary(
      statistics.map { (Key(index: $0.index, name: $0.name), $0.statistics) },
      uniquingKeysWith: { first, _ in first })
    return links.map { link in
      var link = link
      link.statistics =
        link.statistics ?? counted[Key(index: link.index, name: link.name)].flatMap { $0 }
      return link
    }
  }

  private static func link(
    _ node: JSONNode, _ evidence: Evidence, _ log: inout ParseLog
  ) -> Link? {
    guard let members = node.members, let name = node["ifname"]?.string,
      let index = (node["ifindex"] ?? node["index"])?.number(Int.self), node["deleted"] == nil
    else { return nil }
    var link = Link(
      index: index, name: InterfaceName(name), flags: [], mtuBytes: 0, operState: "",
      linkType: "", address: nil, evidence: evidence)
    for member in members where !link.take(member) {
      log.remark(unknown: member, of: "link", .warning)
    }
    return link
  }
}

extension Link {
  /// Puts a member where it belongs; false if its value is of no known form.
  fileprivate mutating func take(_ member: JSONNode.Member) -> Bool {
    let value = member.value
    switch member.key {
    case "ifindex", "index", "ifname": return true
    case "flags": return take(value.strings) { $0.flags = Set($1) }
    case "mtu": return take(value.number()) { $0.mtuBytes = $1 }
    case "operstate": return take(value.string) { $0.operState = $1 }
    case "link_type": return take(value.string) { $0.linkType = $1 }
    case "master": return take(value.string) { $0.master = InterfaceName($1) }
    case "promiscuity": return take(value.number()) { $0.promiscuity = $1 }
    case "ifalias": return take(value.string) { $0.alias = $1 }
    case "link": return takePeer(value)
    case "link_index": return take(value.number()) { $0.peerIndex = $1 }
    case "link_netnsid": return take(value.number()) { $0.peerNamespaceID = $1 }
    case "address": return takeAddress(value)
    case "linkinfo": return takeLinkInfo(value)
    case "stats64": return take(LinkStatistics(value)) { $0.statistics = $1 }
    // The 32-bit counters that stand beside `stats64`, or alone on old kernels.
    case "stats": return take(LinkStatistics(value)) { $0.statistics = $0.statistics ?? $1 }
    case let key where Self.uninteresting.contains(key): return true
    default:
      attributes.flatten(value, at: "device.\(member.key)")
      return true
    }
  }

  /// Queue lengths, offload limits and the like: no packet's way depends on them.
  private static let uninteresting: Set<String> = [
    "addr_info", "broadcast", "gro_ipv4_max_size", "gro_max_size", "gso_ipv4_max_size",
    "gso_max_segs", "gso_max_size", "linkmode", "max_mtu", "min_mtu", "num_rx_queues",
    "num_tx_queues", "tso_max_segs", "tso_max_size", "txqlen",
  ]

  private mutating func take<Value>(
    _ value: Value?, _ assign: (inout Link, Value) -> Void
  ) -> Bool {
    guard let value else { return false }
    assign(&self, value)
    return true
  }

  /// `null` stands for a lower device that is gone, or for none at all.
  private mutating func takePeer(_ value: JSONNode) -> Bool {
    value.isNull || take(value.string) { $0.peerName = InterfaceName($1) }
  }

  /// Tunnels over IP have an IP address here, which `info_data` repeats as `local`.
  private mutating func takeAddress(_ value: JSONNode) -> Bool {
    guard let text = value.string else { return false }
    address = MACAddress(text)
    if address == nil { attributes["device.address"] = text }
    return true
  }

  private mutating func takeLinkInfo(_ value: JSONNode) -> Bool {
    guard let members = value.members else { return false }
    for member in members {
      switch member.key {
      case "info_kind": kind = member.value.string
      case "info_slave_kind": attributes["slave.kind"] = member.value.string
      case "info_data": attributes.flatten(member.value, at: "")
      case "info_slave_data": attributes.flatten(member.value, at: "slave")
      default: attributes.flatten(member.value, at: member.key)
      }
    }
    return true
  }
}

extension [String: String] {
  /// Objects by their keys, scalars of an array behind one another, other elements by number.
  fileprivate mutating func flatten(_ node: JSONNode, at path: String) {
    let prefix = path.isEmpty ? "" : path + "."
    switch node.value {
    case .object(let members):
      for member in members { flatten(member.value, at: prefix + member.key) }
    case .array(let elements):
      let scalars = elements.compactMap(\.scalarText)
      if scalars.count == elements.count {
        self[path] = scalars.joined(separator: ",")
      } else {
        for (index, element) in elements.enumerated() { flatten(element, at: "\(prefix)\(index)") }
      }
    case .null: self[path] = ""
    default: self[path] = node.scalarText
    }
  }
}

extension LinkStatistics {
  fileprivate init?(_ node: JSONNode) {
    guard let received = node["rx"], let sent = node["tx"] else { return nil }
    func count(_ node: JSONNode, _ key: String) -> UInt64 { node[key]?.number() ?? 0 }
    self.init(
      receivedBytes: count(received, "bytes"), receivedPackets: count(received, "packets"),
      receiveErrors: count(received, "errors"), receiveDropped: count(received, "dropped"),
      sentBytes: count(sent, "bytes"), sentPackets: count(sent, "packets"),
      sendErrors: count(sent, "errors"), sendDropped: count(sent, "dropped"))
  }
}
