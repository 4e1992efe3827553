// Progress of `ovsight collect`: one line that is drawn over on a terminal, nothing in a pipe.
import Collector
import Facts
import Glibc
import Synchronization

final class CollectProgress: Sendable {
  private struct State {
    var running: [String: String] = [:]
    var done = 0
    var bytes = 0
    var isShown = false
  }
  private let state = Mutex(State())
  private let total: Int
  private let isTerminal = isatty(STDERR_FILENO) == 1

  init(total: Int) { self.total = total }

  func show(_ progress: NodeProgress) {
    guard isTerminal else { return }
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
      draw(&state)
    }
  }

  /// Leaves the terminal's line empty.
  func finish() {
    state.withLock { state in
      if state.isShown { write("\r\u{1b}[K") }
    }
  }

  private func draw(_ state: inout State) {
    let running = state.running.sorted { $0.key < $1.key }
      .map { "\(TerminalText.escaped($0.key)) \($0.value)" }.joined(separator: "; ")
    let line = "\(state.done) of \(total) nodes, \(state.bytes >> 10) kB; \(running)"
    write("\r\u{1b}[K" + line.prefix(width - 1))
    state.isShown = true
  }

  private var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }

  private func write(_ text: String) {
    _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  }
}
