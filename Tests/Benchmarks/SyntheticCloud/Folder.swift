// Files on disk. The only place that touches the file system.
import Glibc

struct FolderError: Error {
  let text: String
}

/// A folder that is made when the first file goes into it.
struct Folder {
  let path: String

  /// `name` may hold slashes: folders between are made.
  func write(_ name: Text, _ text: Text) throws(FolderError) {
    let full = "\(path)/\(String(decoding: name.bytes, as: UTF8.self))"
    var descriptor = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    if descriptor < 0, errno == ENOENT {
      makeParents(of: full)
      descriptor = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    }
    guard descriptor >= 0 else { throw FolderError(text: "\(full): \(Self.reason)") }
    defer { close(descriptor) }
    var position = 0
    while position < text.bytes.count {
      let written = text.bytes[position...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      guard written > 0 else { throw FolderError(text: "\(full): \(Self.reason)") }
      position += written
    }
  }

  func folder(_ name: String) -> Folder { Folder(path: "\(path)/\(name)") }

  private func makeParents(of full: String) {
    var position = full.startIndex
    while let slash = full[position...].firstIndex(of: "/") {
      if slash != full.startIndex { mkdir(String(full[..<slash]), 0o755) }
      position = full.index(after: slash)
    }
  }
  private static var reason: String { String(cString: strerror(errno)) }
}
