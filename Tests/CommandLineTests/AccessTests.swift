// The built program is run under strace, and whatever it does beside what the table of its subcommands
// says is a failure.
import Foundation
import Replay
import Testing

/// What strace saw.
private struct Calls {
  var reads: Set<String> = []
  var writes: Set<String> = []
  var executes: Set<String> = []
  var connects: Set<String> = []

  init(_ trace: String) {
    for line in Self.whole(trace) where !line.contains(" = -1 ") {
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
      case "bind" where line.contains("AF_PACKET"): connects.insert("AF_PACKET")
      default: writes.formUnion(paths)
      }
    }
    // A folder that is opened is listed; what is not absolute is below the test's own.
    executes = executes.filter { !$0.isEmpty }
  }

  /// Calls that strace broke in two, because another thread's came between, made whole.
  private static func whole(_ trace: String) -> [String] {
    var begun: [Substring: Substring] = [:]
    var lines: [String] = []
    for line in trace.split(separator: "\n") {
      let process = line.prefix { $0 != " " }
      if line.hasSuffix("<unfinished ...>") {
        begun[process] = line.dropLast("<unfinished ...>".count)
      } else if line.contains("<... "), let end = line.range(of: "resumed>") {
        lines.append((begun.removeValue(forKey: process) ?? "") + String(line[end.upperBound...]))
      } else {
        lines.append(String(line))
      }
    }
    // Of a call that never returned nothing is known: as bad as done.
    return lines + begun.values.map(String.init)
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
    try scratch.write("{\"id\":\"1\",\"bridge\":\"br-int\",\"flow\":\"in_port=1,arp\"}\n", "flows")
    defer {
      _ = try? Program.run(["replay", snapshot, "down", "--state", scratch.file("state")])
    }
    for row in Access.table where !row.needsReplay || Replay.obstacle == nil {
      try? FileManager.default.removeItem(atPath: scratch.file("out"))
      try FileManager.default.createDirectory(
        atPath: scratch.file("out"), withIntermediateDirectories: true)
      try check(row, scratch)
    }
  }

  /// `help` is ArgumentParser's own.
  @Test func eachSubcommandHasARow() throws {
    let help = try Program.run(["--experimental-dump-help"])
    let top = try #require(
      JSONSerialization.jsonObject(with: Data(help.output.utf8)) as? [String: Any])
    let command = try #require(top["command"] as? [String: Any])
    let subcommands = try #require(command["subcommands"] as? [[String: Any]])
    let names = Set(subcommands.compactMap { $0["commandName"] as? String }).subtracting(["help"])
    #expect(names.count > 10)
    #expect(names.subtracting(Access.table.compactMap(\.words.first)) == [])
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
    process.executableURL = URL(filePath: "/bin/bash")
    // What a replay leaves running would hold Foundation's own descriptors, and it would wait for it.
    let closing =
      "for f in /proc/self/fd/*; do n=${f##*/}; [ $n -le 2 ] || eval \"exec $n>&-\"; done; exec \"$@\""
    process.arguments =
      [
        "-c", closing, "bash", Self.strace ?? "",
        // What it starts is traced no further: it is asked what is started.
        "-f", "-b", "execve", "-qq", "-s", "4096", "-o", log, "-e",
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
