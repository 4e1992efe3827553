// Starts programs with posix_spawn: Foundation's Process waits on run loops, which test threads
// do not have.
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

package struct ChildProcess {
  package let id: pid_t

  /// Standard output and error go to these files, or nowhere.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String], output: String?,
    errors: String?
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors ?? "/dev/null", flags, 0o600)
    // Test threads block signals, and a blocked SIGTERM would outlive them in the daemons.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var id: pid_t = 0
    let error = posix_spawnp(&id, program, &actions, &attributes, words, variables)
    guard error == 0 else {
      throw ControlError(description: "\(program): \(String(cString: strerror(error)))")
    }
    self.id = id
  }

  /// Waits for its end; the exit code, or 128 and the signal.
  package func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 { if errno != EINTR { return -1 } }
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }
  package func terminate() { _ = Glibc.kill(id, SIGTERM) }
  package func kill() { _ = Glibc.kill(id, SIGKILL) }
}
