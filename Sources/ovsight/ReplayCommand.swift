// `ovsight replay SNAPSHOT up|down|status`: a snapshot's data plane on this machine.
import ArgumentParser
import DataPlane
import Facts
import Foundation
import Glibc
import Replay
import Snapshot

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Bring a snapshot's data plane to life on this machine.",
    discussion: """
      Each node becomes namespaces of this machine with an Open vSwitch of its own (in user \
      space), its devices, addresses, routes, rules, packet filters, flows and groups; each guest \
      a namespace with the addresses that the cloud gave it; the outside a host that answers for \
      every public address. What this kernel cannot hold is listed by `status`.

        sudo ovsight replay cloud.db up
        sudo ovsight replay cloud.db exec --in guest:web1 -- ping -c1 10.0.0.7
        sudo ovsight replay cloud.db exec --in compute1 -- ovs-vsctl show
        sudo ovsight replay cloud.db exec --in compute1/qrouter-5 -- ip route
        sudo ovsight replay cloud.db down

      Needs root, Open vSwitch, iptables, ipset, iproute2 and util-linux; changes nothing outside \
      the namespaces that it makes, and `down` removes all of them, also after a crash.
      """)

  enum Action: String, ExpressibleByArgument, CaseIterable { case up, down, status, exec }

  @Argument(help: "A snapshot file made by `ovsight import`.", completion: .file())
  var snapshot: String

  @Argument(help: "up, down, status or exec.")
  var action: Action

  @Argument(
    parsing: .postTerminator,
    help: "With exec: behind `--`, the command to run.")
  var command: [String] = []

  @Option(
    name: .customLong("in"),
    help: "With exec: NODE, NODE/NAMESPACE, guest:NAME or outside.")
  var place: String?

  @Option(name: .customLong("state"), help: "The replay's private folder.")
  var folder: String?

  func run() throws {
    let folder = self.folder ?? Self.folder(of: snapshot)
    switch action {
    case .up: try up(folder)
    case .down:
      guard Replay.down(folder) else {
        throw CommandError("\(folder): some of its processes do not end")
      }
    case .status: try showStatus(folder)
    case .exec: try execute(folder)
    }
  }

  /// One folder a snapshot, whatever way its path is written.
  static func folder(of snapshot: String) -> String {
    let path = URL(fileURLWithPath: snapshot).resolvingSymlinksInPath().path
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      .filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    // FNV-1a: snapshots of one name in several folders are several replays.
    let hash = path.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return "/run/ovsight-replay/\(name.prefix(40))-\(String(hash, radix: 16))"
  }

  private func up(_ folder: String) throws {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    let replay = try Replay.up(
      DataPlaneModel(facts), snapshot: snapshot, folder: folder,
      serviceProgram: "/proc/self/exe".resolvedLink)
    for note in replay.notes { printError("ovsight: \(note)") }
    print("up: \(facts.nodes.count) nodes, \(replay.guests.count) guests, in \(folder)")
  }

  private func showStatus(_ folder: String) throws {
    let status = Replay.status(folder)
    print("\(status.condition.rawValue): \(status.processes) processes, in \(folder)")
    for node in status.nodes {
      let names = (status.namespaces[node] ?? []).filter { $0 != .root }.map(\.rawValue)
      print(TerminalText.escaped("node \(node): \(names.joined(separator: " "))"))
    }
    for guest in status.guests { print(TerminalText.escaped("guest \(guest)")) }
    for note in status.notes { print(TerminalText.escaped("not as captured: \(note)")) }
    if status.condition == .incomplete { throw ExitCode(2) }
    if status.condition == .down { throw ExitCode(1) }
  }

  private func execute(_ folder: String) throws {
    guard let place, let program = command.first, !program.isEmpty else {
      throw CommandError("exec: wanted --in PLACE and, behind `--`, a command")
    }
    let replay = try Replay.open(folder)
    umask(Ovsight.callersMask)
    let words = try replay.command(command, in: try resolve(place)).replacingProcess()
    throw CommandError(words)
  }

  private func resolve(_ word: String) throws -> ReplayPlace {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    return try ReplayPlaceResolver(facts).place(word)
  }
}

/// The process behind a replay's listening ports; `replay … up` starts it.
struct ServeReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-replay", abstract: "Serve a replay's ports.", shouldDisplay: false)

  @Argument var plan: String

  func run() throws { try ServiceProcess.run(plan) }
}

extension String {
  fileprivate var resolvedLink: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: self)) ?? self
  }
}
