// `trace … --confirm`: the prediction, then what the wire says of it.
import ArgumentParser
import Confirm
import Facts
import NetworkTypes
import Trace

extension TraceCommand {
  private var folder: String { replayFolder ?? ReplayCommand.folder(of: snapshot) }

  /// One probe: a disagreement comes before the prediction that it refutes.
  func confirmOne(_ facts: CloudFacts, _ tracer: Tracer) throws {
    let resolver = ProbeResolver(facts)
    let report = try ConfirmRun(tracer, folder: folder).confirm(try probe(resolver))
    if let pcapng { try PcapngFile.write(report, to: pcapng) }
    switch format {
    case .json, .jsonl: print(report.line(facts))
    case .text:
      let names = resolver.names
      for line in report.lines({ names[$0] ?? $0 }) { print(terminalSafe(line)) }
      print("")
      var text = TraceText(facts, names: names)
      text.showsEvidence = !brief
      for line in text.lines(report.result) { print(terminalSafe(line)) }
    }
    switch (report.isConfirmed, report.result.outcome.isDelivered) {
    case (true?, true?): return
    case (true?, _), (false?, _): throw ExitCode(1)
    case (nil, _): throw ExitCode(2)
    }
  }

  /// Many probes, a JSON object a line, in the order in which they were sent: kind by kind.
  func confirmAll(_ batch: String, _ tracer: Tracer) throws {
    var isDisproved = false
    try ConfirmRun(tracer, folder: folder).confirm(all: try probes(batch)) { _, report in
      isDisproved = isDisproved || report.isConfirmed == false
      print(report.line(tracer.cloud.facts))
    }
    if isDisproved { throw ExitCode(1) }
  }
}

extension ConfirmReport {
  fileprivate func line(_ facts: CloudFacts) -> String {
    JSONText.object([.init("trace", result.json(facts)), .init("confirm", json)]).rendered
  }
}
