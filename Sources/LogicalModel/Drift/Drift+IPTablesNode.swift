// What the filters of a node share: sets of remote groups, conntrack zones, and chains of ports that
// are gone.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareSets(
    of guests: [(Port, NeutronPort, PortLocation)], _ family: AddressFamily, _ node: NodeSwitch,
    _ root: NamespaceFacts
  ) {
    var groups: Set<String> = []
    for (_, record, _) in guests where isFiltered(record) {
      for rule in filterRules(of: record).rules.keys where rule.service.family == family {
        if case .group(let id) = rule.remote { groups.insert(id) }
      }
    }
    // Rules may also name members one by one.
    guard !groups.isEmpty,
      node.agentOptions.compactMap({ $0.flag("enable_ipset", in: "securitygroup") }).first
        != false,
      let sets = known(root.ipsets, .securityMember, node.name, "sets of the root namespace")
    else { return }
    for group in groups.sorted() {
      let name = Self.setName(group, family)
      let object = DriftObject(
        .securityGroup, id: group,
        name: model.securityGroup(SecurityGroupID(group))?.label ?? labelled("", group))
      let wanted = members(of: group, family)
      let place = "set \(name)"
      guard let set = sets.first(where: { $0.name == name }) else {
        find(
          .securityMember, .missing, .high, object, on: node.name, at: place,
          wanted: DriftSide(list(wanted)), found: DriftSide("no such set"))
        continue
      }
      compare(set, wanted, object, place, node)
    }
  }

  mutating func compare(
    _ set: IPSet, _ wanted: Set<IPPrefix>, _ object: DriftObject, _ place: String,
    _ node: NodeSwitch
  ) {
    guard set.isComplete else {
      return unknown(.securityMember, node.name, "\(place): not wholly understood")
    }
    var found: [IPPrefix: Evidence] = [:]
    for member in set.members {
      if case .network(let prefix)? = member.elements.first { found[prefix] = member.evidence }
    }
    // hash:net takes no prefix of length 0: two halves stand for it.
    let halves = wanted.flatMap { prefix -> [IPPrefix] in
      guard prefix.length == 0 else { return [prefix] }
      let top = UInt128(1) << UInt128(prefix.family.width - 1)
      return [0, top].compactMap {
        IPPrefix(IPAddress(bits: $0, family: prefix.family), length: 1)
      }
    }
    for prefix in halves.sorted() where found[prefix] == nil {
      find(
        .securityMember, .missing, .high, object, on: node.name, at: place,
        wanted: DriftSide(
          "\(prefix.address)\(whose(prefix, project(object)))", portEvidence(prefix, object)),
        found: DriftSide("no such member", [set.evidence]))
    }
    for (prefix, evidence) in found where !halves.contains(prefix) {
      find(
        .securityMember, .extra, .critical, object, on: node.name, at: place,
        wanted: DriftSide("members \(list(wanted))"),
        found: DriftSide("\(prefix.address)\(whose(prefix, project(object)))", [evidence]))
    }
  }

  /// ` (web1)`, where some port has it; of the project that is meant where several have.
  func whose(_ prefix: IPPrefix, _ project: ProjectID? = nil) -> String {
    guard prefix.isHost else { return "" }
    let all = lookups.guestsByAddress[prefix.address] ?? []
    let own = all.filter { $0.project == project && project != nil }
    let owners = own.isEmpty ? all : own
    return owners.isEmpty ? "" : " (\(list(owners.map { model.title(of: $0) })))"
  }
  func project(_ object: DriftObject) -> ProjectID? {
    model.securityGroup(SecurityGroupID(object.id))?.project
  }
  func portEvidence(_ prefix: IPPrefix, _ object: DriftObject) -> [Evidence] {
    (portsByGroup[SecurityGroupID(object.id)] ?? []).compactMap { model.port($0.id) }
      .filter { $0.answers(for: prefix.address) }.flatMap(\.evidence)
  }

  /// Chains of ports that Neutron has nowhere.
  mutating func compareLeftoverChains(_ table: FilterTable, _ node: NodeSwitch) {
    for chain in table.table.chains {
      guard let rest = chain.name.rawValue.after(table.wrap), let kind = rest.first,
        "ios".contains(kind)
      else { continue }
      let id = rest.dropFirst()
      guard NeutronNames.isShortID(id, length: Self.chainIDLength),
        !lookups.chainIDs.contains(id)
      else {
        continue
      }
      find(
        .securityChain, .extra, .low, object(device: InterfaceName(chain.name.rawValue)),
        on: node.name, at: family(table), wanted: DriftSide("no port \(id)… in Neutron"),
        found: DriftSide("\(chain.rules.count) rules", [chain.evidence]))
    }
  }

  /// One zone a port, above those that local VLANs may take.
  mutating func compareZones(
    of guests: [(Port, NeutronPort, PortLocation)], _ node: NodeSwitch, _ root: NamespaceFacts
  ) {
    let rules = [root.iptables4, root.iptables4Legacy].flatMap(\.records)
      .filter { $0.name == "raw" }.flatMap(\.chains).flatMap(\.rules)
    var zones: [UInt16: [(Port, Evidence)]] = [:]
    for (port, record, location) in guests where isFiltered(record) {
      let devices = [
        location.interface.rawValue, DevicePrefix.hybridBridgeEnd.device(of: port.id).rawValue,
      ]
      var own: [UInt16: Evidence] = [:]
      for rule in rules {
        guard case .track(let options) = rule.target, case .number(let zone)? = options.zone,
          rule.matches.contains(where: { $0.test.isFrom(devices) })
        else { continue }
        own[zone] = rule.evidence
      }
      if own.count > 1 {
        find(
          .conntrackZone, .twice, .high, object(port), on: node.name, at: "raw PREROUTING",
          wanted: DriftSide("one zone", [record.evidence]),
          found: DriftSide("zones \(list(own.keys))", own.values.sorted()))
      }
      for (zone, evidence) in own { zones[zone, default: []].append((port, evidence)) }
    }
    for (zone, several) in zones where several.count > 1 {
      find(
        .conntrackZone, .twice, .critical, object(several[0].0), on: node.name,
        at: "raw PREROUTING zone \(zone)", wanted: DriftSide("a zone of its own"),
        found: DriftSide(
          "zone \(zone) of ports \(list(several.map { model.title(of: $0.0) }))",
          several.map(\.1)))
    }
  }
}

extension IPTablesTest {
  func isFrom(_ devices: [String]) -> Bool {
    switch self {
    case .physicalIn(let pattern), .inInterface(let pattern):
      !pattern.isPrefix && devices.contains(pattern.name)
    default: false
    }
  }
}
