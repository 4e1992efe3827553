// `ovsight show SNAPSHOT TOPIC [NAME]`.
import ArgumentParser
import Facts
import Glibc
import LogicalModel
import Snapshot

extension ShowTopic: ExpressibleByArgument {}

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a snapshot holds, as tables.",
    discussion: """
      TOPIC is nodes, networks, subnets, routers, ports, eips, security-groups, trunks, dhcp, \
      agents, vm, drift or gaps. 'vm NAME' is one page on a server; 'drift' is where the nodes differ \
      from what Neutron was asked for. NAME selects: a name, an id or its beginning, an address, a MAC, a device; with it more \
      is shown. Where several things have the name, all are shown.

        ovsight show cloud.db ports
        ovsight show cloud.db vm web1
        ovsight show cloud.db drift --format json
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @Argument(help: "A snapshot file, as 'ovsight import' writes it.", completion: .file())
  var snapshot: String

  @Argument(help: "What to show.")
  var topic: ShowTopic

  @Argument(
    help: "Only what this name, id or address means.", completion: NameCompletion.origins)
  var name: String?

  @Option(help: "table for people, json for programs.")
  var format = Format.table

  func run() throws {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    let tables = try CloudModel(facts).show(topic, name: name, facts: facts)
    switch format {
    case .json: print(TextTable.json(tables), terminator: "")
    case .table:
      let width = terminalWidth()
      print(tables.map { $0.rendered(width: width) }.joined(separator: "\n"), terminator: "")
    }
  }

  /// Nil in a pipe or file: nothing is wrapped there.
  private func terminalWidth() -> Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
      size.ws_col > 0
    else { return nil }
    return Int(size.ws_col)
  }
}
