// A set of packets as a person reads it: protocol, prefixes, port ranges.
import NetworkTypes
import PacketSets

extension PacketSpace {
  /// One line a box, `limit` of them at most, and one that says that there are more.
  public func lines(of set: PacketSet, limit: Int = 3) -> [String] {
    let headers = forget(
      HeaderField.unsentMask | HeaderField.ttl.bit | HeaderField.tos.bit
        | HeaderField.tcpFlags.bit | HeaderField.arpSHA.bit | HeaderField.arpTHA.bit, in: set)
    let boxes = self.boxes(of: headers, limit: limit + 1)
    var lines = boxes.prefix(limit).map(text)
    if boxes.count > limit { lines.append("… and others") }
    return lines
  }

  private func text(_ box: PacketBox) -> String {
    func values(_ field: HeaderField) -> [Interval]? { box.intervals[field.rawValue] }
    let type = values(.etherType)
    let isIPv4 = type == [0x0800...0x0800]
    let isIPv6 = type == [0x86dd...0x86dd]
    var words: [String] = []
    if let tags = values(.vlan), tags != [0...0] {
      words.append("tagged " + list(tags) { "\($0 & 0xfff)" })
    }
    words.append(kind(type, values(.ipProtocol)))
    let family: AddressFamily = isIPv6 ? .ipv6 : .ipv4
    let hasAddresses = isIPv4 || isIPv6 || type == [0x0806...0x0806]
    if hasAddresses {
      words.append(
        (values(.source).map { addresses($0, family) } ?? "any") + " → "
          + (values(.destination).map { addresses($0, family) } ?? "any"))
    }
    if let ports = values(.destinationPort), isIPv4 || isIPv6 {
      words.append("port " + list(ports) { "\($0)" })
    }
    for (field, name) in [(HeaderField.ethSource, "from"), (.ethDestination, "to")] {
      if let macs = values(field), macs.count == 1, macs[0].lowerBound == macs[0].upperBound {
        let mac = MACAddress(
          rawValue: UInt64(truncatingIfNeeded: field.decoded(macs[0].lowerBound)))
        words.append("\(name) \(mac)")
      }
    }
    return words.joined(separator: " ")
  }

  private func kind(_ types: [Interval]?, _ protocols: [Interval]?) -> String {
    guard let types, types.count == 1, types[0].lowerBound == types[0].upperBound else {
      return "frames"
    }
    let family: String
    switch types[0].lowerBound {
    case 0x0800: family = ""
    case 0x86dd: family = "6"
    case 0x0806: return "arp"
    default: return "ethertype 0x" + String(types[0].lowerBound, radix: 16)
    }
    guard let protocols else { return "ip" + family }
    let names: [UInt128: String] = [1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 132: "sctp"]
    return list(protocols) { names[$0] ?? "protocol \($0)" } + family
  }

  private func list(_ values: [Interval], _ name: (UInt128) -> String) -> String {
    let shown = values.prefix(4).map { interval in
      interval.lowerBound == interval.upperBound
        ? name(interval.lowerBound) : "\(name(interval.lowerBound))-\(name(interval.upperBound))"
    }
    return shown.joined(separator: ",") + (values.count > 4 ? ",…" : "")
  }

  private func addresses(_ values: [Interval], _ family: AddressFamily) -> String {
    let shown = values.prefix(3).map { interval -> String in
      let first = IPAddress(bits: interval.lowerBound, family: family)
      let size = interval.upperBound - interval.lowerBound
      if size == 0 { return "\(first)" }
      let length = family.width - (128 - (size).leadingZeroBitCount)
      if let prefix = IPPrefix(first, length: max(0, length)), prefix.address == first,
        prefix.last.bits == interval.upperBound
      {
        return prefix.length == 0 ? "any" : "\(prefix)"
      }
      return "\(first)-\(IPAddress(bits: interval.upperBound, family: family))"
    }
    return shown.joined(separator: ",") + (values.count > 3 ? ",…" : "")
  }
}
