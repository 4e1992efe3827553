// `ct(…)` with its `nat(…)`, and `learn(…)`.
import Facts
import NetworkTypes

extension FlowReader {
  mutating func connectionTracking(_ range: Range<Int>) -> FlowAction? {
    guard depth < Self.maximumDepth else { return nil }
    var action = CTAction()
    var inner = inside(range)
    while let token = inner.nextToken() {
      guard token.shape != .unbalanced, inner.setTracking(token, &action) else { return nil }
    }
    absorb(inner)
    return .ct(action)
  }

  private mutating func setTracking(_ token: FlowToken, _ action: inout CTAction) -> Bool {
    switch text(token.key) {
    case "commit": return store(true, in: &action.isCommit)
    case "force": return store(true, in: &action.isForced)
    case "table": return store(table(token.value), in: &action.table)
    case "zone":
      let zone: CTAction.Zone? =
        number(token.value).map { .number($0) } ?? subfield(token.value).map { .field($0) }
      return store(zone, in: &action.zone)
    case "nat": return store(translation(token.value), in: &action.nat)
    case "exec": return setExecuted(token.value, &action)
    case "alg", "helper": return store(text(token.value), in: &action.helper)
    default: return false
    }
  }

  /// `ovs-ofctl` prints `nat` inside `exec` where a flow has both.
  private mutating func setExecuted(_ range: Range<Int>, _ action: inout CTAction) -> Bool {
    var inner = inside(range)
    var start = range.lowerBound
    var parts: [Range<Int>] = []
    while let token = inner.nextToken() {
      guard text(token.key) == "nat" else { continue }
      guard store(translation(token.value), in: &action.nat) else { return false }
      parts.append(start..<token.key.lowerBound)
      start = token.end
    }
    for part in parts + [start..<range.upperBound] {
      guard let actions = actions(inside: part) else { return false }
      action.exec += actions
    }
    return true
  }

  private func translation(_ range: Range<Int>) -> NATAction? {
    var action = NATAction()
    let isUnderstood = arguments(range) { key, token in
      switch key {
      case "src", "dst":
        action.direction = key == "src" ? .source : .destination
        return token.value.isEmpty || setRange(token.value, &action)
      case "persistent": return store(true, in: &action.isPersistent)
      case "hash": return store(true, in: &action.isHashed)
      case "random": return store(true, in: &action.isRandom)
      default: return false
      }
    }
    return isUnderstood ? action : nil
  }

  /// `10.0.0.1-10.0.0.9:1-100`, `fe80::1-fe80::9`, `[fe80::1]-[fe80::9]:1-100`.
  private func setRange(_ range: Range<Int>, _ action: inout NATAction) -> Bool {
    var (addresses, ports) = (range, range.upperBound..<range.upperBound)
    if let colon = portColon(range) {
      (addresses, ports) = (range.lowerBound..<colon, colon + 1..<range.upperBound)
      guard let found = portRange(ports) else { return false }
      action.ports = found
    }
    if addresses.isEmpty { return action.ports != nil }
    let ends = parts(addresses, separator: UInt8(ascii: "-"))
    guard ends.count <= 2, let first = natAddress(ends[0]),
      let last = natAddress(ends[ends.count - 1]),
      first.family == last.family, first <= last
    else { return false }
    action.firstAddress = first
    action.lastAddress = last
    return true
  }

  /// Where the ports start; IPv6 addresses stand in square brackets if there are any.
  private func portColon(_ range: Range<Int>) -> Int? {
    guard let last = range.last(where: { bytes[$0] == UInt8(ascii: ":") }) else { return nil }
    let isBracketed = bytes[range.lowerBound] == UInt8(ascii: "[")
    if isBracketed { return bytes[last - 1] == UInt8(ascii: "]") ? last : nil }
    return range.first { bytes[$0] == UInt8(ascii: ":") } == last ? last : nil
  }
  private func portRange(_ range: Range<Int>) -> PortRange? {
    let ends = parts(range, separator: UInt8(ascii: "-"))
    guard ends.count <= 2, let first: UInt16 = number(ends[0]),
      let last: UInt16 = number(ends[ends.count - 1])
    else { return nil }
    return PortRange(first: first, last: last)
  }
  private func natAddress(_ range: Range<Int>) -> IPAddress? {
    var range = range
    if range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "[") {
      range = range.lowerBound + 1..<range.upperBound - 1
    }
    return range.count <= 45 ? IPAddress(text(range)) : nil
  }
}

extension FlowReader {
  mutating func learn(_ range: Range<Int>) -> FlowAction? {
    var action = LearnAction()
    var inner = inside(range)
    while let token = inner.nextToken() {
      guard token.shape == .bare || token.shape == .assigned,
        inner.setLearning(token, &action) || inner.addSpecification(token, &action)
      else { return nil }
    }
    return .learn(action)
  }

  private func setLearning(_ token: FlowToken, _ action: inout LearnAction) -> Bool {
    switch text(token.key) {
    case "table": store(table(token.value), in: &action.table)
    case "priority": store(number(token.value), in: &action.priority)
    case "cookie": store(number(token.value), in: &action.cookie)
    case "idle_timeout": store(number(token.value), in: &action.idleTimeoutSeconds)
    case "hard_timeout": store(number(token.value), in: &action.hardTimeoutSeconds)
    case "fin_idle_timeout": store(number(token.value), in: &action.finIdleTimeoutSeconds)
    case "fin_hard_timeout": store(number(token.value), in: &action.finHardTimeoutSeconds)
    case "limit": store(number(token.value), in: &action.limit)
    case "result_dst": store(subfield(token.value), in: &action.result)
    case "send_flow_rem": store(true, in: &action.sendsFlowRemoved)
    case "delete_learned": store(true, in: &action.deletesLearned)
    default: false
    }
  }

  private func addSpecification(_ token: FlowToken, _ action: inout LearnAction) -> Bool {
    guard let specification = specification(token) else { return false }
    action.specifications.append(specification)
    return true
  }

  private func specification(_ token: FlowToken) -> LearnAction.Specification? {
    if token.shape == .bare {
      return subfield(token.key).map { .matchField($0, from: $0) }
    }
    if equals("output", token.key) { return subfield(token.value).map { .output($0) } }
    if equals("load", token.key) { return learnedLoad(token.value) }
    guard let target = subfield(token.key) else { return nil }
    if let source = subfield(token.value) {
      return source.bitCount == target.bitCount ? .matchField(target, from: source) : nil
    }
    // A whole field takes its own spelling (`eth_type=0x800`), a part of one a number.
    if target.isWhole, let found = value(of: target.field, token.value) {
      return found.mask == target.field.valueMask ? .match(target, value: found.value) : nil
    }
    return integer(token.value).map { .match(target, value: $0) }
  }

  private func learnedLoad(_ range: Range<Int>) -> LearnAction.Specification? {
    guard let (source, target) = arrow(range), let into = subfield(target) else { return nil }
    if let from = subfield(source) {
      return from.bitCount == into.bitCount ? .loadField(from: from, into: into) : nil
    }
    return integer(source).map { .load($0, into: into) }
  }
}
