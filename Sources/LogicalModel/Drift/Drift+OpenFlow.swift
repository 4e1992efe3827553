// Security groups by flows (the openvswitch driver): what a port's flows admit, conjunctions resolved,
// compared both ways with what its groups ask for, by meaning and not by text.
// Source: neutron/agent/linux/openvswitch_firewall/{firewall,rules}.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareOpenFlowFilters(of node: NodeSwitch) {
    let guests = flowGuests(on: node)
    guard !guests.isEmpty,
      let flows = known(
        node.flows(node.integration), .securityRule, node.name, "the integration bridge's flows")
    else { return }
    let firewall = FirewallFlows(flows)
    var compared = ComparedFilters()
    for (port, record, number, vlan) in guests {
      compareEntry(port, record, number, vlan, firewall, node)
      guard isFiltered(record) else { continue }
      compareSenders(port, record, number, firewall, node)
      compareRules(port, record, number, vlan, firewall, node, &compared)
    }
  }

  /// Guests that are plugged into the switch itself, on nodes whose agent filters there.
  func flowGuests(
    on node: NodeSwitch
  ) -> [(Port, NeutronPort, UInt32, VLANID)] {
    let driver = node.agentOptions.compactMap(\.firewallDriver).first?.lowercased()
    let isFlows = driver.map { $0 == "openvswitch" || $0.contains("openvswitchfirewall") }
    let hasFlows = node.flows(node.integration)?.records.holds(
      FirewallTable.rulesIngress, FirewallTable.rulePriorities)
    guard isFlows ?? hasFlows ?? false else { return [] }
    return (lookups.guests[node.name] ?? []).compactMap { port in
      guard let record = ports[port.id], record.status == "ACTIVE", record.isAdminUp,
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
  mutating func compareEntry(
    _ port: Port, _ record: NeutronPort, _ number: UInt32, _ vlan: VLANID,
    _ firewall: FirewallFlows, _ node: NodeSwitch
  ) {
    let place = "\(node.integration?.rawValue ?? "") table \(FirewallTable.classify)"
    let target = isFiltered(record) ? FirewallTable.baseEgress : FirewallTable.acceptOrIngress
    let rows = firewall.entries[number] ?? []
    var wanted: DriftSide {
      DriftSide(
        "table \(target): port security is \(isFiltered(record) ? "on" : "off")",
        [record.evidence])
    }
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
  mutating func compareSenders(
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
    }
    compare(arp, port, record, .ipv4, "ARP", isOpen, node)
  }

  mutating func compare(
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
  mutating func compareRules(
    _ port: Port, _ record: NeutronPort, _ number: UInt32, _ vlan: VLANID,
    _ firewall: FirewallFlows, _ node: NodeSwitch, _ compared: inout ComparedFilters
  ) {
    let (rules, strange) = compared.rules(record.securityGroups) { filterRules(of: record) }
    for text in strange { unknown(.securityRule, node.name, text) }
    let admitting = (firewall.byPort[number] ?? []).filter {
      FirewallTable.rulePriorities.contains($0.priority)
    }
    let filter = ComparedFilters.Filter(
      groups: record.securityGroups, vlan: vlan, rows: Set(admitting.map { $0.row(of: number) }))
    if compared.equal.contains(filter) { return }
    let wanted = admissions(rules)
    let before = report.findings.count
    for flavour in Flavour.allCases {
      let found = admissions(number, UInt32(vlan.rawValue), flavour, firewall)
      compare(wanted, found, isWhole: strange.isEmpty, flavour, port, node)
    }
    if report.findings.count == before { compared.equal.insert(filter) }
  }

  mutating func compare(
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
      let surplus = actual?.ports.subtracting(side.ports) ?? PortSet()
      if let actual, !surplus.isEmpty, isWhole {
        findSurplus(admission, surplus, actual.evidence, place(admission), port, node)
      }
      // What is asked for is there, with more beside it.
      if let actual, side.ports.subtracting(actual.ports).isEmpty { continue }
      find(
        admission.isConjunction ? .securityMember : .securityRule,
        actual == nil ? .missing : .different, .high, object(port), on: node.name,
        at: place(admission),
        wanted: DriftSide(describe(admission, side.ports, port), side.evidence.sorted()),
        found: actual.map { DriftSide(describe(admission, $0.ports, port), $0.evidence.sorted()) }
          ?? .none)
    }
    for (admission, side) in found where wanted[admission] == nil && isWhole {
      findSurplus(admission, side.ports, side.evidence, place(admission), port, node)
    }
  }

  private mutating func findSurplus(
    _ admission: Admission, _ ports: PortSet, _ evidence: [Evidence], _ place: String, _ port: Port,
    _ node: NodeSwitch
  ) {
    find(
      admission.isConjunction ? .securityMember : .securityRule, .extra, .critical, object(port),
      on: node.name, at: place,
      wanted: DriftSide("no rule of its security groups asks for it", port.evidence),
      found: DriftSide(describe(admission, ports, port), evidence.sorted()))
  }

  func describe(_ admission: Admission, _ ports: PortSet, _ port: Port) -> String {
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

  func admissions(_ rules: [FilterRule: [NeutronSecurityGroupRule]]) -> Admissions {
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
  func admissions(
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
