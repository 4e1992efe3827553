// The files of a report. Made by HTMLReport, written here.
import Foundation
import Glibc

/// A static site: paths relative to its folder, and what stands there.
public struct Site: Sendable {
  public var files: [String: String]
  public init(files: [String: String]) { self.files = files }

  /// Writes all files into `folder`, which is made where it does not exist.
  public func write(to folder: String) throws(ReportError) {
    let writer = try SiteFolder(folder)
    for (path, text) in files.sorted(by: { $0.key < $1.key }) { try writer.write(path, text) }
    try writer.finish()
  }
}

/// A folder that a site is written into, file by file. Each file is replaced in one step; pages of an
/// earlier report that this one does not have are removed at the end; anything else stays as it is.
public final class SiteFolder {
  private let folder: URL
  private let path: String
  private var written: [String] = []
  /// Names of the pages that the last report wrote, a line each.
  static let list = ".ovsight-report"

  public init(_ path: String) throws(ReportError) {
    self.path = path
    folder = URL(fileURLWithPath: path)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw ReportError(path, "cannot be written: wanted a folder that can be")
    }
  }

  public func write(_ name: String, _ text: String) throws(ReportError) {
    guard replace("\(path)/\(name)", with: text) else {
      throw ReportError("\(path)/\(name)", "cannot be written: wanted a folder that can be")
    }
    written.append(name)
  }

  /// Not forced to the disk: a report is made again as easily, and a large cloud's has as many files
  /// as it has servers.
  private func replace(_ target: String, with text: String) -> Bool {
    let temporary = "\(path)/\(Self.list).part"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard file >= 0 else { return false }
    var text = text
    let isWritten = text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = Glibc.write(
          file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count <= 0, errno != EINTR { return false }
        rest = rest.dropFirst(max(0, count))
      }
      return true
    }
    let isClosed = close(file) == 0
    if isWritten, isClosed, rename(temporary, target) == 0 { return true }
    unlink(temporary)
    return false
  }

  /// Removes what the last report left, and notes what this one wrote.
  public func finish() throws(ReportError) {
    let old = (try? String(contentsOf: folder.appendingPathComponent(Self.list), encoding: .utf8))
    let mine = Set(written)
    for name in (old ?? "").split(separator: "\n").map(String.init) where !mine.contains(name) {
      // The list is a file that anyone may have changed: plain names of pages only.
      guard name.hasSuffix(".html") || name.hasSuffix(".css"), !name.contains("/") else { continue }
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
    let names = mine.sorted().joined(separator: "\n") + "\n"
    try? Data(names.utf8).write(to: folder.appendingPathComponent(Self.list), options: .atomic)
  }
}
