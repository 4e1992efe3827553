// The command line: each subcommand turns arguments into values, calls one function, renders.
import ArgumentParser

@main
struct Ovsight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ovsight", abstract: "Trace packets through an OpenStack cloud and audit it.")
}
