// Security groups by flows (the openvswitch driver): what a port's flows admit, conjunctions resolved,
// compared both ways with what its groups ask for, by meaning and not by text.
// Source: neutron/agent/linux/openvswitch_firewall/{firewall,rules}.py.
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
  /// Of security group rules; what stands below decides connections' states.
  static let rulePriorities: ClosedRange<UInt16> = 70...77
}

/// Something that flows admit: where its ports are apart, they are in a `PortSet`.
private struct Admission: Hashable {
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
private struct PortSet: Hashable {
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
  var words: String {
    if self == .all || ranges.isEmpty { return "" }
    return " "
      + ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

/// Which half of a rule's two flows: for new connections, or for known ones.
private enum Flavour: Hashable, CaseIterable {
  case new, established
}

/// One switch's firewall flows, sorted out once.
private struct FirewallFlows {
  /// By register 5, a port's OpenFlow number.
  var byPort: [UInt32: [FlowEntry]] = [:]
  /// Members of conjunctions: by id, those of each local VLAN.
  var members: [UInt32: [(vlan: UInt32?, flow: FlowEntry)]] = [:]
  /// Table 60's rows by input port.
  var entries: [UInt32: [FlowEntry]] = [:]
  var isUsed = false

  init(_ flows: [FlowEntry]) {
    for flow in flows {
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

private typealias Admissions = [Admission: (ports: PortSet, evidence: [Evidence])]

extension DriftBuilder {
  mutating func compareOpenFlowFilters() {
    for node in nodes {
      let guests = flowGuests(on: node)
      guard !guests.isEmpty else { continue }
      guard
        let flows = known(
          node.flows(node.integration), .securityRule, node.name, "the integration bridge's flows")
      else { continue }
      let firewall = FirewallFlows(flows)
      for (port, record, number, vlan) in guests {
        compareEntry(port, record, number, vlan, firewall, node)
        guard isFiltered(record) else { continue }
        compareSenders(port, record, number, firewall, node)
        compareRules(port, record, number, vlan, firewall, node)
      }
    }
  }

  /// Guests that are plugged into the switch itself, on nodes whose agent filters there.
  private func flowGuests(
    on node: NodeSwitch
  ) -> [(Port, NeutronPort, UInt32, VLANID)] {
    let driver = node.agentOptions.compactMap(\.firewallDriver).first?.lowercased()
    let isFlows = driver.map { $0 == "openvswitch" || $0.contains("openvswitchfirewall") }
    let hasFlows = node.flows(node.integration)?.records.contains {
      $0.table == FirewallTable.rulesIngress && FirewallTable.rulePriorities.contains($0.priority)
    }
    guard isFlows ?? hasFlows ?? false else { return [] }
    return model.ports.compactMap { port in
      guard let record = ports[port.id], port.owner == .server || port.owner == .subPort,
        record.status == "ACTIVE", record.isAdminUp,
        let location = port.locations.first(where: {
          $0.node == node.name && $0.linuxBridge == nil && $0.bridge == node.integration
        }),
        let number = location.openFlowPort, number > 0, let network = port.network,
        let vlan = node.vlans(of: network).first
      else { return nil }
      return (port, record, UInt32(number), vlan)
    }
  }

  /// Everything from the port goes to its filter, and what is for it comes from there.
  private mutating func compareEntry(
    _ port: Port, _ record: NeutronPort, _ number: UInt32, _ vlan: VLANID,
    _ firewall: FirewallFlows, _ node: NodeSwitch
  ) {
    let place = "\(node.integration?.rawValue ?? "") table \(FirewallTable.classify)"
    let target = isFiltered(record) ? FirewallTable.baseEgress : FirewallTable.acceptOrIngress
    let rows = firewall.entries[number] ?? []
    let wanted = DriftSide(
      "table \(target): port security is \(isFiltered(record) ? "on" : "off")", [record.evidence])
    guard let row = rows.max(by: { $0.priority < $1.priority }) else {
      // Unfiltered ports may go without.
      guard isFiltered(record) else { return }
      return find(
        .securityChain, .missing, .critical, object(port), on: node.name, at: place,
        wanted: wanted, found: .none)
    }
    if !row.goes(to: target) {
      find(
        .securityChain, .different, isFiltered(record) ? .critical : .medium, object(port),
        on: node.name, at: place, wanted: wanted, found: DriftSide("\(row)", [row.evidence]))
    }
    if let given = row.givenRegister6, given != UInt32(vlan.rawValue) {
      find(
        .securityChain, .different, .high, object(port), on: node.name, at: "\(place), reg6",
        wanted: DriftSide(describe(vlan, on: node.name), [record.evidence]),
        found: DriftSide("VLAN \(given)", [row.evidence]))
    }
  }
}

// Anti-spoofing.
extension DriftBuilder {
  private mutating func compareSenders(
    _ port: Port, _ record: NeutronPort, _ number: UInt32, _ firewall: FirewallFlows,
    _ node: NodeSwitch
  ) {
    let rows = (firewall.byPort[number] ?? []).filter { $0.table == FirewallTable.baseEgress }
    // Without any address, a port may use all with its MAC.
    guard !record.fixedIPs.isEmpty else { return }
    let isOpen = record.allowedAddressPairs.contains { $0.prefix.length == 0 }
    for family in AddressFamily.allCases {
      let tracked = rows.filter { $0.tracks(into: FirewallTable.rulesEgress, family) }
      compare(tracked, port, record, family, "IPv\(family.rawValue)", isOpen, node)
    }
    let arp = rows.filter {
      $0.match.exact(.ethType) == UInt128(EtherType.arp) && $0.goes(to: 94)
        && $0.match[.ethSrc] != nil
    }
    compare(arp, port, record, .ipv4, "ARP", isOpen, node)
  }

  private mutating func compare(
    _ rows: [FlowEntry], _ port: Port, _ record: NeutronPort, _ family: AddressFamily,
    _ words: String, _ isOpen: Bool, _ node: NodeSwitch
  ) {
    let all = addressPairs(of: record, family)
    let wanted = all.filter { $0.prefix.length > 0 }
    var optional: Set<AddressPair> = []
    if family == .ipv6 {
      optional = Set((all.map(\.mac) + [record.mac].compactMap { $0 }).map(linkLocalPair))
    }
    let place = "\(node.integration?.rawValue ?? "") table \(FirewallTable.baseEgress), \(words)"
    var found: Set<AddressPair> = []
    for row in rows {
      guard let pair = row.sender(family) else {
        // Neither address nor MAC is asked for: whoever sends, may.
        if isOpen { continue }
        find(
          .antiSpoofing, .extra, .critical, object(port), on: node.name, at: place,
          wanted: DriftSide(list(wanted.map(describe)), [record.evidence]),
          found: DriftSide("\(row)", [row.evidence]))
        continue
      }
      found.insert(pair)
      if wanted.contains(pair) || optional.contains(pair) || isOpen { continue }
      find(
        .antiSpoofing, .extra, .critical, object(port), on: node.name, at: place,
        wanted: DriftSide(list(wanted.map(describe)), [record.evidence]),
        found: DriftSide(describe(pair), [row.evidence]))
    }
    for pair in wanted where !found.contains(pair) {
      // A wider pair may stand for it.
      if found.contains(where: { $0.mac == pair.mac && $0.prefix.contains(pair.prefix) }) {
        continue
      }
      find(
        .antiSpoofing, .missing, .high, object(port), on: node.name, at: place,
        wanted: DriftSide(describe(pair), [record.evidence]), found: .none)
    }
  }
}

// Rules.
extension DriftBuilder {
  private mutating func compareRules(
    _ port: Port, _ record: NeutronPort, _ number: UInt32, _ vlan: VLANID,
    _ firewall: FirewallFlows, _ node: NodeSwitch
  ) {
    let (rules, strange) = filterRules(of: record)
    for text in Set(strange) { unknown(.securityRule, node.name, text) }
    let wanted = admissions(rules)
    for flavour in Flavour.allCases {
      let found = admissions(number, UInt32(vlan.rawValue), flavour, firewall)
      compare(wanted, found, isWhole: strange.isEmpty, flavour, port, node)
    }
  }

  private mutating func compare(
    _ wanted: Admissions, _ found: Admissions, isWhole: Bool, _ flavour: Flavour, _ port: Port,
    _ node: NodeSwitch
  ) {
    let bridge = node.integration?.rawValue ?? ""
    func place(_ admission: Admission) -> String {
      let table =
        admission.direction == .ingress
        ? FirewallTable.rulesIngress : FirewallTable.rulesEgress
      return "\(bridge) table \(table), \(flavour) connections"
    }
    for (admission, side) in wanted where found[admission]?.ports != side.ports {
      let actual = found[admission]
      find(
        admission.isConjunction ? .securityMember : .securityRule,
        actual == nil ? .missing : .different, .high, object(port), on: node.name,
        at: place(admission),
        wanted: DriftSide(describe(admission, side.ports, port), side.evidence.sorted()),
        found: actual.map { DriftSide(describe(admission, $0.ports, port), $0.evidence.sorted()) }
          ?? .none)
    }
    for (admission, side) in found where wanted[admission] == nil && isWhole {
      find(
        admission.isConjunction ? .securityMember : .securityRule, .extra, .critical,
        object(port), on: node.name, at: place(admission),
        wanted: DriftSide("no rule of its security groups asks for it", port.evidence),
        found: DriftSide(describe(admission, side.ports, port), side.evidence.sorted()))
    }
  }

  private func describe(_ admission: Admission, _ ports: PortSet, _ port: Port) -> String {
    let service = FilteredService(
      family: admission.family, ipProtocol: admission.ipProtocol, icmpType: admission.icmpType,
      icmpCode: admission.icmpCode)
    let remote =
      admission.remote.map { prefix in
        (prefix.isHost ? prefix.address.description : prefix.description)
          + whose(prefix, port.project)
      } ?? "anybody"
    return "\(admission.direction.rawValue) IPv\(admission.family.rawValue) "
      + "\(service.words)\(ports.words) \(admission.direction == .ingress ? "from" : "to") \(remote)"
  }

  private func admissions(_ rules: [FilterRule: [NeutronSecurityGroupRule]]) -> Admissions {
    var result: Admissions = [:]
    for (rule, sources) in rules {
      var admission = Admission(
        direction: rule.direction, family: rule.service.family,
        ipProtocol: rule.service.ipProtocol, icmpType: rule.service.icmpType,
        icmpCode: rule.service.icmpCode, remote: nil, isConjunction: false)
      let ports = rule.service.ports.map { PortSet(Int($0.first)...Int($0.last)) } ?? .all
      let evidence = sources.map(\.evidence)
      switch rule.remote {
      case .any: result.add(admission, ports, evidence)
      case .prefix(let prefix):
        admission.remote = prefix
        result.add(admission, ports, evidence)
      case .group(let id):
        admission.isConjunction = true
        for member in members(of: id, rule.service.family) where member.length > 0 {
          admission.remote = member
          result.add(admission, ports, evidence)
        }
      }
    }
    return result
  }

  /// For people: what new connections a port's flows admit.
  func enforced(
    _ port: Port, _ number: UInt32, _ vlan: VLANID, _ node: NodeSwitch
  ) -> [(direction: SecurityDirection, words: String, evidence: [Evidence])] {
    let firewall = FirewallFlows(node.flows(node.integration)?.records ?? [])
    let found = admissions(number, UInt32(vlan.rawValue), .new, firewall)
    return found.map { admission, side in
      (admission.direction, describe(admission, side.ports, port), side.evidence.sorted())
    }.sorted { ($0.direction.rawValue, $0.words) < ($1.direction.rawValue, $1.words) }
  }

  /// What a port's flows admit, with the members of its conjunctions that stand under its VLAN.
  private func admissions(
    _ number: UInt32, _ vlan: UInt32, _ flavour: Flavour, _ firewall: FirewallFlows
  ) -> Admissions {
    var result: Admissions = [:]
    let rows = (firewall.byPort[number] ?? []).filter {
      FirewallTable.rulePriorities.contains($0.priority) && $0.flavour == flavour
    }
    let accepted = Set(
      rows.filter { $0.accepts(number) }.compactMap { $0.match.exact(.conjID).map { UInt32($0) } })
    for row in rows {
      guard let direction = row.direction, let family = row.family else { continue }
      let ids = row.actions.compactMap { action -> UInt32? in
        if case .conjunction(let id, clause: 2, _) = action { id } else { nil }
      }
      var admission = row.admission(direction, family)
      if ids.isEmpty {
        guard row.match[.conjID] == nil, row.accepts(number) else { continue }
        admission.remote = row.remote(direction, family)
        result.add(admission, row.destinationPorts, [row.evidence])
        continue
      }
      admission.isConjunction = true
      for id in ids where accepted.contains(id) {
        for member in firewall.members[id] ?? []
        where (member.vlan ?? vlan) == vlan && member.flow.flavour == flavour
          && member.flow.priority == row.priority && member.flow.table == row.table
        {
          guard let remote = member.flow.remote(direction, family) else { continue }
          admission.remote = remote
          result.add(admission, row.destinationPorts, [row.evidence, member.flow.evidence])
        }
      }
    }
    return result
  }
}

extension Admissions {
  fileprivate mutating func add(
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
  fileprivate func goes(to table: UInt8) -> Bool {
    actions.contains { action in
      switch action {
      case .resubmit(_, let next, _): next == table
      case .gotoTable(let next): next == table
      default: false
      }
    }
  }
  fileprivate var givenRegister6: UInt32? {
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
  fileprivate func tracks(into table: UInt8, _ family: AddressFamily) -> Bool {
    self.family == family
      && actions.contains { action in
        if case .ct(let tracking) = action { tracking.table == table } else { false }
      }
  }
  fileprivate var family: AddressFamily? {
    switch match.exact(.ethType) {
    case UInt128(EtherType.ipv4): .ipv4
    case UInt128(EtherType.ipv6): .ipv6
    default: nil
    }
  }
  fileprivate var flavour: Flavour? {
    guard let state = match[.ctState] else { return nil }
    if state.value & CTStateBits.new != 0 { return .new }
    if state.value & CTStateBits.established != 0 { return .established }
    return nil
  }
  fileprivate var direction: SecurityDirection? {
    switch table {
    case FirewallTable.rulesIngress: .ingress
    case FirewallTable.rulesEgress: .egress
    default: nil
    }
  }
  /// Towards the guest to its port, from it onward to where accepted packets go.
  fileprivate func accepts(_ number: UInt32) -> Bool {
    switch table {
    case FirewallTable.rulesIngress:
      outputs.contains(number)
        || actions.contains { if case .output(.normal, _) = $0 { true } else { false } }
    case FirewallTable.rulesEgress:
      goes(to: FirewallTable.acceptOrIngress) || goes(to: 91) || goes(to: 94)
    default: false
    }
  }
  fileprivate func admission(
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
  fileprivate var destinationPorts: PortSet {
    for field in [OpenFlowField.tcpDst, .udpDst, .sctpDst] {
      guard let ports = match[field] else { continue }
      let free = Int(~ports.mask & 0xffff)
      // Only prefixes make one range; Neutron writes no others.
      return PortSet(Int(ports.value)...Int(ports.value) + free)
    }
    return .all
  }
  fileprivate func remote(
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
  fileprivate func prefix(_ field: OpenFlowField, _ family: AddressFamily) -> IPPrefix? {
    match[field].flatMap {
      MaskedAddress(address: IPAddress(bits: $0.value, family: family), mask: $0.mask).prefix
    }
  }
  /// Who may send by it; nil where it does not ask.
  fileprivate func sender(_ family: AddressFamily) -> AddressPair? {
    guard let bits = match.exact(.ethSrc) else { return nil }
    let isARP = match.exact(.ethType) == UInt128(EtherType.arp)
    let field: OpenFlowField = isARP ? .arpSPA : family == .ipv4 ? .ipSrc : .ipv6Src
    guard let prefix = prefix(field, family) else { return nil }
    return AddressPair(mac: MACAddress(rawValue: UInt64(bits)), prefix: prefix)
  }
}
