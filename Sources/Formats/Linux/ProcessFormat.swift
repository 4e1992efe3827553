// `ps -eww -o pid,ppid,user,etimes,args` → `Process`.
import Facts
import NetworkTypes

/// Reads the processes of a node; the heading is optional.
public enum ProcessFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Facts.Process> {
    parseLineRecords(text, format: "ps") { line, log in
      if text.isBlank(line) { return .structure }
      var cursor = ByteCursor(text.bytes, line.content)
      let first = cursor.wordText()
      if first == "PID" { return .structure }
      guard let pid = Int(first), let parent = Int(cursor.wordText()) else {
        return .bad("pid, parent, user, seconds, arguments")
      }
      let user = cursor.wordText()
      guard let elapsed = Int(cursor.wordText()) else { return .bad("elapsed seconds") }
      cursor.skipSpaces()
      return .record(
        Facts.Process(
          pid: pid, parent: parent, user: user, elapsedSeconds: elapsed, arguments: cursor.rest,
          evidence: log.evidence(line: line.number, line.content)))
    }
  }
}
