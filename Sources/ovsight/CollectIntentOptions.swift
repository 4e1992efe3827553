// The options of `ovsight collect` that say where Neutron's answers come from.
import ArgumentParser
import Collector
import Foundation

struct CollectIntentOptions: ParsableArguments {
  @Option(
    help: """
      Read Neutron's API (and the names that Nova and Keystone know) of this cloud in clouds.yaml, \
      as the openstack client finds it; 'envvars' is what OS_* say.
      """)
  var osCloud: String?

  @Option(help: "Take the Neutron API's answers from this folder of JSON files.")
  var neutron: String?

  var isNamed: Bool { neutron != nil || osCloud != nil }

  func validate() throws {
    guard neutron == nil || osCloud == nil else {
      throw ValidationError("--os-cloud and --neutron: wanted one of them")
    }
  }

  /// Of `--os-cloud`; nil where it is not given. Read before anything is collected, so that a slip
  /// of the pen costs nothing.
  func settings() throws -> CloudSettings? {
    try osCloud.map { name in
      try CloudSettings.named(name, environment: ProcessInfo.processInfo.environment) { path in
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }

  /// Problems, a line each; empty where nothing was asked for.
  func read(_ settings: CloudSettings?, into folder: String) async throws -> [String] {
    if let neutron { try SavedNeutron.copy(neutron, into: folder) }
    guard let settings else { return [] }
    return try await NeutronReader.read(settings, into: folder)
  }
}
