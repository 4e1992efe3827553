// nft's expressions: what a packet's field is, and whether it is what a rule wants.
import Conntrack
import Facts
import NetworkTypes

/// A field's value.
enum NFTKey {
  /// The packet has no such field: the rule ends there.
  case absent
  case unknown(String)
  case number(UInt128, NFTKind)
  case text(String)
  case list([NFTKey])
}

/// How words stand for numbers.
enum NFTKind: Hashable {
  case plain
  case address(AddressFamily)
  case mac, l4Protocol, etherType, nfProtocol, mark, tcpFlags
  case conntrackState, conntrackStatus, direction, icmpType, icmp6Type, packetType, dscp
}

extension NFTKind {
  /// Nil for a word that is not known.
  func number(_ value: NFTValue) -> UInt128? {
    switch value {
    case .number(let text): return UInt128(text)
    case .flag(let flag): return flag ? 1 : 0
    case .text(let text): return number(text)
    case .list(let words): return union(words)
    case .object(let members) where members.first?.key == "|":
      return members.first?.value.elements.flatMap { union($0) }
    default: return nil
    }
  }

  private func union(_ words: [NFTValue]) -> UInt128? {
    words.reduce(UInt128?(0)) { sum, word in
      guard let sum, let bit = number(word) else { return nil }
      return sum | bit
    }
  }

  private func number(_ text: String) -> UInt128? {
    switch self {
    case .address(let family):
      return IPAddress(text).flatMap { $0.family == family ? $0.bits : nil }
    case .mac: return MACAddress(text).map { UInt128($0.rawValue) }
    default: break
    }
    if let named = names[text] { return named }
    if text.hasPrefix("0x") { return UInt128(text.dropFirst(2), radix: 16) }
    return UInt128(text)
  }

  private var names: [String: UInt128] {
    switch self {
    case .l4Protocol:
      [
        "tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "icmpv6": 58, "sctp": 132, "dccp": 33,
        "udplite": 136, "esp": 50, "ah": 51, "comp": 108, "gre": 47, "igmp": 2, "vrrp": 112,
      ]
    case .etherType: ["ip": 0x800, "arp": 0x806, "ip6": 0x86dd, "vlan": 0x8100, "8021q": 0x8100]
    case .nfProtocol: ["ipv4": 2, "ipv6": 10]
    case .tcpFlags:
      ["fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128]
    case .conntrackState:
      ["invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64]
    case .conntrackStatus:
      [
        "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32,
        "dying": 512,
      ]
    case .direction: ["original": 0, "reply": 1]
    case .packetType: ["host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3]
    case .icmpType:
      [
        "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
        "echo-request": 8, "router-advertisement": 9, "router-solicitation": 10,
        "time-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13,
        "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
        "address-mask-request": 17, "address-mask-reply": 18,
      ]
    case .icmp6Type:
      [
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3,
        "parameter-problem": 4, "echo-request": 128, "echo-reply": 129,
        "mld-listener-query": 130, "mld-listener-report": 131, "mld-listener-done": 132,
        "mld-listener-reduction": 132, "nd-router-solicit": 133, "nd-router-advert": 134,
        "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137,
        "router-renumbering": 138, "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142,
        "mld2-listener-report": 143,
      ]
    case .dscp:
      [
        "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56,
        "ef": 46, "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22,
        "af31": 26, "af32": 28, "af33": 30, "af41": 34, "af42": 36, "af43": 38,
      ]
    default: [:]
    }
  }
}

extension HookRun {
  /// The value of a field or a computation.
  func key(_ expression: NFTValue, _ world: World) -> NFTKey {
    if case .number(let text) = expression, let number = UInt128(text) {
      return .number(number, .plain)
    }
    guard let member = expression.single else {
      if case .object(let members) = expression, members.contains(where: { $0.key == "ct" }) {
        return .unknown("an expression that is not modelled")
      }
      return .unknown("an expression that is not modelled")
    }
    switch member.key {
    case "payload": return payload(member.value, world)
    case "meta": return meta(member.value["key"]?.text ?? member.value.text ?? "", world)
    case "ct": return conntrackField(member.value, world)
    case "fib": return fib(member.value, world)
    case "&", "|", "^", "<<", ">>": return computed(member.key, member.value, world)
    case "concat": return concatenated(member.value, world)
    default: return .unknown("nft expression '\(member.key)' is not modelled")
    }
  }

  private func concatenated(_ value: NFTValue, _ world: World) -> NFTKey {
    let keys = (value.elements ?? []).map { key($0, world) }
    for part in keys {
      switch part {
      case .absent, .unknown: return part
      default: break
      }
    }
    return .list(keys)
  }

  private func computed(_ operation: String, _ value: NFTValue, _ world: World) -> NFTKey {
    guard let operands = value.elements, let first = operands.first else {
      return .unknown("an expression that is not modelled")
    }
    guard case .number(var result, let kind) = key(first, world) else { return key(first, world) }
    for operand in operands.dropFirst() {
      guard let number = operandNumber(operand, kind, world) else {
        return .unknown("an operand that is not modelled")
      }
      switch operation {
      case "&": result &= number
      case "|": result |= number
      case "^": result ^= number
      case "<<": result = number < 128 ? result << number & 0xffff_ffff : 0
      default: result = number < 128 ? result >> number : 0
      }
    }
    return .number(result, kind)
  }

  private func operandNumber(_ value: NFTValue, _ kind: NFTKind, _ world: World) -> UInt128? {
    if let number = kind.number(value) { return number }
    if case .number(let number, _) = key(value, world) { return number }
    return nil
  }

  // MARK: Fields

  private func payload(_ value: NFTValue, _ world: World) -> NFTKey {
    guard let field = value["field"]?.text, let name = value["protocol"]?.text else {
      return .unknown("a raw payload expression is not modelled")
    }
    let packet = world.packet
    switch name {
    case "ip": return packet.isIPv4 ? ipField(field, packet) : .absent
    case "ip6": return packet.isIPv6 ? ipField(field, packet) : .absent
    case "ether": return etherField(field, packet)
    case "vlan":
      guard let tag = packet.vlans.outer else { return .absent }
      return field == "id" ? .number(UInt128(tag.id.rawValue), .plain) : unknownField(name, field)
    case "arp": return packet.isARP ? arpField(field, packet) : .absent
    default: return transportField(name, field, packet)
    }
  }

  private func unknownField(_ name: String, _ field: String) -> NFTKey {
    .unknown("nft field '\(name) \(field)' is not modelled")
  }

  private func address(_ address: IPAddress?) -> NFTKey {
    guard let address else { return .absent }
    return .number(address.bits, .address(address.family))
  }

  private func ipField(_ field: String, _ packet: Packet) -> NFTKey {
    switch field {
    case "saddr": return address(packet.source)
    case "daddr": return address(packet.destination)
    case "protocol", "nexthdr": return .number(UInt128(packet.ipProtocol), .l4Protocol)
    case "ttl", "hoplimit": return .number(UInt128(packet.ttl), .plain)
    case "dscp": return .number(UInt128(packet.tos >> 2), .dscp)
    case "ecn": return .number(UInt128(packet.tos & 3), .plain)
    case "version": return .number(packet.isIPv4 ? 4 : 6, .plain)
    case "length" where packet.lengthBytes > 0 && packet.isIPv4:
      return .number(UInt128(packet.lengthBytes), .plain)
    case "frag-off" where packet.fragment == .no:
      return .number(packet.dontFragment ? 0x4000 : 0, .plain)
    default: return unknownField("ip", field)
    }
  }

  private func etherField(_ field: String, _ packet: Packet) -> NFTKey {
    switch field {
    case "saddr": .number(UInt128(packet.ethSrc.rawValue), .mac)
    case "daddr": .number(UInt128(packet.ethDst.rawValue), .mac)
    case "type":
      .number(UInt128(packet.vlans.outer == nil ? packet.etherType : EtherType.vlan), .etherType)
    default: unknownField("ether", field)
    }
  }

  private func arpField(_ field: String, _ packet: Packet) -> NFTKey {
    switch field {
    case "operation":
      .number(UInt128(packet.arpOperation), .plain)
    case "saddr ip": address(packet.source)
    case "daddr ip": address(packet.destination)
    case "saddr ether": .number(UInt128(packet.arpSHA.rawValue), .mac)
    case "daddr ether": .number(UInt128(packet.arpTHA.rawValue), .mac)
    case "htype": .number(1, .plain)
    case "ptype": .number(0x800, .etherType)
    case "hlen": .number(6, .plain)
    case "plen": .number(4, .plain)
    default: unknownField("arp", field)
    }
  }

  private func transportField(_ name: String, _ field: String, _ packet: Packet) -> NFTKey {
    let numbers: [String: UInt8] = [
      "tcp": 6, "udp": 17, "sctp": 132, "dccp": 33, "udplite": 136, "icmp": 1, "icmpv6": 58,
    ]
    guard name == "th" || numbers[name] != nil else { return unknownField(name, field) }
    guard packet.isIP, packet.fragment != .later else { return .absent }
    if let number = numbers[name], packet.ipProtocol != number { return .absent }
    switch field {
    case "sport" where packet.hasTransportPorts: return .number(UInt128(packet.sourcePort), .plain)
    case "dport" where packet.hasTransportPorts:
      return .number(UInt128(packet.destinationPort), .plain)
    case "flags" where name == "tcp": return .number(UInt128(packet.tcpFlags), .tcpFlags)
    case "type" where packet.isICMP:
      return .number(UInt128(packet.icmpType), packet.isIPv4 ? .icmpType : .icmp6Type)
    case "code" where packet.isICMP: return .number(UInt128(packet.icmpCode), .plain)
    case "id" where packet.isICMP: return .number(UInt128(packet.icmpID), .plain)
    default: return unknownField(name, field)
    }
  }

  private func meta(_ name: String, _ world: World) -> NFTKey {
    let packet = world.packet
    switch name {
    case "iifname", "iif": return .text(context.inDevice?.rawValue ?? "")
    case "oifname", "oif": return .text(context.outDevice?.rawValue ?? "")
    case "ibrname", "obrname": return .text(bridge?.rawValue ?? "")
    case "mark": return .number(UInt128(packet.mark), .mark)
    case "l4proto": return packet.isIP ? .number(UInt128(packet.ipProtocol), .l4Protocol) : .absent
    case "nfproto": return .number(packet.isIPv4 ? 2 : packet.isIPv6 ? 10 : 0, .nfProtocol)
    case "protocol": return .number(UInt128(packet.etherType), .etherType)
    case "pkttype":
      let type: UInt128 =
        packet.linkType == .unicast ? 0 : packet.linkType == .broadcast ? 1 : 2
      return .number(type, .packetType)
    case "length" where packet.lengthBytes > 0:
      return .number(UInt128(packet.lengthBytes), .plain)
    default: return .unknown("nft key 'meta \(name)' is not modelled")
    }
  }

  private func conntrackField(_ value: NFTValue, _ world: World) -> NFTKey {
    let name = value["key"]?.text ?? ""
    if name == "state" { return .number(stateBits(world), .conntrackState) }
    guard let entry = world.entry, let tracked = world.connection.tracked else { return .absent }
    if name == "direction" {
      return .number(tracked.direction == .reply ? 1 : 0, .direction)
    }
    let tuple =
      (value["dir"]?.text).map { $0 == "reply" ? entry.reply : entry.original } ?? entry.original
    switch name {
    case "mark": return .number(UInt128(entry.mark), .mark)
    case "zone": return .number(UInt128(entry.zone), .plain)
    case "protocol": return .number(UInt128(entry.original.ipProtocol), .l4Protocol)
    case "l3proto": return .number(world.packet.isIPv4 ? 2 : 10, .nfProtocol)
    case "saddr", "ip saddr", "ip6 saddr": return address(tuple.source)
    case "daddr", "ip daddr", "ip6 daddr": return address(tuple.destination)
    case "proto-src": return .number(UInt128(tuple.sourcePort), .plain)
    case "proto-dst": return .number(UInt128(tuple.destinationPort), .plain)
    case "status" where !entry.hasSeenReply: return .number(statusBits(entry), .conntrackStatus)
    default: return .unknown("nft key 'ct \(name)' is not modelled")
    }
  }

  private func stateBits(_ world: World) -> UInt128 {
    let states = states(of: world)
    if states.contains(.invalid) { return 1 }
    if states.contains(.established) { return 2 }
    if states.contains(.related) { return 4 }
    return states.contains(.new) ? 8 : 64
  }

  private func statusBits(_ entry: Connection) -> UInt128 {
    (entry.hasSeenReply ? 2 : 0) | (entry.isConfirmed ? 8 : 0) | (entry.isSourceNATed ? 16 : 0)
      | (entry.isDestinationNATed ? 32 : 0)
  }

  private func fib(_ value: NFTValue, _ world: World) -> NFTKey {
    let flags = (value["flags"]?.elements ?? []).compactMap(\.text)
    let end = flags.contains("saddr") ? world.packet.source : world.packet.destination
    guard let end else { return .absent }
    if value["result"]?.text == "type" {
      let device =
        flags.contains("iif") ? context.inDevice : flags.contains("oif") ? context.outDevice : nil
      guard let type = context.addressType(end, device) else {
        return .unknown("how routing classes \(end) is not known")
      }
      return .text(type.rawValue.lowercased())
    }
    guard flags.contains("saddr") else { return .unknown("fib of the destination is not modelled") }
    var options = ReversePathOptions()
    options.isLoose = !flags.contains("iif")
    options.usesMark = flags.contains("mark")
    guard let passes = context.passesReversePath(world.packet, options) else {
      return .unknown("the reverse path is not known")
    }
    return .number(passes ? 1 : 0, .plain)
  }
}
