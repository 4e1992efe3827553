// The built program, run as scripts run it: exit codes, and error texts word for word.
import Foundation
import Testing

/// A finished run of the program.
struct Run {
  let status: Int32
  let output: String
  let error: String
}

enum Program {
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let fixture = package.appending(path: "Tests/Fixtures/healthy-cloud").path()

  /// Beside the test bundle, where the build puts it.
  static var executable: URL {
    get throws {
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let beside = URL(filePath: tests).deletingLastPathComponent().appending(path: "ovsight")
      if FileManager.default.isExecutableFile(atPath: beside.path()) { return beside }
      return package.appending(path: ".build/debug/ovsight")
    }
  }

  static func process(_ arguments: [String], in folder: String? = nil) throws -> Process {
    let process = Process()
    process.executableURL = try executable
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    return process
  }

  static func run(_ arguments: [String], in folder: String? = nil) throws -> Run {
    try finish(try process(arguments, in: folder))
  }

  static func finish(_ process: Process) throws -> Run {
    let scratch = FileManager.default.temporaryDirectory
      .appending(path: "ovsight-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files, not pipes: a full pipe would stop the program.
    let files = ["output", "error"].map { scratch.appending(path: $0) }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return Run(status: process.terminationStatus, output: texts[0], error: texts[1])
  }
}

/// A folder that is gone when the test has ended.
final class ScratchFolder: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "ovsight-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func file(_ name: String) -> String { "\(path)/\(name)" }
  func write(_ text: String, _ name: String) throws {
    let url = URL(filePath: file(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
  func data(_ name: String) -> Data? { FileManager.default.contents(atPath: file(name)) }
}

@Suite struct CommandLineTests {
  @Test func aHealthyCloudImportsAndIsClean() throws {
    let folder = try ScratchFolder()
    let imported = try Program.run(["import", Program.fixture, "--output", folder.file("a.db")])
    #expect(imported.status == 0)
    #expect(imported.error == "")
    #expect(imported.output.contains("\nlost bytes   0\n"))
    #expect(imported.output.contains("nodes        4  cmp1, cmp2, net1, net2\n"))
    // From another folder: the rules are found beside the program.
    let audit = try Program.run(["audit", "a.db"], in: folder.path)
    #expect(audit.status == 0)
    #expect(audit.error == "")
    #expect(audit.output.hasPrefix("0 findings, "))
    #expect(audit.output.contains(" clean, 0 unknown\n"))
    let timed = try Program.run(["audit", "a.db", "--times", "--no-isolation"], in: folder.path)
    #expect(timed.status == 0)
    #expect(timed.error.contains(" ms  reading the snapshot\n"))
    #expect(timed.error.contains(" ms  rule "))
  }

  @Test func findingsAreExitCodeOneAndDoubtIsTwo() throws {
    let folder = try ScratchFolder()
    let manager = FileManager.default
    try manager.copyItem(atPath: Program.fixture, toPath: folder.file("cloud"))
    let sysctl = folder.file("cloud/cmp1/root/sysctl.txt")
    let text = try String(contentsOfFile: sysctl, encoding: .utf8)
    try text.replacing("nf-call-iptables = 1", with: "nf-call-iptables = 0")
      .write(toFile: sysctl, atomically: false, encoding: .utf8)
    let database = folder.file("a.db")
    #expect(try Program.run(["import", folder.file("cloud"), "-o", database]).status == 0)
    let found = try Program.run(["audit", database, "--no-isolation", "--format", "json"])
    #expect(found.status == 1)
    #expect(found.output.contains("\"rule\" : \"bridge-netfilter-off\""))
    try manager.removeItem(atPath: sysctl)
    #expect(try Program.run(["import", folder.file("cloud"), "-o", database]).status == 0)
    let unknown = try Program.run(["audit", database, "--no-isolation"])
    #expect(unknown.status == 2)
    #expect(
      unknown.output.contains(
        "  lacks cmp1 root/sysctl.txt: in commands.tsv, but the file is missing\n"))
  }

  @Test func outputThatIsLostIsTold() throws {
    let process = try Program.process(["--help"])
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text == "ovsight: standard output: cannot be written: No space left on device\n")
    #expect(process.terminationStatus == 2)
  }

  @Test func badInputIsOneLineAndExitCodeTwo() throws {
    let folder = try ScratchFolder()
    let path = folder.path
    try folder.write("some notes\n", "notes.txt")
    try FileManager.default.createDirectory(
      atPath: folder.file("empty"), withIntermediateDirectories: true)
    let rows: [([String], String)] = [
      (
        ["import", "\(path)/none", "-o", "\(path)/a.db"],
        "\(path)/none: no such folder: wanted a capture folder"
      ),
      (
        ["import", "\(path)/empty", "-o", "\(path)/a.db"],
        "\(path)/empty: is empty: wanted one folder a node (commands.tsv, root/, ns/, ovs/, "
          + "files/) and neutron/, or sosreports"
      ),
      (
        ["import", Program.fixture, "-o", "\(path)/notes.txt"],
        "\(path)/notes.txt: is there and is no ovsight snapshot, so it stays as it is: "
          + "wanted a new file or a snapshot to replace"
      ),
      (
        ["audit", "\(path)/none.db"],
        "\(path)/none.db: no such file: wanted a snapshot made by 'ovsight import'"
      ),
      (
        ["audit", "\(path)/notes.txt"],
        "\(path)/notes.txt: not an ovsight snapshot: wanted a snapshot made by 'ovsight import'"
      ),
      (
        ["audit", "\(path)/a.db", "--rules", "\(path)/empty"],
        "\(path)/empty: holds no rule: wanted rule files (*.sql)"
      ),
    ]
    for (arguments, message) in rows {
      let run = try Program.run(arguments)
      #expect(run.status == 2, "\(arguments)")
      #expect(run.error == "ovsight: \(message)\n")
      #expect(run.output == "")
    }
    #expect(folder.data("notes.txt") == Data("some notes\n".utf8))
    #expect(folder.data("a.db") == nil)
  }

  @Test func badUsageIsExitCodeTwoAndHelpIsZero() throws {
    let usage = try Program.run(["import"])
    #expect(usage.status == 2)
    #expect(usage.error.hasPrefix("ovsight: Missing expected argument '<folders> ...'\n"))
    let fly = try Program.run(["adit", "a.db"])
    #expect(fly.status == 2)
    #expect(
      fly.error.hasPrefix("ovsight: 'adit' is no command: did you mean 'audit'? wanted one of "))
    let option = try Program.run(["audit", "a.db", "--fromat", "json"])
    #expect(option.error.contains("Did you mean '--format'?"))
    #expect(try Program.run(["audit", "--format", "xml", "a.db"]).status == 2)
    let help = try Program.run(["--help"])
    #expect(help.status == 0)
    #expect(help.output.contains("ovsight <subcommand>"))
    #expect(help.error == "")
    #expect(try Program.run(["--version"]).output == "0.1.0, snapshot schema 4\n")
  }

  @Test func namesCannotSpeakToTheTerminal() throws {
    let folder = try ScratchFolder()
    try folder.write("x\n", "cloud/evil\u{1b}[2Jnode/root/hostname.txt")
    let run = try Program.run(["import", folder.file("cloud"), "-o", folder.file("a.db")])
    #expect(run.status == 0)
    #expect(!run.output.contains("\u{1b}"))
    #expect(run.output.contains("evil\\x1b[2Jnode"))
  }

  @Test func aKilledImportLeavesTheOldSnapshot() throws {
    let folder = try ScratchFolder()
    let database = folder.file("a.db")
    try folder.write("alpha\n", "small/n1/root/hostname.txt")
    #expect(try Program.run(["import", folder.file("small"), "-o", database]).status == 0)
    let old = try #require(folder.data("a.db"))
    var killedInTheMiddle = 0
    // Each attempt waits for the temporary file, then kills the program while it fills it.
    for attempt in 0..<20 where killedInTheMiddle < 3 {
      let process = try Program.process(["import", Program.fixture, "-o", database])
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      while process.isRunning, try partials(in: folder.path).isEmpty { usleep(200) }
      usleep(UInt32(attempt) * 3_000)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal, folder.data("a.db") == old {
        killedInTheMiddle += 1
      }
      let now = try #require(folder.data("a.db"))
      #expect(now == old || now.count > old.count)
      try old.write(to: URL(filePath: database))
    }
    #expect(killedInTheMiddle > 0)
    #expect(try Program.run(["import", Program.fixture, "-o", database]).status == 0)
    #expect(try partials(in: folder.path) == [])
    #expect(try Program.run(["audit", database, "--no-isolation"]).status == 0)
  }

  private func partials(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix(".a.db.partial-")
    }
  }
}
