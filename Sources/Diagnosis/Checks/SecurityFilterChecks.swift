// What the node's packet filter holds of security groups: hybrid ports' chains in iptables, sets of
// remote groups, connection tracking zones; and, for a packet that intent lets pass, the rule that
// a port lacks, in either driver's shape.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  // MARK: hybrid ports' chains

  func hybridFilter(of view: NodeView) -> [Deviation] {
    guard let root = view.node.namespaces[.root], let filter = FilterView(root, .ipv4, "filter")
    else { return [] }
    return guests(of: view).flatMap { port in
      antiSpoof(of: port, root, filter) + established(of: port, root, filter)
    }
  }

  private func guests(of view: NodeView) -> [Port] {
    let security = SecurityIntent(facts: facts, model: model)
    return model.ports.filter { port in
      (port.owner == .server || port.owner == .none) && port.isAdminUp != false
        && port.locations.contains { $0.node == view.name } && !security.isUnfiltered(port)
    }
  }

  /// `neutron-openvswi-s…` admits the port's own addresses with its MAC.
  private func antiSpoof(
    of port: Port, _ root: NamespaceModel, _ filter: FilterView
  ) -> [Deviation] {
    let name = NeutronPipeline.chain("s", of: port.id)
    guard let chain = filter.chain(name), let mac = port.mac else { return [] }
    let rules = chain.rules.map { PlacedRule(chain: name, rule: $0) }
    return port.addresses.filter { $0.family == .ipv4 }.compactMap { address in
      let isAdmitted = rules.contains { rule in
        rule.rule.target == .returnToCaller
          && rule.matches.contains { match in
            if case .source(let masked) = match.test { masked.contains(address) } else { false }
          }
          && rule.matches.contains { match in
            if case .macSource(let other) = match.test { other == mac } else { false }
          }
      }
      if isAdmitted { return nil }
      return chainDeviation(
        .antiSpoofWrong, name, "-s \(address)/32 -m mac --mac-source \(mac) -j RETURN", port,
        root, filter,
        "the anti-spoofing chain \(name) on \(root.key.node) does not know \(address) with \(mac), "
          + "the address of \(model.title(of: port))")
    }
  }

  /// Answers to what was let pass come back by connection tracking.
  private func established(
    of port: Port, _ root: NamespaceModel, _ filter: FilterView
  ) -> [Deviation] {
    ["i", "o"].compactMap { kind in
      let name = NeutronPipeline.chain(kind, of: port.id)
      guard let chain = filter.chain(name), !chain.rules.isEmpty,
        !chain.rules.contains(where: { $0.admitsEstablished })
      else { return nil }
      return chainDeviation(
        .securityRuleMissing, name, "-m state --state RELATED,ESTABLISHED -j RETURN", port, root,
        filter,
        "chain \(name) on \(root.key.node) does not admit packets of known connections")
    }
  }

  func chainDeviation(
    _ code: CauseCode, _ chain: NetfilterChainName, _ text: String, _ port: Port,
    _ root: NamespaceModel, _ filter: FilterView, _ sentence: String
  ) -> Deviation? {
    let place = FilterChain(filter.table.family, "filter", chain)
    guard let rule = LineParsing.filterRule(text, in: place) else { return nil }
    let key = root.key
    return Deviation(
      code, node: key.node, object: chain.rawValue, sentence,
      evidence: filter.chain(chain).map { [$0.evidence] } ?? [],
      changes: [.insertFilterRule(key, place, rule, position: 0)],
      fix: Fix(
        [
          Ways.replug(port.id), Ways.restart(Ways.openVSwitchAgent, on: key.node),
          [FixCommand(key.node, "\(filter.command(key)) -I \(chain) 1 \(text)")],
        ], note: "touches this port only; the agent writes all its rules again"), port: port.id)
  }

  // MARK: sets of remote groups

  /// `NIPv4<group>` holds the addresses of all of the group's ports.
  func remoteGroups(of view: NodeView) -> [Deviation] {
    guard let root = view.node.namespaces[.root], root.facts.ipsets.isKnown else { return [] }
    let security = SecurityIntent(facts: facts, model: model)
    var found: [Deviation] = []
    for group in model.securityGroups {
      for family in AddressFamily.allCases {
        let name = NeutronPipeline.setName(group.id, family)
        guard let set = root.facts.ipsets.records.first(where: { $0.name == name }) else {
          continue
        }
        let held = set.members.flatMap(\.elements).compactMap { element -> IPPrefix? in
          if case .network(let prefix) = element { prefix } else { nil }
        }
        let missing = security.members(of: group.id).filter { member in
          member.family == family && member.length > 0
            && !held.contains { $0.contains(member) }
        }
        for member in Set(missing).sorted() {
          found.append(setMember(member, set, group, root))
        }
      }
    }
    return found
  }

  private func setMember(
    _ member: IPPrefix, _ set: IPSet, _ group: SecurityGroup, _ root: NamespaceModel
  ) -> Deviation {
    let who = model.ports.first { $0.addresses.contains(member.address) }
    let text = member.isHost ? "\(member.address)" : "\(member)"
    return Deviation(
      .remoteGroupIncomplete, node: root.key.node, object: "\(set.name) \(text)",
      "ipset \(set.name) on \(root.key.node) lacks \(text)"
        + (who.map { " (\(model.title(of: $0)))" } ?? "")
        + ", a member of remote group \(group.label)", evidence: [set.evidence],
      changes: [.addSetMember(root.key, set.name, member)],
      fix: Fix(
        [
          Ways.restart(Ways.openVSwitchAgent, on: root.key.node),
          [FixCommand(root.key.node, "ipset add \(Shell.word(set.name)) \(text)")],
        ], note: "touches what remote-group rules of \(group.label) admit on \(root.key.node)"))
  }

  // MARK: zones

  /// Two ports of one zone share their connections: same 5-tuples of two networks are mixed up.
  func filterZones(of view: NodeView) -> [Deviation] {
    guard let root = view.node.namespaces[.root], let raw = FilterView(root, .ipv4, "raw") else {
      return []
    }
    var owners: [UInt16: [String: [PlacedRule]]] = [:]
    for rule in raw.all {
      guard case .track(let options)? = rule.rule.target, case .number(let zone)? = options.zone,
        let device = rule.zoneDevice, device.count > 3
      else { continue }
      owners[zone, default: [:]][String(device.dropFirst(3)), default: []].append(rule)
    }
    let used = Set(owners.keys)
    return owners.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { zone, ports in
      zoneClash(zone, ports, free: (used.max() ?? 4096) + 1, root, raw)
    }
  }

  private func zoneClash(
    _ zone: UInt16, _ ports: [String: [PlacedRule]], free: UInt16, _ root: NamespaceModel,
    _ raw: FilterView
  ) -> Deviation {
    let names = ports.keys.sorted()
    let moved = ports[names[0]] ?? []
    var changes: [FactChange] = []
    var commands: [FixCommand] = []
    for old in moved {
      let text = old.rule.text.replacing("-A \(old.chain) ", with: "")
        .replacing("--zone \(zone)", with: "--zone \(free)")
      let place = FilterChain(.ipv4, "raw", old.chain)
      guard let rule = LineParsing.filterRule(text, in: place) else { continue }
      changes += [
        .removeFilterRule(root.key, place, old.rule),
        .insertFilterRule(root.key, place, rule, position: nil),
      ]
      let command = "\(raw.command(root.key)) -t raw"
      commands += [
        FixCommand(root.key.node, "\(command) \(old.rule.deletion)"),
        FixCommand(root.key.node, "\(command) -A \(old.chain) \(Shell.rule(text))"),
      ]
    }
    let port = model.ports.first { $0.id.rawValue.hasPrefix(names[0]) }
    return Deviation(
      .conntrackZoneClash, node: root.key.node, object: "zone \(zone)",
      "ports \(names.joined(separator: " and ")) on \(root.key.node) share connection tracking zone "
        + "\(zone)", evidence: ports.values.flatMap { $0 }.map(\.rule.evidence).sorted(),
      changes: changes,
      fix: Fix(
        [Ways.restart(Ways.openVSwitchAgent, on: root.key.node), commands],
        note: "the agent gives zones anew; connections of these ports are tracked afresh"),
      port: port?.id)
  }
}

extension IPTablesRule {
  var admitsEstablished: Bool {
    guard target == .returnToCaller || target == .accept else { return false }
    return matches.contains { match in
      guard case .conntrack(let conditions) = match.test else { return false }
      return conditions.contains { condition in
        if case .state(let states) = condition.test { states.contains(.established) } else { false }
      }
    }
  }
}

extension PlacedRule {
  /// The device that a zone rule is for.
  fileprivate var zoneDevice: String? {
    for match in matches where !match.isNegated {
      switch match.test {
      case .physicalIn(let pattern), .inInterface(let pattern):
        return pattern.isPrefix ? nil : pattern.name
      default: continue
      }
    }
    return nil
  }
}
