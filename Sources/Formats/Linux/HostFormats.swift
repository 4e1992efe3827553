// `hostname`, `uname -a`, `date -u +%FT%TZ`, `uptime` and /etc/hosts: one small record a line.
import Facts
import NetworkTypes

public enum HostNameFormat {
  public static func parse(_ text: CaptureText) -> Parsed<HostName> {
    parseLineRecords(text, format: "hostname") { line, log in
      if text.isBlank(line) { return .structure }
      return .record(
        HostName(
          name: text.string(line.content), evidence: log.evidence(line: line.number, line.content)))
    }
  }
}

public enum KernelFormat {
  public static func parse(_ text: CaptureText) -> Parsed<KernelIdentity> {
    parseLineRecords(text, format: "uname") { line, log in
      if text.isBlank(line) { return .structure }
      let words = text.string(line.content).split(separator: " ").map(String.init)
      guard words.count >= 4 else { return .bad("system, host name, release, version") }
      let (version, machine) = versionAndMachine(words[3...])
      return .record(
        KernelIdentity(
          system: words[0], hostName: words[1], release: words[2], version: version,
          machine: machine, evidence: log.evidence(line: line.number, line.content)))
    }
  }

  /// Some distributions repeat the machine for processor and platform: `x86_64 x86_64 x86_64`.
  private static func versionAndMachine(
    _ words: ArraySlice<String>
  ) -> (version: String, machine: String) {
    var words = words
    if words.last == "GNU/Linux" { words.removeLast() }
    guard words.count > 1, let machine = words.popLast() else {
      return (words.joined(separator: " "), "")
    }
    while words.last == machine { words.removeLast() }
    return (words.joined(separator: " "), machine)
  }
}

public enum CaptureTimeFormat {
  public static func parse(_ text: CaptureText) -> Parsed<CaptureTime> {
    parseLineRecords(text, format: "date") { line, log in
      if text.isBlank(line) { return .structure }
      let utc = text.string(line.content)
      guard hasShape(utc) else { return .bad("a time like 2024-02-29T12:34:56Z") }
      return .record(
        CaptureTime(utc: utc, evidence: log.evidence(line: line.number, line.content)))
    }
  }

  private static func hasShape(_ utc: String) -> Bool {
    let shape = "0000-00-00T00:00:00Z".utf8
    return utc.utf8.count == shape.count
      && zip(utc.utf8, shape).allSatisfy { byte, wanted in
        wanted == UInt8(ascii: "0") ? (0x30...0x39).contains(byte) : byte == wanted
      }
  }
}

public enum UptimeFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Uptime> {
    parseLineRecords(text, format: "uptime") { line, log in
      if text.isBlank(line) { return .structure }
      guard let elapsed = elapsedSeconds(text.string(line.content)) else {
        return .bad("a time behind 'up'")
      }
      return .record(
        Uptime(
          elapsedSeconds: elapsed, loadAverages: loadAverages(text.string(line.content)),
          evidence: log.evidence(line: line.number, line.content)))
    }
  }

  /// `up 10 days,  3:07,  2 users`: days, then hours and minutes or one of the two.
  private static func elapsedSeconds(_ content: String) -> Int? {
    var words = content.split { $0 == " " || $0 == "," }[...]
    guard let up = words.firstIndex(of: "up") else { return nil }
    words = words[(up + 1)...]
    var minutes = 0
    var isKnown = false
    while let word = words.popFirst(), let amount = amount(word, &words) {
      let (sum, overflow) = minutes.addingReportingOverflow(amount)
      if overflow { return nil }
      minutes = sum
      isKnown = true
    }
    let (seconds, overflow) = minutes.multipliedReportingOverflow(by: 60)
    return isKnown && !overflow ? seconds : nil
  }

  /// Minutes that a word and its unit stand for; nil where the words speak of something else.
  private static func amount(_ word: Substring, _ words: inout ArraySlice<Substring>) -> Int? {
    let clock = word.split(separator: ":").map { Int($0) }
    if clock.count == 2, let hours = clock[0], let minutes = clock[1] {
      return (0..<1 << 40).contains(hours) ? hours * 60 + minutes % 60 : nil
    }
    guard let number = Int(word), (0..<1 << 40).contains(number) else { return nil }
    switch words.popFirst() {
    case "day", "days": return number * 24 * 60
    case "min", "mins": return number
    case "hour", "hours": return number * 60
    case "sec", "secs": return number / 60
    default: return nil
    }
  }

  private static func loadAverages(_ content: String) -> [Double] {
    let words = content.split { $0 == " " || $0 == "," }
    guard let label = words.firstIndex(where: { $0.hasPrefix("average") }) else { return [] }
    return words[(label + 1)...].compactMap { Double($0) }
  }
}

public enum HostsFormat {
  public static func parse(_ text: CaptureText) -> Parsed<StaticHost> {
    parseLineRecords(text, format: "hosts", endsWithLineFeed: false) { line, log in
      let content = text.string(line.content).prefix { $0 != "#" }
      let words = content.split { $0 == " " || $0 == "\t" }.map(String.init)
      guard let first = words.first else { return .structure }
      // A zone (`fe80::1%lo0`) belongs to the address of a link, which names do not need.
      let unzoned = first.prefix { $0 != "%" }
      guard let address = IPAddress(unzoned), words.count > 1 else {
        return .bad("an address and its names")
      }
      return .record(
        StaticHost(
          address: address, names: Array(words.dropFirst()),
          evidence: log.evidence(line: line.number, line.content)))
    }
  }
}
