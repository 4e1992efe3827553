// What Neutron writes into every port's chains beside its groups' rules: states, DHCP, IPv6's own, and
// the check of senders.
import Facts
import NetworkTypes

/// The rules that Neutron writes into every port's chain.
struct FixedRules {
  var required: Set<RuleShape> = []
  var spoofJump: RuleShape?
  var isAllowed: (RuleShape) -> Bool
}

extension DriftBuilder {
  func state(_ states: Set<ConntrackStateName>) -> IPTablesTest {
    .conntrack([ConntrackCondition(.state(states))])
  }
  func udp(_ source: UInt16, _ destination: UInt16) -> [IPTablesTest] {
    [
      .ipProtocol(IPProtocol.udp), .ports(.source, PortRange(single: source)),
      .ports(.destination, PortRange(single: destination)),
    ]
  }

  func fixedRules(
    _ direction: SecurityDirection, _ table: FilterTable, _ port: Port
  ) -> FixedRules {
    let family = table.table.family
    let isV4 = family == .ipv4
    let short = port.id.rawValue.prefix(Self.chainIDLength)
    let jump = RuleShape([], .jump(name(table, "s\(short)")))
    var required: Set<RuleShape> = [
      RuleShape([state([.invalid])], .drop),
      RuleShape([], .jump(name(table, "sg-fallback"))),
    ]
    let isStateful = !(ports[port.id]?.securityGroups ?? []).contains {
      model.securityGroup($0)?.isStateful == false
    }
    if isStateful {
      required.insert(RuleShape([state([.related, .established])], .returnToCaller))
    }
    let server = isV4 ? udp(67, 68) : udp(547, 546)
    let client = isV4 ? udp(68, 67) : udp(546, 547)
    let established = RuleShape([state([.related, .established])], .returnToCaller)
    guard direction == .egress else {
      return FixedRules(required: required) { shape in
        shape == established || Self.isDHCPOrNeighbour(shape, server, port)
      }
    }
    required.insert(RuleShape(server, .drop))
    let pairs = ports[port.id].map { addressPairs(of: $0, family) } ?? []
    if !pairs.isEmpty { required.insert(jump) }
    return FixedRules(required: required, spoofJump: pairs.isEmpty ? nil : jump) { shape in
      if shape == jump || shape == established { return true }
      // The client's own requests, and IPv6's neighbour discovery.
      let isClient = shape.matches.isSuperset(of: client.map { IPTablesMatch($0) })
      return shape.target == .returnToCaller && (isClient || Self.isICMP6(shape))
        || shape.target == .drop && Self.isICMP6(shape)
    }
  }

  static func isICMP6(_ shape: RuleShape) -> Bool {
    shape.matches.contains(IPTablesMatch(.ipProtocol(IPProtocol.icmp6)))
  }

  /// Answers of DHCP servers to the port, and what IPv6 needs.
  static func isDHCPOrNeighbour(
    _ shape: RuleShape, _ server: [IPTablesTest], _ port: Port
  ) -> Bool {
    guard shape.target == .returnToCaller else { return false }
    let types: Set<UInt8> = [130, 131, 132, 134, 135, 136]
    if isICMP6(shape) {
      return shape.matches.contains { match in
        if case .icmp6(let type, _) = match.test { types.contains(type) } else { false }
      }
    }
    guard shape.matches.isSuperset(of: server.map { IPTablesMatch($0) }) else { return false }
    return shape.matches.contains { match in
      switch match.test {
      case .destination(let masked):
        masked.address == .v4(.broadcast) || port.addresses.contains(masked.address)
          || masked.address.isLinkLocal
      // Before Ocata the servers' own addresses were named.
      case .source: true
      default: false
      }
    }
  }

  mutating func compareSpoofing(
    _ port: Port, _ record: NeutronPort, _ table: FilterTable, _ node: NodeSwitch
  ) {
    let family = table.table.family
    var wanted = addressPairs(of: record, family)
    guard !wanted.isEmpty else { return }
    var optional: Set<AddressPair> = []
    if family == .ipv6 {
      optional = Set((wanted.map(\.mac) + [record.mac].compactMap { $0 }).map(linkLocalPair))
    }
    // A pair of everything is no check at all; which rules stand then depends on the release.
    wanted = wanted.filter { $0.prefix.length > 0 }
    let short = port.id.rawValue.prefix(Self.chainIDLength)
    let place = "\(self.family(table)) \(table.wrap)s\(short)"
    guard let chain = table.chain("s\(short)") else {
      return find(
        .antiSpoofing, .missing, .critical, object(port), on: node.name, at: place,
        wanted: DriftSide(list(wanted.map(describe)), [record.evidence]), found: .none)
    }
    var found: [AddressPair: Evidence] = [:]
    for rule in chain.rules where isAccept(rule) {
      var mac: MACAddress?
      var prefix: IPPrefix?
      for match in rule.matches where !match.isNegated {
        if case .macSource(let value) = match.test { mac = value }
        if case .source(let masked) = match.test { prefix = masked.prefix }
      }
      let pair = mac.map {
        AddressPair(mac: $0, prefix: prefix ?? .everything(family))
      }
      if let pair { found[pair] = rule.evidence }
      let isWanted = pair.map { wanted.contains($0) || optional.contains($0) } ?? false
      let isOpen = record.allowedAddressPairs.contains { $0.prefix.length == 0 }
      if isWanted || isOpen { continue }
      find(
        .antiSpoofing, .extra, .critical, object(port), on: node.name, at: place,
        wanted: DriftSide(list(wanted.map(describe)), [record.evidence]),
        found: DriftSide(rule.text, [rule.evidence]))
    }
    for pair in wanted where found[pair] == nil {
      find(
        .antiSpoofing, .missing, .high, object(port), on: node.name, at: place,
        wanted: DriftSide(describe(pair), [record.evidence]),
        found: DriftSide("no such rule", [chain.evidence]))
    }
    let last = chain.rules.last
    if last.map({ RuleShape($0) }) != RuleShape([], .drop) {
      find(
        .antiSpoofing, .different, .critical, object(port), on: node.name, at: place,
        wanted: DriftSide("everything else is dropped", [record.evidence]),
        found: DriftSide(last?.text ?? "none", [last?.evidence ?? chain.evidence]))
    }
  }
}
