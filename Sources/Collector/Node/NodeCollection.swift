// One node: the script over one connection, its frames into one folder. Whatever happens there, the
// others are collected, and what is missing here is named. Feeds CloudCollection.
import Glibc
import Subprocess

/// What became of a node.
public struct NodeOutcome: Hashable, Sendable {
  public let target: NodeTarget
  /// Files in its folder.
  public let fileCount: Int
  public let byteCount: Int
  /// Why its capture is not whole; empty where it is.
  public let problems: [String]
  /// Names the running system: no two nodes share it. Nil where it was not read.
  let identity: String?
  /// What the node calls itself.
  let hostName: String?
}

struct NodeCollection: Sendable {
  let target: NodeTarget
  let limits: NodeLimits
  let ssh: SSHSettings
  /// Where node folders are made.
  let root: String
  let progress: @Sendable (NodeProgress) -> Void

  /// Reads the node, again where it changed meanwhile; its folder is `root/<name>` afterwards.
  ///
  /// Throws where not even a note of what went wrong can be written.
  func run() async throws -> NodeOutcome {
    var tries = 0
    while true {
      tries += 1
      let attempt = await once()
      if attempt.changes.isEmpty || tries > limits.rereads || attempt.problem != nil {
        return try finish(attempt, tries)
      }
      progress(NodeProgress(target.name, .reread(attempt.changes)))
      Folders.remove(folderPath)
    }
  }

  private var folderPath: String { "\(root)/\(target.name)" }

  private struct Attempt {
    var folder: NodeFolder?
    /// Why it ended before its end.
    var problem: String?
    var isDiskFull = false
    var changes: [String] = []
  }

  private func once() async -> Attempt {
    var attempt = Attempt()
    do {
      let reader = FrameStream(
        folder: try NodeFolder(path: folderPath, limits: limits), limits: limits,
        target: target.name, progress: progress)
      attempt.problem = try await limited(reader)
      attempt.folder = reader.folder
      attempt.changes = attempt.problem == nil ? reader.folder.changes : []
    } catch let error as DiskError {
      attempt.problem = "not written: \(error.reason)"
      attempt.isDiskFull = true
    } catch {
      attempt.problem = "\(error)"
    }
    return attempt
  }

  private func finish(_ attempt: Attempt, _ tries: Int) throws -> NodeOutcome {
    var problems = attempt.problem.map { [$0] } ?? []
    if !attempt.changes.isEmpty {
      problems.append(
        "changed while it was read (\(tries) times): \(attempt.changes.joined(separator: ", "))")
    }
    var folder = attempt.folder
    if attempt.isDiskFull || folder == nil {
      // What was written goes, so that there is room for saying so.
      Folders.remove(folderPath)
      folder = try NodeFolder(path: folderPath, limits: limits)
    }
    guard var folder else { throw DiskError(folderPath, ENOSPC) }
    do {
      for problem in problems { try folder.note(problem, exitCode: 255) }
      try folder.close(cut: attempt.problem)
    } catch {
      Folders.remove(folderPath)
      folder = try NodeFolder(path: folderPath, limits: limits)
      try folder.note("not written: \(error.reason)", exitCode: 255)
      try folder.close(cut: nil)
      problems.append("not written: \(error.reason)")
    }
    let outcome = NodeOutcome(
      target: target, fileCount: folder.fileCount, byteCount: folder.byteCount,
      problems: problems + folder.commandProblems, identity: folder.identity,
      hostName: folder.hostName)
    progress(NodeProgress(target.name, .done(outcome)))
    return outcome
  }
}

extension NodeCollection {
  /// Nil where the node was read to its end.
  private func limited(_ reader: FrameStream) async throws -> String? {
    try await withThrowingTaskGroup(of: String??.self) { group in
      group.addTask { .some(try await stream(reader)) }
      group.addTask {
        try await Task.sleep(for: .seconds(limits.nodeSeconds))
        return .none
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { return "not read" }
      if let ended = first { return ended }
      group.cancelAll()
      // The reader is this task's alone again once its own task has ended.
      while (try? await group.next()) != nil {}
      return "did not end within \(limits.nodeSeconds) s"
    }
  }

  private func stream(_ reader: FrameStream) async throws -> String? {
    let mark = Self.randomMark()
    let script = NodeScript.text(mark: mark, limits: limits)
    let call = target.call(ssh)
    var platform = PlatformOptions()
    platform.processGroupID = 0
    platform.teardownSequence = Self.teardown
    reader.start(mark: mark)
    let result: ExecutionResult<String, SequenceOutput, SequenceOutput>
    do {
      result = try await Subprocess.run(
        call.program.contains("/") ? .path(.init(call.program)) : .name(call.program),
        arguments: Arguments(call.arguments), platformOptions: platform,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { execution in
        async let said = Self.beginning(of: execution.standardError)
        async let sent: Void = Self.send(script, to: execution.standardInputWriter)
        do {
          for try await chunk in execution.standardOutput {
            try chunk.withUnsafeBytes { try reader.read($0) }
          }
        } catch {
          await execution.teardown(using: Self.teardown)
          await sent
          _ = await said
          throw error
        }
        await sent
        return await said
      }
    } catch let error as FrameError {
      guard case .badHeader(let what) = error else { throw error }
      return "sent what is no answer: \(what)"
    } catch let error as StreamLimit {
      return error.description
    } catch let error as SubprocessError where error.code == .executableNotFound {
      return "\(call.program): not found here"
    }
    if reader.folder.isWhole { return nil }
    return Self.reason(result.terminationStatus, said: result.closureResult, target)
  }

  private static let teardown: [TeardownStep] = [
    .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1)),
    .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100)),
  ]

  /// A node that is gone takes no more: the reader says why.
  private static func send(_ script: String, to writer: StandardInputWriter) async {
    _ = try? await writer.write(script)
    try? await writer.finish()
  }

  /// The first 2000 bytes of what was said; the rest is read and left out.
  private static func beginning(of sequence: SubprocessOutputSequence) async -> String {
    var bytes: [UInt8] = []
    do {
      for try await chunk in sequence where bytes.count < 2000 {
        chunk.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(2000)) }
      }
    } catch {}
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `unreachable: ssh: connect to host cmp7 port 22: Connection refused`.
  private static func reason(
    _ status: TerminationStatus, said: String, _ target: NodeTarget
  ) -> String {
    // By bytes: `\r\n`, which ssh writes, is one character.
    let lines = said.utf8.split { $0 == 0x0a || $0 == 0x0d }.map { SafeName.line(Array($0)) }
    let detail = lines.last { !$0.isEmpty }.map { ": \($0)" } ?? ""
    switch (status, target.way) {
    case (.exited(255), .ssh): return "unreachable or cut off\(detail)"
    case (.exited(let code), _): return "ended early with exit code \(code)\(detail)"
    case (.signaled(let signal), _): return "ended early by signal \(signal)\(detail)"
    }
  }

  /// 128 bits of the system's randomness.
  private static func randomMark() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
