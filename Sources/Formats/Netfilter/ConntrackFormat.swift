// `conntrack -L [-o extended]` and `ovs-appctl dpctl/dump-conntrack`. Feeds ConntrackEntry.
import Facts
import NetworkTypes

/// Both spellings, told apart line by line.
public enum ConntrackFormat {
  public static func parse(_ text: CaptureText) -> Parsed<ConntrackEntry> {
    var log = ParseLog(text)
    var entries: [ConntrackEntry] = []
    for line in Lines(text) {
      let content = text.string(line.content)
      if content.isEmpty || content.hasPrefix("conntrack v") || content.hasPrefix("#") {
        log.structure(line.whole)
        continue
      }
      guard line.whole.upperBound > line.content.upperBound else {
        log.isIncomplete = true
        reject(&log, line, "cut-line", "the file ends inside a line: wanted a line feed")
        continue
      }
      let evidence = log.evidence(line: line.number, line.content)
      let entry =
        content.hasPart("orig=(")
        ? SwitchConntrackLine.parse(content, evidence)
        : KernelConntrackLine.parse(content, evidence)
      guard let entry else {
        reject(&log, line, "bad-line", "no connection")
        continue
      }
      entries.append(entry)
      log.fact(line.whole)
    }
    return log.parsed(entries)
  }

  private static func reject(_ log: inout ParseLog, _ line: Line, _ id: String, _ text: String) {
    log.reject(
      "conntrack/\(id)", line: line.number, line.whole,
      "\(text): \(excerpt(log.text, line.content))")
  }
}

/// Fields of a tuple while they come in.
private struct TupleBuilder {
  var source, destination: IPAddress?
  var sourcePort, destinationPort, icmpID: UInt16?
  var icmpType, icmpCode: UInt8?
  var packets, bytes: UInt64?

  /// False for a key that no tuple has; nil for a value that is not one.
  mutating func take(_ key: Substring, _ value: Substring) -> Bool? {
    func stored<Value>(_ field: inout Value?, _ value: Value?) -> Bool? {
      field = value
      return value == nil ? nil : true
    }
    switch key {
    case "src": return stored(&source, IPAddress(value))
    case "dst": return stored(&destination, IPAddress(value))
    case "sport": return stored(&sourcePort, UInt16(value))
    case "dport": return stored(&destinationPort, UInt16(value))
    case "type": return stored(&icmpType, UInt8(value))
    case "code": return stored(&icmpCode, UInt8(value))
    case "packets": return stored(&packets, UInt64(value))
    case "bytes": return stored(&bytes, UInt64(value))
    default: return false
    }
  }

  var tuple: ConntrackEntry.Tuple? {
    guard let source, let destination, source.family == destination.family else { return nil }
    return ConntrackEntry.Tuple(
      source: source, destination: destination, sourcePort: sourcePort,
      destinationPort: destinationPort, icmpType: icmpType, icmpCode: icmpCode, icmpID: icmpID,
      counters: packets.map { PacketCounters(packets: $0, bytes: bytes ?? 0) })
  }
}

/// `ipv4 2 tcp 6 431977 ESTABLISHED src=… dst=… sport=… dport=… src=… … [ASSURED] mark=0 use=1`.
private enum KernelConntrackLine {
  static func parse(_ line: String, _ evidence: Evidence) -> ConntrackEntry? {
    var words = line.split(separator: " ")[...]
    if words.first == "ipv4" || words.first == "ipv6" { words = words.dropFirst(2) }
    guard words.count > 3, let ipProtocol = UInt8(words[words.startIndex + 1]) else { return nil }
    words = words.dropFirst(2)
    var timeout: UInt64?
    if let word = words.first, let seconds = UInt64(word) {
      timeout = seconds
      words.removeFirst()
    }
    var state: String?
    if let word = words.first, !word.utf8.contains(UInt8(ascii: "=")), !word.hasPrefix("[") {
      state = String(word)
      words.removeFirst()
    }
    return entry(words, ipProtocol, timeout: timeout, state: state, evidence)
  }

  private static func entry(
    _ words: ArraySlice<Substring>, _ ipProtocol: UInt8, timeout: UInt64?, state: String?,
    _ evidence: Evidence
  ) -> ConntrackEntry? {
    var tuples: [TupleBuilder] = []
    var details = ConntrackDetails()
    for word in words {
      if word.hasPrefix("["), word.hasSuffix("]"), !word.utf8.contains(UInt8(ascii: "=")) {
        details.flags.insert(String(word.dropFirst().dropLast()))
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        details.others.append(String(word))
        continue
      }
      if parts[0] == "src" { tuples.append(TupleBuilder()) }
      if tuples.count > 2 || tuples.isEmpty { return nil }
      guard take(parts[0], parts[1], &tuples[tuples.count - 1], &details) else { return nil }
    }
    guard tuples.count == 2, let original = tuples[0].tuple, let reply = tuples[1].tuple
    else { return nil }
    details.hasSeenReply = !details.flags.contains("UNREPLIED")
    return details.entry(
      ipProtocol, original: original, reply: reply, state: state, timeout: timeout, evidence)
  }

  /// False for a value that is not one.
  private static func take(
    _ key: Substring, _ value: Substring, _ tuple: inout TupleBuilder,
    _ details: inout ConntrackDetails
  ) -> Bool {
    // Behind an ICMP type, `id` is the echo's; else the entry's own, of `-o id`.
    if key == "id", tuple.icmpType != nil, tuple.icmpID == nil {
      tuple.icmpID = UInt16(value)
      return tuple.icmpID != nil
    }
    switch tuple.take(key, value) {
    case nil: return false
    case true?: return true
    case false?: return details.take(key, value)
    }
  }
}

/// What an entry says beside its tuples.
private struct ConntrackDetails {
  var originalZone: UInt16 = 0
  var replyZone: UInt16 = 0
  var mark: UInt32 = 0
  var labels: UInt128 = 0
  var hasSeenReply: Bool?
  var flags: Set<String> = []
  var use: UInt64?
  var helper: String?
  var others: [String] = []

  mutating func take(_ key: Substring, _ value: Substring) -> Bool {
    switch key {
    case "zone", "zone-orig", "zone-reply":
      guard let zone = RuleValue.number(value, of: UInt16.self) else { return false }
      if key != "zone-reply" { originalZone = zone }
      if key != "zone-orig" { replyZone = zone }
    case "mark":
      guard let number = RuleValue.number(value, of: UInt32.self) else { return false }
      mark = number
    case "labels":
      // conntrack prints names where it has a file of them.
      guard value.hasPrefix("0x"), let number = UInt128(value.dropFirst(2), radix: 16) else {
        others.append("\(key)=\(value)")
        return true
      }
      labels = number
    case "use":
      guard let number = UInt64(value) else { return false }
      use = number
    case "helper": helper = String(value)
    default: others.append("\(key)=\(value)")
    }
    return true
  }

  func entry(
    _ ipProtocol: UInt8, original: ConntrackEntry.Tuple, reply: ConntrackEntry.Tuple,
    state: String?, timeout: UInt64?, _ evidence: Evidence
  ) -> ConntrackEntry {
    ConntrackEntry(
      ipProtocol: ipProtocol, original: original, reply: reply, originalZone: originalZone,
      replyZone: replyZone, mark: mark, labels: labels, state: state, hasSeenReply: hasSeenReply,
      flags: flags, timeoutSeconds: timeout, use: use, helper: helper, others: others,
      evidence: evidence)
  }
}

/// `tcp,orig=(src=…,dst=…,sport=…,dport=…),reply=(…),zone=1,mark=5,protoinfo=(state=ESTABLISHED)`.
private enum SwitchConntrackLine {
  static func parse(_ line: String, _ evidence: Evidence) -> ConntrackEntry? {
    guard let fields = fields(line[...]), let first = fields.first,
      let ipProtocol = RuleValue.ipProtocol(first)
    else { return nil }
    var original: ConntrackEntry.Tuple?
    var reply: ConntrackEntry.Tuple?
    var details = ConntrackDetails()
    var state: String?
    var timeout: UInt64?
    for field in fields.dropFirst() {
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        details.others.append(String(field))
        continue
      }
      switch parts[0] {
      case "orig": original = tuple(parts[1])
      case "reply": reply = tuple(parts[1])
      case "timeout": timeout = UInt64(parts[1])
      case "protoinfo": state = connectionState(parts[1])
      case "status":
        details.flags = Set(parts[1].split(separator: "|").map(String.init))
        details.hasSeenReply = details.flags.contains("SEEN_REPLY")
      default: guard details.take(parts[0], parts[1]) else { return nil }
      }
    }
    guard let original, let reply else { return nil }
    if details.hasSeenReply == nil { details.hasSeenReply = repliesSeen(in: state) }
    return details.entry(
      ipProtocol, original: original, reply: reply, state: state, timeout: timeout, evidence)
  }

  /// Splits at commas outside brackets; nil for brackets that do not pair.
  private static func fields(_ text: Substring) -> [Substring]? {
    var fields: [Substring] = []
    var depth = 0
    var start = text.startIndex
    for index in text.indices {
      switch text[index] {
      case "(": depth += 1
      case ")": depth -= 1
      case "," where depth == 0:
        fields.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
      if depth < 0 { return nil }
    }
    fields.append(text[start...])
    return depth == 0 ? fields : nil
  }

  private static func tuple(_ text: Substring) -> ConntrackEntry.Tuple? {
    guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
    var builder = TupleBuilder()
    for field in text.dropFirst().dropLast().split(separator: ",") {
      let parts = field.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      if parts[0] == "id" {
        builder.icmpID = UInt16(parts[1])
      } else if builder.take(parts[0], parts[1]) != true {
        return nil
      }
    }
    return builder.tuple
  }

  /// `(state=ESTABLISHED)`, or `(state_orig=…,state_reply=…,…)` with `-m`.
  private static func connectionState(_ text: Substring) -> String? {
    for field in text.dropFirst().dropLast().split(separator: ",") {
      if field.hasPrefix("state=") { return String(field.dropFirst(6)) }
    }
    return String(text)
  }

  private static func repliesSeen(in state: String?) -> Bool? {
    guard let state, !state.hasPrefix("(") else { return nil }
    return state != "SYN_SENT"
  }
}
