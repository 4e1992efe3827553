// `ovs-ofctl dump-ports-desc` and `ovs-ofctl show`: a block of lines a port, the same in all
// OpenFlow versions; only 1.0's knows NO_FLOOD.
import Facts
import NetworkTypes

public enum OpenFlowPortsFormat {
  public static func parse(_ text: CaptureText) -> Parsed<OpenFlowPortDescription> {
    var reader = PortBlocks(log: ParseLog(text))
    for line in Lines(text) { reader.read(line) }
    reader.finishPort()
    rejectIfEmpty(text, &reader.log)
    reader.checkEnd()
    return reader.log.parsed(reader.ports)
  }
}

/// Gathers the lines of each port.
private struct PortBlocks {
  var log: ParseLog
  var ports: [OpenFlowPortDescription] = []
  private var open: OpenFlowPortDescription?
  private var openRange = 0..<0
  private var openLine = 0
  private var hasConfig = false
  private var hasState = false
  /// `show` starts with a features reply and ends with the switch's configuration.
  private var isShow = false
  private var hasEnd = false
  private var tellsNoFlood = false

  init(log: ParseLog) { self.log = log }

  mutating func read(_ line: Line) {
    if isCut(log.text.bytes, line) {
      finishPort()
      rejectCut(line, &log)
      return
    }
    var cursor = ByteCursor(log.text.bytes, line.content)
    cursor.skipSpaces()
    if cursor.isAtEnd || isHeading(cursor) {
      finishPort()
      log.structure(line.whole)
    } else if let port = port(line, cursor) {
      finishPort()
      (open, openRange, openLine) = (port, line.whole, line.number)
    } else if open != nil, readDetail(&cursor) {
      openRange = openRange.lowerBound..<line.whole.upperBound
    } else {
      rejectLine(line)
    }
  }

  private mutating func rejectLine(_ line: Line) {
    finishPort()
    if let reply = OpenFlowFlowsFormat.reportedError(log.text.bytes, line.content) {
      log.isIncomplete = true
      log.reject("openflow/error-reply", line: line.number, line.whole, reply)
    } else {
      log.reject(
        "openflow/bad-port", line: line.number, line.whole,
        "\(excerpt(log.text, line.content)): wanted a port's description")
    }
  }

  private mutating func isHeading(_ cursor: ByteCursor) -> Bool {
    var cursor = cursor
    let line = cursor.rest
    if cursor.skip("OFPT_FEATURES_REPLY") {
      isShow = true
      tellsNoFlood = !line.contains("(OF1.")
      return true
    }
    if cursor.skip("OFPST_PORT_DESC") {
      tellsNoFlood = !line.contains("(OF1.")
      return true
    }
    if cursor.skip("OFPT_GET_CONFIG_REPLY") {
      hasEnd = true
      return true
    }
    return cursor.skip("OFPST_") || cursor.skip("n_tables:") || cursor.skip("capabilities:")
      || cursor.skip("actions:")
  }

  /// ` 1(patch-int): addr:ea:8b:83:82:d6:90`; a name may hold brackets and blanks itself.
  private func port(_ line: Line, _ cursor: ByteCursor) -> OpenFlowPortDescription? {
    var cursor = cursor
    let bytes = cursor.bytes
    let number = cursor.take { $0 == UInt8(ascii: "(") }
    guard cursor.skip(UInt8(ascii: "(")) else { return nil }
    let nameStart = cursor.position
    guard var at = lastMarker(bytes, nameStart..<cursor.end) else { return nil }
    let name = nameStart..<at
    at += Self.marker.count
    let reader = FlowReader(bytes, line.content, names: SwitchNames())
    guard let port = reader.port(number), !name.isEmpty else { return nil }
    let mac = reader.macAddress(reader.trimmed(at..<cursor.end)).map(MACAddress.init(rawValue:))
    return OpenFlowPortDescription(
      number: port.rawValue, name: InterfaceName(cursor.text(name)), mac: mac, config: [],
      state: [], tellsNoFlood: tellsNoFlood, evidence: log.evidence(line: line.number, line.content)
    )
  }
  private static let marker = Array("): addr:".utf8)
  private func lastMarker(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
    let marker = Self.marker
    var start = range.upperBound - marker.count
    while start >= range.lowerBound {
      if bytes[start..<start + marker.count].elementsEqual(marker) { return start }
      start -= 1
    }
    return nil
  }

  /// Config and state become facts; speeds and features are the line's own.
  private mutating func readDetail(_ cursor: inout ByteCursor) -> Bool {
    if cursor.skip("config:") {
      hasConfig = true
      let config = words(&cursor)
      open?.config = config
      return true
    }
    if cursor.skip("state:") {
      hasState = true
      let state = words(&cursor)
      open?.state = state
      return true
    }
    return ["current:", "advertised:", "supported:", "peer:", "speed:"].contains { key in
      cursor.rest.hasPrefix(key)
    }
  }
  private func words(_ cursor: inout ByteCursor) -> Set<String> {
    var words: Set<String> = []
    while true {
      let word = cursor.wordText()
      if word.isEmpty { return words }
      if word != "0" { words.insert(word) }
    }
  }

  /// A port counts once its config and state were read.
  mutating func finishPort() {
    guard var port = open else { return }
    let range = openRange
    open = nil
    port.evidence = log.evidence(line: openLine, range)
    if hasConfig && hasState {
      ports.append(port)
      log.fact(range)
    } else {
      log.isIncomplete = true
      log.reject(
        "openflow/cut-port", line: openLine, range,
        "port \(port.name) breaks off: wanted its config: and state:")
    }
    (hasConfig, hasState) = (false, false)
  }

  mutating func checkEnd() {
    guard isShow, !hasEnd, !log.isIncomplete else { return }
    log.isIncomplete = true
    let end = log.text.bytes.count
    log.reject(
      "openflow/cut-show", line: ports.last.map { Int($0.evidence.line) } ?? 1, end..<end,
      "the file ends early: wanted OFPT_GET_CONFIG_REPLY")
  }
}
