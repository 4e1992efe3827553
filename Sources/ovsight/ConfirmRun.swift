// `trace … --confirm`, `why … --confirm`: the probe is really sent in the snapshot's replay, and
// watched at every hop.
import ArgumentParser
import Confirm
import DataPlane
import Facts
import NetworkTypes
import Replay
import Trace

/// Whether the wire is asked too.
struct ConfirmOptions: ParsableArguments {
  @Flag(
    name: .customLong("confirm"),
    help: "Send the packet in the snapshot's replay (`ovsight replay`) and watch every hop.")
  var isAsked = false

  @Option(name: .customLong("state"), help: "With --confirm: the replay's folder.")
  var folder: String?

  func run(_ tracer: Tracer, of snapshot: String) throws -> ConfirmRun {
    try ConfirmRun(tracer, folder: folder ?? ReplayCommand.folder(of: snapshot))
  }
}

/// A confirmation against the replay that runs in a folder.
struct ConfirmRun {
  let replay: Replay
  let tracer: Tracer
  let field: ConfirmField

  init(_ tracer: Tracer, folder: String) throws {
    guard Replay.status(folder).condition == .up else {
      throw CommandError(
        "--confirm: no replay of this snapshot is up: wanted `ovsight replay SNAPSHOT up` first")
    }
    replay = try Replay.open(folder)
    // Everyone in a replay has greeted the others.
    self.tracer = tracer.greeted()
    field = try ConfirmField(replay, tracer.cloud)
  }

  /// Puts frames into the replay's nodes, past its guests.
  var injector: FrameInjector {
    FrameInjector { [replay] node, words in
      try replay.command(words, in: .node(node))
    }
  }

  func confirm(_ probe: Probe, injector: FrameInjector? = nil) throws -> ConfirmReport {
    let session = ConfirmSession(tracer, field, kind: probe.kind, injector: injector)
    return try session.confirm(probe) { try replay.restoreLearned(tracer.cloud) }
  }

  func awaitTraffic(_ probe: Probe, seconds: Double) -> ConfirmReport {
    let session = ConfirmSession(tracer, field, kind: probe.kind)
    printError("ovsight: watching; make the traffic now")
    return session.awaitTraffic(probe, seconds: seconds)
  }

  /// Probes of one kind share their captures.
  func confirm(
    all probes: [Probe], injector: FrameInjector? = nil, _ use: (Probe, ConfirmReport) -> Void
  ) throws {
    for kind in ProbeProtocol.allCases {
      let group = probes.filter { $0.kind == kind }
      guard !group.isEmpty else { continue }
      let session = ConfirmSession(tracer, field, kind: kind, injector: injector)
      for probe in group {
        // Each prediction starts from the snapshot, so each probe does.
        let report = try session.confirm(probe) { try replay.restoreLearned(tracer.cloud) }
        use(probe, report)
      }
    }
  }
}
