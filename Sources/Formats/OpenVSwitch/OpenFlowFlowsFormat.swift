// `ovs-ofctl dump-flows`, any OpenFlow version, and files for `ovs-ofctl add-flows`.
import Facts
import NetworkTypes

/// A line a flow. A last line without line feed counts as cut off: the rest of a number may be
/// missing, so it gives no flow.
public enum OpenFlowFlowsFormat {
  /// `names` resolves ports and tables that `ovs-ofctl --names` printed by name.
  public static func parse(
    _ text: CaptureText, names: SwitchNames = SwitchNames()
  ) -> ParsedRecords<FlowList> {
    parse(text, names: names, readsPlainLines: true)
  }

  /// Without the reader of plain lines every line goes through the general one: the same flows, slower.
  package static func parse(
    _ text: CaptureText, names: SwitchNames = SwitchNames(), readsPlainLines: Bool
  ) -> ParsedRecords<FlowList> {
    var log = ParseLog(text)
    var flows = FlowList()
    // About 130 bytes a line; saves growing step by step.
    flows.reserveCapacity(flows: text.bytes.count / 130)
    var plain = PlainFlowReader(text, names: names)
    for line in Lines(text) {
      let isPlain = text.bytes.withUnsafeBufferPointer { bytes in
        readsPlainLines && !isCut(text.bytes, line) && plain.read(line, bytes, into: &flows)
      }
      if isPlain {
        log.fact(line.whole)
      } else if isCut(text.bytes, line) {
        rejectCut(line, &log)
      } else if isStructure(text.bytes, line.content) {
        log.structure(line.whole)
        remarkOldVersion(line, &log)
      } else if let flow = flow(line, names, &log) {
        flows.append(flow, actions: flows.number(flow.actions))
        log.fact(line.whole)
      }
    }
    rejectIfEmpty(text, &log)
    return log.parsed(flows)
  }

  private static func flow(
    _ line: Line, _ names: SwitchNames, _ log: inout ParseLog
  ) -> FlowEntry? {
    let bytes = log.text.bytes
    if let kind = reportedError(bytes, line.content) {
      log.isIncomplete = true
      log.reject("openflow/error-reply", line: line.number, line.whole, kind)
      return nil
    }
    var reader = FlowReader(bytes, line.content, names: names)
    reader.skipCommand()
    let parts = reader.flow(log.evidence(line: line.number, line.content))
    guard parts.hasActions else {
      log.reject(
        "openflow/no-actions", line: line.number, line.whole,
        "\(excerpt(log.text, line.content)): wanted a flow with actions=")
      return nil
    }
    log.remark(reader.problems, line)
    return parts.entry
  }

  /// Open vSwitch drops what OpenFlow 1.0 has no action for without a word: a flow that pushes a tag
  /// reads `drop`, `set_field` with a mask reads `mod_nw_dst` of the bare value.
  private static func remarkOldVersion(_ line: Line, _ log: inout ParseLog) {
    var cursor = ByteCursor(log.text.bytes, line.content)
    guard cursor.skip("NXST_FLOW") else { return }
    log.remark(
      "openflow/version-10", .warning, line: line.number, line.content,
      "an OpenFlow 1.0 answer leaves out push_vlan and masks of assignments: wanted a dump of "
        + "OpenFlow 1.3 or later")
  }

  /// Headings (`NXST_FLOW reply (xid=0x4):`), comments and blank lines.
  static func isStructure(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    var cursor = ByteCursor(bytes, range)
    cursor.skipSpaces()
    return cursor.isAtEnd || cursor.current == UInt8(ascii: "#") || cursor.skip("OFPST_")
      || cursor.skip("NXST_")
  }

  /// The switch's refusal in place of an answer.
  static func reportedError(_ bytes: [UInt8], _ range: Range<Int>) -> String? {
    var cursor = ByteCursor(bytes, range)
    guard cursor.skip("OFPT_ERROR") || cursor.skip("ovs-ofctl:") || cursor.skip("***decode error")
    else { return nil }
    return cursor.text(range) + ": wanted the switch's answer"
  }
}

/// A text line that the file ends in the middle of.
func isCut(_ bytes: [UInt8], _ line: Line) -> Bool {
  line.whole.upperBound == bytes.count && line.content.upperBound == bytes.count
}

/// Names the cut and marks the file incomplete.
func rejectCut(_ line: Line, _ log: inout ParseLog) {
  log.isIncomplete = true
  log.reject(
    "openflow/cut-line", line: line.number, line.whole,
    "\(excerpt(log.text, line.content)): the file ends inside this line, wanted a line feed")
}

/// An answer has a heading at least.
func rejectIfEmpty(_ text: CaptureText, _ log: inout ParseLog) {
  guard text.bytes.isEmpty else { return }
  log.isIncomplete = true
  log.reject("openflow/empty", line: 1, 0..<0, "the file is empty, wanted a heading")
}

extension ParseLog {
  /// Flow problems of a line as remarks; a verdict may depend on each of them.
  mutating func remark(_ problems: [FlowProblem], _ line: Line) {
    for problem in problems {
      remark(
        problem.id, .warning, line: line.number, problem.bytes,
        column: problem.bytes.lowerBound - line.content.lowerBound + 1, problem.message)
    }
  }
}

extension FlowReader {
  /// Steps over the `add` that a bundle file may have before a flow.
  mutating func skipCommand() {
    cursor.skipSpaces()
    _ = cursor.skip("add ")
  }
}
