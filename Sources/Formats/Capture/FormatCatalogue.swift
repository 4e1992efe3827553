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
