// A snapshot brought to life on this machine: up, down, and a way into each of its places.
import DataPlane
import Facts
import Foundation
import Namespaces
import NetworkTypes

/// Where in a replayed cloud something runs.
public enum ReplayPlace: Hashable, Sendable {
  case node(NodeName)
  case namespace(NamespaceKey)
  /// A guest by its port.
  case guest(PortID)
  /// A host of the outside world, by its place in the model's list.
  case outside(Int)
}

/// What of a replay lives.
public struct ReplayStatus: Sendable {
  public enum Condition: String, Sendable {
    case down, up
    /// Half built, or what is left of a builder that died: `down` cleans up.
    case incomplete
  }
  public let condition: Condition
  public let snapshot: String?
  public let nodes: [NodeName]
  public let namespaces: [NodeName: [NamespaceName]]
  public let guests: [PortID]
  public let processes: Int
  public let notes: [ReplayNote]
}

/// A running replay.
public struct Replay: Sendable {
  /// Its private folder; also what its processes are known by.
  public let folder: String
  private let machine: MachineReference
  private let state: StateReference

  public var notes: [ReplayNote] { state.value.notes.map(\.note) }
  public var guests: [PortID] { state.value.guests.keys.sorted().map { PortID($0) } }

  // MARK: up and down

  /// Builds the cloud; on any failure nothing is left.
  ///
  /// - Parameters:
  ///   - folder: made if need be; one replay a folder.
  ///   - serviceProgram: the `ovsight` program, which serves what listens in namespaces and guests;
  ///     without it nothing answers on any port.
  public static func up(
    _ cloud: DataPlaneModel, snapshot: String, folder: String, serviceProgram: String?
  ) throws -> Replay {
    if let obstacle { throw NamespaceError("a replay \(obstacle)") }
    guard status(folder).condition == .down else {
      throw NamespaceError("\(folder) holds a replay already: take it down first")
    }
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    do {
      return try build(cloud, snapshot, folder, serviceProgram)
    } catch {
      _ = down(folder)
      throw error
    }
  }

  private static func build(
    _ cloud: DataPlaneModel, _ snapshot: String, _ folder: String, _ serviceProgram: String?
  ) throws -> Replay {
    var state = ReplayState(snapshot: snapshot)
    try state.save(folder)
    let builder = ReplayBuilder(cloud, try Machine.start(folder))
    try builder.build()
    state.guests = Dictionary(
      uniqueKeysWithValues: builder.guests.map { ($0.key.rawValue, $0.value) })
    state.outside = builder.outside
    state.namespaces = Dictionary(
      uniqueKeysWithValues: builder.nodes.map { node in
        (node.name.rawValue, node.namespaces.keys.map(\.rawValue).sorted())
      })
    let services = ServicePlan(cloud, builder.machine, state)
    if let serviceProgram {
      try services.start(serviceProgram, builder.machine)
    } else {
      builder.note(ReplayNote("nothing listens anywhere: no program to serve ports was given"))
    }
    state.notes = builder.notes.map { ReplayState.Note($0) }
    state.isComplete = true
    let replay = Replay(folder, builder.machine, state)
    try replay.primeTunnels(cloud)
    replay.greet(cloud)
    try state.save(folder)
    return replay
  }

  private init(_ folder: String, _ machine: Machine, _ state: ReplayState) {
    self.folder = folder
    self.machine = MachineReference(machine)
    self.state = StateReference(state)
  }

  /// The replay that runs in `folder`.
  public static func open(_ folder: String) throws -> Replay {
    guard let machine = Machine.find(folder), let state = ReplayState.load(folder),
      state.isComplete
    else { throw NamespaceError("\(folder) holds no running replay") }
    return Replay(folder, machine, state)
  }

  /// Ends the replay in `folder`, whole or half built; false where something would not die.
  public static func down(_ folder: String) -> Bool {
    guard Machine.end(folder) else { return false }
    // With what stands beside them while they are written or their reader starts.
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in files
    where [ReplayState.fileName, ServicePlan.fileName].contains(where: name.contains) {
      unlink("\(folder)/\(name)")
    }
    rmdir(folder)
    return true
  }

  public static func status(_ folder: String) -> ReplayStatus {
    let processes = Machine.processes(of: folder)
    let state = ReplayState.load(folder)
    let machine = Machine.find(folder)
    let condition: ReplayStatus.Condition =
      processes.isEmpty && state == nil
      ? .down : machine != nil && state?.isComplete == true ? .up : .incomplete
    return ReplayStatus(
      condition: condition, snapshot: state?.snapshot,
      nodes: machine?.nodes.keys.sorted() ?? [],
      namespaces: Dictionary(
        uniqueKeysWithValues: (state?.namespaces ?? [:]).map { node, names in
          (NodeName(node), names.map { NamespaceName($0) })
        }),
      guests: (state?.guests.keys.sorted() ?? []).map { PortID($0) },
      processes: processes.count, notes: state?.notes.map(\.note) ?? [])
  }

  /// Why this machine cannot hold a replay; nil where it can.
  public static var obstacle: String? {
    guard getuid() == 0 else { return "needs root: namespaces and devices are made" }
    let tools = [
      "unshare", "nsenter", "ip", "bridge", "sh", "mount", "iptables-nft-restore", "ipset",
      "ovs-vsctl",
      "ovs-ofctl", "ovsdb-server", "ovsdb-tool", "ovs-vswitchd",
    ]
    let missing = tools.filter { !Command.isInstalled($0) }
    return missing.isEmpty ? nil : "needs \(missing.joined(separator: ", ")), not installed here"
  }

  // MARK: places

  private func machinePlace(_ place: ReplayPlace) throws -> MachinePlace {
    switch place {
    case .node(let name): return .node(name, .root)
    case .namespace(let key): return .node(key.node, key.namespace)
    case .guest(let port):
      guard let name = state.value.guests[port.rawValue] else {
        throw NamespaceError("no guest of the replay has port \(port)")
      }
      return .shared(name)
    case .outside(let index):
      guard state.value.outside.indices.contains(index) else {
        throw NamespaceError("the replay has no outside host \(index)")
      }
      return .shared(state.value.outside[index])
    }
  }

  /// The place's network namespace, for sockets and captures.
  public func networkNamespace(of place: ReplayPlace) throws -> NetworkNamespaceFile {
    NetworkNamespaceFile(try machine.value.file(try machinePlace(place)))
  }

  /// A command that will run there; in a node it sees the node's own `ip netns`, switch and
  /// processes.
  public func command(_ words: [String], in place: ReplayPlace, input: String = "") throws
    -> Command
  {
    try machine.value.command(words, in: try machinePlace(place), input: input)
  }

  /// Runs a command there and returns what it wrote; a failure throws what it said.
  @discardableResult
  public func run(_ words: [String], in place: ReplayPlace, input: String = "") throws -> String {
    try command(words, in: place, input: input).run()
  }
}

/// Immutable after it was built; boxed to keep `Replay` small.
private final class MachineReference: Sendable {
  let value: Machine
  init(_ value: Machine) { self.value = value }
}
private final class StateReference: Sendable {
  let value: ReplayState
  init(_ value: ReplayState) { self.value = value }
}
