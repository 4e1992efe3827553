// The few file operations that reading a capture needs, on POSIX calls: what Foundation offers
// follows symbolic links and blocks on FIFOs.
import Glibc

/// What a directory entry is, without following it.
enum FileKind {
  case directory, regular, symbolicLink, other
}

enum FileTree {
  /// Sorted by bytes; nil where the folder cannot be listed.
  static func names(in folder: String) -> [String]? {
    guard let directory = opendir(folder) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Nil where nothing is there.
  static func kind(of path: String) -> FileKind? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .directory
    case S_IFREG: return .regular
    case S_IFLNK: return .symbolicLink
    default: return .other
    }
  }

  static func isDirectory(_ path: String) -> Bool { kind(of: path) == .directory }

  /// The absolute path with every symbolic link resolved; nil where it leads nowhere.
  static func resolved(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }

  enum ReadError: Error {
    case tooLarge
    case failed(String)
  }

  /// The bytes of a regular file of at most `limit` bytes.
  static func contents(
    of path: String, limitBytes limit: Int
  ) throws(ReadError) -> [UInt8] {
    let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed(lastError()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .failed(lastError()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .failed("not a regular file") }
    guard status.st_size <= limit else { throw .tooLarge }
    return try read(descriptor, count: Int(status.st_size))
  }

  /// A file that shrinks meanwhile gives what is there; what it grows by is left out.
  private static func read(
    _ descriptor: Int32, count: Int
  ) throws(ReadError) -> [UInt8] {
    var failure: ReadError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        let got = Glibc.read(descriptor, base + filled, count - filled)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = .failed(lastError()) }
        if got <= 0 { return }
        filled += got
      }
    }
    if let failure { throw failure }
    return bytes
  }

  static func lastError() -> String { String(cString: strerror(errno)).lowercasedFirst }
}

extension String {
  /// `Permission denied` → `permission denied`, for the middle of a sentence.
  var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
