// The comparison for people: a disagreement first, then hop by hop.
import NetworkTypes
import Trace

extension ConfirmReport {
  /// Lines of text; `name` gives receivers the names that people use.
  public func lines(_ name: (String) -> String = { $0 }) -> [String] {
    var lines = [headline]
    lines += unreached.map { "  \(name($0)) was to get it and did not" }
    lines += intruders.map { "  \(name($0)) got it against the prediction" }
    if refusal == nil, isReplyWatched, let isReplied = result.isReplied, isReplied != isReplySeen {
      lines.append(
        isReplySeen
          ? "  an answer came back against the prediction" : "  the answer did not come back")
    }
    lines += explanation.map { "  \($0)" }
    lines += gaps.map { "  not watched: \($0)" }
    guard refusal == nil, !hops.isEmpty else { return lines }
    lines.append("")
    for hop in hops { lines += Self.lines(hop) }
    return lines
  }

  private var headline: String {
    if let refusal { return "NOT CONFIRMED: no probe was sent: \(refusal)" }
    let counts = HopReport.Status.allCases.map { status in
      hops.filter { $0.status == status }.count
    }
    let text =
      "\(counts[0]) hops predicted and seen, \(counts[1]) predicted and not seen, "
      + "\(counts[2]) seen and not predicted"
    switch isConfirmed {
    case true?: return "CONFIRMED: \(text)"
    case false?: return "THE WIRE DISAGREES: \(text)"
    case nil: return "NOT CONFIRMED: \(text)"
    }
  }

  /// What would explain a disagreement.
  private var explanation: [String] {
    guard isConfirmed == false else { return [] }
    var texts: [String] = []
    if let index = hops.firstIndex(where: { $0.status == .missing && $0.role == .forward }) {
      let before = hops[..<index].last { $0.status == .seen }
      texts.append(
        before.map { "it was last seen at \($0.place) and not at \(hops[index].place)" }
          ?? "it was not even seen at \(hops[index].place)")
    }
    let changed = hops.filter { !$0.differences.isEmpty }
    if let first = changed.first {
      texts.append("at \(first.place): \(first.differences.joined(separator: "; "))")
    }
    if let extra = hops.first(where: { $0.status == .unpredicted }) {
      texts.append("it shows at \(extra.place), where no copy was predicted")
    }
    texts.append(
      "either a rule, flow or route between these points changed after the snapshot, or the model is wrong there"
    )
    return texts
  }

  private static func lines(_ hop: HopReport) -> [String] {
    let mark =
      [
        "seen": " ", "missing": "-", "unpredicted": "+", "refusal": " ", "unwatched": "?",
        "assumed": "?", "entry": ">",
      ][
        hop.status.rawValue] ?? " "
    let direction = hop.isOut ? "out" : "in "
    let time = hop.microseconds.map { padded("\(Int($0)) µs", 10) } ?? padded("", 10)
    let header =
      (hop.layers?.innermost?.packet ?? hop.predicted?.inner ?? hop.predicted?.outer)
      .map(summary) ?? ""
    let tunnel = hop.layers?.innermost?.tunnelKey.map { "  [tunnel key \($0)]" } ?? ""
    let words: [HopReport.Status: String] = [
      .missing: "  NOT SEEN", .unpredicted: "  NOT PREDICTED",
      .unwatched: "  not watched",
      .assumed: "  only with a cache that still holds the neighbour",
      .entry: "  put in here",
    ]
    let word = words[hop.status] ?? ""
    let line =
      "\(mark) \(time) \(hop.role.rawValue) \(direction) \(hop.place)  \(header)\(tunnel)\(word)"
    return [line] + hop.differences.map { "               \($0)" }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func summary(_ packet: Packet) -> String {
    let ends = [packet.source, packet.destination].map { $0.map { "\($0)" } ?? "?" }
    let ports =
      packet.hasPorts ? [":\(packet.sourcePort)", ":\(packet.destinationPort)"] : ["", ""]
    return "\(ends[0])\(ports[0]) → \(ends[1])\(ports[1]) ttl \(packet.ttl)"
  }
}
