// What a native nft rule does to a packet that it takes.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  func apply(
    _ statements: [NFTStatement], _ rule: RuleReference, _ world: inout World, _ set: RuleSet
  ) -> RuleOutcome {
    var isNoted = false
    for statement in statements {
      let steps = world.steps.count
      if let outcome = apply(statement, rule, &world, set) { return outcome }
      isNoted = isNoted || world.steps.count > steps
    }
    if !isNoted { world.note(rule, .passed) }
    return .proceed
  }

  /// Nil to go on with the rule's next statement.
  private func apply(
    _ statement: NFTStatement, _ rule: RuleReference, _ world: inout World, _ set: RuleSet
  ) -> RuleOutcome? {
    switch statement {
    case .match, .counter, .log, .proceed: return nil
    case .accept: return apply(.accept, rule, &world)
    case .drop: return apply(.drop, rule, &world)
    case .returnToCaller: return apply(.returnToCaller, rule, &world)
    case .jump(let chain): return apply(.jump(chain), rule, &world)
    case .goto(let chain): return apply(.goto(chain), rule, &world)
    case .queue: return apply(.queue(""), rule, &world)
    case .notrack: return apply(.notrack, rule, &world).unlessFinal
    case .reject(let type, let code): return reject(type, code, rule, &world)
    case .verdictMap(let key, let data): return verdict(key, data, rule, &world, set)
    case .mangle(let key, let value): return mangle(key, value, rule, &world)
    case .nat(let name, let options): return translate(name, options, rule, &world)
    case .extensionModule(let type, let name):
      return type == "match" ? nil : extensionTarget(name, rule, &world)
    case .unrecognised(let name, _): return unrecognised(name, rule, &world)
    }
  }

  private func stop(_ text: String, _ rule: RuleReference, _ world: inout World) -> RuleOutcome {
    world.finish(.unknown([UnknownReason(text, rule: rule)]))
    return .finished
  }

  private func unrecognised(
    _ name: String, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome? {
    switch name {
    case "limit", "quota", "ct count", "connlimit": return nil
    // Rules that fill sets, tell helpers or offload: nothing that this packet's verdict depends on.
    case "set", "map", "meter", "ct helper", "ct timeout", "ct expectation", "flow", "secmark",
      "dup", "last", "":
      world.note(rule, .noted(name))
      return nil
    default: return stop("nft statement '\(name)' is not modelled", rule, &world)
    }
  }

  private func extensionTarget(
    _ name: String, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome? {
    let harmless = ["LOG", "NFLOG", "CHECKSUM", "TCPMSS", "CLASSIFY", "TRACE", "AUDIT"]
    return harmless.contains(name)
      ? nil : stop("target \(name) is not shown by nft", rule, &world)
  }

  private func reject(
    _ type: String?, _ code: String?, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    if type == "tcp reset" { return apply(.reject(.tcpReset), rule, &world) }
    let isIPv4 = world.packet.isIPv4
    guard let code else {
      return apply(.reject(isIPv4 ? .portUnreachable : .portUnreachable6), rule, &world)
    }
    let codes4: [String: UInt8] = [
      "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
      "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13, "no-route": 0,
    ]
    let codes6: [String: UInt8] = [
      "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4,
      "policy-fail": 5, "reject-route": 6, "host-unreachable": 3,
    ]
    guard let number = isIPv4 ? codes4[code] : codes6[code] else {
      return apply(.reject(.unrecognised(code)), rule, &world)
    }
    return apply(
      .reject(isIPv4 ? .icmp(type: 3, code: number) : .icmp6(type: 1, code: number)), rule, &world)
  }

  private func verdict(
    _ expression: NFTValue, _ data: NFTValue, _ rule: RuleReference, _ world: inout World,
    _ set: RuleSet
  ) -> RuleOutcome? {
    let key = key(expression, world)
    if case .absent = key { return nil }
    if case .unknown(let why) = key { return stop(why, rule, &world) }
    var pairs = data["set"]?.elements
    if let name = data.text, name.hasPrefix("@") {
      pairs = set.sets[String(name.dropFirst())]?.elements
    }
    guard let pairs else { return stop("a verdict map is not in the capture", rule, &world) }
    for pair in pairs {
      guard let halves = pair.elements, halves.count == 2 else { continue }
      switch contains(key, halves[0], set) {
      case .no: continue
      case .unknown(let why): return stop(why, rule, &world)
      case .yes: return verdict(halves[1], rule, &world)
      }
    }
    return nil
  }

  private func verdict(
    _ value: NFTValue, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome? {
    let target = value.single?.value["target"]?.text.map { NetfilterChainName($0) }
    switch (value.single?.key, target) {
    case ("accept", _): return apply(.accept, rule, &world)
    case ("drop", _): return apply(.drop, rule, &world)
    case ("return", _): return apply(.returnToCaller, rule, &world)
    case ("continue", _): return nil
    case ("jump", let chain?): return apply(.jump(chain), rule, &world)
    case ("goto", let chain?): return apply(.goto(chain), rule, &world)
    default: return stop("a verdict that is not modelled", rule, &world)
    }
  }

  // MARK: Rewriting

  private func mangle(
    _ field: NFTValue, _ value: NFTValue, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome? {
    let kind = field.single?.key ?? ""
    let name = field.single?.value["key"]?.text ?? field.single?.value["field"]?.text ?? ""
    if kind == "meta", ["nftrace", "priority", "secmark", "pkttype"].contains(name) { return nil }
    guard case .number(let number, _) = key(value, world) else {
      return stop("'\(kind) \(name) set' with a value that is not modelled", rule, &world)
    }
    let low = UInt32(truncatingIfNeeded: number)
    switch (kind, name) {
    case ("meta", "mark"): return apply(.mark(MaskedMark(value: low)), rule, &world).unlessFinal
    case ("ct", "mark"):
      return apply(.connectionMark(.set(MaskedMark(value: low))), rule, &world).unlessFinal
    case ("ct", "zone"):
      let options = TrackingOptions(zone: .number(UInt16(truncatingIfNeeded: low)))
      return apply(.track(options), rule, &world).unlessFinal
    case ("payload", "ttl"), ("payload", "hoplimit"):
      return apply(.ttl(.set, UInt8(truncatingIfNeeded: low)), rule, &world).unlessFinal
    case ("payload", "dscp"):
      return apply(.dscp(UInt8(truncatingIfNeeded: low)), rule, &world).unlessFinal
    default: return stop("'\(kind) \(name) set' is not modelled", rule, &world)
    }
  }

  private func translate(
    _ name: String, _ options: NFTValue, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    guard let range = natRange(options) else {
      return stop("\(name) with values that are not modelled", rule, &world)
    }
    // In an inet table a rule may be for the other family.
    if let addresses = range.addresses, addresses.lowerBound.family != world.packet.family {
      return .proceed
    }
    switch name {
    case "snat": return bind(.source, range, rule, &world)
    case "dnat": return bind(.destination, range, rule, &world)
    case "masquerade": return masquerade(range, rule, &world)
    default: return redirect(range, rule, &world)
    }
  }

  /// Nil for maps, prefixes and what else is not a plain range.
  private func natRange(_ options: NFTValue) -> NATRange? {
    var range = NATRange()
    if let value = options["addr"] {
      let ends = value["range"]?.elements ?? [value]
      guard let first = ends.first?.text.flatMap({ IPAddress($0) }),
        let last = ends.last?.text.flatMap({ IPAddress($0) }), first.family == last.family,
        first <= last
      else { return nil }
      range.addresses = first...last
    }
    if let value = options["port"] {
      let ends = value["range"]?.elements ?? [value]
      guard let first = ends.first?.number(UInt16.self), let last = ends.last?.number(UInt16.self),
        let ports = PortRange(first: first, last: last)
      else { return nil }
      range.ports = ports
    }
    let flags = (options["flags"]?.elements ?? options["flags"].map { [$0] } ?? []).compactMap(
      \.text)
    if flags.contains("netmap") { return nil }
    range.isRandom = flags.contains("random") || flags.contains("fully-random")
    range.isPersistent = flags.contains("persistent")
    return range
  }
}

extension RuleOutcome {
  /// An action that goes on lets the rule's next statement run.
  fileprivate var unlessFinal: RuleOutcome? { if case .proceed = self { nil } else { self } }
}
