// Starting programs: posix_spawn with files for input and output, a time limit, and the marks that
// tell a program's children apart. Never through a shell: arguments come from captures.
import Foundation
import Glibc

/// A program with its arguments; nothing in them is interpreted.
public struct Command: Sendable {
  public var words: [String]
  public var input: [UInt8]
  public var environment: [String: String]
  /// Killed after this time.
  public var timeoutSeconds: Double

  public init(
    _ words: [String], input: String = "", environment: [String: String] = [:],
    timeoutSeconds: Double = 60
  ) {
    self.words = words
    self.input = Array(input.utf8)
    self.environment = environment
    self.timeoutSeconds = timeoutSeconds
  }

  /// What a finished program left.
  public struct Result: Sendable {
    /// Exit code; 128 and the signal for one that was killed.
    public let status: Int32
    public let output: String
    public let errors: String
    public var isSuccess: Bool { status == 0 }
  }

  /// Runs to the end, whatever the exit code is.
  public func result() throws -> Result {
    let output = try ScratchFile()
    let errors = try ScratchFile()
    let id = try spawn(output: output.descriptor, errors: errors.descriptor)
    let status = try wait(for: id)
    return Result(status: status, output: try output.text(), errors: try errors.text())
  }

  /// Runs to the end and returns standard output; a failure throws what it said.
  @discardableResult
  public func run() throws -> String {
    let result = try result()
    guard result.isSuccess else {
      let said = result.errors.isEmpty ? "exit code \(result.status)" : result.errors
      throw NamespaceError(
        "\(words.prefix(12).joined(separator: " ")): "
          + said.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return result.output
  }

  /// Starts it in a session of its own and leaves it running; the process id.
  public func start() throws -> pid_t {
    let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(nothing) }
    return try spawn(output: nothing, errors: nothing, inSession: true)
  }

  /// The same between two descriptors; its id is also that of its group of processes.
  public func start(from standardInput: Int32, output: Int32) throws -> pid_t {
    let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(nothing) }
    return try spawn(from: standardInput, output: output, errors: nothing, inSession: true)
  }

  // MARK: posix_spawn

  private func spawn(
    from standardInput: Int32? = nil, output: Int32, errors: Int32, inSession: Bool = false
  ) throws -> pid_t {
    let scratch = try ScratchFile(input)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (from, to) in [
      (standardInput ?? scratch.descriptor, 0), (output, 1), (errors, 2),
    ] as [(Int32, Int32)] {
      posix_spawn_file_actions_adddup2(&actions, from, to)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A blocked signal would stay blocked in daemons.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID is 0x80 since glibc 2.26.
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | (inSession ? 0x80 : 0)
    posix_spawnattr_setflags(&attributes, flags)
    var variables = ProcessInfo.processInfo.environment
    variables["PATH"] = Self.searchPath
    variables["LC_ALL"] = "C"
    variables.merge(environment) { _, new in new }
    let arguments = words.map { strdup($0) } + [nil]
    let settings = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in arguments + settings { free(pointer) } }
    var id: pid_t = 0
    let error = posix_spawnp(&id, words.first ?? "", &actions, &attributes, arguments, settings)
    guard error == 0 else {
      throw NamespaceError("\(words.first ?? "?"): \(systemMessage(error))")
    }
    return id
  }

  /// Root's tools live in `sbin`, which a user's path may lack.
  private static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  private func wait(for id: pid_t) throws -> Int32 {
    let deadline = SteadyClock.now + timeoutSeconds
    var pause: UInt32 = 200
    while true {
      var status: Int32 = 0
      let ended = waitpid(id, &status, WNOHANG)
      if ended == id { return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f }
      if ended < 0, errno != EINTR { throw NamespaceError("waiting: \(systemMessage())") }
      if SteadyClock.now > deadline {
        kill(id, SIGKILL)
        waitpid(id, &status, 0)
        throw NamespaceError(
          "\(words.prefix(6).joined(separator: " ")): no end after \(timeoutSeconds) s")
      }
      usleep(pause)
      pause = min(pause * 2, 4_000)
    }
  }

  /// Whether a program of this name is installed.
  public static func isInstalled(_ program: String) -> Bool {
    searchPath.split(separator: ":").contains {
      access("\($0)/\(program)", X_OK) == 0
    }
  }
}

/// A file without a name, gone when closed.
private final class ScratchFile {
  let descriptor: Int32

  init(_ bytes: [UInt8] = []) throws {
    var template = Array("/tmp/ovsight-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw NamespaceError("a scratch file: \(systemMessage())") }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw NamespaceError("a scratch file: \(systemMessage())") }
      written += count
    }
    lseek(descriptor, 0, SEEK_SET)
  }
  deinit { close(descriptor) }

  func text() throws -> String {
    lseek(descriptor, 0, SEEK_SET)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Command {
  /// Becomes the program, with this process's terminal; returns only where that fails, with why.
  public func replacingProcess() -> String {
    for (name, value) in environment { setenv(name, value, 1) }
    setenv("PATH", Self.searchPath, 1)
    let arguments = words.map { strdup($0) } + [nil]
    execvp(words.first ?? "", arguments)
    return "\(words.first ?? "?"): \(systemMessage())"
  }
}
