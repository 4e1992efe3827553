// One rule's matches and target out of its words.
import Facts
import NetworkTypes

/// Something in a rule that is kept as unrecognised.
struct RuleRemark: Sendable {
  let id: String
  let range: Range<Int>
  let message: String
}

struct IPTablesRuleParser {
  var words: RuleWordCursor
  let text: CaptureText
  let family: AddressFamily
  /// The table's chains: a target of such a name is a jump.
  let chains: [NetfilterChainName: Int]

  private(set) var matches: [IPTablesMatch] = []
  var target: IPTablesTarget?
  private(set) var comment: String?
  private(set) var remarks: [RuleRemark] = []

  private var module = ""
  private var isNegated = false
  /// Where the present module's matches begin: options may add to an earlier one of the module.
  private var moduleStart = 0

  init(
    _ words: [RuleWord], text: CaptureText, family: AddressFamily,
    chains: [NetfilterChainName: Int]
  ) {
    self.words = RuleWordCursor(words)
    self.text = text
    self.family = family
    self.chains = chains
  }

  mutating func parse() {
    while let word = words.next() {
      if word.isNegation {
        isNegated = true
        continue
      }
      read(word)
      isNegated = false
    }
  }

  private mutating func read(_ word: RuleWord) {
    let start = words.position - 1
    do throws(UnreadOption) {
      guard let option = word.option else { throw UnreadOption() }
      switch option {
      case "-m", "--match": try beginModule(try words.value())
      case "-j", "--jump": readTarget(try words.value())
      case "-g", "--goto": target = .goto(NetfilterChainName(try words.value()))
      default:
        if let test = try basicTest(option) { return append(test) }
        try readOption(option)
      }
    } catch {
      keepUnrecognised(from: start)
    }
  }

  private mutating func append(_ test: IPTablesTest) {
    matches.append(IPTablesMatch(test, isNegated: isNegated))
  }

  /// Keeps everything from `start` to the next option as text.
  private mutating func keepUnrecognised(from start: Int) {
    words.position = min(start + 1, words.words.count)
    _ = words.take { $0.option != nil || $0.isNegation }
    let kept = words.words[start..<words.position]
    append(.unrecognised(module: module, text: joined(kept)))
    remark(kept, "iptables/unknown-match", "an option of match '\(module)' that is not understood")
  }

  private mutating func remark(_ kept: ArraySlice<RuleWord>, _ id: String, _ message: String) {
    guard let range = range(of: kept) else { return }
    remarks.append(RuleRemark(id: id, range: range, message: "\(message): \(text.string(range))"))
  }
  private func range(of words: ArraySlice<RuleWord>) -> Range<Int>? {
    guard let first = words.first, let last = words.last else { return nil }
    return first.range.lowerBound..<last.range.upperBound
  }
  private func joined(_ words: ArraySlice<RuleWord>) -> String {
    range(of: words).map { text.string($0) } ?? ""
  }

  /// Options of the rule itself.
  private mutating func basicTest(_ option: String) throws(UnreadOption) -> IPTablesTest? {
    switch option {
    case "-s", "--source", "--src": return .source(try required(MaskedAddress(try words.value())))
    case "-d", "--destination", "--dst":
      return .destination(try required(MaskedAddress(try words.value())))
    case "-i", "--in-interface": return .inInterface(InterfacePattern(try words.value()))
    case "-o", "--out-interface": return .outInterface(InterfacePattern(try words.value()))
    case "-p", "--protocol": return .ipProtocol(try required(RuleValue.ipProtocol(words.value())))
    case "-f", "--fragment": return .laterFragment
    // ip6tables and -4/-6 in a restore file for both families.
    default: return nil
    }
  }

  // MARK: Match modules

  private mutating func beginModule(_ name: String) throws(UnreadOption) {
    module = name
    moduleStart = matches.count
    switch name {
    case "tcp", "udp", "udplite", "sctp", "dccp", "icmp":
      append(.transportHeader(try required(RuleValue.ipProtocol(name))))
    case "icmp6", "icmpv6", "ipv6-icmp": append(.transportHeader(IPProtocol.icmp6))
    case "limit", "hashlimit": append(.rateLimit(restOfModule()))
    case "statistic": append(.statistic(restOfModule()))
    case "owner": append(.owner(restOfModule()))
    case "socket": append(.socket(options: restOfModule().split(separator: " ").map(String.init)))
    case "rpfilter": readReversePath()
    case "policy": readPolicy()
    case "comment", "state", "conntrack", "mark", "connmark", "physdev", "mac", "set", "multiport",
      "addrtype", "iprange", "length", "tos", "dscp", "ttl", "hl", "pkttype", "ecn", "tcpmss":
      break
    default: keepModule()
    }
  }

  /// Up to the next option of the rule itself, with its `!`.
  private mutating func moduleWords() -> ArraySlice<RuleWord> {
    let start = words.position
    _ = words.take { $0.isOwnOption }
    if words.current != nil, words.position > start, words.words[words.position - 1].isNegation {
      words.position -= 1
    }
    return words.words[start..<words.position]
  }
  private mutating func restOfModule() -> String { joined(moduleWords()) }

  private mutating func keepModule() {
    let name = words.words[words.position - 1]
    let kept = moduleWords()
    append(.unrecognised(module: module, text: joined(kept)))
    remark(
      [name] + kept, "iptables/unknown-match", "a match module that is not modelled")
  }

  private mutating func readReversePath() {
    let options = moduleWords().map(\.text)
    isNegated = options.contains("--invert")
    append(.reversePath(options: options.filter { $0 != "--invert" }))
  }

  private mutating func readPolicy() {
    let kept = moduleWords()
    let options = kept.map(\.text)
    func value(_ option: String) -> String? {
      options.firstIndex(of: option).flatMap { options.dropFirst($0 + 1).first }
    }
    guard let direction = value("--dir"), let kind = value("--pol"),
      ["in", "out"].contains(direction),
      ["none", "ipsec"].contains(kind), !options.contains("!")
    else {
      append(.unrecognised(module: module, text: joined(kept)))
      return remark(kept, "iptables/unknown-match", "wanted '--dir in|out --pol none|ipsec'")
    }
    let known = ["--dir", direction, "--pol", kind]
    append(
      .policy(
        IPsecPolicy(
          isOutbound: direction == "out", isProtected: kind == "ipsec",
          elements: options.filter { !known.contains($0) }.joined(separator: " "))))
  }

  private mutating func readOption(_ option: String) throws(UnreadOption) {
    switch module {
    case "comment":
      guard option == "--comment", let word = words.next() else { throw UnreadOption() }
      comment = word.text
    case "state", "conntrack": try readConntrack(option)
    case "set": try readSet(option)
    case "addrtype": try readAddressType(option)
    default: append(try moduleTest(option))
    }
  }

  private mutating func moduleTest(_ option: String) throws(UnreadOption) -> IPTablesTest {
    switch module {
    case "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6", "ipv6-icmp":
      return try words.transportTest(option)
    case "multiport": return try words.multiportTest(option)
    case "mark" where option == "--mark": return .mark(try required(RuleValue.mark(words.value())))
    case "connmark" where option == "--mark":
      return .connectionMark(try required(RuleValue.mark(words.value())))
    case "physdev": return try words.physicalDeviceTest(option)
    case "mac" where option == "--mac-source":
      return .macSource(try required(MACAddress(try words.value())))
    case "iprange": return try words.addressRangeTest(option)
    default: return try words.headerTest(module, option)
    }
  }

  private mutating func readConntrack(_ option: String) throws(UnreadOption) {
    let condition = ConntrackCondition(
      try words.conntrackTest(option), isNegated: isNegated)
    if case .unrecognised = condition.test {
      remark(
        words.words[(words.position - 2)..<words.position], "iptables/unknown-match",
        "a conntrack condition that is not understood")
    }
    if matches.count > moduleStart, case .conntrack(let earlier) = matches[matches.count - 1].test {
      matches[matches.count - 1].test = .conntrack(earlier + [condition])
    } else {
      matches.append(IPTablesMatch(.conntrack([condition])))
    }
  }

  private mutating func readSet(_ option: String) throws(UnreadOption) {
    if option == "--match-set" || option == "--set" {
      let name = IPSetName(try words.value())
      return append(.set(IPSetTest(name: name, ends: try required(RuleValue.ends(words.value())))))
    }
    guard matches.count > moduleStart, case .set(var test) = matches[matches.count - 1].test else {
      throw UnreadOption()
    }
    switch option {
    case "--return-nomatch": test.returnsNomatch = true
    case "--update-counters", "--update-subcounters": break
    case "--packets-eq", "--packets-lt", "--packets-gt", "--bytes-eq", "--bytes-lt", "--bytes-gt":
      let value = "\(isNegated ? "! " : "")\(option) \(try words.value())"
      test.counterTests += test.counterTests.isEmpty ? value : " " + value
    default: throw UnreadOption()
    }
    matches[matches.count - 1].test = .set(test)
  }

  private mutating func readAddressType(_ option: String) throws(UnreadOption) {
    switch option {
    case "--src-type", "--dst-type":
      var types: Set<AddressType> = []
      for name in try words.value().split(separator: ",") {
        types.insert(try required(AddressType(rawValue: String(name))))
      }
      append(
        .addressType(option == "--src-type" ? .source : .destination, types, limit: .none))
    case "--limit-iface-in": limitAddressTypes(.inInterface)
    case "--limit-iface-out": limitAddressTypes(.outInterface)
    default: throw UnreadOption()
    }
  }
  private mutating func limitAddressTypes(_ limit: InterfaceLimit) {
    for index in moduleStart..<matches.count {
      if case .addressType(let end, let types, _) = matches[index].test {
        matches[index].test = .addressType(end, types, limit: limit)
      }
    }
  }

  // MARK: Target

  private mutating func readTarget(_ name: String) {
    let start = words.position
    let options = words.take { _ in false }
    var cursor = RuleWordCursor(Array(options))
    if options.isEmpty, chains[NetfilterChainName(name)] != nil {
      target = .jump(NetfilterChainName(name))
    } else if let read = try? cursor.target(name, family: family), cursor.current == nil {
      target = read
    } else {
      target = .unrecognised(name: name, options: joined(options))
      remark(
        words.words[(start - 1)...], "iptables/unknown-target", "a target that is not understood")
    }
  }
}
