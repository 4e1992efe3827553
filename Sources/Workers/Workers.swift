// Work shared out among the machine's processors. Threads of our own and not Dispatch's: where one
// cannot be made (`ulimit -v`, a container's limit of processes), Dispatch tries again every second
// for ever; here the threads that there are do its part. Fed by Formats, Snapshot, Isolation, ovsight.
import Dispatch
import Foundation
import Glibc
import Synchronization

public enum Workers {
  /// Calls `body` with each number below `count` once, side by side, and returns when all calls have.
  ///
  /// The calling thread is one of the workers; where it is the only one, it does everything.
  public static func perform(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(ProcessInfo.processInfo.activeProcessorCount, count)
    withoutActuallyEscaping(body) { body in
      let work = Work(count: count, body: body)
      var threads: [pthread_t] = []
      while threads.count < workers - 1, let thread = start(work) { threads.append(thread) }
      work.run()
      for thread in threads { pthread_join(thread, nil) }
    }
  }

  /// What `transform` makes of each, in their order; side by side.
  public static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ transform: @Sendable (Input) -> Output
  ) -> [Output] {
    let outputs = Mutex<[Output?]>(Array(repeating: nil, count: inputs.count))
    perform(inputs.count) { index in
      let output = transform(inputs[index])
      outputs.withLock { $0[index] = output }
    }
    return outputs.withLock { $0.compactMap(\.self) }
  }

  /// Whether `count` threads can be made at one time; what runs on Dispatch asks before it begins.
  public static func canBeMade(_ count: Int) -> Bool {
    let end = DispatchSemaphore(value: 0)
    var threads: [pthread_t] = []
    while threads.count < count, let thread = start(Work(count: 1) { _ in end.wait() }) {
      threads.append(thread)
    }
    for _ in threads { end.signal() }
    for thread in threads { pthread_join(thread, nil) }
    return threads.count == count
  }

  /// Calls `body` on as many threads as can be made, `count` at the most, and returns at once.
  public static func start(_ count: Int, _ body: @escaping @Sendable () -> Void) -> WorkerThreads {
    var threads: [pthread_t] = []
    while threads.count < count, let thread = start(Work(count: 1) { _ in body() }) {
      threads.append(thread)
    }
    return WorkerThreads(threads)
  }

  private static func start(_ work: Work) -> pthread_t? {
    let argument = Unmanaged.passRetained(work)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, argument.toOpaque())
    guard code == 0 else {
      argument.release()
      return nil
    }
    return thread
  }
}

/// Threads that were started and must be waited for once.
public struct WorkerThreads: Sendable {
  private let handles: [UInt]
  public var count: Int { handles.count }

  fileprivate init(_ threads: [pthread_t]) { handles = threads }

  /// Returns when all have ended.
  public func wait() {
    for handle in handles { pthread_join(handle, nil) }
  }
}

/// What is to be done, and how much of it has been taken.
private final class Work: Sendable {
  private let count: Int
  private let body: @Sendable (Int) -> Void
  private let next = Atomic<Int>(0)

  init(count: Int, body: @escaping @Sendable (Int) -> Void) {
    self.count = count
    self.body = body
  }

  func run() {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      body(index)
    }
  }
}
