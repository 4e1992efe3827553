// A folder that appears whole or not at all: made beside its target, then renamed to it. What a
// killed process left behind is removed by the next one.
import Glibc
import Interruption

/// Locked for as long as it is there, so that nobody takes it for abandoned.
public struct StagingFolder: ~Copyable {
  public let path: String
  private let target: String
  private let descriptor: Int32
  private let undoing: Interruption.Step

  /// Makes `.NAME.partial-XXXXXX` beside `target`.
  public init(beside target: String) throws {
    let (folder, name) = Self.split(target)
    let prefix = ".\(name).partial-"
    Self.removeAbandoned(in: folder, prefix: prefix)
    var template = Array("\(folder)/\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw DiskError(target) }
    let made = template.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    let lock = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw DiskError(target) }
    path = made
    undoing = Interruption.undo {
      // Files that are still coming in may keep the folder from going.
      for _ in 0..<20 where access(made, F_OK) == 0 { Folders.remove(made) }
    }
    self.target = target
    descriptor = lock
  }

  deinit {
    // After `commit` nothing is there any more.
    Folders.remove(path)
    Interruption.forget(undoing)
    close(descriptor)
  }

  /// Throws unless `commit` could put a folder there: nothing may be there, or an empty folder.
  public static func checkTarget(_ path: String) throws(CollectionError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) else {
      throw CollectionError("\(path): is there and is no folder: wanted a new folder")
    }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    guard count <= 2 else {
      throw CollectionError("\(path): is not empty, so it stays as it is: wanted a new folder")
    }
  }

  /// Puts the folder in the target's place.
  public func commit() throws {
    guard rename(path, target) == 0 else { throw DiskError(target) }
    let folder = open(Self.split(target).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static func removeAbandoned(in folder: String, prefix: String) {
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(prefix) else { continue }
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { Folders.remove(path) }
      close(descriptor)
    }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
    guard let slash = path.lastIndex(of: "/") else { return (".", String(path)) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
  }
}
