// The processes that hold a replay: one first process for all of it, and in its process and mount
// namespaces one for each node. Every namespace hangs on one of them and every link lives in a
// namespace, so that nothing is left once they are gone, whoever died on the way.
import Foundation
import Namespaces
import NetworkTypes

/// A replay's tree of processes, found by their marks.
struct Machine {
  /// Marks every process of a replay; the value is the replay's folder.
  static let mark = "OVSIGHT_REPLAY"
  static let role = "OVSIGHT_REPLAY_ROLE"
  static let hostVariable = "OVSIGHT_REPLAY_HOST"
  private static let readyFile = "/run/ovsight-ready"

  let folder: String
  private(set) var first: MarkedProcess
  private(set) var nodes: [NodeName: MarkedProcess] = [:]

  /// Processes of the replay in `folder`.
  static func processes(of folder: String) -> [MarkedProcess] {
    MarkedProcesses.find(mark, folder)
  }

  /// What runs in `folder` now; nil where nothing does.
  static func find(_ folder: String) -> Machine? {
    let processes = processes(of: folder).filter(\.isFirst)
    guard let first = processes.first(where: { $0.environment[role] == "machine" }) else {
      return nil
    }
    var machine = Machine(folder: folder, first: first)
    for process in processes {
      guard let name = process.environment[role], name.hasPrefix("node:") else { continue }
      machine.nodes[NodeName(String(name.dropFirst(5)))] = process
    }
    return machine
  }

  private init(folder: String, first: MarkedProcess) {
    self.folder = folder
    self.first = first
  }

  static func start(_ folder: String) throws -> Machine {
    let words = ["unshare", "--mount"] + shared + ["sh", "-c", machineScript]
    _ = try Command(words, environment: [mark: folder, role: "machine"]).start()
    return Machine(folder: folder, first: try wait(folder, role: "machine"))
  }

  mutating func startNode(_ name: NodeName, host: String) throws {
    let words =
      ["nsenter", "-t", "\(first.id)", "-m", "-p", "--", "unshare", "--net", "--mount", "--uts"]
      + ["--ipc"] + Self.shared + ["sh", "-c", Self.nodeScript]
    let role = "node:\(name)"
    let marks = [Self.mark: folder, Self.role: role, Self.hostVariable: host]
    _ = try Command(words, environment: marks).start()
    nodes[name] = try Self.wait(folder, role: role)
  }

  private static let shared = [
    "--propagation", "private", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc",
  ]

  // The shell waits for whatever is handed to it, so that daemons leave no zombies.
  private static let machineScript = """
    mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns /run/lock || exit 1
    : > \(readyFile)
    while :; do sleep 3600; done
    """
  private static let nodeScript = """
    mount -t sysfs sysfs /sys 2>/dev/null
    mount -t tmpfs -o mode=755 tmpfs /run || exit 1
    mkdir -p /run/netns /run/lock /run/openvswitch || exit 1
    printf %s "$\(hostVariable)" > /proc/sys/kernel/hostname
    : > \(readyFile)
    while :; do sleep 3600; done
    """

  private static func wait(_ folder: String, role: String) throws -> MarkedProcess {
    for _ in 0..<500 {
      let process = processes(of: folder).first {
        $0.isFirst && $0.environment[Self.role] == role
      }
      if let process,
        FileManager.default.fileExists(atPath: "/proc/\(process.id)/root\(readyFile)")
      {
        return process
      }
      usleep(10_000)
    }
    throw NamespaceError("\(role) does not come up: are namespaces allowed here?")
  }

  /// Ends everything; true once nothing of it lives.
  static func end(_ folder: String) -> Bool {
    var quietLooks = 0
    for _ in 0..<500 {
      let processes = processes(of: folder)
      // Between its fork and its exec a child of a killed builder carries no mark yet: looked twice.
      quietLooks = processes.isEmpty ? quietLooks + 1 : 0
      if quietLooks == 3 { return true }
      // The first ones take all others of their namespaces along.
      for process in processes.filter(\.isFirst) + processes { kill(process.id, SIGKILL) }
      var status: Int32 = 0
      for process in processes { waitpid(process.id, &status, WNOHANG) }
      usleep(10_000)
    }
    return false
  }

  // MARK: places

  /// Words that run what follows them inside.
  func prefix(_ place: MachinePlace) throws -> [String] {
    switch place {
    case .machine: return ["nsenter", "-t", "\(first.id)", "-m", "-p", "--"]
    case .shared(let name):
      return [
        "nsenter", "-t", "\(first.id)", "-m", "-p", "--net=\(file(place: name))", "--",
      ]
    case .node(let node, let namespace):
      guard let process = nodes[node] else { throw NamespaceError("node \(node) is not up") }
      let net = namespace == .root ? "-n" : "--net=\(try file(node, namespace))"
      return ["nsenter", "-t", "\(process.id)", net, "-m", "-u", "-i", "-p", "--"]
    }
  }

  func file(_ place: MachinePlace) throws -> String {
    switch place {
    case .machine: "/proc/\(first.id)/ns/net"
    case .shared(let name): file(place: name)
    case .node(let node, let namespace): try file(node, namespace)
    }
  }

  private func file(place name: String) -> String { "/proc/\(first.id)/root/run/netns/\(name)" }

  private func file(_ node: NodeName, _ namespace: NamespaceName) throws -> String {
    guard let process = nodes[node] else { throw NamespaceError("node \(node) is not up") }
    guard namespace != .root else { return "/proc/\(process.id)/ns/net" }
    guard SafeWords.isNamespace(namespace) else {
      throw NamespaceError("\(node): no namespace of this name")
    }
    return "/proc/\(process.id)/root/run/netns/\(namespace)"
  }

  static let environment = [
    "OVS_RUNDIR": "/run/openvswitch", "OVS_LOGDIR": "/run/openvswitch",
    "OVS_DBDIR": "/run/openvswitch",
  ]

  func command(_ words: [String], in place: MachinePlace, input: String = "") throws -> Command {
    var marks = Self.environment
    marks[Self.mark] = folder
    marks[Self.role] = "command"
    return Command(try prefix(place) + words, input: input, environment: marks)
  }
}

/// Where in the tree something runs.
enum MachinePlace: Hashable, Sendable {
  /// The replay's own mount namespace, and the host's network: for `ip netns` of what all share.
  case machine
  /// A namespace that belongs to no node: the fabric, a guest, the outside.
  case shared(String)
  case node(NodeName, NamespaceName)
}
