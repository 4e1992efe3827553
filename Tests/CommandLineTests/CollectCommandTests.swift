// `ovsight collect` on the built program: exit codes, error texts, gaps, and being killed. An `ssh`
// of the test's own stands in PATH before the real one.
import Foundation
import Testing

/// A folder with an `ssh` that answers for a node without tools, or refuses.
private struct FakeSSH {
  let scratch: ScratchFolder
  init() throws {
    scratch = try ScratchFolder()
    let folder = scratch.file("bin")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // The mark of the script that comes in, and a stream of two frames under it.
    let text = """
      #!/bin/sh
      while [ "$1" != -- ]; do shift; done
      [ "$2" = refuses ] && { echo 'ssh: connect to host refuses port 22: Connection refused' >&2; exit 255; }
      mark=$(sed -n "s/^mark='\\([0-9a-f]*\\)'$/\\1/p" | head -n 1)
      f() { printf '%s\\0' "$mark" "$@"; }
      f hello 1.00 1700000000 0
      f begin 1.50 root '' hostname.txt 1 hostname
      echo "$2"
      f end "$mark exit 0;"
      f bye 2.00

      """
    try Data(text.utf8).write(to: URL(filePath: "\(folder)/ssh"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(folder)/ssh")
  }

  func process(_ arguments: [String]) throws -> Process {
    let process = try Program.process(["collect"] + arguments)
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(scratch.file("bin")):\(environment["PATH"] ?? "")"
    process.environment = environment
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
  }

  func run(_ arguments: String...) throws -> Int32 {
    let process = try process(arguments)
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}

@Suite struct CollectCommandTests {
  @Test func whatIsWrongIsSaidBeforeAnythingIsRead() throws {
    let scratch = try ScratchFolder()
    let there = scratch.file("there")
    try Data("x".utf8).write(to: URL(filePath: there))
    let cases: [([String], String)] = [
      (["collect"], "ovsight: no node: wanted HOST…, --local or --inventory FILE\n"),
      (
        ["collect", "n1"],
        "ovsight: nothing to write: wanted --output SNAPSHOT or --captures DIR\n"
      ),
      (
        ["collect", "n1", "--captures", there],
        "ovsight: \(there): is there and is no folder: wanted a new folder\n"
      ),
      (
        ["collect", "n1", "--output", there],
        "ovsight: \(there): is there and is no ovsight snapshot, so it stays as it is: "
          + "wanted a new file or a snapshot to replace\n"
      ),
      (
        ["collect", "a", "b@a", "--output", "x.db"],
        "ovsight: node a is named twice, by a and by b@a: wanted each node once\n"
      ),
    ]
    for (arguments, error) in cases {
      let run = try Program.run(arguments)
      #expect(run.status == 2)
      #expect(run.error == error)
    }
    #expect(try Data(contentsOf: URL(filePath: there)) == Data("x".utf8))
  }

  @Test func theListIsPrinted() throws {
    let run = try Program.run(["collect", "--print-commands"])
    #expect(run.status == 0)
    #expect(run.output.contains("\novs-appctl fdb/show <bridge>\n"))
  }

  @Test func aNodeThatRefusesIsAGapAndExitCodeOne() throws {
    let fake = try FakeSSH()
    let output = fake.scratch.file("cloud.db")
    let captures = fake.scratch.file("captures")
    #expect(try fake.run("n1", "--output", output) == 0)
    #expect(try fake.run("n1", "refuses", "--output", output, "--captures", captures) == 1)
    let gaps = try Program.run(["show", output, "gaps"])
    #expect(gaps.output.contains("Connection refused"))
    let nodes = try Program.run(["show", output, "nodes"])
    #expect(nodes.output.contains("n1"))
    let names = try FileManager.default.contentsOfDirectory(atPath: fake.scratch.path)
    #expect(names.sorted() == ["bin", "captures", "cloud.db"])
  }

  /// More moments than these are tried outside of the suite.
  @Test func killedItLeavesTheOldSnapshotOrTheNew() throws {
    let fake = try FakeSSH()
    let output = fake.scratch.file("cloud.db")
    #expect(try fake.run("n1", "--output", output) == 0)
    for step in 0..<10 {
      let process = try fake.process(["n1", "n2", "--output", output])
      try process.run()
      usleep(UInt32(step) * 20_000)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(try Program.run(["show", output, "nodes"]).status == 0)
    }
    #expect(try fake.run("n1", "--output", output) == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: fake.scratch.path)
    #expect(names.sorted() == ["bin", "cloud.db"], "what was left behind is gone")
  }
}
