// The report's templates and style: files of the folder `Reports`, found beside the program.
import Foundation
import Mustache

/// Why no report can be made.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }
  public var description: String { "\(path): \(problem)" }
}

/// Templates and style, loaded and checked.
public struct ReportFolder: Sendable {
  let templates: MustacheLibrary
  let style: String

  /// Reads `templates/*.mustache` and `style.css`.
  public init(path: String) throws(ReportError) {
    guard let style = Self.text("\(path)/style.css") else {
      throw ReportError("\(path)/style.css", "cannot be read: wanted the report's style")
    }
    // Browsers hash the style as parsed, with every end of line a single line feed.
    self.style = style.replacing("\r\n", with: "\n")
    templates = try Self.templates(in: "\(path)/templates")
  }

  private static func templates(in folder: String) throws(ReportError) -> MustacheLibrary {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(suffix) }.sorted()
    guard names.contains("page" + suffix) else {
      throw ReportError(folder, "holds no page\(suffix): wanted the report's templates")
    }
    var library = MustacheLibrary()
    for name in names {
      guard let text = text("\(folder)/\(name)") else {
        throw ReportError("\(folder)/\(name)", "cannot be read")
      }
      do {
        // Values are HTML already; see PageValue.
        try library.register(
          "{{% CONTENT_TYPE:TEXT}}" + text, named: String(name.dropLast(suffix.count)))
      } catch {
        throw ReportError("\(folder)/\(name)", "is no Mustache template: \(error)")
      }
    }
    return library
  }

  private static let suffix = ".mustache"

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The program's own folder: `Reports` beside the executable or in a folder above it (a build
  /// tree), else `share/ovsight/Reports` beside its `bin`. Nil where there is none.
  public static func builtIn() -> String? {
    let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let executable else { return nil }
    var parts = executable.split(separator: "/").dropLast()
    let installed = parts.dropLast() + ["share", "ovsight", "Reports"]
    if isReportFolder(installed) { return path(installed) }
    // Four levels: <package>/.build/<triple>/<configuration>/ovsight.
    for _ in 0..<5 {
      let candidate = parts + ["Reports"]
      if isReportFolder(candidate) { return path(candidate) }
      if parts.isEmpty { return nil }
      parts.removeLast()
    }
    return nil
  }

  private static func path(_ parts: ArraySlice<Substring>) -> String {
    "/" + parts.joined(separator: "/")
  }
  private static func isReportFolder(_ parts: ArraySlice<Substring>) -> Bool {
    FileManager.default.fileExists(atPath: path(parts) + "/templates/page.mustache")
  }
}
