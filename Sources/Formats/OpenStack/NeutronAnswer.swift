// The shape that all of the Neutron API's answers share: `{"ports": […]}`, pagination links beside it,
// or the bare array that some tools save. Feeds NeutronFormat's records.
import Facts

/// Reads an answer object by object, so that a cut file keeps what stands before the cut.
///
/// Several answers in one file (the pages of a paginated list) are read one after another.
func parseNeutronAnswer<Record>(
  _ text: CaptureText, _ record: (inout NeutronAttributes) -> Record?
) -> Parsed<Record> {
  var answer = NeutronAnswer(text)
  var records: [Record] = []
  answer.read { node, log in
    var attributes = NeutronAttributes(node, text)
    let made = record(&attributes)
    attributes.report(to: &log)
    if let made { records.append(made) }
    return made != nil
  }
  return answer.log.parsed(records)
}

private struct NeutronAnswer {
  typealias Take = (JSONNode, inout ParseLog) -> Bool
  var log: ParseLog
  private var parser: JSONParser
  private var accounted = 0

  init(_ text: CaptureText) {
    log = ParseLog(text)
    parser = JSONParser(text.bytes)
  }

  mutating func read(_ take: Take) {
    do throws(JSONError) {
      guard !parser.isAtEnd() else { throw parser.error("an answer of Neutron's API") }
      while !parser.isAtEnd() { try document(take) }
      log.structure(accounted..<log.text.bytes.count)
    } catch {
      log.isIncomplete = true
      log.reject(
        "neutron/bad-json", line: error.line, accounted..<log.text.bytes.count,
        "the JSON breaks off at byte \(error.offset): wanted \(error.wanted)")
    }
  }

  private mutating func document(_ take: Take) throws(JSONError) {
    if parser.skip(UInt8(ascii: "[")) {
      try elements(take)
    } else if parser.skip(UInt8(ascii: "{")) {
      try members(take)
    } else {
      throw parser.error("'{' or '[' that opens the answer")
    }
  }

  private mutating func members(_ take: Take) throws(JSONError) {
    if parser.skip(UInt8(ascii: "}")) { return }
    while true {
      let key = try parser.value()
      guard let name = key.string, parser.skip(UInt8(ascii: ":")) else {
        throw parser.error("a key in double quotes and ':'")
      }
      try member(name, take)
      if parser.skip(UInt8(ascii: ",")) { continue }
      guard parser.skip(UInt8(ascii: "}")) else { throw parser.error("',' or '}'") }
      return
    }
  }

  private mutating func member(_ name: String, _ take: Take) throws(JSONError) {
    if name.hasSuffix("_links") {
      _ = try parser.value()
    } else if parser.skip(UInt8(ascii: "[")) {
      try elements(take)
    } else {
      try single(name, take)
    }
  }

  /// A lone object (`{"router": {…}}`), or an error in place of an answer.
  private mutating func single(_ name: String, _ take: Take) throws(JSONError) {
    let node = try parser.value()
    if node.members == nil || name.hasSuffix("Error") || name == "error" {
      log.structure(accounted..<node.range.lowerBound)
      accounted = node.range.upperBound
      log.isIncomplete = true
      log.reject(
        "neutron/no-answer", line: node.line, node.range,
        "'\(name)' in place of a collection: \(excerpt(log.text, node.range))")
    } else {
      account(node, take)
    }
  }

  private mutating func elements(_ take: Take) throws(JSONError) {
    if parser.skip(UInt8(ascii: "]")) { return }
    while true {
      account(try parser.value(), take)
      if parser.skip(UInt8(ascii: ",")) { continue }
      guard parser.skip(UInt8(ascii: "]")) else { throw parser.error("',' or ']'") }
      return
    }
  }

  private mutating func account(_ node: JSONNode, _ take: Take) {
    log.structure(accounted..<node.range.lowerBound)
    accounted = node.range.upperBound
    if node.members != nil, take(node, &log) {
      log.fact(node.range)
    } else {
      log.reject(
        "neutron/bad-record", line: node.line, node.range,
        "not a record of this collection: \(excerpt(log.text, node.range))")
    }
  }
}
