// Raw frames out of a device of the calling thread's network namespace.
import CLinux
import Foundation

/// A socket that sends whole Ethernet frames.
public enum PacketSocket {
  /// Sends frames out of `device`, as if the kernel behind it had made them.
  public static func send(_ frames: [[UInt8]], from device: String) throws {
    // Protocol 0: nothing is received.
    let descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw NamespaceError("a packet socket: \(systemMessage())") }
    defer { close(descriptor) }
    let index = if_nametoindex(device)
    guard index > 0 else { throw NamespaceError("\(device): \(systemMessage())") }
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_ifindex = Int32(index)
    address.sll_halen = 6
    for frame in frames {
      let sent = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(
            descriptor, frame, frame.count, 0, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
        }
      }
      guard sent == frame.count else {
        throw NamespaceError("sending from \(device): \(systemMessage())")
      }
    }
  }
}
