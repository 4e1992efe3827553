// The command line as people use it: help, manual, completions, pipes, locales, terminals.
import Foundation
import Testing

@Suite struct UsageTests {
  static let names = [
    "collect", "import", "show", "diff", "trace", "ofproto-trace", "reach", "audit", "report",
    "why",
    "replay",
  ]

  @Test(arguments: names) func helpHasAnExample(_ name: String) throws {
    let run = try Program.run([name, "--help"])
    #expect(run.status == 0)
    #expect(run.error == "")
    #expect(
      run.output.contains("\n  ovsight \(name) ") || run.output.contains("sudo ovsight \(name)"))
    #expect(try Program.run(["help", name]).output == run.output)
  }

  @Test func theManualPageIsWellFormedAndHasEverything() throws {
    let page = try Program.run(["manual"])
    #expect(page.status == 0)
    for name in Self.names { #expect(page.output.contains("\n.SS ovsight \(name.roff)\n")) }
    #expect(page.output.contains("\\fB\\-\\-format\\fR"))
    let scratch = try ScratchFolder()
    try scratch.write(page.output, "ovsight.1")
    let groff = Process()
    groff.executableURL = URL(filePath: "/usr/bin/groff")
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/groff") else { return }
    groff.arguments = ["-man", "-Tutf8", "-ww", "-z", scratch.file("ovsight.1")]
    let checked = try Program.finish(groff)
    #expect(checked.status == 0)
    #expect(checked.error == "")
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreScripts(_ shell: String) throws {
    let run = try Program.run(["--generate-completion-script", shell])
    #expect(run.status == 0)
    for name in Self.names { #expect(run.output.contains(name)) }
    let scratch = try ScratchFolder()
    try scratch.write(run.output, "script")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [shell, "-n", scratch.file("script")]
    let checked = try Program.finish(process)
    // 127: that shell is not installed.
    #expect(checked.status == 0 || checked.status == 127, "\(checked.error)")
  }

  /// Through bash itself, which expands what it completes: nothing of a name may run.
  @Test func namesAreCompleted() throws {
    let scratch = try ScratchFolder()
    let cloud = scratch.file("cloud")
    try FileManager.default.copyItem(atPath: Program.fixture, toPath: cloud)
    let ports = cloud + "/neutron/ports.json"
    let text = try String(contentsOfFile: ports, encoding: .utf8)
    let evil = text.replacing("\"port-a1\"", with: "\"port-a1$(touch PWNED)`touch PWNED`\"")
    #expect(evil != text)
    try evil.write(toFile: ports, atomically: false, encoding: .utf8)
    #expect(try Program.run(["import", cloud, "-o", scratch.file("a.db")]).status == 0)
    try scratch.write(
      try Program.run(["--generate-completion-script", "bash"]).output, "completion")
    try scratch.write(
      """
      . ./completion
      COMP_WORDS=(ovsight trace a.db --from "$1"); COMP_CWORD=4
      COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
      _ovsight ovsight "$1" --from
      printf '%s\\n' "${COMPREPLY[@]}"
      """, "try")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["try", "port-"]
    process.currentDirectoryURL = URL(filePath: scratch.path)
    var environment = ProcessInfo.processInfo.environment
    let folder = try Program.executable.deletingLastPathComponent().path()
    environment["PATH"] = "\(folder):\(environment["PATH"] ?? "")"
    process.environment = environment
    let run = try Program.finish(process)
    let names = run.output.split(separator: "\n").map(String.init)
    #expect(names.contains("port-a2"), "\(run.error)")
    #expect(!names.contains { $0.contains("PWNED") })
    #expect(!FileManager.default.fileExists(atPath: scratch.file("PWNED")))
  }

  @Test func aPipeThatIsClosedEarlyIsNoError() throws {
    let scratch = try ScratchFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "\"$0\" collect --print-script | head -n 1", try Program.executable.path(),
    ]
    let run = try Program.finish(process)
    #expect(run.status == 0)
    #expect(run.error == "")
    #expect(run.output.split(separator: "\n").count == 1)
    // Where the caller ignores SIGPIPE (systemd does), there is nobody to tell either.
    let ignoring = Process()
    ignoring.executableURL = URL(filePath: "/bin/sh")
    ignoring.arguments = [
      "-c", "trap '' PIPE; { \"$0\" collect --print-script; echo $? > \"$1\"; } | head -n 1",
      try Program.executable.path(), scratch.file("code"),
    ]
    let second = try Program.finish(ignoring)
    #expect(second.error == "")
    // All of it may be in the pipe before its reader has left.
    #expect(
      ["0\n", "141\n"].contains(String(decoding: scratch.data("code") ?? Data(), as: UTF8.self)))
  }

  @Test func localesZonesAndColoursChangeNothing() throws {
    let scratch = try ScratchFolder()
    let database = scratch.file("a.db")
    #expect(try Program.run(["import", Program.fixture, "-o", database]).status == 0)
    let settings: [[String: String]] = [
      [:], ["LC_ALL": "C"], ["LC_ALL": "C.UTF-8"], ["LC_ALL": "tr_TR.UTF-8"], ["LC_ALL": "none"],
      ["TZ": "Pacific/Kiritimati"], ["TZ": "America/Los_Angeles"], ["TZ": "nonsense"],
      ["NO_COLOR": "1"], ["TERM": "dumb"], ["COLUMNS": "20"], ["COLUMNS": "400"],
    ]
    for words in [["show", database, "nodes"], ["audit", database, "--no-isolation"]] {
      let outputs = try settings.map { setting in
        let process = try Program.process(words)
        process.environment = ProcessInfo.processInfo.environment.merging(setting) { $1 }
        return try Program.finish(process).output
      }
      #expect(Set(outputs).count == 1, "\(words)")
      #expect(!(outputs.first ?? "").contains("\u{1b}"))
    }
  }

  /// On a terminal tables are as wide as it is.
  @Test func narrowTerminalsWrap() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/script") else { return }
    let scratch = try ScratchFolder()
    let database = scratch.file("a.db")
    #expect(try Program.run(["import", Program.fixture, "-o", database]).status == 0)
    for columns in [60, 300] {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/script")
      process.arguments = [
        "-qec",
        "stty cols \(columns); '\(try Program.executable.path())' show '\(database)' networks",
        "/dev/null",
      ]
      process.standardInput = FileHandle.nullDevice
      let lines = try Program.finish(process).output.split { $0.isNewline }
      #expect(lines.count > 3)
      #expect(lines.allSatisfy { $0.count <= columns }, "\(columns)")
      #expect(lines.allSatisfy { !$0.contains("\u{1b}") })
    }
  }

  @Test func aMinusIsStandardInput() throws {
    let scratch = try ScratchFolder()
    let database = scratch.file("a.db")
    #expect(try Program.run(["import", Program.fixture, "-o", database]).status == 0)
    try scratch.write(
      #"{"id":"1","from":{"external":"203.0.113.1"},"to":"8.8.8.8","proto":"icmp"}"# + "\n", "p")
    for words in [["trace", database, "--batch"], ["why", database, "--batch"]] {
      let process = try Program.process(words + ["-"])
      process.standardInput = try FileHandle(forReadingFrom: URL(filePath: scratch.file("p")))
      let piped = try Program.finish(process)
      #expect(piped.output == (try Program.run(words + [scratch.file("p")])).output)
      #expect(piped.output.contains(#""id":"1""#))
    }
  }
}

extension String {
  fileprivate var roff: String { replacing("-", with: "\\-") }
}
