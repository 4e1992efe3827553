// A packet's header in the words that operators use, and what changed between two of them.
import NetworkTypes

extension Packet {
  /// `tcp 10.0.0.5:40000 → 8.8.8.8:443 ttl 63`, `arp who-has 10.0.0.1 tell 10.0.0.5`.
  public var summary: String {
    let tag = vlans.outer.map { " vlan \($0.id)" } ?? ""
    guard let source, let destination else {
      if let destination, isIP { return "\(protocolName) to \(destination)" }
      return "\(ethSrc) → \(ethDst) type 0x\(String(etherType, radix: 16))\(tag)"
    }
    if isARP {
      return arpOperation == 1
        ? "arp who-has \(destination) tell \(source)\(tag)"
        : "arp \(source) is-at \(arpSHA)\(tag)"
    }
    return "\(protocolName) \(end(source, sourcePort)) → \(end(destination, destinationPort))"
      + " ttl \(ttl)\(tag)"
  }

  private func end(_ address: IPAddress, _ port: UInt16) -> String {
    guard hasPorts else { return "\(address)" }
    return address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  private var protocolName: String {
    switch ipProtocol {
    case IPProtocol.tcp: "tcp"
    case IPProtocol.udp: "udp"
    case IPProtocol.sctp: "sctp"
    case IPProtocol.gre: "gre"
    case IPProtocol.icmp where isIPv4: icmpName
    case IPProtocol.icmp6 where isIPv6: icmpName
    default: "proto \(ipProtocol)"
    }
  }

  private var icmpName: String {
    switch (isIPv4, icmpType) {
    case (true, 8), (false, 128): "icmp echo request"
    case (true, 0), (false, 129): "icmp echo reply"
    case (false, 135): "neighbour solicitation"
    case (false, 136): "neighbour advertisement"
    default: "icmp type \(icmpType) code \(icmpCode)"
    }
  }

  /// What is different in `later`, a field a line: `dst 203.0.113.9 → 10.0.0.5`.
  public func changes(to later: Packet) -> [String] {
    var changes: [String] = []
    func note<Value: Equatable>(_ name: String, _ old: Value, _ new: Value) {
      if old != new { changes.append("\(name) \(old) → \(new)") }
    }
    func text(_ address: IPAddress?) -> String { address.map { "\($0)" } ?? "none" }
    note("src", text(source), text(later.source))
    note("dst", text(destination), text(later.destination))
    if hasPorts, later.hasPorts {
      note("sport", sourcePort, later.sourcePort)
      note("dport", destinationPort, later.destinationPort)
    }
    note("ttl", ttl, later.ttl)
    // A sender that fills in its own header rewrites nothing.
    if ethSrc != .zero { note("source MAC", ethSrc, later.ethSrc) }
    if ethDst != .zero { note("destination MAC", ethDst, later.ethDst) }
    note("vlan", Self.tag(vlans), Self.tag(later.vlans))
    note("mark", "0x\(String(mark, radix: 16))", "0x\(String(later.mark, radix: 16))")
    return changes
  }

  private static func tag(_ stack: VLANStack) -> String {
    stack.outer.map { "\($0.id)" } ?? "untagged"
  }
}
