// Leaks and breakage of a whole cloud: found over all packets, confirmed one by one.
import DataPlane
import Facts
import Foundation
import NetworkTypes
import PacketSets
import Reachability
import Synchronization
import Trace
import Workers

/// Traffic that was asked for and does not get through.
public struct Breakage: Sendable {
  public enum Verdict: Hashable, Sendable { case broken, unanswered, wrongTaker, wrongSource }
  public let expectation: Expectation
  public let verdict: Verdict
  public let result: TraceResult
  /// Why, in the tracer's words.
  public let reason: Reason
}

public struct IsolationReport {
  public var leaks: [ConfirmedLeak] = []
  public var breakage: [Breakage] = []
  /// Expectations that nobody can tell about.
  public var undecided: [(Expectation, Reason)] = []
  /// What the sets do not know, each once.
  public var unknowns: [String] = []
  /// Where untagged packets of each origin come out, asked for or not; frames that are overheard count.
  public var reached: [ReachOrigin: Set<ReachPlace>] = [:]
  /// Origins and expectations looked at.
  public var originCount = 0
  /// Guests there are, and those of them whose packets were not followed.
  public var guestCount = 0
  public var unfollowedCount = 0
  public var expectationCount = 0
  public var hops = 0

  public init() {}
  public var confirmed: [ConfirmedLeak] { leaks.filter { $0.verdict == .confirmed } }
  public var disagreements: [ConfirmedLeak] {
    leaks.filter { if case .disagreement = $0.verdict { true } else { false } }
  }
}

public final class IsolationCheck {
  public let audit: IsolationAudit
  public let tracer: Tracer
  private let cloud: DataPlaneModel
  private let scope: IsolationScope

  public init(_ cloud: DataPlaneModel, scope: IsolationScope = .everything) {
    self.cloud = cloud
    self.scope = scope
    audit = IsolationAudit(cloud)
    tracer = Tracer(cloud)
  }

  /// What a check is at.
  public enum Phase: String, Sendable {
    case following = "following the packets of guests"
    case trying = "trying packets that must arrive"
  }
  /// Hears, on any thread, how many of how many are done.
  public typealias Progress = @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void

  /// Nil intent gives a report of unknowns only.
  public func run(progress: @escaping Progress = { _, _, _ in }) -> IsolationReport {
    var report = IsolationReport()
    if let gap = audit.intent.gap {
      report.unknowns = ["what tenants asked for is not known: \(gap)"]
      return report
    }
    let choice = GuestChoice(audit.intent, scope)
    report.guestCount = cloud.guests.count
    checkLeaks(
      &report,
      from: choice.senders.map { .guest($0) } + cloud.outsideHosts.indices.map { .outside($0) },
      progress: progress)
    checkExpectations(&report, choice, progress)
    if !choice.isEverybody {
      let left = cloud.guests.count - choice.senders.count
      report.unfollowedCount = left
      report.unknowns.append(
        "the packets of \(left) of \(cloud.guests.count) guests were not followed, and of those that "
          + "must arrive not all were tried")
    }
    return report
  }

  /// Origins are looked at side by side, by as many workers as the machine has processors.
  public func checkLeaks(
    _ report: inout IsolationReport, from origins: [ReachOrigin],
    progress: @escaping Progress = { _, _, _ in }
  ) {
    let next = Atomic<Int>(0)
    let answers = Mutex<[Int: OriginAnswer]>([:])
    let workers = min(ProcessInfo.processInfo.activeProcessorCount, Self.maximumWorkers)
    Workers.perform(min(workers, origins.count)) { [cloud, tracer] _ in
      var audit = IsolationAudit(cloud)
      var confirmation = LeakConfirmation(tracer: tracer, space: audit.reach.space)
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < origins.count else { return }
        if audit.reach.space.edgeCount > Self.maximumEdges {
          audit = IsolationAudit(cloud)
          confirmation = LeakConfirmation(tracer: tracer, space: audit.reach.space)
        }
        let answer = OriginAnswer(audit.audit(origins[index]), confirmation)
        let done = answers.withLock { answers in
          answers[index] = answer
          return answers.count
        }
        progress(.following, done, origins.count)
      }
    }
    let found = answers.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    for answer in found {
      report.originCount += 1
      report.hops += answer.hops
      report.reached[answer.origin] = answer.places
      report.leaks += answer.leaks(in: audit.reach.space)
    }
    report.unknowns += found.reduce(into: Set()) { $0.formUnion($1.unknowns) }.sorted()
  }

  /// Each worker has flows and sets of its own.
  private static let maximumWorkers = 8
  /// Sets are kept until a worker has so many edges of them, some 200 MB; then it begins anew.
  private static let maximumEdges = 10_000_000

  private func checkExpectations(
    _ report: inout IsolationReport, _ choice: GuestChoice, _ progress: Progress
  ) {
    let expected = ExpectedTraffic(audit.intent, choice).all()
    report.expectationCount = expected.count
    let answers = Mutex<[(Int, ExpectationAnswer)]>([])
    let done = Atomic<Int>(0)
    Workers.perform(expected.count) { [tracer] index in
      if let answer = Self.answer(expected[index], tracer) {
        answers.withLock { $0.append((index, answer)) }
      }
      progress(.trying, done.wrappingAdd(1, ordering: .relaxed).newValue, expected.count)
    }
    for (_, answer) in answers.withLock({ $0 }).sorted(by: { $0.0 < $1.0 }) {
      switch answer {
      case .broken(let breakage): report.breakage.append(breakage)
      case .undecided(let expectation, let reason): report.undecided.append((expectation, reason))
      }
    }
  }

  private enum ExpectationAnswer: Sendable {
    case broken(Breakage)
    case undecided(Expectation, Reason)
  }

  /// Nil where it arrives as it must.
  private static func answer(_ expectation: Expectation, _ tracer: Tracer) -> ExpectationAnswer? {
    let result = tracer.trace(expectation.probe)
    guard let isDelivered = result.outcome.isDelivered else {
      return .undecided(expectation, result.reason ?? noReason)
    }
    return verdict(expectation, result, isDelivered: isDelivered).map { verdict in
      let reason = result.reason ?? result.replyReason ?? noReason
      return .broken(
        Breakage(expectation: expectation, verdict: verdict, result: result, reason: reason))
    }
  }

  private static let noReason = Reason(code: "not-delivered", text: "no copy of it arrives")

  private static func verdict(_ expectation: Expectation, _ result: TraceResult, isDelivered: Bool)
    -> Breakage.Verdict?
  {
    guard isDelivered else { return .broken }
    let takers = Set(result.receivedBy.map { PortID($0) })
    if !expectation.takers.isEmpty, takers.isDisjoint(with: expectation.takers) {
      return .wrongTaker
    }
    if result.isReplied == false { return .unanswered }
    if !expectation.sources.isEmpty, let seen = result.seen?.source,
      !expectation.sources.contains(seen)
    {
      return .wrongSource
    }
    return nil
  }
}

/// What one origin's packets show, apart from the sets of the worker that found it.
private struct OriginAnswer: Sendable {
  let origin: ReachOrigin
  let unknowns: Set<String>
  let places: Set<ReachPlace>
  let hops: Int
  private let leaks: [ConfirmedLeak]
  private let sets: PacketSetImage

  init(_ audit: OriginAudit, _ confirmation: LeakConfirmation) {
    origin = audit.origin
    unknowns = Set(audit.unknowns.map(\.reason))
    places = Set(audit.result.arrivals.keys)
    hops = audit.result.hops
    leaks = audit.leaks.map(confirmation.confirm)
    sets = PacketSetImage(
      of: audit.leaks.flatMap { [$0.sent, $0.received] }, in: confirmation.space)
  }

  func leaks(in space: PacketSpace) -> [ConfirmedLeak] {
    let sets = sets.sets(in: space)
    return leaks.enumerated().map { index, leak in
      ConfirmedLeak(
        leak: leak.leak.with(sent: sets[2 * index], received: sets[2 * index + 1]),
        packet: leak.packet, verdict: leak.verdict, evidence: leak.evidence)
    }
  }
}
