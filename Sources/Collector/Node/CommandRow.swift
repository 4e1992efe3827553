// A row of `commands.tsv`: file, exit code, command line, first line of standard error, and when it
// began on the node's clock; tab-separated. Feeds Formats' CommandIndexFormat.

struct CommandRow: Hashable, Sendable {
  /// Relative to the node's folder.
  let path: String
  let exitCode: Int32
  /// Escaped by SafeName.
  let commandLine: String
  let standardError: String
  var startedAt: String?

  init(
    path: String, exitCode: Int32, commandLine: String, standardError: String,
    startedAt: String? = nil
  ) {
    self.path = path
    self.exitCode = exitCode
    self.commandLine = commandLine
    self.standardError = standardError
    self.startedAt = startedAt
  }

  var line: String {
    let fields = [path, "\(exitCode)", commandLine, standardError] + (startedAt.map { [$0] } ?? [])
    return fields.joined(separator: "\t") + "\n"
  }
}
