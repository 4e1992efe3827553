// Values made on several threads and taken in order: no more than a few are there at a time, however
// many there will be.
import Dispatch
import Synchronization
import Workers

/// A row of values, the first of which are being made while one is taken.
final class OrderedWork<Value: Sendable>: Sendable {
  private struct State {
    var claimed = 0
    var isStopped = false
    var made: [Int: Value] = [:]
  }

  private let count: Int
  private let make: @Sendable (Int) -> Value
  private let state = Mutex(State())
  /// Signalled where one more may be claimed.
  private let room = DispatchSemaphore(value: 0)
  /// Signalled each where its value is there.
  private let ready: [DispatchSemaphore]
  /// None where none can be made: who takes a value makes it then.
  private let threads = Mutex<WorkerThreads?>(nil)

  /// Starts to make `count` values.
  ///
  /// - Parameter ahead: How many may be claimed and not yet taken.
  init(
    count: Int, threads threadCount: Int, ahead: Int, _ make: @escaping @Sendable (Int) -> Value
  ) {
    self.count = count
    self.make = make
    ready = (0..<count).map { _ in DispatchSemaphore(value: 0) }
    for _ in 0..<ahead { room.signal() }
    let started = Workers.start(threadCount) { self.work() }
    threads.withLock { $0 = started }
  }

  private var threadCount: Int { threads.withLock { $0?.count ?? 0 } }

  /// The value at `index`; each is taken once, in order.
  func take(_ index: Int) -> Value? {
    if threadCount == 0 { return make(index) }
    ready[index].wait()
    let value = state.withLock { $0.made.removeValue(forKey: index) }
    room.signal()
    return value
  }

  /// Ends the threads; what they are making is finished and dropped.
  func stop() {
    state.withLock { $0.isStopped = true }
    let started = threads.withLock { $0 }
    for _ in 0..<(started?.count ?? 0) { room.signal() }
    started?.wait()
  }

  private func work() {
    while let index = claim() {
      let value = make(index)
      state.withLock { $0.made[index] = value }
      ready[index].signal()
    }
  }

  private func claim() -> Int? {
    room.wait()
    return state.withLock { state in
      guard !state.isStopped, state.claimed < count else { return nil }
      state.claimed += 1
      return state.claimed - 1
    }
  }
}
