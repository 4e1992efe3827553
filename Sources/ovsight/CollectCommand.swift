// `ovsight collect [HOST…] --output SNAPSHOT`.
import ArgumentParser
import Collector
import Facts
import Formats
import Foundation
import Snapshot

struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect", abstract: "Read the state of nodes, changing nothing.",
    discussion: """
      A HOST is anything that ssh takes: [user@]host[:port], or a name of your ssh configuration, \
      which is used as it is (keys, agent, jump hosts, host keys). A node needs a POSIX shell and \
      what it already has. --print-commands shows all that is ever run there.

        ovsight collect compute1 compute2 root@network1 --os-cloud admin --output cloud.db
        ovsight collect --inventory hosts.ini --group nova --become --output cloud.db
        ovsight collect --local --captures captures

      Exit codes: 0 everything was read, 1 something is missing ('ovsight show SNAPSHOT gaps' names \
      it), 2 nothing was written.
      """)

  @Argument(help: "Nodes to read.")
  var hosts: [String] = []

  @Flag(help: "Read this machine.")
  var local = false

  @Option(
    name: .customLong("inventory"),
    help: "A list of nodes: a host a line, or Ansible's INI or YAML. May be repeated.")
  var inventories: [String] = []

  @Option(
    name: .customLong("group"), help: "Only this group of the inventories. May be repeated.")
  var groups: [String] = []

  @Option(help: "Keep the captured files in this new folder.")
  var captures: String?

  @Option(name: .shortAndLong, help: "The snapshot file to write.")
  var output: String?

  @Flag(help: "Use sudo on the nodes (without a password).")
  var become = false

  @OptionGroup var intent: CollectIntentOptions
  @OptionGroup var bounds: CollectBounds

  @Flag(help: "Write a snapshot also where Neutron's answers know nothing of a node.")
  var mixed = false

  @Flag(help: "Print every command that is run on nodes, and run none.")
  var printCommands = false

  @Flag(help: "Print the shell script that is sent to nodes, and run nothing.")
  var printScript = false

  func run() async throws {
    if printCommands { return CommandList.lines.forEach(printLine) }
    if printScript { return print(CommandList.script, terminator: "") }
    let targets = try targets()
    guard captures != nil || output != nil else {
      throw CommandError("nothing to write: wanted --output SNAPSHOT or --captures DIR")
    }
    if let captures { try StagingFolder.checkTarget(captures) }
    if let output { try SnapshotFile.checkTarget(output) }
    let cloud = try intent.settings()
    let staging = try StagingFolder(beside: captures ?? output ?? "")
    let failures = try await collect(targets, cloud, into: staging.path)
    failures.forEach(printError)
    // Why it is not there has been said.
    if !failures.isEmpty, isEmpty(staging.path) { throw ExitCode(2) }
    var folder = staging.path
    if let captures {
      try staging.commit()
      folder = captures
    }
    if let output { try writeSnapshot(of: folder, to: output) }
    if !failures.isEmpty { throw ExitCode(1) }
  }

  private func isEmpty(_ folder: String) -> Bool {
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? true
  }

  /// All problems, a line each.
  private func collect(
    _ targets: [NodeTarget], _ cloud: CloudSettings?, into folder: String
  ) async throws -> [String] {
    let report = CollectProgress(total: targets.count)
    // The nodes and the API change with each other: they are read at one time.
    async let neutron = intent.read(cloud, into: folder)
    var failures: [String] = []
    if !targets.isEmpty {
      var collection = try CloudCollection(targets: targets)
      try bounds.apply(to: &collection)
      let outcomes = try await collection.run(into: folder) { report.show($0) }
      failures = outcomes.flatMap { outcome in
        outcome.problems.map { "\(outcome.target.name): \($0)" }
      }
    }
    failures += try await neutron
    report.finish()
    return failures
  }

  private func targets() throws -> [NodeTarget] {
    var targets: [NodeTarget] = local ? [.local(isRaised: become)] : []
    for host in hosts { targets.append(try NodeTarget(host: host, isRaised: become)) }
    for file in inventories {
      let text = String(decoding: try readFile(file), as: UTF8.self)
      targets += try Inventory.targets(text, file: file, groups: groups, isRaised: become)
    }
    if targets.isEmpty, intent.isNamed { return [] }
    return try CloudCollection(targets: targets).targets
  }

  private func writeSnapshot(of folder: String, to output: String) throws {
    var listing = try CaptureListing(of: [folder])
    // The folder's name may be one that nobody chose.
    listing.sources = [captures.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "collect"]
    let summary = try importSnapshot(of: listing, to: output, mixed: mixed)
    summary.text(isVerbose: false).forEach(printLine)
  }
}
