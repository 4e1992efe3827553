// What is no subcommand is met with the one that was meant.
import ArgumentParser
import LogicalModel

enum CommandName {
  static func check(_ words: [String]) throws {
    guard let word = words.first, !word.hasPrefix("-"), word != "help" else { return }
    var names: [String] = []
    for command in Ovsight.configuration.subcommands {
      let name = command.configuration.commandName ?? ""
      if name == word { return }
      if command.configuration.shouldDisplay { names.append(name) }
    }
    throw CommandError(
      "'\(word)' is no command: \(hint(word, names))wanted one of \(names.joined(separator: ", "))")
  }

  private static func hint(_ word: String, _ names: [String]) -> String {
    var best: (distance: Int, name: String) = (3, "")
    for name in names {
      let distance = editDistance(word, name, limit: 2)
      if distance < best.distance { best = (distance, name) }
    }
    return best.name.isEmpty ? "" : "did you mean '\(best.name)'? "
  }
}
