// Sysctls through /proc/sys: what stands there is the calling thread's namespace's.
import Foundation

enum KernelSettings {
  /// Writes what differs; the paths that could not be written.
  static func apply(_ settings: [(path: String, value: String)]) -> [String] {
    settings.compactMap { setting in
      let path = "/proc/sys/" + setting.path
      guard let current = read(path) else { return setting.path }
      if current == setting.value { return nil }
      return write(setting.value, to: path) ? nil : setting.path
    }
  }

  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = Foundation.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return "" }
    return String(decoding: buffer[..<count], as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func write(_ value: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let bytes = Array(value.utf8)
    return Foundation.write(descriptor, bytes, bytes.count) == bytes.count
  }
}
