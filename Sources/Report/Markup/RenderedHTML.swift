// HTML that is finished. It is made by rendering markup or a template of escaped values, and by
// nothing else: no string can pass for it, so that no page can forget to escape.
import Mustache

struct RenderedHTML: Hashable, Sendable {
  let text: String

  init(_ markup: Markup) { text = markup.rendered }

  /// A template of the report's folder, filled.
  init(_ template: String, _ values: PageValue, of folder: ReportFolder) throws(ReportError) {
    guard let text = folder.templates.render(values.forMustache, withTemplate: template) else {
      throw ReportError("\(template).mustache", "is missing")
    }
    self.text = text
  }

  /// The folder's own script, as it is named by its hash in the page's policy.
  init(scriptOf folder: ReportFolder) { text = folder.script }

  var byteCount: Int { text.utf8.count }
}
