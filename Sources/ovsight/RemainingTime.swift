// How long something will still take, for a line of progress: what is left at the pace so far.

struct RemainingTime {
  private let start: ContinuousClock.Instant
  /// Sooner nobody waits, and the pace is not known.
  private static let patience = Duration.seconds(1)

  init(from start: ContinuousClock.Instant = .now) { self.start = start }

  /// `, about 40 s left`; empty within the first second and where nothing is left.
  func text(_ done: Int, of total: Int, at now: ContinuousClock.Instant = .now) -> String {
    let passed = start.duration(to: now)
    guard passed >= Self.patience, done > 0, done < total else { return "" }
    let seconds = (passed * (total - done) / done).components.seconds
    return ", about \(Self.rounded(seconds)) left"
  }

  private static func rounded(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: "\(seconds + 1) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    default: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
  }
}
