// Security groups by iptables (hybrid plugging): the chains that a port's rules should make, compared
// both ways with those that the kernel has, and the sets of remote groups.
// Source: neutron/agent/linux/iptables_firewall.py.
import Facts
import NetworkTypes

/// A rule without counters, comments and what iptables implies.
private struct RuleShape: Hashable {
  var matches: Set<IPTablesMatch>
  var target: IPTablesTarget?

  init(_ matches: [IPTablesTest], _ target: IPTablesTarget) {
    self.matches = Set(matches.map { IPTablesMatch($0) })
    self.target = target
  }
  init(_ rule: IPTablesRule) {
    target = rule.target
    matches = Set(
      rule.matches.compactMap { match in
        switch match.test {
        // `-m tcp` beside `-p tcp`.
        case .transportHeader: nil
        case .ipProtocol(0): nil
        case .isBridged: nil
        case .multiport(let end?, let ranges) where ranges.count == 1:
          IPTablesMatch(.ports(end, ranges[0]), isNegated: match.isNegated)
        case .source(let masked) where masked.mask == 0: nil
        case .destination(let masked) where masked.mask == 0: nil
        default: match
        }
      })
  }
}

/// The filter table of one family on a node, by the names of Neutron's chains.
private struct FilterTable {
  let table: IPTablesTable
  /// `neutron-openvswi-`.
  let wrap: String
  func chain(_ suffix: String) -> IPTablesChain? {
    table.chain(NetfilterChainName(wrap + suffix))
  }
}

extension DriftBuilder {
  /// Chains are named by this many characters of a port's id.
  static let chainIDLength = 10

  mutating func compareIPTablesFilters() {
    for node in nodes {
      let guests = hybridGuests(on: node)
      guard !guests.isEmpty else { continue }
      compareBridgeFilter(node)
      for family in AddressFamily.allCases {
        compareFilters(of: guests, family, node)
      }
    }
  }

  /// Guests behind a Linux bridge whose node filters there.
  private func hybridGuests(on node: NodeSwitch) -> [(Port, NeutronPort, PortLocation)] {
    let driver = node.agentOptions.compactMap(\.firewallDriver).first
    guard driver.map({ $0.lowercased().contains("iptables") }) ?? true else { return [] }
    return model.ports.compactMap { port in
      guard let record = ports[port.id], port.owner == .server || port.owner == .subPort,
        record.status == "ACTIVE", record.isAdminUp,
        let location = port.locations.first(where: {
          $0.node == node.name && $0.linuxBridge != nil
        })
      else { return nil }
      return (port, record, location)
    }
  }

  /// Frames through a Linux bridge meet iptables only where the kernel is told so.
  private mutating func compareBridgeFilter(_ node: NodeSwitch) {
    guard
      let sysctls = known(
        node.facts.namespaces[.root]?.sysctls, .bridgeFilter, node.name,
        "sysctls of the root namespace")
    else { return }
    for name in ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"] {
      let own = sysctls.first { $0.name == "net.bridge.\(name)" }
      if own?.value == "1" { continue }
      // Without any `net.bridge` the module is not loaded, unless the capture left them out.
      if own == nil, !sysctls.contains(where: { $0.name.hasPrefix("net.bridge.") }) {
        unknown(.bridgeFilter, node.name, "net.bridge.\(name): not captured")
        continue
      }
      find(
        .bridgeFilter, .different, .critical, object(node: node.name), on: node.name, at: name,
        wanted: DriftSide("1: security groups see bridged frames"),
        found: DriftSide(own?.value ?? "none", [own?.evidence].compactMap { $0 }))
    }
  }

  private mutating func compareFilters(
    of guests: [(Port, NeutronPort, PortLocation)], _ family: AddressFamily, _ node: NodeSwitch
  ) {
    guard let root = node.facts.namespaces[.root] else { return }
    let sections =
      family == .ipv4
      ? [root.iptables4, root.iptables4Legacy] : [root.iptables6, root.iptables6Legacy]
    let read = sections.filter(\.isKnown)
    guard !read.isEmpty else {
      return unknown(
        .securityRule, node.name, "IPv\(family.rawValue) rules of the root namespace: not captured")
    }
    let tables = read.flatMap(\.records).filter { $0.name == "filter" }.flatMap(filterTables)
    if tables.count > 1 {
      find(
        .securityChain, .twice, .high, object(node: node.name), on: node.name,
        at: "IPv\(family.rawValue)",
        wanted: DriftSide("one family of chains"),
        found: DriftSide(
          list(tables.map { "\($0.wrap)… (\($0.table.backend.rawValue))" }),
          tables.map(\.table.evidence)))
    }
    guard let table = tables.first else {
      for (port, record, _) in guests where isFiltered(record) {
        find(
          .securityChain, .missing, .critical, object(port), on: node.name,
          at: "IPv\(family.rawValue)", wanted: DriftSide("a filter", [record.evidence]),
          found: DriftSide("no chain of Neutron's"))
      }
      return
    }
    for (port, record, location) in guests {
      if isAmbiguous(port, record, node) { continue }
      if isFiltered(record) {
        compareEntry(port, record, location, table, node)
        compareChains(port, record, table, node)
      }
    }
    compareSets(of: guests, family, node, root)
    compareLeftoverChains(table, node)
    if family == .ipv4 { compareZones(of: guests, node, root) }
  }

  private func filterTables(_ table: IPTablesTable) -> [FilterTable] {
    table.chains.compactMap { chain in
      let name = chain.name.rawValue
      guard name.hasSuffix("-sg-chain") else { return nil }
      return FilterTable(
        table: table, wrap: String(name.dropLast("sg-chain".count)))
    }
  }

  /// Two ports of one node whose ids begin alike share their chains' names.
  private mutating func isAmbiguous(
    _ port: Port, _ record: NeutronPort, _ node: NodeSwitch
  ) -> Bool {
    let short = port.id.rawValue.prefix(Self.chainIDLength)
    let same = model.ports.filter {
      $0.id.rawValue.hasPrefix(short) && $0.locations.contains { $0.node == node.name }
    }
    guard same.count > 1 else { return false }
    unknown(
      .securityRule, node.name,
      "ports \(list(same.map(\.id))) share the chains of \(short)")
    return true
  }
}

// One port.
extension DriftBuilder {
  /// Both ways through the bridge, and from the guest to the node itself.
  private mutating func compareEntry(
    _ port: Port, _ record: NeutronPort, _ location: PortLocation, _ table: FilterTable,
    _ node: NodeSwitch
  ) {
    let short = port.id.rawValue.prefix(Self.chainIDLength)
    let device = InterfacePattern(location.interface.rawValue)
    let wanted: [(chain: String, shape: RuleShape)] = [
      ("FORWARD", RuleShape([.physicalOut(device)], .jump(name(table, "sg-chain")))),
      ("FORWARD", RuleShape([.physicalIn(device)], .jump(name(table, "sg-chain")))),
      ("INPUT", RuleShape([.physicalIn(device)], .jump(name(table, "o\(short)")))),
      ("sg-chain", RuleShape([.physicalOut(device)], .jump(name(table, "i\(short)")))),
      ("sg-chain", RuleShape([.physicalIn(device)], .jump(name(table, "o\(short)")))),
    ]
    for (suffix, shape) in wanted {
      let rules = table.chain(suffix)?.rules ?? []
      if rules.contains(where: { RuleShape($0) == shape }) { continue }
      find(
        .securityChain, .missing, .critical, object(port), on: node.name,
        at: "\(family(table)) \(table.wrap)\(suffix)",
        wanted: DriftSide("\(describe(shape))", [record.evidence]),
        found: DriftSide("none", [table.chain(suffix)?.evidence].compactMap { $0 }))
    }
    compareBypass(port, record, device, table, node)
  }

  /// A verdict on the port's frames before they reach its chains.
  private mutating func compareBypass(
    _ port: Port, _ record: NeutronPort, _ device: InterfacePattern, _ table: FilterTable,
    _ node: NodeSwitch
  ) {
    for suffix in ["FORWARD", "INPUT"] {
      for rule in table.chain(suffix)?.rules ?? [] where rule.target == .accept {
        let isOwn = rule.matches.contains { match in
          !match.isNegated
            && (match.test == .physicalIn(device) || match.test == .physicalOut(device))
        }
        guard isOwn else { continue }
        find(
          .securityChain, .extra, .critical, object(port), on: node.name,
          at: "\(family(table)) \(table.wrap)\(suffix)",
          wanted: DriftSide("port security is on", [record.evidence]),
          found: DriftSide(rule.text, [rule.evidence]))
      }
    }
  }

  private func name(_ table: FilterTable, _ suffix: String) -> NetfilterChainName {
    NetfilterChainName(table.wrap + suffix)
  }
  private func family(_ table: FilterTable) -> String { "IPv\(table.table.family.rawValue)" }

  private mutating func compareChains(
    _ port: Port, _ record: NeutronPort, _ table: FilterTable, _ node: NodeSwitch
  ) {
    let short = port.id.rawValue.prefix(Self.chainIDLength)
    let (wanted, strange) = filterRules(of: record)
    for text in Set(strange) { unknown(.securityRule, node.name, text) }
    for direction in [SecurityDirection.ingress, .egress] {
      let suffix = (direction == .ingress ? "i" : "o") + short
      guard let chain = table.chain(suffix) else {
        find(
          .securityChain, .missing, .critical, object(port), on: node.name,
          at: "\(family(table)) \(table.wrap)\(suffix)",
          wanted: DriftSide("a chain", [record.evidence]), found: .none)
        continue
      }
      let rules = wanted.filter {
        $0.key.direction == direction && $0.key.service.family == table.table.family
      }
      compare(
        chain, rules, isWhole: strange.isEmpty, direction, port, record, table, node)
    }
    compareSpoofing(port, record, table, node)
  }

  private mutating func compare(
    _ chain: IPTablesChain, _ wanted: [FilterRule: [NeutronSecurityGroupRule]], isWhole: Bool,
    _ direction: SecurityDirection, _ port: Port, _ record: NeutronPort, _ table: FilterTable,
    _ node: NodeSwitch
  ) {
    let place = "\(family(table)) \(chain.name)"
    var expected: [RuleShape: (FilterRule, [NeutronSecurityGroupRule])] = [:]
    for (rule, sources) in wanted {
      for shape in shapes(rule) { expected[shape] = (rule, sources) }
    }
    let actual = chain.rules.map { (shape: RuleShape($0), rule: $0) }
    let present = Set(actual.map(\.shape))
    for (shape, (rule, sources)) in expected
    where !present.contains(shape) && !isCovered(rule, actual.map(\.rule)) {
      find(
        .securityRule, .missing, .high, object(port), on: node.name, at: place,
        wanted: DriftSide(describe(rule), sources.map(\.evidence).sorted()),
        found: DriftSide("no such rule", [chain.evidence]))
    }
    let fixed = fixedRules(direction, table, port)
    for shape in fixed.required where !present.contains(shape) {
      let isCheck = shape == fixed.spoofJump
      find(
        isCheck ? .antiSpoofing : .securityRule, .missing, .critical, object(port),
        on: node.name, at: place,
        wanted: DriftSide(
          (isCheck ? "senders are checked: " : "") + describe(shape), [record.evidence]),
        found: DriftSide("no such rule", [chain.evidence]))
    }
    for (index, item) in actual.enumerated() {
      let isKnown =
        fixed.required.contains(item.shape) || fixed.isAllowed(item.shape)
        || expected[item.shape] != nil || isMemberRule(item.rule, wanted, direction)
      // What Neutron itself would write last must not come first.
      let isEarly =
        expected[item.shape] != nil && direction == .egress
        && actual[index...].contains { $0.shape == fixed.spoofJump }
      if (isKnown || !isWhole) && !isEarly { continue }
      find(
        .securityRule, .extra, isAccept(item.rule) ? .critical : .high, object(port),
        on: node.name, at: place,
        wanted: DriftSide(
          isEarly ? "behind the check of its sender" : "no rule of its security groups asks for it",
          [record.evidence]),
        found: DriftSide(item.rule.text, [item.rule.evidence]))
    }
  }

  private func isAccept(_ rule: IPTablesRule) -> Bool {
    rule.target == .returnToCaller || rule.target == .accept
  }

  /// Where Neutron uses no sets, one rule a member.
  private func isCovered(_ rule: FilterRule, _ rules: [IPTablesRule]) -> Bool {
    guard case .group(let id) = rule.remote else { return false }
    let shapes = Set(rules.map { RuleShape($0) })
    return members(of: id, rule.service.family).allSatisfy { member in
      var single = rule
      single.remote = .prefix(member)
      return self.shapes(single).allSatisfy(shapes.contains)
    }
  }
  private func isMemberRule(
    _ rule: IPTablesRule, _ wanted: [FilterRule: [NeutronSecurityGroupRule]],
    _ direction: SecurityDirection
  ) -> Bool {
    let shape = RuleShape(rule)
    return wanted.keys.contains { wanted in
      guard case .group(let id) = wanted.remote else { return false }
      return members(of: id, wanted.service.family).contains { member in
        var single = wanted
        single.remote = .prefix(member)
        return shapes(single).contains(shape)
      }
    }
  }

  private func shapes(_ rule: FilterRule) -> [RuleShape] {
    var tests: [IPTablesTest] = []
    let service = rule.service
    if let number = service.ipProtocol, number != 0 { tests.append(.ipProtocol(number)) }
    if let ports = service.ports { tests.append(.ports(.destination, ports)) }
    if let type = service.icmpType {
      let codes = service.icmpCode.map { $0...$0 } ?? 0...255
      tests.append(
        service.ipProtocol == IPProtocol.icmp6
          ? .icmp6(type: type, codes: codes) : .icmp(type: type, codes: codes))
    }
    let end: PacketEnd = rule.direction == .ingress ? .source : .destination
    switch rule.remote {
    case .any: break
    case .prefix(let prefix):
      tests.append(
        end == .source
          ? .source(MaskedAddress(prefix)) : .destination(MaskedAddress(prefix)))
    case .group(let id):
      tests.append(
        .set(IPSetTest(name: Self.setName(id, service.family), ends: [end])))
    }
    return [RuleShape(tests, .returnToCaller)]
  }

  /// Names of sets are cut so that two more characters fit while they are swapped.
  static func setName(_ group: String, _ family: AddressFamily) -> IPSetName {
    IPSetName(String("NIPv\(family.rawValue)\(group)".prefix(29)))
  }

  private func describe(_ shape: RuleShape) -> String {
    var words: [String] = []
    for match in shape.matches {
      switch match.test {
      case .physicalIn(let device): words.append("from \(device)")
      case .physicalOut(let device): words.append("to \(device)")
      case .conntrack: words.append("by connection state")
      case .ipProtocol(let number): words.append("protocol \(number)")
      case .ports(let end, let range): words.append("\(end) port \(range)")
      case .source(let masked): words.append("source \(masked)")
      case .destination(let masked): words.append("destination \(masked)")
      case .macSource(let mac): words.append("MAC \(mac)")
      default: words.append("\(match.test)")
      }
    }
    let verdict: String
    switch shape.target {
    case .jump(let chain): verdict = "to chain \(chain)"
    case .returnToCaller: verdict = "is accepted"
    case .drop: verdict = "is dropped"
    default: verdict = "…"
    }
    return (words.isEmpty ? "everything" : words.sorted().joined(separator: ", ")) + " \(verdict)"
  }
}

/// The rules that Neutron writes into every port's chain.
private struct FixedRules {
  var required: Set<RuleShape> = []
  var spoofJump: RuleShape?
  var isAllowed: (RuleShape) -> Bool
}

extension DriftBuilder {
  private func state(_ states: Set<ConntrackStateName>) -> IPTablesTest {
    .conntrack([ConntrackCondition(.state(states))])
  }
  private func udp(_ source: UInt16, _ destination: UInt16) -> [IPTablesTest] {
    [
      .ipProtocol(IPProtocol.udp), .ports(.source, PortRange(single: source)),
      .ports(.destination, PortRange(single: destination)),
    ]
  }

  private func fixedRules(
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

  private static func isICMP6(_ shape: RuleShape) -> Bool {
    shape.matches.contains(IPTablesMatch(.ipProtocol(IPProtocol.icmp6)))
  }

  /// Answers of DHCP servers to the port, and what IPv6 needs.
  private static func isDHCPOrNeighbour(
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

  private mutating func compareSpoofing(
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

// Sets, zones and leftovers of a node.
extension DriftBuilder {
  private mutating func compareSets(
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

  private mutating func compare(
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
    let all = model.ports.filter { $0.owner == .server && $0.addresses.contains(prefix.address) }
    let own = all.filter { $0.project == project && project != nil }
    let owners = own.isEmpty ? all : own
    return owners.isEmpty ? "" : " (\(list(owners.map { model.title(of: $0) })))"
  }
  private func project(_ object: DriftObject) -> ProjectID? {
    model.securityGroup(SecurityGroupID(object.id))?.project
  }
  private func portEvidence(_ prefix: IPPrefix, _ object: DriftObject) -> [Evidence] {
    model.ports.filter {
      $0.securityGroups.contains(SecurityGroupID(object.id)) && $0.answers(for: prefix.address)
    }.flatMap(\.evidence)
  }

  /// Chains of ports that Neutron has nowhere.
  private mutating func compareLeftoverChains(_ table: FilterTable, _ node: NodeSwitch) {
    let known = Set(ports.keys.map { String($0.rawValue.prefix(Self.chainIDLength)) })
    for chain in table.table.chains {
      guard let rest = chain.name.rawValue.after(table.wrap), let kind = rest.first,
        "ios".contains(kind)
      else { continue }
      let id = String(rest.dropFirst())
      guard NeutronNames.isShortID(id, length: Self.chainIDLength), !known.contains(id) else {
        continue
      }
      find(
        .securityChain, .extra, .low, object(device: InterfaceName(chain.name.rawValue)),
        on: node.name, at: family(table), wanted: DriftSide("no port \(id)… in Neutron"),
        found: DriftSide("\(chain.rules.count) rules", [chain.evidence]))
    }
  }

  /// One zone a port, above those that local VLANs may take.
  private mutating func compareZones(
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
  fileprivate func isFrom(_ devices: [String]) -> Bool {
    switch self {
    case .physicalIn(let pattern), .inInterface(let pattern):
      !pattern.isPrefix && devices.contains(pattern.name)
    default: false
    }
  }
}
