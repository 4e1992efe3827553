// Sends a probe from a namespace through its kernel: routing and neighbour resolution are the
// sender's own, only the datagram is ours.
import CLinux
import Foundation
import Namespaces
import NetworkTypes
import Trace

enum ProbeSender {
  /// The address that the namespace's kernel would send from; nil without a route.
  static func source(towards target: IPAddress, in place: NetworkNamespaceFile) throws -> IPAddress?
  {
    try place.enter {
      let isV4 = target.family == .ipv4
      let descriptor = socket(isV4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
      guard descriptor >= 0 else { throw NamespaceError("a socket: \(systemMessage())") }
      defer { close(descriptor) }
      let isConnected = withName(target, port: 9) { connect(descriptor, $0, $1) == 0 }
      guard isConnected else { return nil }
      var bytes = [UInt8](repeating: 0, count: 28)
      var length = socklen_t(28)
      let isKnown = bytes.withUnsafeMutableBytes { buffer in
        buffer.withMemoryRebound(to: sockaddr.self) {
          getsockname(descriptor, $0.baseAddress, &length) == 0
        }
      }
      guard isKnown else { return nil }
      let field = isV4 ? bytes[4..<8] : bytes[8..<24]
      return IPAddress(
        bits: field.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }, family: target.family)
    }
  }

  /// Hands the datagram to the namespace's kernel; an error is what it said (no route, too long).
  static func send(_ datagram: [UInt8], to target: IPAddress, in place: NetworkNamespaceFile) throws
  {
    try place.enter {
      let descriptor = socket(
        target.family == .ipv4 ? AF_INET : AF_INET6,
        Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
      guard descriptor >= 0 else { throw NamespaceError("a raw socket: \(systemMessage())") }
      defer { close(descriptor) }
      let sent = withName(target, port: 0) {
        sendto(descriptor, datagram, datagram.count, 0, $0, $1)
      }
      guard sent == datagram.count else { throw NamespaceError(systemMessage()) }
    }
  }

  /// A socket on the probe's own port, so that the kernel takes the answer and does not refuse it;
  /// nil where the port is taken. To be closed.
  static func hold(_ port: UInt16, _ family: AddressFamily, in place: NetworkNamespaceFile)
    -> Int32?
  {
    try? place.enter {
      let isV4 = family == .ipv4
      let descriptor = socket(
        isV4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      let isBound = withName(IPAddress(bits: 0, family: family), port: port) {
        bind(descriptor, $0, $1) == 0
      }
      if !isBound, descriptor >= 0 { close(descriptor) }
      return isBound ? descriptor : nil
    }
  }

  private static func withName<Value>(
    _ address: IPAddress, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
  ) -> Value {
    var bytes: [UInt8]
    let number = [UInt8(port >> 8), UInt8(port & 0xff)]
    if address.family == .ipv4 {
      bytes = family(AF_INET) + number + ProbeDatagram.address(address)
      bytes += [UInt8](repeating: 0, count: 8)
    } else {
      bytes = family(AF_INET6) + number + [0, 0, 0, 0] + ProbeDatagram.address(address)
      bytes += [0, 0, 0, 0]
    }
    let count = socklen_t(bytes.count)
    return bytes.withUnsafeBytes { buffer in
      buffer.withMemoryRebound(to: sockaddr.self) { body($0.baseAddress!, count) }
    }
  }
  private static func family(_ value: Int32) -> [UInt8] {
    withUnsafeBytes(of: sa_family_t(value)) { Array($0) }
  }
}

/// Keeps the answer to an injected datagram from the services of a replayed guest, which did not ask:
/// they would answer it, and be answered, for ever.
struct PortShield {
  private let port: UInt16
  private let place: NetworkNamespaceFile
  private let held: Int32?

  /// Nil where the guest's packet filter cannot be changed.
  init?(_ port: UInt16, in place: NetworkNamespaceFile) {
    self.port = port
    self.place = place
    guard (try? Self.rule("-I", port, place).run()) != nil else { return nil }
    held = ProbeSender.hold(port, .ipv4, in: place)
  }

  func end() {
    if let held { close(held) }
    _ = try? Self.rule("-D", port, place).run()
  }

  private static func rule(_ action: String, _ port: UInt16, _ place: NetworkNamespaceFile)
    -> Command
  {
    Command([
      "nsenter", "--net=\(place.path)", "iptables", "-w", "-t", "nat", action, "PREROUTING", "-p",
      "udp", "--dport", "\(port)", "-j", "ACCEPT",
    ])
  }
}
