// What an audit is at, for the terminal: a large cloud takes minutes.
import Audit
import Isolation
import Synchronization

/// A line of progress of one audit; of each phase, how much is done and how long it will take.
final class AuditProgress: Sendable {
  private let line = TerminalLine()
  private let times = Mutex(PhaseTimes())
  private struct Current {
    var phase = ""
    var remaining = RemainingTime()
  }
  private let current = Mutex(Current())

  func begin(_ phase: String) {
    times.withLock { $0.begin(phase) }
    line.show(phase)
  }

  func show(_ phase: String, _ done: Int, of total: Int) {
    times.withLock { $0.begin(phase) }
    let remaining = current.withLock { current in
      if current.phase != phase { current = Current(phase: phase) }
      return current.remaining.text(done, of: total)
    }
    line.show("\(phase): \(done) of \(total)\(remaining)")
  }

  /// For whoever follows packets.
  var isolation: IsolationCheck.Progress {
    { [self] phase, done, total in show(phase.rawValue, done, of: total) }
  }

  /// For whoever asks rules; a slow one is named.
  func rule(_ done: Int, _ total: Int, _ what: String) {
    times.withLock { $0.begin("asking rules") }
    line.show("\(what), \(done) of \(total)")
  }

  func finish() {
    times.withLock { $0.end() }
    line.finish()
  }

  /// Says on standard error what took how long, the longest first, without what took less than ten
  /// milliseconds. Rules are asked side by side, so that theirs add up to more than they took.
  func tellTimes(of results: [RuleResult] = []) {
    let phases = times.withLock { $0.seconds.map { (what: $0.key, seconds: $0.value) } }
    let rules = results.map { (what: "rule \($0.rule.id)", seconds: $0.seconds) }
    let rows = (phases + rules).map { (what: $0.what, milliseconds: Int($0.seconds * 1000)) }
      .filter { $0.milliseconds >= 10 }
      .sorted { ($1.milliseconds, $0.what) < ($0.milliseconds, $1.what) }
    for row in rows { printError("\(row.milliseconds) ms  \(row.what)") }
  }
}

/// How long each phase took, one after another.
private struct PhaseTimes {
  private(set) var seconds: [String: Double] = [:]
  private var current: (phase: String, start: ContinuousClock.Instant)?

  mutating func begin(_ phase: String) {
    if current?.phase == phase { return }
    end()
    current = (phase, .now)
  }

  mutating func end() {
    guard let current else { return }
    seconds[current.phase, default: 0] += (ContinuousClock.now - current.start) / .seconds(1)
    self.current = nil
  }
}
