// Progress of `ovsight collect`: one line that is drawn over on a terminal, nothing in a pipe.
import Collector
import Synchronization

final class CollectProgress: Sendable {
  private struct State {
    var running: [String: String] = [:]
    var done = 0
    var bytes = 0
  }
  private let state = Mutex(State())
  private let total: Int
  private let line = TerminalLine()

  init(total: Int) { self.total = total }

  func show(_ progress: NodeProgress) {
    state.withLock { state in
      switch progress.step {
      case .reading(let files, let bytes):
        state.running[progress.node] = "\(files) files, \(bytes >> 10) kB"
      case .reread: state.running[progress.node] = "changed, read again"
      case .done(let outcome):
        state.running[progress.node] = nil
        state.done += 1
        state.bytes += outcome.byteCount
      }
      draw(state)
    }
  }

  /// Leaves the terminal's line empty.
  func finish() { line.finish() }

  private func draw(_ state: State) {
    let running = state.running.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value)" }.joined(separator: "; ")
    line.show("\(state.done) of \(total) nodes, \(state.bytes >> 10) kB; \(running)")
  }
}
