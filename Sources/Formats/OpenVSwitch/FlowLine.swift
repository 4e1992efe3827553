// One flow out of one line, or a match alone out of a trace's argument.
import Facts
import NetworkTypes

extension FlowReader {
  /// What a line holds: `actions` is nil where the line has no `actions=`.
  struct FlowParts {
    var entry: FlowEntry
    var hasActions = false
    var hasFilter = false
  }

  /// Reads the rest as a flow.
  mutating func flow(_ evidence: Evidence) -> FlowParts {
    var parts = FlowParts(entry: FlowEntry(evidence: evidence))
    var builder = FlowMatchBuilder()
    while let (key, delimiter) = nextKey() {
      guard let kind = flowKeys.value(bytes, key) else {
        unknownKey(token(key, delimiter), &builder)
        continue
      }
      if case .actions = kind, delimiter == UInt8(ascii: "=") {
        parts.hasActions = true
        parts.entry.actions = actions()
        break
      }
      let token = token(key, delimiter)
      switch kind {
      case .field(let field): add(field, token, &builder)
      case .word(let word) where token.shape == .bare: builder.add(word)
      case .filter: parts.hasFilter = true
      case .flag(let flag) where token.shape == .bare: parts.entry.flags.insert(flag)
      default:
        if !setHead(kind, token.value, &parts.entry) { unknownHead(token, &parts.entry) }
      }
    }
    parts.entry.match = builder.finish()
    return parts
  }

  private mutating func add(
    _ field: OpenFlowField, _ token: FlowToken, _ builder: inout FlowMatchBuilder
  ) {
    if token.shape == .assigned, let found = value(of: field, token.value) {
      builder.add(field, value: found.value, mask: found.mask)
      return
    }
    problem(
      "openflow/bad-value", token.whole, wanted: field.format.wanted(bits: field.valueBits))
    builder.addUnrecognised(key: text(token.key), value: text(token.value))
  }

  private mutating func unknownKey(_ token: FlowToken, _ builder: inout FlowMatchBuilder) {
    problem("openflow/unknown-match", token.whole, wanted: "a match field")
    builder.addUnrecognised(key: text(token.key), value: text(token.value))
  }

  private mutating func unknownHead(_ token: FlowToken, _ entry: inout FlowEntry) {
    problem("openflow/bad-value", token.whole, wanted: "a number")
    entry.unrecognised.append(text(token.whole))
  }

  /// False where the value is not one.
  private func setHead(_ key: FlowKey, _ value: Range<Int>, _ entry: inout FlowEntry) -> Bool {
    switch key {
    case .table: assign(table(value), to: &entry.table)
    case .priority: assign(number(value), to: &entry.priority)
    case .cookie: assign(cookie(value), to: &entry.cookie)
    case .duration: assign(milliseconds(value), to: &entry.statistics.durationMilliseconds)
    case .packets: assign(number(value), to: &entry.statistics.packets)
    case .bytes: assign(number(value), to: &entry.statistics.bytes)
    case .idleTimeout: assign(number(value), to: &entry.idleTimeoutSeconds)
    case .hardTimeout: assign(number(value), to: &entry.hardTimeoutSeconds)
    case .idleAge: assign(number(value), to: &entry.statistics.idleAgeSeconds)
    case .hardAge: assign(number(value), to: &entry.statistics.hardAgeSeconds)
    case .importance: assign(number(value), to: &entry.importance)
    case .field, .word, .flag, .actions, .filter: false
    }
  }
  private func assign<Value>(_ value: Value?, to place: inout Value) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }
  private func assign<Value>(_ value: Value?, to place: inout Value?) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }

  /// Without the mask that a deletion may have.
  private func cookie(_ range: Range<Int>) -> UInt64? {
    let end = range.first { bytes[$0] == UInt8(ascii: "/") } ?? range.upperBound
    return number(range.lowerBound..<end)
  }

  /// `1045.694s`.
  func milliseconds(_ range: Range<Int>) -> UInt64? {
    guard let last = range.last, bytes[last] == UInt8(ascii: "s") else { return nil }
    let dot = range.first { bytes[$0] == UInt8(ascii: ".") } ?? last
    guard let seconds: UInt64 = number(range.lowerBound..<dot), seconds < UInt64.max / 2000
    else { return nil }
    var fraction: UInt64 = 0
    var unit: UInt64 = 100
    for index in min(dot + 1, last)..<last {
      guard let digit = hexDigit(bytes[index]), digit < 10 else { return nil }
      fraction += UInt64(digit) * unit
      unit /= 10
    }
    return seconds * 1000 + fraction
  }
}

extension OpenFlowField.ValueFormat {
  /// For a message: what the text should have been.
  func wanted(bits: UInt16) -> String {
    switch self {
    case .decimal, .hexadecimal: "a number of \(bits) bits"
    case .ethernet: "an Ethernet address"
    case .ipv4: "an IPv4 address"
    case .ipv6: "an IPv6 address"
    case .port16, .port32: "a port number or a known port name"
    case .fragment: "no, yes, first, later or not_later"
    case .ctState, .tcpFlags, .tunnelFlags: "flags like +a-b"
    case .packetType: "(namespace,type)"
    }
  }
}

/// The match of `ofproto/trace`'s flow argument: `in_port=1,tcp,nw_dst=10.0.0.1,tp_dst=80`.
public enum TraceFlowFormat {
  public struct Result: Sendable {
    public var match: FlowMatch
    public var problems: [FlowProblem]
  }
  /// Keys that are unknown or have bad values are in `match.unrecognised` and in `problems`.
  public static func parse(_ text: String, names: SwitchNames = SwitchNames()) -> Result {
    let bytes = Array(text.utf8)
    var reader = FlowReader(bytes, 0..<bytes.count, names: names)
    let file = CaptureFileID(0)
    let evidence = Evidence(file: file, line: 1, bytes: 0..<bytes.count)
    let parts = reader.flow(evidence)
    return Result(match: parts.entry.match, problems: reader.problems)
  }
}
