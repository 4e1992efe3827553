// The logical topology as a picture of its own, with the style that it needs inside.
import LogicalModel

enum TopologySVG {
  static func document(_ input: ReportInput, folder: ReportFolder) -> String {
    let diagram = LogicalDiagram(input.model)
    let drawing = LogicalDrawing(diagram, id: "topology").svg(
      title: "Networks and routers", description: TopologySection.words(diagram))
    guard case .element(let name, let attributes, let body) = drawing else { return "" }
    let style = Markup.tag("style", text: Self.style(folder.style))
    return Markup.element(
      name, [MarkupAttribute("xmlns", "http://www.w3.org/2000/svg")] + attributes, [style] + body
    ).rendered + "\n"
  }

  /// The sheet's rules for drawings, with the light colours filled in. XML undoes the escapes that
  /// the markup makes.
  private static func style(_ sheet: String) -> String {
    let rules = sheet.split(separator: "\n").map(String.init)
    let colours = rules.filter { $0.hasPrefix("  --") }.prefix(40)
    let drawn = rules.filter { line in
      line.hasSuffix("}") && !line.contains("@")
        && [
          "svg ", ".drawing ", ".guest ", ".router ", ".network ", ".external ", ".link ",
          ".joint ",
          ".divider ", ".namespace ",
        ].contains { line.hasPrefix($0) }
    }
    return ([":root {"] + colours + ["}"] + drawn).joined(separator: " ")
  }
}
