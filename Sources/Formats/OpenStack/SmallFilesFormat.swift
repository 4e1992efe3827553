// Files of one word (pid, interface, HA state) and of `key,value` lines (the L3 agent's allocations).
import Facts

public enum FileWordFormat {
  /// One word; an empty file gives no record.
  public static func parse(_ text: CaptureText) -> Parsed<FileWord> {
    var log = ParseLog(text)
    let whole = 0..<text.bytes.count
    let content = text.string(whole).trimmed
    if content.isEmpty {
      log.structure(whole)
      return log.parsed([])
    }
    guard !content.contains(where: \.isWhitespace) else {
      log.isIncomplete = true
      log.reject("file-word/bad-content", line: 1, whole, "wanted one word")
      return log.parsed([])
    }
    log.fact(whole)
    return log.parsed([FileWord(value: content, evidence: log.evidence(line: 1, whole))])
  }

  /// One number: a process id.
  public static func processID(_ text: CaptureText) -> Parsed<FileWord> {
    let parsed = parse(text)
    guard let word = parsed.records.first, UInt32(word.value) == nil else { return parsed }
    var log = ParseLog(text)
    log.isIncomplete = true
    log.reject("file-word/bad-pid", line: 1, 0..<text.bytes.count, "wanted a process id")
    return log.parsed([])
  }
}

public enum AllocationFormat {
  /// `fip-priorities` and `fip-linklocal-networks`: `key,value` lines.
  public static func parse(_ text: CaptureText) -> Parsed<AllocatedValue> {
    parseLines(text, "allocation/bad-line", "'key,value'") { line, _ in
      let parts = line.text.split(separator: ",", maxSplits: 1).map(\.trimmed)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
      return AllocatedValue(key: parts[0], value: parts[1], evidence: line.evidence)
    }
  }
}
