// Times as captures write them: UTC, to the hundredth of a second that /proc/uptime has.
import Glibc

enum Clock {
  /// `2024-02-29T23:59:59.25Z`; nil outside of the years that a calendar has.
  static func utc(_ epochSeconds: Double) -> String? {
    guard epochSeconds.isFinite, abs(epochSeconds) < 1e11 else { return nil }
    let hundredths = Int((epochSeconds * 100).rounded())
    var seconds = time_t(hundredths / 100)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return nil }
    func padded(_ number: Int32, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let date = [
      padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2),
    ]
    let time = [padded(parts.tm_hour, 2), padded(parts.tm_min, 2), padded(parts.tm_sec, 2)]
    let rest = padded(Int32(hundredths % 100), 2)
    return date.joined(separator: "-") + "T" + time.joined(separator: ":") + ".\(rest)Z"
  }
}
