// Running code inside another network namespace. A namespace belongs to a thread, so each entry
// gets a thread of its own that ends with it: nothing else of the process ever changes place.
import CLinux
import Foundation

/// A network namespace by a file that names it: `/proc/42/ns/net`, `/run/netns/x`.
public struct NetworkNamespaceFile: Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public init(_ path: String) { self.path = path }
  public static let own = NetworkNamespaceFile("/proc/self/ns/net")
  public var description: String { path }

  /// Runs `body` inside; sockets and captures opened there stay there after it returns.
  public func enter<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value
  {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw NamespaceError("\(path): \(systemMessage())") }
    defer { close(descriptor) }
    let outcome = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      outcome.value = Result {
        guard setns(descriptor, Int32(ovsight_new_net)) == 0 else {
          throw NamespaceError("entering a network namespace: \(systemMessage())")
        }
        return try body()
      }
      done.signal()
    }
    thread.start()
    done.wait()
    guard let result = outcome.value else { throw NamespaceError("a thread ended early") }
    return try result.get()
  }
}

/// Handed from one thread to another; the semaphore orders the two accesses.
private final class Outcome<Value>: @unchecked Sendable {
  var value: Result<Value, any Error>?
}

/// What `errno` says.
public func systemMessage(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
