// One port's chains: the ways into them, and its security groups' rules compared both ways.
import Facts
import NetworkTypes

extension DriftBuilder {
  /// Both ways through the bridge, and from the guest to the node itself.
  mutating func compareEntry(
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
  mutating func compareBypass(
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

  func name(_ table: FilterTable, _ suffix: String) -> NetfilterChainName {
    NetfilterChainName(table.wrap + suffix)
  }
  func family(_ table: FilterTable) -> String { "IPv\(table.table.family.rawValue)" }

  mutating func compareChains(
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

  mutating func compare(
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

  func isAccept(_ rule: IPTablesRule) -> Bool {
    rule.target == .returnToCaller || rule.target == .accept
  }

  /// Where Neutron uses no sets, one rule a member.
  func isCovered(_ rule: FilterRule, _ rules: [IPTablesRule]) -> Bool {
    guard case .group(let id) = rule.remote else { return false }
    let shapes = Set(rules.map { RuleShape($0) })
    return members(of: id, rule.service.family).allSatisfy { member in
      var single = rule
      single.remote = .prefix(member)
      return self.shapes(single).allSatisfy(shapes.contains)
    }
  }
  func isMemberRule(
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

  func shapes(_ rule: FilterRule) -> [RuleShape] {
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

  func describe(_ shape: RuleShape) -> String {
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
