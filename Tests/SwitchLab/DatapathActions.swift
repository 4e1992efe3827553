// Carries out datapath actions, as `ofproto/trace` prints them, on a packet: what leaves where.
import Foundation
import NetworkTypes

/// A packet that left, by datapath port.
package struct LiveOutput: Hashable, CustomStringConvertible {
  /// Nil for the controller.
  package var port: Int?
  package var packet: Packet
  package var truncatedBytes: Int?
  package var description: String {
    "\(port.map(String.init) ?? "CONTROLLER"): \(signature(packet))"
  }
}

package struct DatapathActions {
  package var packet: Packet
  package var outputs: [LiveOutput] = []
  /// The packets that go on elsewhere, in the order in which they leave; one id may stand for several.
  package var recirculated: [(id: String, packet: Packet)] = []
  package var truncation: Int?
  /// The packet is inside a tunnel by now.
  package var isOuter = false
  private var isCloned = false
  private var outerOutputs = 0
  /// Actions that this interpreter does not know.
  package var unknown: [String] = []

  package init(_ packet: Packet) { self.packet = packet }

  package mutating func run(_ text: Substring) {
    for item in Self.items(text) { run(item: item) }
  }

  private mutating func run(item: Substring) {
    if isOuter { return noteOuter(item) }
    if let port = Int(item) {
      var sent = packet
      sent.tunnel = nil
      outputs.append(LiveOutput(port: port, packet: sent, truncatedBytes: truncation))
      truncation = nil
      return
    }
    let name = item.prefix { $0 != "(" }
    let inside = item.dropFirst(name.count).dropFirst().dropLast()
    switch name {
    case "drop", "ct", "hash", "ct_clear", "meter", "": break
    case "recirc": recirculated.append((String(inside), packet))
    case "set": for part in Self.items(inside) { set(part) }
    case "push_vlan": pushVLAN(inside)
    case "pop_vlan": packet.vlans.pop()
    case "trunc": truncation = Int(inside)
    case "userspace": if inside.contains("controller(") { toController() }
    case "clone": copy { $0.run(inside) }
    case "check_pkt_len": branch(inside)
    case "tnl_push": push(inside)
    default: unknown.append(String(item))
    }
  }

  private mutating func toController() {
    var copy = packet
    copy.tunnel = nil
    outputs.append(LiveOutput(port: nil, packet: copy))
  }

  private mutating func copy(_ body: (inout DatapathActions) -> Void) {
    let saved = (packet, isOuter, isCloned)
    isCloned = true
    body(&self)
    (packet, isOuter, isCloned) = saved
  }

  /// The encapsulated packet leaves by one port of its bridge. OVS 3.1 forgets to clone the packet
  /// where an action set behind a patch port tunnels it, and what is to follow then happens to the
  /// encapsulated one.
  private mutating func noteOuter(_ item: Substring) {
    guard !isCloned, Int(item) != nil else { return }
    outerOutputs += 1
    if outerOutputs > 1 { unknown.append("a tunnel's header stays on later copies") }
  }

  private mutating func branch(_ text: Substring) {
    for item in Self.items(text) where item.hasPrefix("gt(") || item.hasPrefix("le(") {
      let inside = item.dropFirst(3).dropLast()
      copy { $0.run(inside) }
    }
  }

  /// What follows in the same `clone` is the outer packet's way: of no interest here.
  private mutating func push(_ text: Substring) {
    var metadata = TunnelMetadata()
    let items = Self.items(text)
    var port = 0
    for item in items {
      if let value = item.dropping(prefix: "tnl_port(") { port = Int(value.dropLast()) ?? 0 }
      guard let header = item.dropping(prefix: "header(") else { continue }
      for part in Self.items(header.dropLast()) { read(part, &metadata) }
    }
    var inner = packet
    inner.tunnel = metadata
    outputs.append(LiveOutput(port: port, packet: inner))
    isOuter = true
  }

  private func read(_ part: Substring, _ metadata: inout TunnelMetadata) {
    let name = part.prefix { $0 != "(" }
    let values = Self.values(part.dropFirst(name.count).dropFirst().dropLast())
    switch name {
    case "ipv4", "ipv6":
      metadata.source = values["src"].flatMap { IPAddress($0) }
      metadata.destination = values["dst"].flatMap { IPAddress($0) }
      metadata.tos = UInt8(number(values["tos"] ?? values["tclass"] ?? "0"))
      metadata.ttl = UInt8(number(values["ttl"] ?? values["hlimit"] ?? "0"))
    case "vxlan", "geneve": metadata.id = number(values["vni"] ?? "0")
    case "gre": metadata.id = number(values["key"] ?? "0")
    default: break
    }
  }

  private mutating func pushVLAN(_ text: Substring) {
    let values = Self.values(text)
    packet.vlans.push(
      VLANTag(
        id: VLANID(truncating: UInt16(number(values["vid"] ?? "0"))),
        priority: UInt8(number(values["pcp"] ?? "0")),
        protocolID: UInt16(number(values["tpid"] ?? "0x8100"))))
  }

  private mutating func set(_ item: Substring) {
    let name = item.prefix { $0 != "(" }
    let inside = item.dropFirst(name.count).dropFirst().dropLast()
    let values = Self.values(inside)
    switch name {
    case "eth":
      if let mac = values["src"].flatMap({ MACAddress($0) }) { packet.ethSrc = mac }
      if let mac = values["dst"].flatMap({ MACAddress($0) }) { packet.ethDst = mac }
    case "ipv4", "ipv6": setNetwork(values)
    case "tcp", "udp", "sctp":
      if let port = values["src"] { packet.sourcePort = blend(packet.sourcePort, port) }
      if let port = values["dst"] { packet.destinationPort = blend(packet.destinationPort, port) }
    case "icmp", "icmpv6":
      if let type = values["type"] { packet.sourcePort = blend(packet.sourcePort, type) }
      if let code = values["code"] { packet.destinationPort = blend(packet.destinationPort, code) }
    case "arp": setARP(values)
    case "nd": setDiscovery(values)
    case "skb_mark": packet.mark = blend(packet.mark, String(inside))
    case "skb_priority": break
    case "tunnel": packet.tunnel = nil
    default: unknown.append(String(item))
    }
  }

  private mutating func setNetwork(_ values: [String: String]) {
    if let text = values["src"] { packet.source = blend(packet.source, text) }
    if let text = values["dst"] { packet.destination = blend(packet.destination, text) }
    if let tos = values["tos"] ?? values["tclass"] { packet.tos = blend(packet.tos, tos) }
    if let ttl = values["ttl"] ?? values["hlimit"] { packet.ttl = blend(packet.ttl, ttl) }
    if let label = values["label"] { packet.flowLabel = blend(packet.flowLabel, label) }
  }
  private mutating func setARP(_ values: [String: String]) {
    if let text = values["sip"] { packet.source = blend(packet.source, text) }
    if let text = values["tip"] { packet.destination = blend(packet.destination, text) }
    if let text = values["op"] { packet.arpOperation = blend(packet.arpOperation, text) }
    if let text = values["sha"].flatMap({ MACAddress($0) }) { packet.arpSHA = text }
    if let text = values["tha"].flatMap({ MACAddress($0) }) { packet.arpTHA = text }
  }
  private mutating func setDiscovery(_ values: [String: String]) {
    if let text = values["target"],
      case .v6(let address)? = blend(packet.ndTarget.map { .v6($0) }, text)
    {
      packet.ndTarget = address
    }
    if let text = values["sll"].flatMap({ MACAddress($0) }) { packet.ndSLL = text }
    if let text = values["tll"].flatMap({ MACAddress($0) }) { packet.ndTLL = text }
  }

  // MARK: Text

  /// Cut at commas outside brackets.
  package static func items(_ text: Substring) -> [Substring] {
    var items: [Substring] = []
    var depth = 0
    var start = text.startIndex
    for index in text.indices {
      switch text[index] {
      case "(": depth += 1
      case ")": depth -= 1
      case "," where depth == 0:
        items.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
    }
    items.append(text[start...])
    return items.filter { !$0.isEmpty }
  }
  package static func values(_ text: Substring) -> [String: String] {
    var values: [String: String] = [:]
    for item in items(text) {
      let parts = item.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return values
  }
}

package func number(_ text: String) -> UInt64 {
  text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) ?? 0 : UInt64(text) ?? 0
}
/// `value/mask` over what was there.
package func blend<Value: FixedWidthInteger>(_ old: Value, _ text: String) -> Value {
  let parts = text.split(separator: "/").map { number(String($0)) }
  guard let value = parts.first.map({ Value(truncatingIfNeeded: $0) }) else { return old }
  guard parts.count == 2 else { return value }
  let mask = Value(truncatingIfNeeded: parts[1])
  return old & ~mask | value & mask
}
package func blend(_ old: IPAddress?, _ text: String) -> IPAddress? {
  let parts = text.split(separator: "/").compactMap { IPAddress($0) }
  guard let value = parts.first else { return old }
  guard parts.count == 2, let old else { return value }
  return IPAddress(
    bits: old.bits & ~parts[1].bits | value.bits & parts[1].bits, family: value.family)
}

/// All that a receiver sees of a packet, in one line.
package func signature(_ packet: Packet) -> String {
  var text = "\(packet.ethSrc)>\(packet.ethDst)"
  for tag in [packet.vlans.outer, packet.vlans.inner].compactMap({ $0 }) {
    text += " vlan(\(String(tag.protocolID, radix: 16)),\(tag.id),\(tag.priority))"
  }
  text += " type=\(String(packet.etherType, radix: 16))"
  if packet.isARP || packet.etherType == EtherType.rarp {
    text += " arp(\(packet.arpOperation),\(packet.source!)>\(packet.destination!)"
    text += ",\(packet.arpSHA),\(packet.arpTHA))"
  } else if packet.isIP, let source = packet.source, let destination = packet.destination {
    text += " \(source)>\(destination) proto=\(packet.ipProtocol) tos=\(packet.tos)"
    text += " ttl=\(packet.ttl) label=\(packet.isIPv6 ? packet.flowLabel : 0)"
    if packet.fragment != .later, packet.hasPorts {
      text += " ports=\(packet.sourcePort)>\(packet.destinationPort)"
    } else if packet.fragment != .later, packet.isICMP {
      // Its simulated NAT puts ports where ICMP has a type and a code, which its output cannot hold.
      let (type, code) = (packet.sourcePort, packet.destinationPort)
      text += " ports=\(type > 255 ? 0 : type)>\(code > 255 ? 0 : code)"
    }
    if let target = packet.ndTarget, packet.isNeighbourDiscovery {
      text += " nd(\(target),\(packet.ndSLL),\(packet.ndTLL))"
    }
  }
  text += " mark=\(packet.mark)"
  if let tunnel = packet.tunnel {
    text += " tunnel(\(tunnel.id),\(tunnel.source.map { "\($0)" } ?? "-")"
    text += ">\(tunnel.destination.map { "\($0)" } ?? "-"),tos=\(tunnel.tos),ttl=\(tunnel.ttl))"
  }
  return text
}
