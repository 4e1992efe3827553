// A file that appears whole or not at all: written beside its target, synced, then renamed over it.
import Glibc
import Interruption

/// A temporary file beside `target`, mode 0600, locked for as long as it is written.
struct AtomicFile: ~Copyable {
  let path: String
  private let target: String
  private let descriptor: Int32
  private let undoing: Interruption.Step

  /// Makes the temporary file, after removing those that killed processes left behind.
  init(target: String) throws(SnapshotError) {
    let (folder, name) = Self.split(target)
    let prefix = ".\(name).partial-"
    Self.removeAbandoned(in: folder, prefix: prefix)
    var template = Array("\(folder)/\(prefix)XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw SnapshotError(
        target, "cannot be written: \(Self.lastError())", wanted: "a folder to write to")
    }
    flock(descriptor, LOCK_EX | LOCK_NB)
    let made = template.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    path = made
    undoing = Interruption.undo { unlink(made) }
    self.target = target
    self.descriptor = descriptor
  }

  deinit {
    // After `commit` the name is gone; before, the file is not wanted.
    unlink(path)
    Interruption.forget(undoing)
    close(descriptor)
  }

  /// Puts the file in the target's place; from then on it is the target, also after a crash.
  consuming func commit() throws(SnapshotError) {
    guard fsync(descriptor) == 0, rename(path, target) == 0 else {
      throw SnapshotError(
        target, "cannot be written: \(Self.lastError())", wanted: "a file to replace")
    }
    let folder = open(Self.split(target).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  /// A temporary file that nobody holds a lock on was left by a process that was killed.
  private static func removeAbandoned(in folder: String, prefix: String) {
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(prefix) else { continue }
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
  }

  private static func lastError() -> String {
    let text = String(cString: strerror(errno))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
