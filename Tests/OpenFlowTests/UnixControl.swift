// One open connection to ovs-vswitchd's control socket: JSON-RPC as `ovs-appctl` speaks it, without
// a process for each command.
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

struct ControlError: Error, CustomStringConvertible {
  let description: String
}

final class UnixControl {
  private let descriptor: Int32
  private var nextID = 0
  private var buffer: [UInt8] = []
  /// An answer is lost: whatever comes now belongs to an older question.
  private(set) var isBroken = false

  init(path: String) throws {
    let bytes = Array(path.utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ControlError(description: "\(path): too long for a socket's path")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    // The socket's file is there before anybody listens.
    let deadline = Date().addingTimeInterval(10)
    var result: Int32
    var isRefused = false
    repeat {
      if isRefused { usleep(10_000) }
      result = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
      }
      isRefused = result != 0 && errno == ECONNREFUSED
    } while isRefused && Date() < deadline
    guard result == 0 else {
      throw ControlError(description: "\(path): \(String(cString: strerror(errno)))")
    }
  }
  deinit { close(descriptor) }

  /// The command's text; throws what the daemon refused it with.
  func call(_ method: String, _ arguments: [String] = []) throws -> String {
    nextID += 1
    let request: [String: Any] = ["id": nextID, "method": method, "params": arguments]
    guard !isBroken else { throw ControlError(description: "connection lost before") }
    let answer: [String: Any]
    do {
      try send(Array(JSONSerialization.data(withJSONObject: request)))
      answer = try receive()
    } catch {
      isBroken = true
      throw error
    }
    if let error = answer["error"] as? String {
      throw ControlError(description: "\(method): \(error)")
    }
    return answer["result"] as? String ?? ""
  }

  private func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw ControlError(description: "connection lost while sending") }
      sent += count
    }
  }

  /// One whole JSON object: what has come so far, once it ends like one and reads as one.
  private func receive() throws -> [String: Any] {
    buffer = []
    while true {
      try fill()
      guard buffer.last(where: { $0 > 32 }) == UInt8(ascii: "}"),
        let object = try? JSONSerialization.jsonObject(with: Data(buffer))
      else { continue }
      guard let object = object as? [String: Any] else {
        throw ControlError(description: "no object in the answer")
      }
      return object
    }
  }

  private func fill() throws {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 10_000) > 0 else {
      throw ControlError(description: "no answer within 10 seconds")
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &chunk, chunk.count)
    guard count > 0 else { throw ControlError(description: "connection closed") }
    buffer += chunk[..<count]
  }
}
