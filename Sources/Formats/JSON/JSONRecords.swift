// The common shape of `ip -j` and `bridge -j`: one array of objects, each object a record.
import Facts

/// Reads a file that is one JSON array, element by element, so that a cut file keeps what stands
/// before the cut. An empty file is an empty array (as `ip` prints where it has nothing to say).
/// With a `key`, the array is that member of the one object that the file is: `{"key": […]}`.
public func parseJSONRecords<Record>(
  _ text: CaptureText, format: String, under key: String? = nil,
  _ record: (JSONNode, Evidence, inout ParseLog) -> [Record]?
) -> Parsed<Record> {
  var log = ParseLog(text)
  var records: [Record] = []
  var parser = JSONParser(text.bytes)
  var accounted = 0
  if parser.isAtEnd() {
    log.structure(0..<text.bytes.count)
    return log.parsed(records)
  }
  do throws(JSONError) {
    if let key {
      guard parser.skip(UInt8(ascii: "{")) else { throw parser.error("'{' around \"\(key)\"") }
      guard try parser.value().string == key else { throw parser.error("the key \"\(key)\"") }
      guard parser.skip(UInt8(ascii: ":")) else { throw parser.error("':' after \"\(key)\"") }
    }
    guard parser.skip(UInt8(ascii: "[")) else { throw parser.error("'[' that opens the records") }
    var isFirst = true
    while !parser.skip(UInt8(ascii: "]")) {
      if !isFirst, !parser.skip(UInt8(ascii: ",")) { throw parser.error("',' or ']'") }
      isFirst = false
      let node = try parser.value()
      log.structure(accounted..<node.range.lowerBound)
      accounted = node.range.upperBound
      let evidence = log.evidence(line: node.line, node.range)
      // `ip -j -d` prints empty objects for what a filter left out.
      if let members = node.members, members.isEmpty {
        log.structure(node.range)
      } else if node.members != nil, let made = record(node, evidence, &log) {
        records += made
        log.fact(node.range)
      } else {
        log.reject(
          "\(format)/bad-record", line: node.line, node.range,
          "not a record of this kind: \(excerpt(text, node.range))")
      }
    }
    if key != nil, !parser.skip(UInt8(ascii: "}")) { throw parser.error("'}' at the end") }
    guard parser.isAtEnd() else { throw parser.error("the end of the file") }
    log.structure(accounted..<text.bytes.count)
  } catch {
    log.isIncomplete = true
    log.reject(
      "\(format)/bad-json", line: error.line, accounted..<text.bytes.count,
      "the JSON breaks off at byte \(error.offset): wanted \(error.wanted)")
  }
  return log.parsed(records)
}

/// The first 60 bytes of a range, for a message.
func excerpt(_ text: CaptureText, _ range: Range<Int>) -> String {
  let shown = range.prefix(60)
  return text.string(shown) + (range.count > 60 ? "…" : "")
}
