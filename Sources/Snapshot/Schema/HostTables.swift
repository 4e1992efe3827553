// Settings, sockets and processes of every node.
import Facts
import GRDB
import NetworkTypes

enum HostTables {
  static let all: [ProjectedTable] = [
    sysctl, socket, socketProcess, process, kernel, networkNamespace, staticHost,
  ]

  private static let sysctl = ProjectedTable(
    "sysctl", "A kernel setting of a namespace.",
    .location() + [
      Column<InNamespace<Sysctl>>.text("name", "Dotted: `net.ipv4.ip_forward`.") {
        $0.record.name
      },
      .text("value", "As printed.") { $0.record.value },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    keptAs: NarrowStorage(
      run: ["node", "namespace", "file"], shared: ["value"], key: "name",
      runIndexes: ["node, namespace"]),
    rows: { $0.inNamespaces(\.sysctls.records) })

  private static let socket = ProjectedTable(
    "socket", "A listening or unconnected socket.",
    [
      Column<Numbered<InNamespace<ListeningSocket>>>.key("What `socket_process` refers to.") {
        $0.id
      },
      .node(\.record.node),
      .namespace { $0.record.namespace.rawValue },
      .text("transport", "`tcp`, `udp`, `u_str`, ….") { $0.record.record.transport },
      .text("state", "`LISTEN`, `UNCONN`.") { $0.record.record.state },
      .optionalText("address", "NULL for every address of both families, and local sockets.") {
        $0.record.record.address?.description
      },
      .optionalInteger("port", "NULL for any.") { $0.record.record.port },
      .optionalText("interface", "The device it is bound to.") {
        $0.record.record.interface?.rawValue
      },
      .optionalText("path", "Of local sockets.") { $0.record.record.path },
    ] + .evidence(\.record.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { sockets($0).numbered() })

  private static let socketProcess = ProjectedTable(
    "socket_process", "A process that holds a socket.",
    [
      Column<Part<SocketProcess>>.parent("socket") { $0.parent },
      .integer("position", "From 0.") { $0.position },
      .text("name", "The program's name.") { $0.record.name },
      .integer("pid", "Its process id.") { $0.record.pid },
    ],
    constraints: ["PRIMARY KEY (socket, position)"],
    rows: { sockets($0).parts(\.record.processes) })

  private static func sockets(_ source: ProjectionSource) -> [InNamespace<ListeningSocket>] {
    source.inNamespaces(\.sockets.records)
  }

  private struct RunningProcess: Sendable {
    let node: NodeName
    let process: Facts.Process
    let namespace: NamespaceName?
  }

  private static let process = ProjectedTable(
    "process", "A process of a node.",
    [
      Column<RunningProcess>.node(\.node),
      .integer("pid", "Its id.") { $0.process.pid },
      .integer("parent_pid", "Its parent's id.") { $0.process.parent },
      .text("user", "Who runs it.") { $0.process.user },
      .optionalInteger("elapsed_seconds", "Since it started; NULL where it was not asked.") {
        $0.process.elapsedSeconds
      },
      .text("arguments", "Its command line, secrets masked.") { $0.process.arguments },
      .optionalText("namespace", "The named network namespace that lists it as its own.") {
        $0.namespace?.rawValue
      },
    ] + .evidence(\.process.evidence),
    constraints: [ProjectedTable.inNamespace],
    indexes: ["node, pid"],
    rows: processes)

  private static func processes(_ source: ProjectionSource) -> [RunningProcess] {
    source.facts.nodes.flatMap { node in
      let pairs = node.namespaces.values.flatMap { namespace in
        namespace.processIDs.records.map { ($0, namespace.name) }
      }
      // A process is in one namespace; of a contradiction the first by name is taken.
      let owners = Dictionary(pairs.sorted { $0.1 < $1.1 }, uniquingKeysWith: { first, _ in first })
      return node.processes.records.map {
        RunningProcess(node: node.name, process: $0, namespace: owners[$0.pid])
      }
    }
  }

  private static let kernel = ProjectedTable(
    "kernel", "The kernel that a node runs.",
    [
      Column<OnNode<KernelIdentity>>.node(\.node),
      .text("release", "`6.1.0-13-amd64`.") { $0.record.release },
      .text("version", "Build number, options and date.") { $0.record.version },
      .text("machine", "`x86_64`; empty where it is not told.") { $0.record.machine },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.kernel.records) })

  private static let networkNamespace = ProjectedTable(
    "lsns_namespace", "A network namespace that processes run in, also unnamed ones.",
    [
      Column<OnNode<NetworkNamespace>>.node(\.node),
      .text("inode", "Its number in /proc/PID/ns/net.") { "\($0.record.inode)" },
      .optionalText("name", "The name that `ip netns` knows it by.") { $0.record.name?.rawValue },
      .optionalInteger("nsid", "As the initial namespace numbers it.") { $0.record.id },
      .optionalInteger("pid", "The lowest process in it.") { $0.record.pid },
      .text("command", "That process's command line.") { $0.record.command },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.networkNamespaces.records) })

  private static let staticHost = ProjectedTable(
    "static_host", "A line of a node's /etc/hosts.",
    [
      Column<OnNode<StaticHost>>.node(\.node),
      .text("address", "The address.") { $0.record.address.description },
      .list("names", "The canonical name first.") { $0.record.names },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.staticHosts.records) })
}
