// The options of `ovsight collect` that say where Neutron's answers come from.
import ArgumentParser
import Collector

struct CollectIntentOptions: ParsableArguments {
  @Option(help: "Take the Neutron API's answers from this folder of JSON files.")
  var neutron: String?

  var isNamed: Bool { neutron != nil }

  /// Problems, a line each; empty where nothing was asked for.
  func read(into folder: String) async throws -> [String] {
    if let neutron { try SavedNeutron.copy(neutron, into: folder) }
    return []
  }
}
