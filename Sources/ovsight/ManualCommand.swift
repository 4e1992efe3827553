// `ovsight manual`: the manual page, made of the same declarations as `--help`.
import ArgumentParser
import Formats

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the manual page, for man.",
    discussion: """
      Packages install it; without one:

        ovsight manual | man -l -
        ovsight --generate-completion-script bash > /etc/bash_completion.d/ovsight
      """, shouldDisplay: false)

  func run() throws {
    let dump = try JSONParser.document(Array(Ovsight._dumpHelp().utf8))
    guard let root = dump["command"] else { throw CommandError("manual: no description") }
    print(ManualPage(root, version: Ovsight.version).text, terminator: "")
  }
}
