// What an audit is at, for the terminal: a large cloud takes minutes.
import Audit
import Isolation
import Synchronization

/// A line of progress of one audit; of each phase, how much is done and how long it will take.
final class AuditProgress: Sendable {
  private let line = TerminalLine()
  private struct Current {
    var phase = ""
    var remaining = RemainingTime()
  }
  private let current = Mutex(Current())

  func begin(_ phase: String) { line.show(phase) }

  func show(_ phase: String, _ done: Int, of total: Int) {
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
  func rule(_ done: Int, _ total: Int, _ id: String) {
    line.show("rule \(id), \(done) of \(total)")
  }

  func finish() { line.finish() }
}
