// swift-argument-parser's description of the commands → a page in man(7)'s macros. Fed by
// ManualCommand; the description is that of its ToolInfo.swift.
import Formats

struct ManualPage {
  private let root: JSONNode
  private let version: String
  init(_ root: JSONNode, version: String) {
    self.root = root
    self.version = version
  }

  var text: String {
    let lines =
      [
        ".TH OVSIGHT 1 \"\" \"ovsight \(version)\" \"User Commands\"", ".SH NAME",
        "ovsight \\- " + Self.escaped(root.text("abstract")), ".SH SYNOPSIS", ".B ovsight",
        "\\fIcommand\\fR [\\fIarguments\\fR]", ".SH DESCRIPTION",
      ] + Self.paragraphs(root.text("discussion")) + [".SH COMMANDS"]
      + root.list("subcommands").filter { $0.isShown && $0.text("commandName") != "help" }
      .flatMap(command)
    return lines.joined(separator: "\n") + "\n"
  }

  private func command(_ node: JSONNode) -> [String] {
    let arguments = node.list("arguments").filter(\.isShown)
    let name = node.text("commandName")
    let positional = arguments.filter { $0.text("kind") == "positional" }
    let synopsis = positional.map { argument in
      let word = "\\fI" + Self.escaped(argument.text("valueName")) + "\\fR"
      let repeated = word + (argument.flag("isRepeating") ? "..." : "")
      return argument.flag("isOptional") ? "[\(repeated)]" : repeated
    }
    return [
      ".SS ovsight \(Self.escaped(name))", Self.escaped(node.text("abstract")), ".PP",
      "\\fBovsight \(Self.escaped(name))\\fR " + (synopsis + ["[options]"]).joined(separator: " "),
      ".PP",
    ] + Self.paragraphs(node.text("discussion")) + arguments.flatMap(argument)
  }

  private func argument(_ node: JSONNode) -> [String] {
    let value = "\\fI" + Self.escaped(node.text("valueName")) + "\\fR"
    let names = node.list("names").map { name in
      let dashes = name.text("kind") == "long" ? "\\-\\-" : "\\-"
      return "\\fB\(dashes)\(Self.escaped(name.text("name")))\\fR"
    }
    let isFlag = node.text("kind") == "flag"
    let head = names.isEmpty ? value : names.joined(separator: ", ") + (isFlag ? "" : " " + value)
    let fallback = node["defaultValue"]?.string.map { " Default: \($0)." } ?? ""
    return [".TP", head, Self.escaped(node.text("abstract") + (isFlag ? "" : fallback))]
      + Self.paragraphs(node.text("discussion"))
  }

  /// Lines that are indented stay as they are.
  private static func paragraphs(_ text: String) -> [String] {
    guard !text.isEmpty else { return [] }
    var lines: [String] = []
    var isVerbatim = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      let isIndented = line.hasPrefix("  ")
      if isIndented != isVerbatim, !line.isEmpty {
        lines += isIndented ? [".nf"] : [".fi"]
        isVerbatim = isIndented
      }
      lines.append(line.isEmpty ? ".PP" : escaped(line))
    }
    return lines + (isVerbatim ? [".fi"] : []) + [".PP"]
  }

  private static func escaped(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
      .replacing("\n", with: " ")
    let ascii = plain.unicodeScalars.map { scalar in
      scalar.isASCII ? String(scalar) : "\\[u\(Self.hex(scalar))]"
    }.joined()
    return ascii.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + ascii : ascii
  }

  /// At least four digits, as groff wants them.
  private static func hex(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension JSONNode {
  fileprivate func text(_ key: String) -> String { self[key]?.string ?? "" }
  fileprivate func list(_ key: String) -> [JSONNode] { self[key]?.elements ?? [] }
  fileprivate func flag(_ key: String) -> Bool { self[key]?.scalarText == "true" }
  fileprivate var isShown: Bool { self["shouldDisplay"].map { $0.scalarText != "false" } ?? true }
}
