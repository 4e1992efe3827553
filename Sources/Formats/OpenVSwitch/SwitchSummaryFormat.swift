// `ovs-vsctl show`: what is left of the database where its dump is not there (sosreports).
import Facts
import NetworkTypes

/// Indented blocks: 4 blanks a bridge, 8 a port and a bridge's columns, 12 an interface and a
/// port's columns, 16 an interface's. One record, the database with `isSummary` set.
public enum SwitchSummaryFormat {
  public static func parse(_ text: CaptureText) -> Parsed<SwitchDatabase> {
    var summary = SummaryReader(log: ParseLog(text))
    for line in Lines(text) {
      if isCut(text.bytes, line) {
        rejectCut(line, &summary.log)
      } else {
        summary.read(line)
      }
    }
    rejectIfEmpty(text, &summary.log)
    return summary.log.parsed([summary.database])
  }
}

private struct SummaryReader {
  var log: ParseLog
  var database = SwitchDatabase()
  /// The block that a column belongs to.
  private enum Block { case none, other, bridge, port, interface }
  private var block = Block.none
  private var blockIndent = 0

  init(log: ParseLog) {
    self.log = log
    database.isSummary = true
  }

  mutating func read(_ line: Line) {
    var cursor = ByteCursor(log.text.bytes, line.content)
    cursor.skipSpaces()
    let indent = cursor.position - line.content.lowerBound
    // The database's id and blank lines.
    if indent == 0 || cursor.isAtEnd {
      log.structure(line.whole)
    } else if let colon = columnColon(cursor) {
      let key = cursor.text(cursor.position..<colon)
      let value = cursor.text(colon + 2..<max(cursor.end, colon + 2))
      if key == "ovs_version" {
        setVersion(unquoted(value), line)
      } else if setColumn(key, value) {
        log.fact(line.whole)
      } else {
        rejectColumn(line)
      }
    } else {
      readBlock(cursor, indent, line)
    }
  }

  /// The last line, where the switch has told it.
  private mutating func setVersion(_ version: String, _ line: Line) {
    var settings = SwitchSettings(evidence: log.evidence(line: line.number, line.content))
    settings.version = version
    database.settings = settings
    log.fact(line.whole)
  }

  /// Of `key: value` where the key is a plain word.
  private func columnColon(_ cursor: ByteCursor) -> Int? {
    var index = cursor.position
    while index < cursor.end, isWord(cursor.bytes[index]) { index += 1 }
    guard index > cursor.position, index + 1 < cursor.end,
      cursor.bytes[index] == UInt8(ascii: ":"), cursor.bytes[index + 1] == 0x20
    else { return nil }
    return index
  }
  private func isWord(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private mutating func readBlock(_ cursor: ByteCursor, _ indent: Int, _ line: Line) {
    var cursor = cursor
    let kind = cursor.wordText()
    cursor.skipSpaces()
    let name = unquoted(cursor.rest)
    let evidence = log.evidence(line: line.number, line.content)
    switch kind {
    case "Bridge":
      block = .bridge
      database.bridges.append(
        BridgeRecord(id: RowID(name), name: BridgeName(name), evidence: evidence))
    case "Port" where !database.bridges.isEmpty:
      block = .port
      database.ports.append(
        SwitchPortRecord(
          id: RowID(name), name: InterfaceName(name), interfaces: [], evidence: evidence))
      database.bridges[database.bridges.count - 1].ports.append(RowID(name))
    case "Interface" where !database.ports.isEmpty:
      block = .interface
      database.interfaces.append(
        SwitchInterfaceRecord(id: RowID(name), name: InterfaceName(name), evidence: evidence))
      database.ports[database.ports.count - 1].interfaces.append(RowID(name))
    case "Manager", "Controller": block = .other
    default:
      rejectColumn(line)
      return
    }
    log.fact(line.whole)
  }

  /// Columns of managers and controllers say nothing of the data plane.
  private mutating func setColumn(_ key: String, _ value: String) -> Bool {
    // A bridge's columns follow its controllers' blocks.
    let isBridges = key == "fail_mode" || key == "datapath_type"
    if block == .other, isBridges, !database.bridges.isEmpty { block = .bridge }
    switch block {
    case .none: return false
    case .other: return true
    case .bridge: return setBridge(key, value)
    case .port: return setPort(key, value)
    case .interface: return setInterface(key, value)
    }
  }
  private mutating func setBridge(_ key: String, _ value: String) -> Bool {
    let last = database.bridges.count - 1
    switch key {
    case "fail_mode": database.bridges[last].failMode = unquoted(value)
    case "datapath_type": database.bridges[last].datapathType = unquoted(value)
    default: return false
    }
    return true
  }
  private mutating func setPort(_ key: String, _ value: String) -> Bool {
    let last = database.ports.count - 1
    switch key {
    case "tag":
      guard let tag = UInt16(value).flatMap({ VLANID($0) }) else { return false }
      database.ports[last].tag = tag
    case "trunks":
      let trunks = value.dropFirst().dropLast().split(separator: ", ").map {
        UInt16($0).flatMap { VLANID($0) }
      }
      guard value.first == "[", !trunks.contains(nil) else { return false }
      database.ports[last].trunks = trunks.compactMap { $0 }
    default: return false
    }
    return true
  }
  private mutating func setInterface(_ key: String, _ value: String) -> Bool {
    let last = database.interfaces.count - 1
    switch key {
    case "type": database.interfaces[last].type = unquoted(value)
    case "error": database.interfaces[last].error = unquoted(value)
    case "options":
      guard let options = map(value) else { return false }
      database.interfaces[last].options = options
    default: return false
    }
    return true
  }

  private mutating func rejectColumn(_ line: Line) {
    log.reject(
      "ovs-vsctl-show/bad-line", line: line.number, line.whole,
      "\(excerpt(log.text, line.content)): wanted a bridge, a port, an interface or a column")
  }

  /// `{key=flow, remote_ip="10.0.0.1"}`.
  private func map(_ text: String) -> [String: String]? {
    let bytes = Array(text.utf8)
    guard bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}"), bytes.count >= 2
    else { return nil }
    var reader = FlowReader(bytes, 1..<bytes.count - 1, names: SwitchNames())
    var map: [String: String] = [:]
    while let token = reader.nextToken() {
      map[reader.unquoted(token.key)] = reader.unquoted(token.value)
    }
    return map
  }
  /// A JSON string where the text is one, else the text.
  private func unquoted(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return FlowReader(bytes, 0..<0, names: SwitchNames()).unquoted(0..<bytes.count)
  }
}
