// `ovs-appctl dpctl/dump-flows [-m]`: what the datapath has cached, observation beside our answers.
import Facts
import NetworkTypes

/// `ufid:…, key, packets:…, bytes:…, used:…, [flags:…,] [dp:…,] actions:…[, dp-extra-info:…]`.
public enum DatapathFlowsFormat {
  public static func parse(_ text: CaptureText) -> Parsed<DatapathFlow> {
    parseLineRecords(text, format: "dpctl-dump-flows") { line, log in
      let content = text.string(line.content)
      if content.isEmpty || content.hasPrefix("flow-dump from") { return .structure }
      let evidence = log.evidence(line: line.number, line.content)
      guard let flow = flow(content, evidence) else {
        return .bad("a datapath flow with packets: and actions:")
      }
      return .record(flow)
    }
  }

  private static func flow(_ line: String, _ evidence: Evidence) -> DatapathFlow? {
    guard let statistics = line.firstRange(of: ", packets:"),
      let actions = line[statistics.upperBound...].firstRange(of: ", actions:")
    else { return nil }
    var flow = DatapathFlow(evidence: evidence)
    var key = line[..<statistics.lowerBound]
    if key.hasPrefix("ufid:"), let comma = key.firstRange(of: ", ") {
      flow.id = String(key[..<comma.lowerBound].dropFirst("ufid:".count))
      key = key[comma.upperBound...]
    }
    flow.match = String(key)
    let counters = line[statistics.lowerBound..<actions.lowerBound].dropFirst(2)
    for counter in counters.split(separator: ", ") { set(counter, &flow) }
    let rest = line[actions.upperBound...]
    let extra = rest.firstRange(of: ", dp-extra-info:")
    flow.actions = String(rest[..<(extra?.lowerBound ?? rest.endIndex)])
    flow.extra = extra.map { String(rest[$0.upperBound...]) } ?? ""
    return flow
  }

  private static func set(_ counter: Substring, _ flow: inout DatapathFlow) {
    let parts = counter.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return flow.unrecognised.append(String(counter)) }
    switch parts[0] {
    case "packets": flow.packets = UInt64(parts[1]) ?? 0
    case "bytes": flow.bytes = UInt64(parts[1]) ?? 0
    case "used": flow.usedSecondsAgo = Double(parts[1].dropLast())
    case "flags": flow.tcpFlags = String(parts[1])
    case "offloaded", "dp": flow.datapath[String(parts[0])] = String(parts[1])
    default: flow.unrecognised.append(String(counter))
    }
  }
}
