// Reality as the judge: what the tracer predicts for the shipped cloud, beside what real packets
// did there. Counts are exact where nothing may get worse unnoticed.
import DataPlane
import NetworkTypes
import Testing
import Trace

@Suite struct AgreementTests {
  struct Score {
    var agreed = 0
    var total = 0
    var first: [String] = []
    mutating func note(_ isEqual: Bool, _ text: @autoclosure () -> String) {
      total += 1
      if isEqual { agreed += 1 } else if first.count < 5 { first.append(text()) }
    }
    var text: String { "\(agreed) of \(total)" }
    var share: Double { total == 0 ? 1 : Double(agreed) / Double(total) }
  }

  @Test func predictionsAgreeWithRealPackets() throws {
    let rows = try HealthyCloud.truth()
    let tracer = Tracer(DataPlaneModel(try HealthyCloud.facts())).session(rows.map(\.probe))
    var verdict = Score()
    var taker = Score()
    var seen = Score()
    var answer = Score()
    var path = Score()
    for row in rows {
      let result = tracer.trace(row.probe)
      #expect(result.outcome != .unknown, "\(row.probe): \(result.reason?.text ?? "")")
      verdict.note(result.outcome.isDelivered == row.delivered, "\(row.probe)")
      if row.kind == "arp" || row.kind == "dhcp" || row.kind == "metadata-http" { continue }
      if row.delivered, !row.receivedBy.isEmpty {
        taker.note(result.receivedBy.sorted() == row.receivedBy, "\(row.probe)")
        seen.note(matches(result.seen, row.seen), "\(row.probe)")
      }
      if row.delivered { answer.note(result.isReplied == row.replied, "\(row.probe)") }
      if !row.isOverheard, !row.isSpoofed {
        path.note(hops(result) == row.path ?? [], "\(row.probe)")
      }
    }
    print(
      "traces against real packets: verdict \(verdict.text), addressee \(taker.text), "
        + "addresses seen \(seen.text), answer \(answer.text), path \(path.text)")
    #expect(verdict.total > 1400 && path.total > 850)
    #expect(verdict.share >= 0.999, "\(verdict)")
    #expect(taker.share >= 0.999, "\(taker)")
    #expect(seen.share >= 0.999, "\(seen)")
    #expect(answer.share >= 0.999, "\(answer)")
    #expect(path.share >= 0.995, "\(path)")
  }

  private func hops(_ result: TraceResult) -> [[String]] {
    result.path.map {
      [
        $0.device.node.rawValue, $0.device.namespace.rawValue, $0.device.interface.rawValue,
        $0.isOut ? "out" : "in",
      ]
    }
  }

  private func matches(_ seen: SeenHeader?, _ real: [String: String]) -> Bool {
    guard let seen else { return false }
    return real["seen_src"] == seen.source.map { "\($0)" }
      && real["seen_dst"] == seen.destination.map { "\($0)" }
      && real["seen_ttl"] == "\(seen.ttl)"
      && real["seen_dport"].map { $0 == seen.destinationPort.map { "\($0)" } } ?? true
  }
}
