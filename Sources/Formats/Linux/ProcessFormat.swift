// `ps -eww -o pid,ppid,user,etimes,args`, and `ps alxwww` of sosreports → `Process`.
import Facts
import NetworkTypes

/// Reads the processes of a node; the heading is optional, and says which columns there are.
public enum ProcessFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Facts.Process> {
    var columns = Columns.own
    return parseLineRecords(text, format: "ps") { line, log in
      if text.isBlank(line) { return .structure }
      if let heading = Columns(heading: text.string(line.content)) {
        columns = heading
        return .structure
      }
      guard let process = columns.read(text, line, &log) else { return .bad(columns.wanted) }
      return .record(process)
    }
  }

  /// Where each column stands; the arguments are the rest of the line.
  private struct Columns {
    let pid: Int
    let parent: Int
    let user: Int
    /// Nil where it is not told.
    let elapsed: Int?
    let arguments: Int

    static let own = Columns(pid: 0, parent: 1, user: 2, elapsed: 3, arguments: 4)
    var wanted: String {
      arguments == 4 ? "pid, parent, user, seconds, arguments" : "\(arguments) columns, arguments"
    }

    private init(pid: Int, parent: Int, user: Int, elapsed: Int?, arguments: Int) {
      self.pid = pid
      self.parent = parent
      self.user = user
      self.elapsed = elapsed
      self.arguments = arguments
    }

    /// Nil for a line that is no heading.
    init?(heading: String) {
      let words = heading.split(separator: " ").map(String.init)
      guard let pid = words.firstIndex(of: "PID"), let parent = words.firstIndex(of: "PPID"),
        let user = words.firstIndex(where: { $0 == "USER" || $0 == "UID" }),
        let last = words.last, ["COMMAND", "CMD", "ARGS"].contains(last)
      else { return nil }
      self.init(
        pid: pid, parent: parent, user: user, elapsed: words.firstIndex(of: "ELAPSED"),
        arguments: words.count - 1)
    }

    func read(_ text: CaptureText, _ line: Line, _ log: inout ParseLog) -> Facts.Process? {
      var cursor = ByteCursor(text.bytes, line.content)
      let words = (0..<arguments).map { _ in cursor.wordText() }
      guard let pid = Int(words[pid]), let parent = Int(words[parent]), !words[user].isEmpty
      else { return nil }
      let seconds = elapsed.flatMap { Int(words[$0]) }
      guard (seconds == nil) == (elapsed == nil) else { return nil }
      cursor.skipSpaces()
      return Facts.Process(
        pid: pid, parent: parent, user: words[user], elapsedSeconds: seconds,
        arguments: cursor.rest, evidence: log.evidence(line: line.number, line.content))
    }
  }
}
