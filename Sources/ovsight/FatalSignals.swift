// Where the program breaks off against its will: no memory, or a defect of ours. One line and exit
// code 2, so that no script takes it for an answer.
import CLinux
import Glibc

enum FatalSignals {
  /// A stack that has overflowed holds no handler.
  private static let stackBytes = 1 << 16

  /// Where the runtime writes a report of its own (SWIFT_BACKTRACE), it is left to.
  static func watch() {
    useLittleAddressSpace()
    var stack = stack_t()
    stack.ss_sp = malloc(stackBytes)
    stack.ss_size = stackBytes
    sigaltstack(&stack, nil)
    for number in [SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE] {
      var old = sigaction()
      guard sigaction(number, nil, &old) == 0,
        unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 0
      else { continue }
      var new = sigaction()
      // 0x08000000: SA_ONSTACK, a macro that Swift does not see.
      new.sa_flags = 0x0800_0000
      new.__sigaction_handler.sa_handler = { _ in
        let line: StaticString =
          "ovsight: broke off: no memory was left, or this is a defect of ovsight\n"
        _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
        _exit(2)
      }
      sigaction(number, &new, nil)
    }
  }

  /// Under `ulimit -v`, no arena of 64 MB for each thread: whether the rest is enough for the work
  /// would depend on which threads happened to run.
  private static func useLittleAddressSpace() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur != rlim_t.max
    else { return }
    mallopt(M_ARENA_MAX, 1)
  }
}
