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
    times.withLock { $0.begin(what) }
    line.show("\(what), \(done) of \(total)")
  }

  func finish() {
    times.withLock { $0.end() }
    line.finish()
  }

  /// Says on standard error what took how long, the longest first, without what took less than ten
  /// milliseconds.
  func tellTimes() {
    let rows = times.withLock { times in
      times.seconds.map { (phase: $0.key, milliseconds: Int($0.value * 1000)) }
        .filter { $0.milliseconds >= 10 }
        .sorted { ($1.milliseconds, $0.phase) < ($0.milliseconds, $1.phase) }
    }
    for row in rows { printError("\(row.milliseconds) ms  \(row.phase)") }
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
