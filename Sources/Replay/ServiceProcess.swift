// The process that listens for a whole replay: its sockets live in many network namespaces, it
// itself in one. It answers until it is killed with the replay.
import CLinux
import Foundation
import Namespaces
import NetworkTypes

/// Serves a plan's listeners.
public struct ServiceProcess {
  private var sockets: [Int32: ServicePlan.Listener] = [:]
  private var clients: [Int32: Client] = [:]

  /// A connection whose request is not complete yet.
  private struct Client {
    let source: String
    let instances: [String: String]
    var request: [UInt8] = []
  }
  /// More is no request of ours; the connection is closed.
  private static let requestLimit = 8_192
  private static let clientLimit = 4_096

  /// Opens everything in the plan at `path`, says that it is ready, and serves for ever.
  public static func run(_ path: String) throws {
    signal(SIGPIPE, SIG_IGN)
    let plan = try ServicePlan.load(path)
    var process = ServiceProcess()
    for place in plan.places {
      let listeners = place.listeners
      let opened = try NetworkNamespaceFile(place.path).enter {
        listeners.map { ServiceSocket.open($0) }
      }
      for (listener, descriptor) in zip(listeners, opened) {
        if let descriptor { process.sockets[descriptor] = listener }
      }
    }
    _ = FileManager.default.createFile(atPath: path + ".ready", contents: nil)
    process.serve()
  }

  private mutating func serve() -> Never {
    while true {
      var polled = (Array(sockets.keys) + Array(clients.keys)).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
      for entry in polled where entry.revents != 0 {
        if let listener = sockets[entry.fd] {
          take(entry.fd, listener)
        } else {
          readRequest(entry.fd)
        }
      }
    }
  }

  private mutating func take(_ descriptor: Int32, _ listener: ServicePlan.Listener) {
    if listener.transport == "tcp" { return accept(descriptor, listener) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let count = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT), $0, &length)
      }
    }
    guard count >= 0 else { return }
    if case .sink = listener.role { return }
    if case .dhcp(let service) = listener.role {
      if let answer = service.answer(to: Array(buffer[..<count])) {
        ServiceSocket.send(answer, from: service.device, descriptor)
      }
      return
    }
    _ = withUnsafePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, buffer, count, Int32(MSG_DONTWAIT), $0, length)
      }
    }
  }

  private mutating func accept(_ descriptor: Int32, _ listener: ServicePlan.Listener) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let client = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.accept(descriptor, $0, &length)
      }
    }
    guard client >= 0 else { return }
    guard case .metadata(let instances) = listener.role, clients.count < Self.clientLimit else {
      close(client)
      return
    }
    _ = fcntl(client, F_SETFL, O_NONBLOCK)
    clients[client] = Client(source: ServiceSocket.text(of: &storage), instances: instances)
  }

  private mutating func readRequest(_ descriptor: Int32) {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EAGAIN { return }
    if count > 0 { clients[descriptor]?.request += buffer[..<count] }
    guard let client = clients[descriptor] else { return }
    let isWhole = client.request.suffix(4).elementsEqual(Array("\r\n\r\n".utf8))
    guard count <= 0 || isWhole || client.request.count > Self.requestLimit else { return }
    if isWhole {
      let answer = Array(Self.answer(to: client).utf8)
      _ = write(descriptor, answer, answer.count)
    }
    clients[descriptor] = nil
    close(descriptor)
  }

  /// The header that the real proxy would hand to Nova, sent back.
  private static func answer(to client: Client) -> String {
    guard let instance = client.instances[client.source] else {
      return "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    }
    let safe = instance.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    let body = "{\"headers\": {\"X-Instance-ID\": \"\(safe)\"}}"
    return "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
