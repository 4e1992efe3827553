// The printed fix against a living cloud: a captured fault is brought to life, its broken probes fail
// there too, the commands that `why` prints are typed on their nodes word for word, and the same
// probes arrive and are answered, on the way that the patched model says.
import Confirm
import DataPlane
import Diagnosis
import Facts
import FaultCaptures
import Foundation
import Namespaces
import NetworkTypes
import Replay
import Testing
import Trace

@Suite(.serialized, .enabled(if: Replay.obstacle == nil, "a replay \(Replay.obstacle ?? "")"))
struct LiveFixTests {
  /// One fault a cause; what an agent has to start again has no agent here.
  static let rows = FaultWalkTests.rows.reduce(into: [FaultWalkTests.Row]()) { rows, row in
    let isAgents = [.dhcpServerDown, .metadataProxyDown].contains(row.code)
    if !isAgents, !rows.contains(where: { $0.code == row.code }) { rows.append(row) }
  }
  /// A device that is in no bridge has a cable to nowhere in a replay: such a fault is made in the
  /// living healthy cloud.
  private static let injections: [CauseCode: (node: NodeName, command: String)] = [
    .uplinkMissing: ("net1", "ovs-vsctl del-port br-ex eth1")
  ]
  /// Probes of a fault that are sent.
  private static let probesPerFault = 2

  @Test(.timeLimit(.minutes(30)), arguments: rows)
  func thePrintedCommandsMendTheLivingCloud(_ row: FaultWalkTests.Row) throws {
    let facts = try row.capture().facts()
    let diagnostician = Diagnostician(facts)
    let probes = try row.observed(facts).filter { $0.probe.kind != .dhcp }
      .prefix(Self.probesPerFault).map(\.probe)
    let diagnoses = probes.map { diagnostician.diagnose($0) }
    let cause = try #require(diagnoses.first?.causes.first).deviation
    let way = try #require(cause.fix.way(.node), "no commands for a node: \(cause.text)")
    let injection = Self.injections[row.code]
    let living = try injection == nil ? facts : FaultCapture.healthyFacts.get()
    try LiveBed.withReplay(of: DataPlaneModel(living)) { replay in
      if let injection {
        try replay.run(["sh", "-c", injection.command], in: .node(injection.node))
      }
      var bed = try LiveBed(replay, facts)
      for diagnosis in diagnoses {
        let report = try bed.send(diagnosis.probe)
        #expect(!report.shows(diagnosis.after), "it is not broken here: \(report.text)")
      }
      try bed.run(way)
      bed = try LiveBed(replay, facts.applying(cause.changes))
      for diagnosis in diagnoses {
        let report = try bed.send(diagnosis.probe)
        #expect(report.shows(diagnosis.after), "not mended by \(way.map(\.text)): \(report.text)")
        #expect(report.isConfirmed == true, "\(report.text)")
      }
    }
  }

  /// Faults of the catalogue that a node's own commands mend, all at once: what is printed for the
  /// first broken probe is done, until none is broken.
  @Test(.timeLimit(.minutes(30))) func aCloudFullOfFaultsIsMendedStepByStep() throws {
    var facts = try FaultCapture.healthyFacts.get()
    // Services and keepalived need their agents; a replay's switches are in user space, where tunnels
    // do not cross the host's packet filter.
    let others: Set<CauseCode> = [
      .dhcpHostMissing, .noActiveRouter, .metadataProxyDown, .tunnelNotAdmitted,
    ]
    let faults = CatalogueTests.rows.filter { $0.isProven && !others.contains($0.code) }
    for fault in faults { fault.fault(&facts) }
    try LiveBed.withReplay(of: DataPlaneModel(facts)) { replay in
      var fixes: [String] = []
      while let cause = Self.firstCause(facts), fixes.count < 2 * faults.count {
        let way = try #require(cause.fix.way(.node), "no commands for a node: \(cause.text)")
        try LiveBed(replay, facts).run(way)
        facts = facts.applying(cause.changes)
        fixes.append(cause.text)
      }
      let bed = try LiveBed(replay, facts)
      for probe in HealthyProbes.working(facts) where probe.kind != .dhcp {
        let report = try bed.send(probe)
        #expect(report.result.outcome.isDelivered == true && report.result.isReplied == true)
        #expect(report.isConfirmed == true, "\(probe.id): \(report.text)")
      }
    }
  }

  private static func firstCause(_ facts: CloudFacts) -> Deviation? {
    let diagnostician = Diagnostician(facts)
    for probe in HealthyProbes.working(facts) {
      let before = diagnostician.trace(probe)
      if before.outcome.isDelivered == true, before.isReplied == true { continue }
      let diagnosis = diagnostician.diagnose(probe)
      guard let cause = diagnosis.causes.first else {
        Issue.record("\(probe.id): no cause: \(diagnosis.summary)")
        continue
      }
      return cause.deviation
    }
    return nil
  }
}

/// A living cloud and what is thought of it.
private struct LiveBed {
  let replay: Replay
  let cloud: DataPlaneModel
  let tracer: Tracer
  let field: ConfirmField
  init(_ replay: Replay, _ facts: CloudFacts) throws {
    self.replay = replay
    cloud = DataPlaneModel(facts)
    tracer = Tracer(cloud).greeted()
    field = try ConfirmField(replay, cloud)
  }

  func send(_ probe: Probe) throws -> ConfirmReport {
    let session = ConfirmSession(tracer, field, kind: probe.kind)
    try replay.restoreLearned(cloud)
    return session.confirm(probe)
  }

  /// Types the commands on their nodes.
  func run(_ way: [FixCommand]) throws {
    for command in way {
      try replay.run(["sh", "-c", command.text], in: .node(try #require(command.node)))
    }
  }

  /// The program beside the test bundle; it serves the replay's ports.
  private static var program: String {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests ?? "").deletingLastPathComponent().appending(path: "ovsight").path()
  }

  static func withReplay(of cloud: DataPlaneModel, _ body: (Replay) throws -> Void) throws {
    let folder = "/run/ovsight-replay/test-\(UUID().uuidString)"
    defer { _ = Replay.down(folder) }
    try body(try Replay.up(cloud, snapshot: "fault", folder: folder, serviceProgram: program))
  }
}

extension ConfirmReport {
  /// The wire did what was predicted elsewhere: everyone got it and the answer came back.
  fileprivate func shows(_ mended: TraceResult?) -> Bool {
    guard let mended, refusal == nil else { return false }
    // A namespace is no end that is watched.
    let ends = mended.receivedBy.filter { reached.contains($0) || !$0.contains("/") }
    return isReplySeen && ends.allSatisfy(reached.contains)
  }
  fileprivate var text: String { lines().joined(separator: "\n") }
}
