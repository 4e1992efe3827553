// Files and folders of a capture as they are written: new files only, private to the user.
import Glibc

/// What the disk refused.
struct DiskError: Error, Hashable, CustomStringConvertible {
  let path: String
  let code: Int32
  init(_ path: String, _ code: Int32 = errno) {
    self.path = path
    self.code = code
  }
  var reason: String {
    let text = String(cString: strerror(code))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
  var description: String { "\(path): cannot be written: \(reason)" }
}

/// A new file; never follows a link and never replaces anything.
struct FileOutput: ~Copyable {
  private let descriptor: Int32
  private let path: String

  init(creating path: String) throws(DiskError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw DiskError(path) }
    self.path = path
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws(DiskError) {
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + start }, bytes.count - start)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DiskError(path) }
      start += count
    }
  }
}

enum Folders {
  static func make(_ path: String) throws(DiskError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw DiskError(path) }
  }

  /// Makes the folders of `path` (relative, without `..`) below `root`.
  static func make(_ path: some StringProtocol, below root: String) throws(DiskError) {
    var folder = root
    for part in path.split(separator: "/") {
      folder += "/" + part
      try make(folder)
    }
  }

  /// Removes a folder and all that is in it; links are removed, not followed.
  static func remove(_ path: String) {
    guard let directory = opendir(path) else {
      unlink(path)
      return
    }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
        }
      }
      guard name != Array(".".utf8CString), name != Array("..".utf8CString) else { continue }
      removeEntry(Array(path.utf8CString.dropLast()) + [CChar(bitPattern: 0x2f)] + name)
    }
    closedir(directory)
    rmdir(path)
  }

  /// By its bytes, because a name need not be text.
  private static func removeEntry(_ path: [CChar]) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      path.withUnsafeBufferPointer { buffer in
        if let base = buffer.baseAddress { remove(String(cString: base)) }
      }
    } else {
      unlink(path)
    }
  }
}
