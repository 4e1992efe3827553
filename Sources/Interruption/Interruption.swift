// What is undone where the program is interrupted: by Ctrl-C, a closed terminal, `kill`. Whoever makes
// something that must not stay half made says how it is taken back. Fed by Snapshot and Collector.
import Foundation
import Glibc
import Synchronization

public enum Interruption {
  /// Something that is to be taken back for as long as it is not finished.
  public struct Step: Sendable {
    fileprivate let number: Int
  }

  private struct State {
    var next = 0
    var steps: [Int: @Sendable () -> Void] = [:]
  }
  private static let state = Mutex(State())

  /// `body` runs in a thread of its own and must not call back.
  public static func undo(with body: @escaping @Sendable () -> Void) -> Step {
    state.withLock { state in
      state.next += 1
      state.steps[state.next] = body
      return Step(number: state.next)
    }
  }

  /// It is finished, or taken back already.
  public static func forget(_ step: Step) {
    _ = state.withLock { $0.steps.removeValue(forKey: step.number) }
  }

  /// From now on SIGINT, SIGTERM and SIGHUP end the program as they always do, once all is undone.
  ///
  /// What was ignored when the program started (`nohup`) stays ignored.
  public static func watch() {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalPipe = ends[1]
    let reading = ends[0]
    Thread { waitForSignal(reading) }.start()
    var caught = sigset_t()
    sigemptyset(&caught)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      catchSignal(number)
      sigaddset(&caught, number)
    }
    // Whoever started us may have had them blocked, as the threads of a pool have.
    pthread_sigmask(SIG_UNBLOCK, &caught, nil)
  }

  private static func catchSignal(_ number: Int32) {
    var old = sigaction()
    guard sigaction(number, nil, &old) == 0 else { return }
    // SIG_IGN, a macro that Swift does not see.
    guard unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) != 1 else { return }
    var new = sigaction()
    new.sa_flags = SA_RESTART
    new.__sigaction_handler.sa_handler = { number in
      var byte = UInt8(truncatingIfNeeded: number)
      _ = write(signalPipe, &byte, 1)
    }
    sigaction(number, &new, nil)
  }

  /// Holds the lock to the end: nobody begins anything new.
  private static func waitForSignal(_ reading: Int32) {
    var byte: UInt8 = 0
    while read(reading, &byte, 1) < 0, errno == EINTR {}
    state.withLock { state in
      for body in state.steps.values { body() }
      signal(Int32(byte), SIG_DFL)
      kill(getpid(), Int32(byte))
      while true { pause() }
    }
  }
}

/// Where the handler writes to; set once, before there is a handler.
nonisolated(unsafe) private var signalPipe: Int32 = -1
