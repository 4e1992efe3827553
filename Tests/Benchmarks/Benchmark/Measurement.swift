// Repeated measurements as a median and a spread, and rows of the table that people read.
import Glibc
import ProcessorTime

/// Times of one thing, run several times.
struct Times {
  let sorted: [Double]
  init(_ seconds: [Double]) { sorted = seconds.sorted() }

  var median: Double { sorted.isEmpty ? .nan : sorted[sorted.count / 2] }
  /// From the fastest to the slowest.
  var spread: Double { (sorted.last ?? .nan) - (sorted.first ?? .nan) }

  /// Of `count` runs of `body`, in processor time of this thread: what else the machine does is left out,
  /// as it is of a peer's process time.
  static func of(_ count: Int, _ body: () throws -> Void) rethrows -> Times {
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = threadSeconds()
      try body()
      seconds.append(threadSeconds() - start)
    }
    return Times(seconds)
  }
}

/// One line of the table.
struct Result {
  var what: String
  var amount: String
  var ours: String
  var peer: String = ""
  /// How many times faster than the peer; nil without one.
  var ratio: Double?
  var wanted: String = ""

  var cells: [String] {
    [what, amount, ours, peer, ratio.map { "\(rounded($0, 1))×" } ?? "", wanted]
  }
}

/// With that many digits behind the point.
func rounded(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "?" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let whole = Int((value * scale).rounded())
  if digits == 0 { return "\(whole)" }
  let rest = "\(abs(whole) % Int(scale))"
  return "\(whole < 0 ? "-" : "")\(abs(whole) / Int(scale))."
    + String(repeating: "0", count: digits - rest.count) + rest
}

/// `1.24 s ± 0.05`.
func described(_ times: Times) -> String {
  "\(rounded(times.median, 2)) s ± \(rounded(times.spread / 2, 2))"
}
