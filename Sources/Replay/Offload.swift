// Checksum offload of virtual devices: a switch in user space takes frames as they are, so a sum
// that the kernel left for the hardware would stay wrong.
import CLinux
import Foundation
import Namespaces

enum Offload {
  /// Switches it off for devices of the calling thread's namespace; failures do not matter, for a
  /// device without the feature needs nothing.
  static func disable(_ devices: [String]) {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    for device in devices where device.utf8.count < Int(IFNAMSIZ) {
      var value = ethtool_value(cmd: UInt32(ETHTOOL_STXCSUM), data: 0)
      withUnsafeMutableBytes(of: &value) { pointer in
        // struct ifreq: the name, then a union whose first member here is a pointer.
        var request = [UInt8](repeating: 0, count: 40)
        request.replaceSubrange(0..<device.utf8.count, with: device.utf8)
        let address = UInt(bitPattern: pointer.baseAddress)
        withUnsafeBytes(of: address) { request.replaceSubrange(16..<24, with: $0) }
        _ = request.withUnsafeMutableBytes {
          ioctl(descriptor, UInt(SIOCETHTOOL), $0.baseAddress!)
        }
      }
    }
  }
}
