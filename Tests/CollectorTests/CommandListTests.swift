// The reviewed list itself: read-only, each file known to the parsers, each expected format asked for.
import Facts
import Testing

@testable import Collector
@testable import Formats

@Suite struct CommandListTests {
  private static func all(_ commands: [ReviewedCommand]) -> [ReviewedCommand] {
    commands.flatMap { [$0] + all($0.otherwise) }
  }
  private static let places: [(folder: String, commands: [ReviewedCommand])] = [
    ("root/", CommandList.namespace + CommandList.host),
    ("ns/x/", CommandList.namespace + CommandList.ofNamespace), ("ovs/", CommandList.openVSwitch),
    ("ovs/x/", CommandList.bridge),
  ]
  private static var commands: [ReviewedCommand] { places.flatMap { all($0.commands) } }

  /// Words that change something, of the programs that the list uses.
  private static let forbidden: Set<String> = [
    "add", "del", "delete", "set", "flush", "replace", "change", "append", "create", "destroy",
    "restore", "-w", "-F", "-X", "-D", "-A", "-I", "--flush", "mod-flows", "add-flow", "del-flows",
    "-generate", "--generate", "add-br", "add-port", "del-br", "del-port", "clear", "remove",
    "fdb/flush", "dpctl/flush-conntrack", "dpctl/del-flow", "--may-exist", "-p", "-s",
  ]

  @Test func nothingInItChangesAnything() {
    for command in Self.commands {
      let words = command.words.compactMap { word in
        if case .literal(let text) = word { text } else { nil }
      }
      let found = words.filter { Self.forbidden.contains($0) && !($0 == "-s" && words[0] == "ip") }
      #expect(found.isEmpty, "\(words)")
      #expect(!words.contains { $0.contains(">") }, "\(words)")
    }
  }

  /// `boot_id.txt` and `netns_self.txt` tell nodes apart, and no parser reads them.
  @Test func everyFileIsOneThatParsersKnow() {
    for (folder, commands) in Self.places {
      for command in Self.all(commands)
      where !["boot_id.txt", "netns_self.txt"].contains(command.file) {
        let file = CaptureFile(
          id: CaptureFileID(0), node: "n", path: folder + command.file, sizeBytes: 0, command: nil)
        #expect(FormatCatalogue.row(for: file) != nil, "\(folder)\(command.file)")
      }
    }
  }

  @Test func everyExpectedFormatIsAskedFor() {
    for (folder, commands) in Self.places {
      let place = FilePlace(
        CaptureFile(
          id: CaptureFileID(0), node: "n", path: folder + "x", sizeBytes: 0, command: nil))
      let asked = Set(
        Self.all(commands).compactMap { command in
          FormatCatalogue.row(
            for: CaptureFile(
              id: CaptureFileID(0), node: "n", path: folder + command.file, sizeBytes: 0,
              command: nil))?.name
        })
      for row in FormatCatalogue.rows where row.isExpected && row.belongs(place) {
        #expect(asked.contains(row.name), "\(folder) \(row.name)")
      }
    }
  }

  @Test(arguments: [["dash"], ["bash", "--posix"], ["busybox", "sh"], ["ksh"]])
  func theScriptIsPOSIX(_ shell: [String]) throws {
    guard Shell.has(shell[0]) else { return }
    let text = Array(CommandList.script.utf8)
    #expect(try Shell.output(shell + ["-n"], input: text) == [])
  }

  @Test func theListIsPrintedWhole() {
    let lines = CommandList.lines
    for command in Self.commands {
      guard case .literal(let program) = command.words[0] else { continue }
      #expect(lines.contains { $0.contains(program) }, "\(program)")
    }
    #expect(lines.contains("ovs-appctl fdb/show <bridge>"))
  }
}
