// What each subcommand may read, write, execute and connect to, as a table; the built program is run
// under strace and whatever it does beside that is a failure.
import Foundation
import Testing

/// A row: paths are prefixes; `SNAPSHOT`, `CAPTURE`, `SCRATCH`, `RULES` and `REPORTS` stand for the
/// test's own.
private struct Access: CustomStringConvertible {
  let words: [String]
  var reads: [String] = []
  var writes: [String] = []
  var executes: [String] = []
  /// `AF_UNIX path` or `AF_INET`.
  var connects: [String] = []
  var description: String { words.joined(separator: " ") }

  static let table: [Access] = [
    Access(words: ["--help"]),
    Access(words: ["--version"]),
    Access(words: ["manual"]),
    Access(words: ["--generate-completion-script", "bash"]),
    Access(words: ["collect", "--print-commands"]),
    Access(words: ["collect", "--print-script"]),
    Access(
      words: ["collect", "n1", "-o", "SCRATCH/out/b.db"], reads: ["SCRATCH"],
      writes: ["SCRATCH/out/"], executes: ["SCRATCH/bin/ssh"]),
    Access(
      words: ["collect", "--os-cloud", "envvars", "-o", "SCRATCH/out/b.db"], reads: ["SCRATCH"],
      writes: ["SCRATCH/out/"], executes: ["SCRATCH/bin/curl"]),
    Access(
      words: ["import", "CAPTURE", "-o", "SCRATCH/out/b.db"], reads: ["CAPTURE", "SCRATCH/out"],
      writes: ["SCRATCH/out/"]),
    Access(words: ["show", "SNAPSHOT", "nodes"], reads: ["SNAPSHOT"]),
    Access(words: ["diff", "SNAPSHOT", "SNAPSHOT"], reads: ["SNAPSHOT"]),
    Access(
      words: ["trace", "SNAPSHOT", "--from", "port-a1", "--to", "8.8.8.8"], reads: ["SNAPSHOT"]),
    Access(
      words: [
        "trace", "SNAPSHOT", "--from", "port-a1", "--to", "8.8.8.8", "--pcap", "SCRATCH/out/a.pcap",
      ], reads: ["SNAPSHOT"], writes: ["SCRATCH/out/a.pcap"]),
    Access(words: ["why", "SNAPSHOT", "port-a1"], reads: ["SNAPSHOT"]),
    Access(words: ["reach", "SNAPSHOT", "--from", "port-a1"], reads: ["SNAPSHOT"]),
    Access(words: ["audit", "SNAPSHOT", "--no-isolation"], reads: ["SNAPSHOT", "RULES"]),
    Access(words: ["audit", "--test"], reads: ["RULES"]),
    Access(
      words: ["report", "SNAPSHOT", "--no-isolation", "-o", "SCRATCH/out/site"],
      reads: ["SNAPSHOT", "RULES", "REPORTS", "SCRATCH/out"], writes: ["SCRATCH/out/"]),
    Access(words: ["replay", "SNAPSHOT", "status"], reads: ["/run/ovsight-replay"]),
  ]

  /// What the loader, the C library and the runtimes read of any program's.
  static let system = [
    "/etc/ld.so.", "/lib/", "/lib64/", "/usr/lib", "/usr/local/lib", "/opt/swift/", "/proc",
    "/sys/", "/dev/null", "/dev/urandom", "/dev/tty", "/etc/localtime", "/usr/share/zoneinfo",
    "/usr/share/locale", "/etc/ssl/openssl.cnf", "/usr/share/icu",
  ]
}

/// What strace saw.
private struct Calls {
  var reads: Set<String> = []
  var writes: Set<String> = []
  var executes: Set<String> = []
  var connects: Set<String> = []

  init(_ trace: String) {
    for line in trace.split(separator: "\n") where !line.contains(" = -1 ") {
      guard let open = line.firstIndex(of: "(") else { continue }
      let call = line[..<open].split(separator: " ").last ?? ""
      let paths = line.split(separator: "\"", omittingEmptySubsequences: false)
        .enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
      switch call {
      case "execve": executes.formUnion(paths.prefix(1))
      case "connect":
        let family = line.contains("AF_UNIX") ? "AF_UNIX \(paths.first ?? "")" : "AF_INET"
        connects.insert(line.contains("AF_") ? family : "?")
      case "open", "openat", "openat2", "creat":
        let isWrite = ["O_WRONLY", "O_RDWR", "O_CREAT"].contains { line.contains($0) }
        if isWrite || call == "creat" { writes.formUnion(paths) } else { reads.formUnion(paths) }
      default: writes.formUnion(paths)
      }
    }
    // A folder that is opened is listed; what is not absolute is below the test's own.
    executes = executes.filter { !$0.isEmpty }
  }
}

@Suite struct AccessTests {
  private static let strace = ["/usr/bin/strace", "/usr/local/bin/strace"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: strace != nil, "strace is not installed"))
  func eachSubcommandDoesNoMoreThanItMay() throws {
    let scratch = try ScratchFolder()
    let snapshot = scratch.file("a.db")
    #expect(try Program.run(["import", Program.fixture, "-o", snapshot]).status == 0)
    for name in ["bin/ssh", "bin/curl"] {
      try scratch.write("#!/bin/sh\nexit 255\n", name)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: scratch.file(name))
    }
    for row in Access.table {
      try? FileManager.default.removeItem(atPath: scratch.file("out"))
      try FileManager.default.createDirectory(
        atPath: scratch.file("out"), withIntermediateDirectories: true)
      try check(row, scratch)
    }
  }

  private func check(_ row: Access, _ scratch: ScratchFolder) throws {
    let package = Program.package.path()
    func path(_ word: String) -> String {
      word.replacing("SNAPSHOT", with: scratch.file("a.db"))
        .replacing("SCRATCH", with: scratch.path).replacing("CAPTURE", with: Program.fixture)
        .replacing("RULES", with: "\(package)Rules").replacing("REPORTS", with: "\(package)Reports")
    }
    let calls = try traced(row.words.map(path), scratch)
    let program = try Program.executable.path()
    let folders = Set([scratch.path, package, program].flatMap(ancestors))
    func isBeyond(_ seen: String, _ allowed: [String]) -> Bool {
      !allowed.contains { seen.hasPrefix($0) } && !folders.contains(seen)
    }
    let mayRead = (row.reads + row.writes).map(path) + Access.system
    #expect(calls.reads.filter { isBeyond($0, mayRead) } == [], "\(row) reads")
    let mayWrite = row.writes.map(path) + ["/dev/null", "/dev/tty", "/proc/self/"]
    #expect(calls.writes.filter { isBeyond($0, mayWrite) } == [], "\(row) writes")
    let mayExecute = row.executes.map(path) + [program]
    #expect(calls.executes.filter { !mayExecute.contains($0) } == [], "\(row) executes")
    #expect(calls.connects.filter { !row.connects.contains($0) } == [], "\(row) connects")
  }

  /// Of the program alone, not of an `ssh` that it starts.
  private func traced(_ words: [String], _ scratch: ScratchFolder) throws -> Calls {
    let log = scratch.file("strace.log")
    let process = Process()
    process.executableURL = URL(filePath: Self.strace ?? "")
    process.arguments =
      [
        "-f", "-qq", "-s", "4096", "-o", log, "-e",
        "trace=open,openat,openat2,creat,execve,connect,mkdir,mkdirat,unlink,unlinkat,rename,renameat,"
          + "renameat2,rmdir,chmod,fchmodat,link,linkat,symlink,symlinkat,truncate,mount,bind",
        try Program.executable.path(),
      ] + words
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(scratch.file("bin")):\(environment["PATH"] ?? "")"
    environment["SWIFT_BACKTRACE"] = "enable=no"
    environment["OS_AUTH_URL"] = "http://127.0.0.1:1/v3"
    environment["OS_USERNAME"] = "u"
    environment["OS_PASSWORD"] = "p"
    process.environment = environment
    process.currentDirectoryURL = URL(filePath: scratch.path)
    let run = try Program.finish(process)
    #expect(run.status <= 2, "\(words): \(run.error)")
    return Calls(String(decoding: scratch.data("strace.log") ?? Data(), as: UTF8.self))
  }

  private func ancestors(_ path: String) -> [String] {
    let parts = path.split(separator: "/")
    return (0...parts.count).flatMap { count -> [String] in
      let folder = "/" + parts.prefix(count).joined(separator: "/")
      return [folder, folder + "/"]
    }
  }
}
