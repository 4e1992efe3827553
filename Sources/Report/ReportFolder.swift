// The report's templates, style and script: files of the folder `Reports`, found beside the program.
import Audit
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

/// Templates, style, script and the measured agreement, loaded and checked.
public struct ReportFolder: Sendable {
  let templates: MustacheLibrary
  let style: String
  /// The only script, as it stands in pages that need it.
  let script: String
  /// Nil where the folder holds none.
  let agreement: Agreement?

  /// Reads `templates/*.mustache`, `style.css`, `report.js` and, where it is there,
  /// `agreement.json`.
  public init(path: String) throws(ReportError) {
    guard let style = Self.text("\(path)/style.css") else {
      throw ReportError("\(path)/style.css", "cannot be read: wanted the report's style")
    }
    // Browsers hash the style as parsed, with every end of line a single line feed.
    self.style = style.replacing("\r\n", with: "\n")
    guard let script = Self.text("\(path)/report.js") else {
      throw ReportError("\(path)/report.js", "cannot be read: wanted the report's script")
    }
    self.script = script.replacing("\r\n", with: "\n")
    guard !self.script.lowercased().contains("</script"), !self.script.contains("<!--") else {
      throw ReportError("\(path)/report.js", "cannot stand in a page: it ends its own element")
    }
    templates = try Self.templates(in: "\(path)/templates")
    agreement = try Self.text("\(path)/agreement.json").map { text throws(ReportError) in
      do { return try Agreement(json: text) } catch {
        throw ReportError("\(path)/agreement.json", "is not what .ci/agreement writes")
      }
    }
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

  /// The program's own folder; nil where there is none.
  public static func builtIn() -> String? {
    ProgramFolder.named("Reports") { path in
      FileManager.default.fileExists(atPath: path + "/templates/page.mustache")
    }
  }
}
