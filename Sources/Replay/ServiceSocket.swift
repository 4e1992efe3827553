// Sockets of the service process: opening one as a capture listed it, and what `Foundation` has no
// words for.
import CLinux
import Foundation
import Namespaces
import NetworkTypes

enum ServiceSocket {
  /// Nil where it cannot be bound here: an address that is not there, a port that is taken.
  static func open(_ listener: ServicePlan.Listener) -> Int32? {
    let address = listener.address.flatMap { IPAddress($0) }
    let isV4 = address?.family == .ipv4 || (address == nil && listener.isDHCP)
    let kind = listener.transport == "tcp" ? SOCK_STREAM : SOCK_DGRAM
    let descriptor = socket(
      isV4 ? AF_INET : AF_INET6, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if !isV4 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, address == nil ? 0 : 1) }
    if listener.isDHCP { set(descriptor, SOL_SOCKET, SO_BROADCAST, 1) }
    if let device = listener.device ?? listener.dhcpDevice {
      _ = device.withCString {
        setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(device.utf8.count))
      }
    }
    let isBound = bind(descriptor, address, isV4: isV4, port: listener.port, listener.device)
    let isListening = listener.transport != "tcp" || listen(descriptor, 256) == 0
    guard isBound, isListening else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  private static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func bind(
    _ descriptor: Int32, _ address: IPAddress?, isV4: Bool, port: UInt16, _ device: String?
  ) -> Bool {
    if isV4 {
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = port.bigEndian
      name.sin_addr.s_addr = (address?.v4?.rawValue ?? 0).bigEndian
      return withUnsafePointer(to: &name) { bind(descriptor, $0) }
    }
    var name = sockaddr_in6()
    name.sin6_family = sa_family_t(AF_INET6)
    name.sin6_port = port.bigEndian
    let bits = (address?.v6?.rawValue ?? 0).bigEndian
    withUnsafeMutableBytes(of: &name.sin6_addr) { target in
      withUnsafeBytes(of: bits) { target.copyMemory(from: $0) }
    }
    if let device { name.sin6_scope_id = if_nametoindex(device) }
    return withUnsafePointer(to: &name) { bind(descriptor, $0) }
  }

  private static func bind<Name>(_ descriptor: Int32, _ name: UnsafePointer<Name>) -> Bool {
    name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size)) == 0
    }
  }

  /// An address as text, IPv4 ones as such even on a socket of both families.
  static func text(of storage: inout sockaddr_storage) -> String {
    withUnsafeBytes(of: &storage) { bytes in
      if bytes.load(as: sa_family_t.self) == sa_family_t(AF_INET) {
        return
          "\(IPv4Address(rawValue: UInt32(bigEndian: bytes.load(fromByteOffset: 4, as: UInt32.self))))"
      }
      let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      if high == 0, low >> 32 == 0xffff {
        return "\(IPv4Address(rawValue: UInt32(truncatingIfNeeded: low)))"
      }
      return "\(IPv6Address(rawValue: UInt128(high) << 64 | UInt128(low)))"
    }
  }

  /// To a client without an address: the neighbour entry that the kernel needs is made first, as
  /// dnsmasq does.
  static func send(_ answer: DHCPService.Answer, from device: String, _ descriptor: Int32) {
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = UInt16(68).bigEndian
    target.sin_addr.s_addr = answer.isBroadcast ? UInt32.max : answer.address.rawValue.bigEndian
    if !answer.isBroadcast { addNeighbour(target, answer.mac, device, descriptor) }
    _ = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(
          descriptor, answer.bytes, answer.bytes.count, 0, $0,
          socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func addNeighbour(
    _ target: sockaddr_in, _ mac: MACAddress, _ device: String, _ descriptor: Int32
  ) {
    // struct arpreq: protocol address, hardware address, flags, netmask, device.
    var request = [UInt8](repeating: 0, count: 68)
    withUnsafeBytes(of: target) { request.replaceSubrange(0..<16, with: $0) }
    request[16] = 1
    for (index, shift) in stride(from: 40, through: 0, by: -8).enumerated() {
      request[18 + index] = UInt8(truncatingIfNeeded: mac.rawValue >> UInt64(shift))
    }
    // ATF_COM: complete.
    request[32] = 2
    request.replaceSubrange(52..<52 + device.utf8.count, with: device.utf8)
    _ = request.withUnsafeMutableBytes { ioctl(descriptor, UInt(SIOCSARP), $0.baseAddress!) }
  }
}

extension ServicePlan.Listener {
  var isDHCP: Bool { if case .dhcp = role { true } else { false } }
  var dhcpDevice: String? { if case .dhcp(let service) = role { service.device } else { nil } }
}
