// `trace … --confirm`: the prediction, then what the wire says of it.
import ArgumentParser
import Confirm
import DataPlane
import Facts
import Formats
import NetworkTypes
import Snapshot
import Trace

extension TraceCommand {
  /// One probe: a disagreement comes before the prediction that it refutes.
  func confirmOne(_ facts: CloudFacts, _ tracer: Tracer) throws {
    let resolver = ProbeResolver(facts)
    let report = try confirmed(try makeProbe(resolver), tracer)
    if let pcapng { try PcapngFile.write(report, to: pcapng) }
    switch format {
    case .json, .jsonl: print(report.line(facts))
    case .text:
      let names = resolver.names
      for line in report.lines({ names[$0] ?? $0 }) { print(TerminalText.escaped(line)) }
      print("")
      var text = TraceText(facts, names: names)
      text.showsEvidence = !brief
      for line in text.lines(report.result) { print(TerminalText.escaped(line)) }
    }
    switch (report.isConfirmed, report.result.outcome.isDelivered) {
    case (true?, true?): return
    case (true?, _), (false?, _): throw ExitCode(1)
    case (nil, _): throw ExitCode(2)
    }
  }

  private func confirmed(_ probe: Probe, _ tracer: Tracer) throws -> ConfirmReport {
    if ways.isEmpty {
      let run = try confirm.run(tracer, of: snapshot)
      switch self.probe {
      case .send: return try run.confirm(probe)
      case .inject: return try run.confirm(probe, injector: run.injector)
      case .none: return run.awaitTraffic(probe, seconds: waitSeconds)
      }
    }
    let access = try access(tracer)
    printError("ovsight: asking \(access.count) nodes what they have learnt since, then listening")
    let tracer = try refreshed(tracer.trace(probe), access)
    let field = ConfirmField(access, watching: tracer.trace(probe), tracer.cloud)
    if self.probe == .inject {
      let session = ConfirmSession(
        tracer, field, kind: probe.kind, injector: FrameInjector(access))
      if case .port(let id) = probe.origin, let index = tracer.cloud.guest(id) {
        let entry = try FrameEntry(of: tracer.cloud.guests[index], in: tracer.cloud)
        printError("ovsight: putting one frame in at \(entry), as if its guest had sent it")
      }
      // One frame is what was agreed to.
      return session.confirm(probe, attempts: 1)
    }
    let session = ConfirmSession(tracer, field, kind: probe.kind)
    printError("ovsight: watching; make the traffic now")
    return session.awaitTraffic(probe, seconds: waitSeconds)
  }

  /// Real nodes have learnt since the snapshot: the tracer that knows what they know now.
  private func refreshed(_ first: TraceResult, _ access: [NodeName: NodeAccess]) throws -> Tracer {
    let visited = Set((first.path + first.replyPath).map(\.device.namespaceKey))
    let (capture, failures) = try SnapshotFile.open(path: snapshot).loadCapture()
      .refreshed(through: access, neighboursOf: visited)
    for failure in failures { printError("ovsight: as in the snapshot: \(failure)") }
    let facts = try Assumptions.applied(assume, to: CloudFacts(parsing: capture))
    return Tracer(DataPlaneModel(facts))
  }

  private func access(_ tracer: Tracer) throws -> [NodeName: NodeAccess] {
    var access: [NodeName: NodeAccess] = [:]
    for way in ways {
      let parts = way.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let words = NodeAccess(parts[1]),
        tracer.cloud.nodes[NodeName(parts[0])] != nil
      else {
        let nodes = tracer.cloud.nodes.keys.sorted().map(\.rawValue).joined(separator: ", ")
        throw CommandError("--via \(way): wanted NODE=COMMAND with NODE one of \(nodes)")
      }
      access[NodeName(parts[0])] = words
    }
    return access
  }

  /// Many probes, a JSON object a line, in the order in which they were sent: kind by kind.
  func confirmAll(_ batch: String, _ tracer: Tracer) throws {
    var isDisproved = false
    let run = try confirm.run(tracer, of: snapshot)
    let injector = probe == .inject ? run.injector : nil
    try run.confirm(all: try probes(batch), injector: injector) { _, report in
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
