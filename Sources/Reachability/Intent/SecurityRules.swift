// Neutron's security group rules as sets of packets.
import Facts
import NetworkTypes
import PacketSets

/// What the rules of security groups allow, in one direction. Each group is looked at once: ports share
/// them.
final class SecurityRules {
  let space: PacketSpace
  let neutron: NeutronFacts
  /// Addresses of each group's members, by group.
  private let members: [SecurityGroupID: [IPPrefix]]
  private let rules: [SecurityGroupID: [NeutronSecurityGroupRule]]
  private struct Side: Hashable {
    let group: SecurityGroupID
    let direction: SecurityDirection
  }
  private var known: [Side: Allowed] = [:]

  init(_ neutron: NeutronFacts, space: PacketSpace) {
    self.space = space
    self.neutron = neutron
    var members: [SecurityGroupID: Set<IPPrefix>] = [:]
    for port in neutron.ports.records {
      let own =
        port.fixedIPs.map { IPPrefix(host: $0.address) }
        + port.allowedAddressPairs.map(\.prefix)
      for group in port.securityGroups { members[group, default: []].formUnion(own) }
    }
    self.members = members.mapValues { $0.sorted() }
    var rules = Dictionary(grouping: neutron.securityGroupRules.records, by: \.group)
    for group in neutron.securityGroups.records where rules[group.id] == nil {
      rules[group.id] = group.rules
    }
    self.rules = rules
  }

  struct Allowed {
    var packets = PacketSet.empty
    /// Rules that are not understood: taken to allow everything.
    var doubts: [String] = []
    /// By rule, for samples.
    var byRule: [(NeutronSecurityGroupRule, PacketSet)] = []
  }

  func allowed(_ groups: [SecurityGroupID], _ direction: SecurityDirection) -> Allowed {
    var allowed = Allowed()
    for group in groups {
      let one = self.allowed(group, direction)
      allowed.packets = space.or(allowed.packets, one.packets)
      allowed.doubts += one.doubts
      allowed.byRule += one.byRule
    }
    return allowed
  }

  private func allowed(_ group: SecurityGroupID, _ direction: SecurityDirection) -> Allowed {
    let side = Side(group: group, direction: direction)
    if let known = known[side] { return known }
    var allowed = Allowed()
    if let rules = rules[group] {
      for rule in rules where rule.direction == direction {
        guard let set = packets(rule) else {
          allowed.doubts.append("security group rule \(rule.id) is not understood")
          allowed.packets = space.ip
          continue
        }
        allowed.packets = space.or(allowed.packets, set)
        allowed.byRule.append((rule, set))
      }
    } else {
      allowed.doubts.append("the rules of security group \(group) are not in the capture")
      allowed.packets = space.ip
    }
    known[side] = allowed
    return allowed
  }

  /// Nil for a rule that is not understood.
  private func packets(_ rule: NeutronSecurityGroupRule) -> PacketSet? {
    var set = space.family(rule.family)
    if let name = rule.protocolName, !["any", "0"].contains(name) {
      guard let number = number(name, rule.family) else { return nil }
      set = space.and(set, space.value(.ipProtocol, UInt128(number)))
      guard let ports = ports(rule, number) else { return nil }
      set = space.and(set, ports)
    }
    let remote: HeaderField = rule.direction == .ingress ? .source : .destination
    if let prefix = rule.remotePrefix {
      if prefix.family != rule.family { return prefix.length == 0 ? set : .empty }
      set = space.and(set, space.prefix(remote, prefix))
    }
    if let group = rule.remoteGroup {
      set = space.and(set, addresses(members[group] ?? [], remote))
    }
    if let group = rule.remoteAddressGroup {
      guard let found = neutron.addressGroups.records.first(where: { $0.id == group }) else {
        return nil
      }
      set = space.and(set, addresses(found.addresses, remote))
    }
    return set
  }

  private func addresses(_ prefixes: [IPPrefix], _ field: HeaderField) -> PacketSet {
    space.union(prefixes.map { space.prefix(field, $0) })
  }

  private func ports(_ rule: NeutronSecurityGroupRule, _ number: UInt8) -> PacketSet? {
    let (low, high) = (rule.portMinimum, rule.portMaximum)
    if low == nil, high == nil { return .all }
    switch number {
    case IPProtocol.icmp, IPProtocol.icmp6:
      var set = PacketSet.all
      if let low, low >= 0 { set = space.and(set, space.value(.sourcePort, UInt128(low))) }
      if let high, high >= 0 { set = space.and(set, space.value(.destinationPort, UInt128(high))) }
      return set
    case IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.udpLite, 33:
      guard let first = UInt16(exactly: low ?? 0), let last = UInt16(exactly: high ?? 65535),
        let range = PortRange(first: first, last: last)
      else { return nil }
      return space.ports(.destinationPort, range)
    default: return .all
    }
  }

  /// Neutron's names (`neutron_lib.constants.IP_PROTOCOL_MAP`).
  private func number(_ name: String, _ family: AddressFamily) -> UInt8? {
    if let number = UInt8(name) { return family == .ipv6 && number == 1 ? 58 : number }
    let names: [String: UInt8] = [
      "icmp": family == .ipv6 ? 58 : 1, "icmpv6": 58, "ipv6-icmp": 58, "tcp": 6, "udp": 17,
      "sctp": 132, "udplite": 136, "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47,
      "igmp": 2, "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-nonxt": 59,
      "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "vrrp": 112,
      "hopopt": 0,
    ]
    return names[name]
  }
}
