// What security groups and address pairs ask of one port's filter, in neither driver's words: the
// services that may reach it and that it may use, and the addresses that it may send from.
import Facts
import NetworkTypes

/// The transport that a rule takes; nil parts take all.
struct FilteredService: Hashable {
  var family: AddressFamily
  var ipProtocol: UInt8?
  /// Of protocols with ports; nil for all.
  var ports: PortRange?
  var icmpType: UInt8?
  var icmpCode: UInt8?
}

enum FilterRemote: Hashable {
  case any
  case prefix(IPPrefix)
  /// Members of a group, by the id that names its set.
  case group(String)
}

struct FilterRule: Hashable {
  var direction: SecurityDirection
  var service: FilteredService
  var remote: FilterRemote
}

struct AddressPair: Hashable {
  var mac: MACAddress
  var prefix: IPPrefix
}

extension DriftBuilder {
  /// Guests' ports; those of the cloud itself are trusted.
  func isFiltered(_ record: NeutronPort) -> Bool {
    let isTrusted =
      record.deviceOwner.hasPrefix("network:") || record.deviceOwner.hasPrefix("neutron:")
    return !isTrusted && record.isPortSecurityEnabled != false
  }

  /// With the rules that ask for each, and what is not known or understood of them: then what the
  /// nodes admit beyond may be just that.
  func filterRules(of record: NeutronPort) -> (
    rules: [FilterRule: [NeutronSecurityGroupRule]], notUnderstood: [String]
  ) {
    var found: [FilterRule: [NeutronSecurityGroupRule]] = [:]
    var strange: [String] = []
    for id in record.securityGroups {
      if model.securityGroup(id) == nil { strange.append("security group \(id): not captured") }
      for rule in model.securityGroup(id)?.rules ?? [] {
        guard let wanted = filterRule(rule) else {
          strange.append("rule \(rule.id) of protocol \(rule.protocolName ?? "any")")
          continue
        }
        if let group = rule.remoteAddressGroup,
          lookups.addressGroups[group] == nil
        {
          strange.append("address group \(group): not captured")
          continue
        }
        // A set of nobody admits nobody: Neutron leaves such a rule out.
        if case .group(let group) = wanted.remote,
          members(of: group, wanted.service.family).isEmpty
        {
          continue
        }
        found[wanted, default: []].append(rule)
      }
    }
    return (found, strange)
  }

  private func filterRule(_ rule: NeutronSecurityGroupRule) -> FilterRule? {
    let name = rule.protocolName?.lowercased()
    var service = FilteredService(family: rule.family)
    if let name, !["any", "0"].contains(name) {
      guard let number = Self.number(ofProtocol: name, rule.family) else { return nil }
      service.ipProtocol = number
      if [IPProtocol.icmp, IPProtocol.icmp6].contains(number) {
        service.icmpType = rule.portMinimum.flatMap { UInt8(exactly: $0) }
        service.icmpCode = rule.portMaximum.flatMap { UInt8(exactly: $0) }
      } else if Self.protocolsWithPorts.contains(number), let first = rule.portMinimum {
        let last = rule.portMaximum ?? first
        guard let first = UInt16(exactly: first), let last = UInt16(exactly: last),
          let range = PortRange(first: first, last: last)
        else { return nil }
        service.ports = range == .all || (first <= 1 && last == .max) ? nil : range
      }
    }
    return FilterRule(
      direction: rule.direction, service: service, remote: remote(of: rule))
  }

  private func remote(of rule: NeutronSecurityGroupRule) -> FilterRemote {
    if let group = rule.remoteGroup { return .group(group.rawValue) }
    if let group = rule.remoteAddressGroup { return .group(group) }
    if let prefix = rule.remotePrefix, prefix.length > 0 { return .prefix(prefix) }
    return .any
  }

  static let protocolsWithPorts: Set<UInt8> = [
    IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.udpLite, 33,
  ]

  /// As Neutron's API takes them; ICMP means the family's.
  static func number(ofProtocol name: String, _ family: AddressFamily) -> UInt8? {
    let icmp = family == .ipv4 ? IPProtocol.icmp : IPProtocol.icmp6
    let names: [String: UInt8] = [
      "icmp": icmp, "icmpv6": IPProtocol.icmp6, "ipv6-icmp": IPProtocol.icmp6, "tcp": 6,
      "udp": 17, "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "igmp": 2,
      "ip": 0, "ipip": 4, "ipencap": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-nonxt": 59,
      "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132,
      "udplite": 136, "vrrp": 112,
    ]
    let number = names[name] ?? UInt8(name)
    return number == 1 && family == .ipv6 ? IPProtocol.icmp6 : number
  }

  /// Addresses of all ports of a group, or of an address group, in one family.
  func members(of group: String, _ family: AddressFamily) -> Set<IPPrefix> {
    let key = DriftLookups.GroupOfFamily(group: group, family: family)
    return lookups.members[key]
      ?? DriftLookups.members(of: key, lookups.addressGroups, portsByGroup)
  }

  /// What a port may send from, link-local addresses of its MACs included.
  func addressPairs(of record: NeutronPort, _ family: AddressFamily) -> Set<AddressPair> {
    guard let mac = record.mac else { return [] }
    var pairs: Set<AddressPair> = []
    for fixed in record.fixedIPs where fixed.address.family == family {
      pairs.insert(AddressPair(mac: mac, prefix: IPPrefix(host: fixed.address)))
    }
    for pair in record.allowedAddressPairs where pair.prefix.family == family {
      pairs.insert(AddressPair(mac: pair.mac ?? mac, prefix: pair.prefix))
    }
    return pairs
  }

  func linkLocalPair(_ mac: MACAddress) -> AddressPair {
    AddressPair(mac: mac, prefix: IPPrefix(host: .v6(IPv6Address(linkLocal: mac))))
  }

  func describe(_ pair: AddressPair) -> String {
    "\(pair.prefix.isHost ? pair.prefix.address.description : pair.prefix.description) from \(pair.mac)"
  }

  func describe(_ rule: FilterRule) -> String {
    var words = [rule.direction.rawValue, rule.service.family == .ipv4 ? "IPv4" : "IPv6"]
    words.append(rule.service.words)
    switch rule.remote {
    case .any: words.append("any")
    case .prefix(let prefix): words.append("\(prefix)")
    case .group(let id):
      words.append(
        "group \(model.securityGroup(SecurityGroupID(id))?.label ?? labelled("", id))")
    }
    return words.joined(separator: " ")
  }
}

extension FilteredService {
  var words: String {
    let names: [UInt8: String] = [
      IPProtocol.icmp: "icmp", IPProtocol.icmp6: "icmp6", IPProtocol.tcp: "tcp",
      IPProtocol.udp: "udp", IPProtocol.sctp: "sctp",
    ]
    var text = ipProtocol.map { names[$0] ?? "protocol \($0)" } ?? "any"
    if let ports { text += " \(ports)" }
    if let icmpType { text += " type \(icmpType)" }
    if let icmpCode { text += " code \(icmpCode)" }
    return text
  }
}
