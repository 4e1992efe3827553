// One open connection to ovs-vswitchd's control socket: JSON-RPC as `ovs-appctl` speaks it, without
// a process for each command.
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

package struct ControlError: Error, CustomStringConvertible {
  package let description: String
}

package final class UnixControl {
  private let descriptor: Int32
  private var nextID = 0
  private var buffer: [UInt8] = []
  /// An answer is lost: whatever comes now belongs to an older question.
  package private(set) var isBroken = false

  package init(path: String) throws {
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
  package func call(_ method: String, _ arguments: [String] = []) throws -> String {
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

  /// The texts of a command with one list of arguments after another, `inFlight` of them under way at a
  /// time; throws what the daemon refused one with.
  package func call(
    _ method: String, each lists: [[String]], inFlight: Int
  ) throws -> [String] {
    var answers: [String] = []
    var sent = 0
    buffer = []
    while answers.count < lists.count {
      while sent < lists.count, sent - answers.count < inFlight {
        let request: [String: Any] = ["id": sent, "method": method, "params": lists[sent]]
        try send(Array(JSONSerialization.data(withJSONObject: request)))
        sent += 1
      }
      try fill()
      for object in takeObjects() {
        let answer = try JSONSerialization.jsonObject(with: Data(object)) as? [String: Any]
        guard let text = answer?["result"] as? String else {
          throw ControlError(
            description: "\(method) \(lists[answers.count]): \(answer?["error"] ?? "no answer")")
        }
        answers.append(text)
      }
    }
    return answers
  }

  /// The objects that have come in whole.
  private func takeObjects() -> [ArraySlice<UInt8>] {
    var objects: [ArraySlice<UInt8>] = []
    var (start, depth, isQuoted, isEscaped) = (0, 0, false, false)
    for (index, byte) in buffer.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if isQuoted {
        if byte == UInt8(ascii: "\\") { isEscaped = true }
        if byte == UInt8(ascii: "\"") { isQuoted = false }
      } else if byte == UInt8(ascii: "\"") {
        isQuoted = true
      } else if byte == UInt8(ascii: "{") {
        depth += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 {
          objects.append(buffer[start...index])
          start = index + 1
        }
      }
    }
    buffer = Array(buffer[start...])
    return objects
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
