// The logical topology as a graph for Graphviz.
import Facts
import LogicalModel
import NetworkTypes

enum TopologyDot {
  static func document(_ input: ReportInput) -> String {
    let model = input.model
    var lines = [
      "graph topology {", "  graph [rankdir=TB];", "  node [fontname=\"sans-serif\"];",
    ]
    for network in model.networks {
      let segments = network.segments.map(NetworkPages.words).joined(separator: ", ")
      let style = network.isExternal ? ", style=filled, fillcolor=\"#fbf1de\"" : ""
      lines.append(
        "  \(node("network", network.id.rawValue)) [shape=box, label=\(quoted([network.label, segments]))\(style)];"
      )
    }
    for router in model.routers {
      let words = [router.label, "\(router.mode) router"]
      lines.append(
        "  \(node("router", router.id.rawValue)) [shape=ellipse, label=\(quoted(words))];")
      let feet = Set(router.interfaces.compactMap(\.network)).sorted()
      lines += feet.map { edge("router", router.id.rawValue, "network", $0.rawValue) }
      if let network = router.gateway?.network {
        lines.append(
          edge("router", router.id.rawValue, "network", network.rawValue, "[style=bold]"))
      }
    }
    for server in model.servers {
      let node = server.node.map { "on \($0)" } ?? ""
      lines.append(
        "  \(Self.node("server", server.id.rawValue)) [shape=plaintext, label=\(quoted([server.label, node]))];"
      )
    }
    for port in model.ports {
      guard let server = port.server, let network = port.network else { continue }
      let address = port.addresses.first.map { "[label=\(quoted([$0.description]))]" } ?? ""
      lines.append(edge("server", server.rawValue, "network", network.rawValue, address))
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private static func node(_ kind: String, _ id: String) -> String { quoted(["\(kind) \(id)"]) }

  private static func edge(
    _ kind: String, _ id: String, _ otherKind: String, _ other: String, _ attributes: String = ""
  ) -> String {
    "  \(node(kind, id)) -- \(node(otherKind, other))"
      + (attributes.isEmpty ? "" : " \(attributes)")
      + ";"
  }

  /// Lines of a label. Quotes end it and backslashes begin Graphviz's escapes; everything that
  /// moves a terminal is shown.
  static func quoted(_ lines: [String]) -> String {
    let texts = lines.filter { !$0.isEmpty }.map { line in
      String(
        String.UnicodeScalarView(
          TerminalText.escaped(line).unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
            scalar == "\\" || scalar == "\"" ? ["\\", scalar] : [scalar]
          }))
    }
    return "\"" + texts.joined(separator: "\\n") + "\""
  }
}
