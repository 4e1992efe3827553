// `commands.tsv`: which command wrote which file, how it ended, what it said on standard error.
import Facts

/// A row of `commands.tsv`: file, exit code, command line, first line of standard error.
public struct CommandRecord: Hashable, Sendable {
  /// Relative to the node's folder.
  public var path: String
  public var command: CapturedCommand
  public var evidence: Evidence
  public init(path: String, command: CapturedCommand, evidence: Evidence) {
    self.path = path
    self.command = command
    self.evidence = evidence
  }
}

public enum CommandIndexFormat {
  public static func parse(_ text: CaptureText) -> Parsed<CommandRecord> {
    parseLineRecords(text, format: "commands") { line, log in
      if line.content.isEmpty { return .structure }
      let evidence = log.evidence(line: line.number, line.content)
      return record(text, line, evidence).map { .record($0) }
        ?? .bad("file, exit code, command line and standard error, with tabs between")
    }
  }

  private static func record(
    _ text: CaptureText, _ line: Line, _ evidence: Evidence
  ) -> CommandRecord? {
    let fields = text.string(line.content).split(
      separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
    guard fields.count >= 3, !fields[0].isEmpty, let exitCode = Int32(fields[1]) else {
      return nil
    }
    let command = CapturedCommand(
      commandLine: String(fields[2]), exitCode: exitCode,
      standardError: fields.count > 3 ? String(fields[3]) : "")
    return CommandRecord(path: String(fields[0]), command: command, evidence: evidence)
  }
}
