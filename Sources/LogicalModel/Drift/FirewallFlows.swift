// The openvswitch firewall's flows, sorted out and read. Feeds Drift+OpenFlow.
import Facts
import NetworkTypes

/// Tables of the firewall on the integration bridge, the same in every release.
enum FirewallTable {
  static let classify: UInt8 = 60
  static let baseEgress: UInt8 = 71
  static let rulesEgress: UInt8 = 72
  static let acceptOrIngress: UInt8 = 73
  static let baseIngress: UInt8 = 81
  static let rulesIngress: UInt8 = 82
  /// Those whose rows are told apart by port.
  static let own: Set<UInt8> = [classify, baseEgress, rulesEgress, rulesIngress]
  /// Of security group rules; what stands below decides connections' states.
  static let rulePriorities: ClosedRange<UInt16> = 70...77
}

/// Something that flows admit: where its ports are apart, they are in a `PortSet`.
struct Admission: Hashable {
  var direction: SecurityDirection
  var family: AddressFamily
  var ipProtocol: UInt8?
  var icmpType: UInt8?
  var icmpCode: UInt8?
  /// Nil for anybody.
  var remote: IPPrefix?
  var isConjunction: Bool
}

/// Transport ports, as ranges that neither touch nor overlap.
struct PortSet: Hashable {
  private(set) var ranges: [ClosedRange<Int>] = []
  static let all = PortSet(0...65535)
  init() {}
  init(_ range: ClosedRange<Int>) { ranges = [range] }

  mutating func formUnion(_ other: PortSet) {
    var merged: [ClosedRange<Int>] = []
    for range in (ranges + other.ranges).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }
  var isEmpty: Bool { ranges.isEmpty }

  func subtracting(_ other: PortSet) -> PortSet {
    var rest = ranges
    for hole in other.ranges {
      rest = rest.flatMap { range -> [ClosedRange<Int>] in
        guard range.overlaps(hole) else { return [range] }
        var parts: [ClosedRange<Int>] = []
        if range.lowerBound < hole.lowerBound {
          parts.append(range.lowerBound...hole.lowerBound - 1)
        }
        if range.upperBound > hole.upperBound {
          parts.append(hole.upperBound + 1...range.upperBound)
        }
        return parts
      }
    }
    var result = PortSet()
    result.ranges = rest
    return result
  }
  var words: String {
    if self == .all || ranges.isEmpty { return "" }
    return " "
      + ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

/// Which half of a rule's two flows: for new connections, or for known ones.
enum Flavour: Hashable, CaseIterable {
  case new, established
}

/// One switch's firewall flows, sorted out once.
struct FirewallFlows {
  /// By register 5, a port's OpenFlow number.
  var byPort: [UInt32: [FlowEntry]] = [:]
  /// Members of conjunctions: by id, those of each local VLAN.
  var members: [UInt32: [(vlan: UInt32?, flow: FlowEntry)]] = [:]
  /// Table 60's rows by input port.
  var entries: [UInt32: [FlowEntry]] = [:]
  var isUsed = false

  init(_ flows: FlowList) {
    for flow in flows.entries(of: FirewallTable.own) {
      if let port = flow.match.exact(.reg5) { byPort[UInt32(port), default: []].append(flow) }
      if flow.table == FirewallTable.classify, let port = flow.match.inPort {
        entries[port.rawValue, default: []].append(flow)
      }
      guard [FirewallTable.rulesEgress, FirewallTable.rulesIngress].contains(flow.table) else {
        continue
      }
      isUsed = true
      for action in flow.actions {
        guard case .conjunction(let id, clause: 1, _) = action else { continue }
        members[id, default: []].append((flow.match.exact(.reg6).map { UInt32($0) }, flow))
      }
    }
  }
}

typealias Admissions = [Admission: (ports: PortSet, evidence: [Evidence])]

extension Admissions {
  mutating func add(
    _ admission: Admission, _ ports: PortSet, _ evidence: [Evidence]
  ) {
    var side = self[admission] ?? (PortSet(), [])
    side.ports.formUnion(ports)
    for item in evidence where !side.evidence.contains(item) { side.evidence.append(item) }
    self[admission] = side
  }
}

// Reading the firewall's flows.
extension FlowEntry {
  func goes(to table: UInt8) -> Bool {
    actions.contains { action in
      switch action {
      case .resubmit(_, let next, _): next == table
      case .gotoTable(let next): next == table
      default: false
      }
    }
  }
  var givenRegister6: UInt32? {
    for action in actions {
      switch action {
      case .setField(.reg6, let value, _): return UInt32(truncatingIfNeeded: value)
      case .load(let value, let subfield) where subfield.field == .reg6:
        return UInt32(truncatingIfNeeded: value)
      default: continue
      }
    }
    return nil
  }
  func tracks(into table: UInt8, _ family: AddressFamily) -> Bool {
    self.family == family
      && actions.contains { action in
        if case .ct(let tracking) = action { tracking.table == table } else { false }
      }
  }
  var family: AddressFamily? {
    switch match.exact(.ethType) {
    case UInt128(EtherType.ipv4): .ipv4
    case UInt128(EtherType.ipv6): .ipv6
    default: nil
    }
  }
  var flavour: Flavour? {
    guard let state = match[.ctState] else { return nil }
    if state.value & CTStateBits.new != 0 { return .new }
    if state.value & CTStateBits.established != 0 { return .established }
    return nil
  }
  var direction: SecurityDirection? {
    switch table {
    case FirewallTable.rulesIngress: .ingress
    case FirewallTable.rulesEgress: .egress
    default: nil
    }
  }
  /// Towards the guest to its port, from it onward to where accepted packets go.
  func accepts(_ number: UInt32) -> Bool {
    switch table {
    case FirewallTable.rulesIngress:
      outputs.contains(number)
        || actions.contains { if case .output(.normal, _) = $0 { true } else { false } }
    case FirewallTable.rulesEgress:
      goes(to: FirewallTable.acceptOrIngress) || goes(to: 91) || goes(to: 94)
    default: false
    }
  }
  func admission(
    _ direction: SecurityDirection, _ family: AddressFamily
  ) -> Admission {
    let isV4 = family == .ipv4
    return Admission(
      direction: direction, family: family,
      ipProtocol: match.exact(.nwProto).map { UInt8($0) },
      icmpType: match.exact(isV4 ? .icmpType : .icmp6Type).map { UInt8($0) },
      icmpCode: match.exact(isV4 ? .icmpCode : .icmp6Code).map { UInt8($0) }, remote: nil,
      isConjunction: false)
  }
  var destinationPorts: PortSet {
    for field in [OpenFlowField.tcpDst, .udpDst, .sctpDst] {
      guard let ports = match[field] else { continue }
      let free = Int(~ports.mask & 0xffff)
      // Only prefixes make one range; Neutron writes no others.
      return PortSet(Int(ports.value)...Int(ports.value) + free)
    }
    return .all
  }
  func remote(
    _ direction: SecurityDirection, _ family: AddressFamily
  ) -> IPPrefix? {
    let field: OpenFlowField =
      switch (direction, family) {
      case (.ingress, .ipv4): .ipSrc
      case (.egress, .ipv4): .ipDst
      case (.ingress, .ipv6): .ipv6Src
      case (.egress, .ipv6): .ipv6Dst
      }
    return prefix(field, family)
  }
  func prefix(_ field: OpenFlowField, _ family: AddressFamily) -> IPPrefix? {
    match[field].flatMap {
      MaskedAddress(address: IPAddress(bits: $0.value, family: family), mask: $0.mask).prefix
    }
  }
  /// Who may send by it; nil where it does not ask.
  func sender(_ family: AddressFamily) -> AddressPair? {
    guard let bits = match.exact(.ethSrc) else { return nil }
    let isARP = match.exact(.ethType) == UInt128(EtherType.arp)
    let field: OpenFlowField = isARP ? .arpSPA : family == .ipv4 ? .ipSrc : .ipv6Src
    guard let prefix = prefix(field, family) else { return nil }
    return AddressPair(mac: MACAddress(rawValue: UInt64(bits)), prefix: prefix)
  }
}

/// What was found equal on a node: ports of one group have the same rows but for their numbers, and
/// what these admit need not be worked out for each.
struct ComparedFilters {
  struct Filter: Hashable {
    let groups: [SecurityGroupID]
    let vlan: VLANID
    let rows: Set<FilterRow>
  }
  /// A row without its port, counters and place.
  struct FilterRow: Hashable {
    let table: UInt8
    let priority: UInt16
    let match: [FieldMatch]
    let actions: [FlowAction]
    let isAccepting: Bool
  }
  typealias Rules = (rules: [FilterRule: [NeutronSecurityGroupRule]], strange: Set<String>)

  var equal: Set<Filter> = []
  private var rules: [[SecurityGroupID]: Rules] = [:]

  mutating func rules(
    _ groups: [SecurityGroupID],
    _ make: () -> (rules: [FilterRule: [NeutronSecurityGroupRule]], notUnderstood: [String])
  ) -> Rules {
    if let known = rules[groups] { return known }
    let made = make()
    let found = (rules: made.rules, strange: Set(made.notUnderstood))
    rules[groups] = found
    return found
  }
}

extension FlowEntry {
  func row(of number: UInt32) -> ComparedFilters.FilterRow {
    ComparedFilters.FilterRow(
      table: table, priority: priority, match: match.fields.filter { $0.field != .reg5 },
      // Where the frame goes in the end is in `isAccepting`.
      actions: actions.filter { if case .output = $0 { false } else { true } },
      isAccepting: accepts(number))
  }
}
