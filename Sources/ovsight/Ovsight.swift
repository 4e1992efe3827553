// The command line: each subcommand turns arguments into values, calls one function, renders.
import ArgumentParser
@preconcurrency import Glibc

@main
struct Ovsight: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "ovsight", abstract: "Trace packets through an OpenStack cloud and audit it.",
    discussion: """
      Exit codes: 0 clean, 1 findings or unreachable, 2 could not tell or bad usage.
      """,
    version: version,
    subcommands: [
      CollectCommand.self,
      ImportCommand.self,
      ShowCommand.self, DiffCommand.self,
      TraceCommand.self, OfprotoTraceCommand.self,
      ReachCommand.self,
      AuditCommand.self,
      ReportCommand.self,
      WhyCommand.self,
      ReplayCommand.self, ServeReplayCommand.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      leave(0)
    } catch {
      end(with: error)
    }
  }

  /// Ends the program; output that could not be written is not passed over in silence.
  private static func leave(_ code: Int32) -> Never {
    // Either now, or when the C library gave up on a line that was printed before.
    if fflush(stdout) != 0 || ferror(stdout) != 0 {
      printError("ovsight: standard output: cannot be written: \(String(cString: strerror(errno)))")
      Glibc.exit(2)
    }
    Glibc.exit(code)
  }

  /// Errors become one line on standard error and exit code 2; help and version go to standard
  /// output; an `ExitCode` is passed on as it is.
  private static func end(with error: any Error) -> Never {
    if let code = error as? ExitCode { leave(code.rawValue) }
    if exitCode(for: error) == .success {
      print(fullMessage(for: error))
      leave(0)
    }
    if isUsage(error) {
      // ArgumentParser's own exit code would be 64; scripts rely on 2.
      printError(prefixed(fullMessage(for: error)))
    } else {
      printError("ovsight: \(error)")
    }
    Glibc.exit(2)
  }

  private static func isUsage(_ error: any Error) -> Bool {
    exitCode(for: error) == .validationFailure
  }

  private static func prefixed(_ message: String) -> String {
    let bare = message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
    return "ovsight: \(bare)"
  }
}

/// Writes a line to standard error, fit for a terminal.
func printError(_ message: String) {
  let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
    .map { terminalSafe(String($0)) }
  let text = lines.joined(separator: "\n") + "\n"
  // A closed standard error leaves nobody to tell.
  _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
}

/// `text` with control characters shown as `\xNN`: names are chosen by tenants, and a terminal
/// obeys escape sequences.
func terminalSafe(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    if isUnsafe(scalar) {
      let digits = String(scalar.value, radix: 16)
      result +=
        scalar.value > 0xff ? "\\u{\(digits)}" : "\\x\(digits.count < 2 ? "0" : "")\(digits)"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// C0, C1, and the marks that turn the direction of text around.
private func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069: true
  default: false
  }
}
