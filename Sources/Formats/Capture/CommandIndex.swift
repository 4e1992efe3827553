// `commands.tsv`: which command wrote which file, how it ended, what it said on standard error.
import Facts

/// A row of `commands.tsv`: file, exit code, command line, first line of standard error, and, where
/// the collector noted it, when the command began.
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
    let (said, startedAt) = rest(fields.count > 3 ? fields[3] : "")
    let command = CapturedCommand(
      commandLine: String(fields[2]), exitCode: exitCode, standardError: said,
      startedAt: startedAt)
    return CommandRecord(path: String(fields[0]), command: command, evidence: evidence)
  }

  /// The time is behind the last tab; what a command said may hold tabs itself.
  private static func rest(_ text: Substring) -> (said: String, startedAt: String?) {
    guard let tab = text.lastIndex(of: "\t") else { return (String(text), nil) }
    let time = text[text.index(after: tab)...]
    guard isTime(time) else { return (String(text), nil) }
    return (String(text[..<tab]), String(time))
  }

  /// `2024-02-29T23:59:59Z`, with a fraction or without.
  private static func isTime(_ text: Substring) -> Bool {
    let bytes = Array(text.utf8)
    guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z"), bytes[10] == 0x54 else {
      return false
    }
    return bytes.enumerated().allSatisfy { index, byte in
      index == 10 || index == bytes.count - 1 || (0x30...0x39).contains(byte)
        || [0x2d, 0x3a, 0x2e].contains(byte)
    }
  }
}
