// Broken machines, each met by the built program: one line, the right exit code, nothing lost.
import Foundation
import Testing

/// Shell words around the program, in a mount namespace of their own, as root.
private enum Shell {
  static let isPossible = getuid() == 0

  /// `$o` is the program, `$d` a scratch folder, `$f` the captured cloud.
  static func run(_ script: String, in folder: ScratchFolder) throws -> Run {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = [
      "--mount", "--propagation", "private", "sh", "-c",
      "o=$0; d=$1; f=$2; \(script)", try Program.executable.path(), folder.path, Program.fixture,
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    return try Program.finish(process)
  }
}

@Suite struct FaultTests {
  private func small(_ folder: ScratchFolder) throws {
    try folder.write("n1\n", "small/n1/root/hostname.txt")
  }

  @Test(.enabled(if: Shell.isPossible, "mounting needs root"))
  func aFullDiskLeavesTheOldSnapshot() throws {
    let folder = try ScratchFolder()
    try small(folder)
    let run = try Shell.run(
      """
      mkdir $d/disk; mount -t tmpfs -o size=2m none $d/disk
      $o import $d/small -o $d/disk/a.db > /dev/null || exit 90
      old=$(cksum < $d/disk/a.db)
      $o import $f -o $d/disk/a.db; code=$?
      [ "$(cksum < $d/disk/a.db)" = "$old" ] || exit 91
      [ "$(ls -A $d/disk)" = a.db ] || exit 92
      $o show $d/disk/a.db nodes > /dev/null || exit 93
      exit $code
      """, in: folder)
    #expect(run.status == 2)
    #expect(
      run.error
        == "ovsight: \(folder.path)/disk/a.db: cannot be written: database or disk is full: "
        + "wanted room for the snapshot\n")
    #expect(run.output == "")
  }

  @Test(.enabled(if: Shell.isPossible, "mounting needs root"))
  func aFullDiskIsToldByAReportAndACollection() throws {
    let folder = try ScratchFolder()
    let run = try Shell.run(
      """
      mkdir $d/disk; mount -t tmpfs -o size=64k none $d/disk
      $o import $f -o $d/a.db > /dev/null || exit 90
      $o report $d/a.db --no-isolation -o $d/disk/site > /dev/null; [ $? = 2 ] || exit 91
      $o collect --neutron $f/neutron -o $d/disk/b.db; code=$?
      [ "$(ls -A $d/disk | grep -v site)" = "" ] || exit 92
      exit $code
      """, in: folder)
    #expect(run.status == 2)
    let lines = run.error.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { $0.contains("cannot be written: ") }, "\(run.error)")
  }

  @Test(.enabled(if: Shell.isPossible, "mounting needs root"))
  func aReadOnlyFolderIsReadAndNotWritten() throws {
    let folder = try ScratchFolder()
    try small(folder)
    let run = try Shell.run(
      """
      mkdir $d/disk; mount -t tmpfs none $d/disk
      $o import $d/small -o $d/disk/a.db > /dev/null || exit 90
      mount -o remount,ro $d/disk
      $o show $d/disk/a.db nodes > /dev/null || exit 91
      $o import $d/small -o $d/disk/a.db
      """, in: folder)
    #expect(run.status == 2)
    #expect(
      run.error
        == "ovsight: \(folder.path)/disk/a.db: cannot be written: read-only file system: "
        + "wanted a folder to write to\n")
  }

  /// An import that fails for want of memory at any size of it says so and leaves the old snapshot.
  @Test func noMemoryIsOneLine() throws {
    let folder = try ScratchFolder()
    try small(folder)
    let database = folder.file("a.db")
    #expect(try Program.run(["import", folder.file("small"), "-o", database]).status == 0)
    let old = folder.data("a.db")
    var failed = 0
    for megabytes in [120, 140, 145, 150, 155, 160, 180, 200, 220, 240, 260] {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/timeout")
      process.arguments = [
        "-s", "KILL", "30", "prlimit", "--as=\(megabytes << 20)", try Program.executable.path(),
        "import", Program.fixture, "-o",
        database,
      ]
      process.environment = ProcessInfo.processInfo.environment.merging(
        ["SWIFT_BACKTRACE": "enable=no"]) { $1 }
      let run = try Program.finish(process)
      if run.status == 0 { break }
      // So little that not even the libraries are loaded is the loader's to tell.
      if run.status == 127 { continue }
      // 137 is a hang: Dispatch waits for ever for threads that cannot be made, and is not used.
      #expect(process.terminationReason == .exit && run.status != 137, "\(megabytes) MB")
      failed += 1
      #expect(run.status == 2, "\(megabytes) MB: \(run.error)")
      #expect(run.error.contains("ovsight: "), "\(megabytes) MB")
      #expect(folder.data("a.db") == old, "\(megabytes) MB")
    }
    #expect(failed > 0)
  }

  /// What waits for nodes waits on Dispatch, which would wait for ever for a thread.
  @Test func aCollectionWithoutThreadsIsOneLine() throws {
    let folder = try ScratchFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = [
      "-s", "KILL", "30", "prlimit", "--as=\(170 << 20)", try Program.executable.path(),
      "collect", "--local", "-o", folder.file("a.db"),
    ]
    let run = try Program.finish(process)
    #expect(run.status == 2)
    #expect(
      run.error
        == "ovsight: 16 threads cannot be made: wanted more memory (ulimit -v) or processes "
        + "(ulimit -u)\n")
  }

  @Test func runsOnOneSnapshotDoNotMeet() async throws {
    let folder = try ScratchFolder()
    try small(folder)
    let database = folder.file("a.db")
    #expect(try Program.run(["import", folder.file("small"), "-o", database]).status == 0)
    let arguments = ["import", folder.file("small"), "-o", database]
    let writers = try (0..<6).map { _ in
      let process = try Program.process(arguments)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    // Opened while it is being replaced: the old one or the new one.
    for _ in 0..<6 { #expect(try Program.run(["show", database, "nodes"]).status == 0) }
    for writer in writers {
      writer.waitUntilExit()
      #expect(writer.terminationStatus == 0)
    }
    #expect(try Program.run(["show", database, "nodes"]).status == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == ["a.db", "small"])
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func interruptedItLeavesNothing(_ signal: Int32) throws {
    let folder = try ScratchFolder()
    var interrupted = 0
    for step in 0..<40 where interrupted < 3 {
      let process = try Program.process(["import", Program.fixture, "-o", folder.file("a.db")])
      process.standardOutput = FileHandle.nullDevice
      process.takesSignals()
      try process.run()
      // Some while it reads, some while it writes.
      if step % 2 == 0 { while process.isRunning, try names(folder).isEmpty { usleep(500) } }
      usleep(UInt32(step) * 5_000)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal {
        interrupted += 1
        // A shell makes 130 of it.
        #expect(process.terminationStatus == signal)
        #expect(try names(folder) == [])
      }
      try? FileManager.default.removeItem(atPath: folder.file("a.db"))
    }
    #expect(interrupted > 0)
  }

  private func names(_ folder: ScratchFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  @Test func whatIsWrittenIsPrivate() throws {
    let folder = try ScratchFolder()
    let database = folder.file("a.db")
    #expect(try Program.run(["import", Program.fixture, "-o", database]).status == 0)
    let site = folder.file("site")
    #expect(
      try Program.run(["report", database, "--no-isolation", "-o", site]).status == 0)
    _ = try Program.run([
      "trace", database, "--from", "port-a1", "--to", "8.8.8.8", "--pcap", folder.file("a.pcap"),
    ])
    #expect(try mode(database) == 0o600)
    #expect(try mode(site) == 0o700)
    #expect(try mode(site + "/index.html") == 0o600)
    #expect(try mode(folder.file("a.pcap")) == 0o600)
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }
}

extension Process {
  /// Ctrl-C and a closed terminal reach it: a shell's background job, or one under `nohup`, has them
  /// ignored, and so has what it starts.
  fileprivate func takesSignals() {
    guard let program = executableURL?.path else { return }
    executableURL = URL(fileURLWithPath: "/usr/bin/env")
    arguments = ["--default-signal=INT,HUP,TERM", program] + (arguments ?? [])
  }
}

/// Nodes that misbehave, behind an `ssh` of the test's own.
@Suite struct HostileNodeTests {
  private func collect(_ answer: String, _ options: [String] = []) throws -> (Run, ScratchFolder) {
    let scratch = try ScratchFolder()
    try scratch.write("#!/bin/sh\n\(answer)\n", "bin/ssh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: scratch.file("bin/ssh"))
    let process = try Program.process(
      ["collect", "n1", "--output", scratch.file("a.db")] + options)
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(scratch.file("bin")):\(environment["PATH"] ?? "")"
    process.environment = environment
    return (try Program.finish(process), scratch)
  }

  private func expectGap(_ run: Run, _ scratch: ScratchFolder, _ text: String) throws {
    #expect(run.status == 1)
    #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
    #expect(run.error.hasPrefix("n1: ") && run.error.contains(text), "\(run.error)")
    #expect(try Program.run(["show", scratch.file("a.db"), "gaps"]).output.contains(text))
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
    #expect(left == ["a.db", "bin"])
  }

  @Test func anAnswerThatComesSlowlyForEverEnds() throws {
    let (run, scratch) = try collect(
      "while :; do printf x; sleep 0.2; done", ["--node-timeout", "2"])
    try expectGap(run, scratch, "did not end within 2 s")
  }

  @Test func interruptedItLeavesNothing() throws {
    let scratch = try ScratchFolder()
    try scratch.write("#!/bin/sh\nprintf x; cat > /dev/null\nsleep 5\n", "bin/ssh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: scratch.file("bin/ssh"))
    let process = try Program.process(["collect", "n1", "--output", scratch.file("a.db")])
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(scratch.file("bin")):\(environment["PATH"] ?? "")"
    process.environment = environment
    process.standardError = FileHandle.nullDevice
    process.takesSignals()
    try process.run()
    for _ in 0..<1_000 where try names(scratch).count < 2 { usleep(5_000) }
    #expect(try names(scratch).count == 2, "it has begun")
    usleep(300_000)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(process.terminationStatus == SIGINT)
    #expect(try names(scratch) == ["bin"])
  }

  private func names(_ scratch: ScratchFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path)
  }

  /// BatchMode is what keeps ssh from asking; it then says what it lacks.
  @Test func nobodyIsAskedForAPassword() throws {
    let (run, scratch) = try collect(
      """
      case "$*" in *"-o BatchMode=yes"*) ;; *) read answer < /dev/tty;; esac
      echo 'root@n1: Permission denied (publickey,password).' >&2; exit 255
      """, ["--node-timeout", "20"])
    try expectGap(run, scratch, "Permission denied (publickey,password).")
  }

  @Test(arguments: [
    "nan", "inf", "-inf", "1e300", "-1e300", "99999999999999999999", "-1", "0", "", "x", "1e11",
  ])
  func clocksMayJump(_ time: String) throws {
    let (run, scratch) = try collect(
      """
      mark=$(sed -n "s/^mark='\\([0-9a-f]*\\)'$/\\1/p" | head -n 1)
      f() { printf '%s\\0' "$mark" "$@"; }
      f hello '\(time)' '\(time)' '\(time)'
      f begin '\(time)' root '' hostname.txt 1 hostname
      echo n1
      f end "$mark exit 0;"
      f begin -5 root '' uname_-a.txt 2 uname -a
      f end "$mark exit 0;"
      f bye '\(time)'
      """)
    #expect(run.status == 0, "\(run.error)")
    #expect(try Program.run(["show", scratch.file("a.db"), "nodes"]).output.contains("n1"))
  }

  /// It ended the collector too, by SIGPIPE, wherever it was the quicker of the two.
  @Test func aCurlThatReadsNothingIsTold() throws {
    let scratch = try ScratchFolder()
    try scratch.write("#!/bin/sh\nexec 0<&-\nexit 7\n", "bin/curl")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: scratch.file("bin/curl"))
    for _ in 0..<20 {
      let process = try Program.process([
        "collect", "--os-cloud", "envvars", "-o", scratch.file("a.db"),
      ])
      process.environment = [
        "PATH": "\(scratch.file("bin")):/usr/bin:/bin", "OS_AUTH_URL": "http://127.0.0.1:1/v3",
        "OS_USERNAME": "u", "OS_PASSWORD": "p",
      ]
      let run = try Program.finish(process)
      #expect(process.terminationReason == .exit)
      #expect(run.status == 2)
      #expect(run.error.contains("http://127.0.0.1:1/v3"), "\(run.error)")
      #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
    }
  }

  @Test func aNodeWithoutEndIsCut() throws {
    let (run, scratch) = try collect(
      """
      mark=$(sed -n "s/^mark='\\([0-9a-f]*\\)'$/\\1/p" | head -n 1)
      f() { printf '%s\\0' "$mark" "$@"; }
      f hello 1 1700000000 0
      f begin 1 root '' hostname.txt 1 hostname
      while :; do head -c 1000000 /dev/zero || exit; done
      """, ["--node-limit", "4", "--output-limit", "2"])
    try expectGap(run, scratch, "sent more than 4194304 bytes")
  }
}
