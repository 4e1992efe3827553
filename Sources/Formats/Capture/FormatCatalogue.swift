// The format catalogue: every kind of file that a capture may hold, one row a kind. A file that no
// row recognises is kept and listed as ignored. Later rows win over earlier ones where two files
// speak of the same section and both are whole.
import Facts
import NetworkTypes

package enum FormatCatalogue {
  /// All rows, in order of preference.
  package static let rows: [CaptureFormat] =
    [commandIndex] + linux + netfilter + openVSwitch + openStack

  /// The row that reads `file`; nil for unknown files.
  package static func row(for file: CaptureFile) -> CaptureFormat? {
    let place = FilePlace(file)
    let commands = commandWords(of: file)
    return rows.last { $0.matches(place, commands) }
  }

  /// The rows that read `files`. Of a command that ran in many namespaces, its row is looked for once.
  static func rows(for files: [CaptureFile]) -> [CaptureFormat?] {
    var known: [Repeated: CaptureFormat?] = [:]
    return files.map { file in
      guard let key = Repeated(file) else { return row(for: file) }
      if let format = known[key] { return format }
      let format = row(for: file)
      known[key] = .some(format)
      return format
    }
  }

  /// What decides the row of a file that other namespaces or bridges have as well.
  private struct Repeated: Hashable {
    let isNamespace: Bool
    let name: Substring
    /// Without what only says in which namespace it ran.
    let commandLine: Substring?

    init?(_ file: CaptureFile) {
      let parts = file.path.utf8.split(separator: UInt8(ascii: "/"))
      guard file.node != nil, parts.count == 3 else { return nil }
      let (folder, name) = (Substring(parts[1]), Substring(parts[2]))
      isNamespace = parts[0].elementsEqual("ns".utf8)
      guard isNamespace ? folder != "root" : parts[0].elementsEqual("ovs".utf8) else { return nil }
      self.name = name
      guard let line = file.command?.commandLine else {
        commandLine = nil
        return
      }
      let wrapper = "ip netns exec \(folder) "
      let rest = line.utf8.dropFirst(wrapper.utf8.count)
      let isWrapped = line.utf8.starts(with: wrapper.utf8) && rest.contains { $0 != 0x20 }
      commandLine = Substring(isWrapped ? rest : line.utf8[...])
    }
  }

  /// The command line as it ran, and the file's name for captures that have no `commands.tsv`.
  private static func commandWords(of file: CaptureFile) -> [CommandWords] {
    let name = file.path.split(separator: "/").last.map(String.init) ?? ""
    let named = CommandWords(fileName: name)
    guard let line = file.command?.commandLine else { return [named] }
    return [CommandWords(commandLine: line), named]
  }

  private static let commandIndex = CaptureFormat.plain(
    "commands", "commands.tsv", nil, belongs: { $0 == .index }, CommandIndexFormat.parse)
}

extension FormatCatalogue {
  /// Whether the file at `path` of a node is one whose absence is a gap.
  package static func isExpected(path: String) -> Bool {
    let file = CaptureFile(
      id: CaptureFileID(-1), node: NodeName(""), path: path, sizeBytes: 0, command: nil)
    return row(for: file)?.isExpected ?? false
  }
}
