// The files of a report. Made by HTMLReport, written here.
import Foundation

/// A static site: paths relative to its folder, and what stands there.
public struct Site: Sendable {
  public var files: [String: String]
  public init(files: [String: String]) { self.files = files }

  /// Writes all files into `folder`, which is made where it does not exist. A file is replaced in
  /// one step; others in the folder stay as they are.
  public func write(to folder: String) throws(ReportError) {
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
      let url = URL(fileURLWithPath: folder).appendingPathComponent(path)
      do {
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
      } catch {
        throw ReportError("\(folder)/\(path)", "cannot be written: wanted a folder that can be")
      }
    }
  }
}
