// What security groups say about a packet at one port, as Neutron's API has them; nothing of nodes.
import Facts
import LogicalModel
import NetworkTypes

/// The part of a packet that security groups look at.
struct FlowIntent: Hashable, Sendable {
  var family: AddressFamily
  var ipProtocol: UInt8
  var source: IPAddress
  var destination: IPAddress
  var destinationPort: UInt16?

  var protocolText: String {
    switch ipProtocol {
    case IPProtocol.icmp: "icmp"
    case IPProtocol.icmp6: "icmpv6"
    case IPProtocol.tcp: destinationPort.map { "tcp/\($0)" } ?? "tcp"
    case IPProtocol.udp: destinationPort.map { "udp/\($0)" } ?? "udp"
    case IPProtocol.sctp: destinationPort.map { "sctp/\($0)" } ?? "sctp"
    default: "IP protocol \(ipProtocol)"
    }
  }
}

/// Whether groups let a packet pass, with the rule that does.
enum SecurityVerdict: Sendable {
  /// Nil: port security is off.
  case allowed(NeutronSecurityGroupRule?)
  case denied(text: String, evidence: [Evidence])
  case undecided(String)
}

struct SecurityIntent {
  let facts: CloudFacts
  let model: CloudModel

  /// Whether the port's groups let the packet pass in the direction.
  func verdict(
    _ port: Port, _ direction: SecurityDirection, _ flow: FlowIntent
  ) -> SecurityVerdict {
    if port.owner != .server && port.owner != .none {
      if case .other = port.owner {} else { return .allowed(nil) }
    }
    guard model.hasAPI else { return .undecided("Neutron's API was not captured") }
    if isUnfiltered(port) { return .allowed(nil) }
    let remote = direction == .ingress ? flow.source : flow.destination
    let groups = port.securityGroups.compactMap { model.securityGroup($0) }
    guard groups.count == port.securityGroups.count else {
      return .undecided("the rules of a security group were not captured")
    }
    let rules = groups.flatMap(\.rules).filter { $0.direction == direction }
    for rule in rules where matches(rule, flow, remote) { return .allowed(rule) }
    let names = groups.map { $0.name.isEmpty ? $0.label : $0.name }.sorted()
    let remoteText = direction == .ingress ? "from \(flow.source)" : "to \(flow.destination)"
    let whose =
      groups.isEmpty
      ? "\(model.title(of: port)) has no security group"
      : "security group\(names.count == 1 ? "" : "s") \(names.joined(separator: ", ")) of "
        + model.title(of: port)
    return .denied(
      text: "no \(direction) rule allows \(flow.protocolText) \(remoteText): \(whose)",
      evidence: port.evidence + groups.flatMap(\.evidence))
  }

  func isUnfiltered(_ port: Port) -> Bool {
    if let enabled = port.isPortSecurityEnabled { return !enabled }
    return facts.neutron.networks.records.first { $0.id == port.network }?
      .isPortSecurityEnabled == false
  }

  func matches(_ rule: NeutronSecurityGroupRule, _ flow: FlowIntent, _ remote: IPAddress) -> Bool {
    guard rule.family == flow.family, protocolMatches(rule, flow) else { return false }
    if let prefix = rule.remotePrefix, !prefix.contains(remote) { return false }
    if let group = rule.remoteGroup, !members(of: group).contains(where: { $0.contains(remote) }) {
      return false
    }
    if let id = rule.remoteAddressGroup {
      let group = facts.neutron.addressGroups.records.first { $0.id == id }
      guard group?.addresses.contains(where: { $0.contains(remote) }) ?? false else {
        return false
      }
    }
    return true
  }

  /// Addresses of a group's ports, with their address pairs.
  func members(of group: SecurityGroupID) -> [IPPrefix] {
    (model.securityGroup(group)?.ports ?? []).compactMap { model.port($0) }.flatMap { port in
      port.addresses.map { IPPrefix(host: $0) } + port.allowedAddressPairs.map(\.prefix)
    }
  }

  private func protocolMatches(_ rule: NeutronSecurityGroupRule, _ flow: FlowIntent) -> Bool {
    guard let name = rule.protocolName, !["any", "0"].contains(name) else { return true }
    guard let number = Self.number(name, flow.family), number == flow.ipProtocol else {
      return false
    }
    if number == IPProtocol.icmp || number == IPProtocol.icmp6 {
      let type = number == IPProtocol.icmp ? 8 : 128
      return rule.portMinimum.map { $0 == type } ?? true
    }
    guard let first = rule.portMinimum, let last = rule.portMaximum else { return true }
    guard let port = flow.destinationPort else { return false }
    return (first...max(first, last)).contains(Int(port))
  }

  static func number(_ name: String, _ family: AddressFamily) -> UInt8? {
    if let number = UInt8(name) { return number }
    return switch name {
    case "tcp": IPProtocol.tcp
    case "udp": IPProtocol.udp
    case "icmp": family == .ipv4 ? IPProtocol.icmp : IPProtocol.icmp6
    case "icmpv6", "ipv6-icmp", "icmp6": IPProtocol.icmp6
    case "sctp": IPProtocol.sctp
    case "udplite": IPProtocol.udpLite
    case "gre": IPProtocol.gre
    case "vrrp": IPProtocol.vrrp
    case "esp": IPProtocol.esp
    case "igmp": IPProtocol.igmp
    default: nil
    }
  }
}

extension SecurityIntent {
  /// What a tenant would type to allow it.
  static func command(_ port: Port, _ direction: SecurityDirection, _ flow: FlowIntent) -> String? {
    guard let group = port.securityGroups.min() else { return nil }
    var words = ["openstack security group rule create --\(direction)"]
    if flow.family == .ipv6 { words.append("--ethertype IPv6") }
    switch flow.ipProtocol {
    case IPProtocol.tcp: words.append("--protocol tcp")
    case IPProtocol.udp: words.append("--protocol udp")
    case IPProtocol.icmp: words.append("--protocol icmp")
    case IPProtocol.icmp6: words.append("--protocol ipv6-icmp")
    default: words.append("--protocol \(flow.ipProtocol)")
    }
    if let number = flow.destinationPort, number > 0,
      flow.ipProtocol == IPProtocol.tcp || flow.ipProtocol == IPProtocol.udp
    {
      words.append("--dst-port \(number)")
    }
    let remote = direction == .ingress ? flow.source : flow.destination
    words.append("--remote-ip \(IPPrefix(host: remote)) \(Shell.word(group))")
    return words.joined(separator: " ")
  }
}
