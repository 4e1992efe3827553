// The command line: each subcommand turns arguments into values, calls one function, renders.
import ArgumentParser
import Facts
@preconcurrency import Glibc
import Interruption
import LogicalModel
import Snapshot
import Workers

@main
struct Ovsight: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "ovsight", abstract: "Trace packets through an OpenStack cloud and audit it.",
    discussion: """
      Everything starts from a snapshot, one file, made of what was read on the nodes:

        ovsight collect --inventory hosts.ini --os-cloud admin --become --output cloud.db
        ovsight trace cloud.db --from web1 --to 8.8.8.8 --proto tcp --dport 443
        ovsight audit cloud.db

      Exit codes: 0 clean, 1 findings or unreachable, 2 could not tell or bad usage.
      """,
    version: "\(version), snapshot schema \(SnapshotSchema.version)",
    subcommands: [
      CollectCommand.self,
      ImportCommand.self,
      ShowCommand.self, DiffCommand.self,
      TraceCommand.self, OfprotoTraceCommand.self,
      ReachCommand.self,
      AuditCommand.self,
      ReportCommand.self,
      WhyCommand.self,
      ReplayCommand.self, ServeReplayCommand.self, ManualCommand.self,
    ])

  /// From here on files and folders are the user's alone: they hold a cloud's inside.
  static let callersMask = umask(0o077)

  static func main() async {
    _ = callersMask
    // Whoever reads us may stop: that is no error, also where the caller ignores the signal.
    signal(SIGPIPE, SIG_DFL)
    FatalSignals.watch()
    Interruption.watch()
    do {
      try CommandName.check(Array(CommandLine.arguments.dropFirst()))
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try checkThreads()
        try await asynchronous.run()
      } else {
        try command.run()
      }
      leave(0)
    } catch {
      end(with: error)
    }
  }

  /// What waits for nodes waits on Dispatch, which tries for ever to make a thread.
  private static func checkThreads() throws {
    guard Workers.canBeMade(threads) else {
      throw CommandError(
        "\(threads) threads cannot be made: wanted more memory (ulimit -v) or processes (ulimit -u)"
      )
    }
  }

  /// Twice as many as were seen at once when this machine was read.
  private static let threads = 16

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
    .map { TerminalText.escaped(String($0)) }
  let text = lines.joined(separator: "\n") + "\n"
  // A closed standard error leaves nobody to tell.
  _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
}
