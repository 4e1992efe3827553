// The files of a report. Made by HTMLReport, written here.
import Foundation

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
    do {
      try Data(text.utf8).write(to: folder.appendingPathComponent(name), options: .atomic)
    } catch {
      throw ReportError("\(path)/\(name)", "cannot be written: wanted a folder that can be")
    }
    written.append(name)
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
