// Answers why: traces a probe, asks intent whether it should arrive, and if it should and does not,
// tries which deviations mend it, each on a copy of the cloud.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

/// Diagnoses probes on one cloud; what it has found out about the cloud is kept for the next probe.
public final class Diagnostician {
  public let cloud: DataPlaneModel
  public let model: CloudModel
  private let tracer: Tracer
  let inspection: Inspection
  private let intent: PathIntent
  private var found: [NodeName: [Deviation]]?
  private var everywhere: [Deviation]?
  private var patched: [[FactChange]: Tracer] = [:]

  /// Candidates tried one by one for a question; further ones are too far from where it fails.
  static let trialLimit = 24
  /// Candidates tried together: where one mend does not do, some of these may.
  static let setLimit = 96
  /// Obstacles behind obstacles; whoever put more in the way than this is mended step by step.
  static let obstacleRounds = 4

  public init(_ facts: CloudFacts) {
    cloud = DataPlaneModel(facts)
    model = CloudModel(facts)
    tracer = Tracer(cloud)
    inspection = Inspection(cloud, model)
    intent = PathIntent(cloud, model)
  }

  /// Everything on the cloud that is not as Neutron's intent demands, whether it matters or not.
  public var deviations: [Deviation] {
    if let everywhere { return everywhere }
    let all = inspection.deviations(on: Set(inspection.nodes.keys))
    everywhere = all
    return all
  }

  public func trace(_ probe: Probe) -> TraceResult { tracer.trace(probe) }

  public func diagnose(_ probe: Probe) -> Diagnosis {
    let before = tracer.trace(probe)
    let wanted = intent.verdict(probe)
    var diagnosis = Diagnosis(probe: probe, before: before)
    if works(before, wanted) {
      if let fault = serviceFault(behind: before) {
        diagnosis.verdict = .broken
        diagnosis.note = "the proxy takes the request, and nobody answers it"
        diagnosis.causes = [inspection.withAgent(Cause(fault, .untried))]
      } else {
        diagnosis.verdict = .works
        diagnosis.premises = premises(of: before)
      }
      return diagnosis
    }
    if case .denied(let denial) = wanted {
      diagnosis.verdict = .asConfigured
      diagnosis.denial = denial
      return diagnosis
    }
    if let denial = intent.unanswerable(probe), before.outcome.isDelivered == true {
      diagnosis.verdict = .asConfigured
      diagnosis.denial = denial
      return diagnosis
    }
    let candidates = self.candidates(before, wanted, probe)
    var outcome = search(candidates, probe, wanted)
    outcome.nameUnpluggedFirst()
    diagnosis.causes = outcome.causes.map { inspection.withAgent($0) }
    diagnosis.after = outcome.after
    diagnosis.suspects = outcome.suspects
    diagnosis.premises = before.assumptions.map { Premise(.cachedState, $0) }
    if diagnosis.causes.isEmpty, isUnknown(before) {
      diagnosis.verdict = .unknown
    } else {
      diagnosis.verdict = .broken
    }
    if case .undecided(let text) = wanted { diagnosis.note = text }
    return diagnosis
  }

  private func isUnknown(_ result: TraceResult) -> Bool {
    result.outcome == .unknown || result.outcome.isDelivered == true && result.isReplied == nil
  }

  // MARK: success

  /// It arrives at whom intent names, and the answer comes back.
  private func works(_ result: TraceResult, _ wanted: IntentVerdict) -> Bool {
    guard result.outcome.isDelivered == true, result.isReplied == true else { return false }
    guard case .allowed(let hops) = wanted, result.probe.kind != .arp,
      let last = hops.last, last.direction == .ingress, cloud.guest(last.port) != nil
    else { return true }
    return result.receivedBy.contains(last.port.rawValue)
  }

  // MARK: candidates

  private func candidates(
    _ before: TraceResult, _ wanted: IntentVerdict, _ probe: Probe
  ) -> [Deviation] {
    let scope = Scope(before, wanted, probe, model, inspection)
    var all = deviations.filter { scope.contains($0) }
    if case .allowed(let hops) = wanted {
      for hop in hops { all += inspection.securityRules(at: hop) }
    }
    for port in scope.ports.compactMap({ model.port($0) }) { all += inspection.portFlows(of: port) }
    // What intent explains is not named a second time as an obstacle.
    all += inspection.obstacles(before).filter { obstacle in
      !all.contains {
        $0.code == obstacle.code && $0.node == obstacle.node
          && $0.namespace == obstacle.namespace && $0.object == obstacle.object
      }
    }
    return all.sorted { a, b in
      (a.strength, scope.distance(a), a.code, a.object)
        < (b.strength, scope.distance(b), b.code, b.object)
    }
  }

  // MARK: search

  private struct SearchOutcome {
    var causes: [Cause] = []
    var suspects: [Deviation] = []
    var after: TraceResult?

    /// A port that is not plugged as Neutron has it explains whatever else is amiss with it.
    mutating func nameUnpluggedFirst() {
      let codes: Set<CauseCode> = [.portUnbound, .portNotPlugged, .portWrongMAC]
      guard let first = suspects.first(where: { codes.contains($0.code) }) else { return }
      causes.insert(Cause(first, .untried), at: 0)
      after = nil
      suspects.removeAll { $0.text == first.text }
    }
  }

  private func search(
    _ candidates: [Deviation], _ probe: Probe, _ wanted: IntentVerdict
  ) -> SearchOutcome {
    var outcome = SearchOutcome()
    let trials = candidates.filter { !$0.changes.isEmpty }
    for deviation in trials.prefix(Self.trialLimit) {
      // What is trusted more explains it: what is trusted less need not be tried.
      if let best = outcome.causes.first?.deviation.strength, best < deviation.strength { break }
      let after = trace(probe, with: deviation.changes)
      guard works(after, wanted) else { continue }
      outcome.causes.append(Cause(deviation, .alone))
      outcome.after = outcome.after ?? after
    }
    if outcome.causes.isEmpty, !trials.isEmpty {
      let set = minimalSet(Array(trials.prefix(Self.setLimit)), probe, wanted)
      outcome.causes = set.deviations.map { Cause($0, .together) }
      outcome.after = set.after
    }
    if outcome.causes.isEmpty {
      outcome.causes =
        furthering(trials.prefix(Self.trialLimit), probe).map { [Cause($0, .first)] } ?? []
    }
    outcome.causes.sort { a, b in
      (a.deviation.strength, a.deviation.code) < (b.deviation.strength, b.deviation.code)
    }
    let named = Set(outcome.causes.map(\.deviation.text))
    outcome.suspects = candidates.filter {
      !named.contains($0.text) && $0.strength <= .likeness
    }
    if outcome.causes.isEmpty {
      // What cannot be tried, yet stops every packet.
      outcome.causes = outcome.suspects.filter { $0.changes.isEmpty && $0.strength == .intent }
        .prefix(1).map { Cause($0, .untried) }
      let named = Set(outcome.causes.map(\.deviation.text))
      outcome.suspects.removeAll { named.contains($0.text) }
    }
    return outcome
  }

  /// The first that Neutron's intent demands and with which the packet ends elsewhere.
  private func furthering(_ trials: ArraySlice<Deviation>, _ probe: Probe) -> Deviation? {
    let end = tracer.trace(probe).endReason
    return trials.first { deviation in
      deviation.strength == .intent && trace(probe, with: deviation.changes).endReason != end
    }
  }

  /// Takes away from all candidates together whatever is not needed, the least trusted first, by
  /// halves before one by one.
  private func minimalSet(
    _ trials: [Deviation], _ probe: Probe, _ wanted: IntentVerdict
  ) -> (deviations: [Deviation], after: TraceResult?) {
    guard var (kept, after) = sufficientSet(trials, probe, wanted) else { return ([], nil) }
    var size = max(1, kept.count / 2)
    while size > 0 {
      for start in stride(from: (kept.count - 1) / size * size, through: 0, by: -size) {
        let rest = Array(kept[..<start] + kept.dropFirst(start + size))
        let result = trace(probe, with: rest.flatMap(\.changes))
        if works(result, wanted) { (kept, after) = (rest, result) }
      }
      size /= 2
    }
    return (kept, after)
  }

  /// All of them, with what still stands in the way once they are mended; nil where that does not
  /// help.
  private func sufficientSet(
    _ trials: [Deviation], _ probe: Probe, _ wanted: IntentVerdict
  ) -> (deviations: [Deviation], after: TraceResult)? {
    var all = trials
    for _ in 0..<Self.obstacleRounds {
      let result = trace(probe, with: all.flatMap(\.changes))
      if works(result, wanted) { return (all, result) }
      let new = inspection.obstacles(result).filter { obstacle in
        !obstacle.changes.isEmpty && !all.contains { $0.text == obstacle.text }
      }
      if new.isEmpty { return nil }
      all += new
    }
    return nil
  }

  private func trace(_ probe: Probe, with changes: [FactChange]) -> TraceResult {
    if let known = patched[changes] { return known.trace(probe) }
    let changed = ChangedFacts(cloud.facts, changes)
    let tracer = Tracer(
      DataPlaneModel(changed.facts, sharing: cloud, except: changed.touched))
    patched[changes] = tracer
    return tracer.trace(probe)
  }
}
