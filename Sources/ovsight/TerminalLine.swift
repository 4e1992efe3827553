// One line of progress on standard error that is drawn over; nothing where that is no terminal.
import Facts
import Glibc
import Synchronization

final class TerminalLine: Sendable {
  private let isShown = Mutex(false)
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// `text` in place of what is shown.
  func show(_ text: String) {
    guard isTerminal else { return }
    isShown.withLock { isShown in
      write("\r\u{1b}[K" + TerminalText.escaped(text).prefix(width - 1))
      isShown = true
    }
  }

  /// Leaves the terminal's line empty.
  func finish() {
    isShown.withLock { isShown in
      if isShown { write("\r\u{1b}[K") }
      isShown = false
    }
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
