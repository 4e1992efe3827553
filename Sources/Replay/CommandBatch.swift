// Files of commands that go on after a failure: which line failed, and what was said of it.
import Foundation
import Namespaces

enum CommandBatch {
  struct Failure: Hashable, Sendable {
    let line: String
    let message: String
  }

  /// Failures in the error output of `ip -force -batch -` and `bridge -force -batch -`.
  static func failures(in errors: String, of lines: [String]) -> [Failure] {
    var failures: [Failure] = []
    var message: [String] = []
    for text in errors.split(separator: "\n").map(String.init) {
      guard text.hasPrefix("Command failed -:"), let number = Int(text.dropFirst(17)) else {
        message.append(text)
        continue
      }
      let line = lines.indices.contains(number - 1) ? lines[number - 1] : "line \(number)"
      failures.append(Failure(line: line, message: message.joined(separator: "; ")))
      message = []
    }
    return failures
  }

  /// The number of the line that a restoring tool stumbled over; nil where it does not say.
  static func failedLine(in errors: String) -> Int? {
    for pattern in ["line: ", "line ", "-:"] {
      var rest = errors[...]
      while let range = rest.range(of: pattern) {
        let digits = rest[range.upperBound...].prefix { $0.isNumber }
        if let number = Int(digits), number > 0 { return number }
        rest = rest[range.upperBound...]
      }
    }
    return nil
  }
}
