// Reads capture folders (see DESIGN, "Capture folders") into a Capture. Pure file input: nothing
// is interpreted but `commands.tsv`. Feeds FactsBuilder and SnapshotFile.
import Facts
import NetworkTypes
import Synchronization
import Workers

/// Reads folders of nodes, single node folders and `neutron/` folders, and merges them.
public enum CaptureFolder {
  /// A conntrack table of a million entries prints 200 MB; evidence counts bytes in 31 bits.
  /// A larger file becomes a gap that says so.
  public static let maximumFileBytes = 512 << 20
  /// `files/` copies absolute paths; nothing real is nested deeper, a loop of mounts may be.
  public static let maximumDepth = 40

  /// Reads and merges `folders`.
  ///
  /// Throws where a folder is missing, holds no capture, or has a node that an earlier one has.
  public static func read(_ folders: [String]) throws(CaptureError) -> Capture {
    var reader = Reader()
    for folder in folders { try reader.read(folder) }
    try reader.checkIdentities()
    return Capture(
      sources: folders.map(lastComponent), nodes: Array(reader.nodes.keys), files: reader.files,
      unreadable: reader.unreadable)
  }

  static func lastComponent(_ path: String) -> String {
    let resolved = FileTree.resolved(path) ?? path
    return resolved.split(separator: "/").last.map(String.init) ?? "/"
  }

  /// What makes a folder a node's.
  static func isNodeFolder(_ path: String) -> Bool {
    FileTree.kind(of: path + "/commands.tsv") == .regular
      || ["root", "ns", "ovs"].contains { FileTree.isDirectory("\(path)/\($0)") }
  }

  /// What makes a folder the Neutron API's.
  static func isNeutronFolder(_ path: String) -> Bool {
    ["networks.json", "ports.json"].contains { FileTree.kind(of: "\(path)/\($0)") == .regular }
  }
}

/// A file as it was read, below its node's folder.
private struct ReadFile: Sendable {
  let path: String
  let content: FileContent
}

private struct Reader {
  /// Each node with the folder that it came from.
  var nodes: [NodeName: String] = [:]
  var neutronFolder: String?
  var files: [RawFile] = []
  var unreadable: [Gap] = []

  mutating func read(_ folder: String) throws(CaptureError) {
    if Sosreport.isArchive(folder) { return try readArchive(folder, folder) }
    guard let root = FileTree.resolved(folder) else {
      throw CaptureError(folder, "no such folder", wanted: "a capture folder")
    }
    guard FileTree.isDirectory(root) else {
      throw CaptureError(folder, "not a folder", wanted: "a capture folder")
    }
    guard let names = FileTree.names(in: root) else {
      throw CaptureError(
        folder, "cannot be listed: \(FileTree.lastError())", wanted: "a readable folder")
    }
    if Sosreport.isFolder(root) {
      try readSosreport(Sosreport.reading(folder: root), folder)
    } else if CaptureFolder.isNodeFolder(root) {
      try readNode(CaptureFolder.lastComponent(root), root, folder)
    } else if CaptureFolder.isNeutronFolder(root) {
      try readNeutron(root, folder)
    } else {
      try readParts(names, of: root, folder)
    }
  }

  private mutating func readParts(
    _ names: [String], of root: String, _ folder: String
  ) throws(CaptureError) {
    var isEmpty = true
    for name in names {
      let path = "\(root)/\(name)"
      if Sosreport.isArchive(path) {
        try readArchive(path, folder)
      } else if !FileTree.isDirectory(path) {
        continue
      } else if Sosreport.isFolder(path) {
        try readSosreport(Sosreport.reading(folder: path), "\(folder)/\(name)")
      } else if name == "neutron" || CaptureFolder.isNeutronFolder(path) {
        try readNeutron(path, folder)
      } else if CaptureFolder.isNodeFolder(path) {
        try readNode(name, path, folder)
      } else {
        continue
      }
      isEmpty = false
    }
    guard isEmpty else { return }
    throw CaptureError(
      folder, names.isEmpty ? "is empty" : "holds no capture",
      wanted: "one folder a node (commands.tsv, root/, ns/, ovs/, files/) and neutron/, "
        + "or sosreports")
  }

  /// Remembers where a node came from; two folders of one node are an error that names both.
  private mutating func enter(_ name: String, _ folder: String) throws(CaptureError) -> NodeName {
    let node = NodeName(name)
    if let earlier = nodes[node] {
      throw CaptureError(
        folder, "node \(name) is also in \(earlier)", wanted: "each node in one folder only")
    }
    nodes[node] = folder
    return node
  }

  /// The kernel's boot and the namespace that the node lives in, where both were captured: the same
  /// running system under two names would count twice in every answer.
  func checkIdentities() throws(CaptureError) {
    var identities: [NodeName: [String: [UInt8]]] = [:]
    for file in files
    where ["root/boot_id.txt", "root/netns_self.txt"].contains(file.description.path) {
      guard let node = file.description.node, file.content.count > 0 else { continue }
      identities[node, default: [:]][file.description.path] = file.bytes
    }
    var seen: [[String: [UInt8]]: NodeName] = [:]
    for (node, identity) in identities.sorted(by: { $0.key < $1.key }) where identity.count == 2 {
      if let other = seen[identity] {
        throw CaptureError(
          nodes[node] ?? "\(node)",
          "node \(node) is node \(other) of \(nodes[other] ?? "?") again",
          wanted: "each node in one folder only")
      }
      seen[identity] = node
    }
  }

  private mutating func readArchive(_ path: String, _ folder: String) throws(CaptureError) {
    let report: Sosreport
    do throws(ArchiveError) {
      report = try Sosreport.reading(archive: path)
    } catch {
      throw CaptureError(path, error.problem, wanted: "a sosreport")
    }
    try readSosreport(report, path)
  }

  private mutating func readSosreport(
    _ report: Sosreport, _ folder: String
  ) throws(CaptureError) {
    let node = try enter(report.node, folder)
    files += report.files.map { file in
      RawFile(
        node: node, path: file.path, bytes: SecretMask.masked(file.bytes, in: file.path),
        command: file.command)
    }
    unreadable += report.unreadable.map { Gap(node: node, path: $0.path, reason: $0.reason) }
  }

  private mutating func readNode(
    _ name: String, _ path: String, _ folder: String
  ) throws(CaptureError) {
    let node = try enter(name, folder)
    let raw = rawFiles(of: node, in: path, prefix: "")
    let commands = commands(in: raw)
    files += raw.map { file in
      RawFile(node: node, path: file.path, content: file.content, command: commands[file.path])
    }
    reportMissing(commands, among: raw, node)
  }

  private mutating func readNeutron(_ path: String, _ folder: String) throws(CaptureError) {
    if let neutronFolder {
      throw CaptureError(
        folder, "the Neutron API's answers are also in \(neutronFolder)",
        wanted: "one neutron/ folder")
    }
    neutronFolder = folder
    files += rawFiles(of: nil, in: path, prefix: "neutron/").map { file in
      RawFile(node: nil, path: file.path, content: file.content)
    }
  }

  private func commands(in files: [ReadFile]) -> [String: CapturedCommand] {
    guard let index = files.first(where: { $0.path == "commands.tsv" }) else { return [:] }
    let text = CaptureText(file: CaptureFileID(0), bytes: index.content.bytes)
    let pairs = CommandIndexFormat.parse(text).records.map { ($0.path, $0.command) }
    return Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }

  /// A command that ran and whose file is not there was lost on the way.
  private mutating func reportMissing(
    _ commands: [String: CapturedCommand], among files: [ReadFile],
    _ node: NodeName
  ) {
    let present = Set(files.map(\.path))
    let known = Set(unreadable.filter { $0.node == node }.map(\.path))
    for path in commands.keys where !present.contains(path) && !known.contains(path) {
      unreadable.append(
        Gap(node: node, path: path, reason: "in commands.tsv, but the file is missing"))
    }
  }

  private mutating func rawFiles(
    of node: NodeName?, in root: String, prefix: String
  ) -> [ReadFile] {
    var found: [ReadFile] = []
    var pending = [(path: "", depth: 0)]
    while let (relative, depth) = pending.popLast() {
      for name in FileTree.names(in: root + "/" + relative) ?? [] {
        let path = relative.isEmpty ? name : "\(relative)/\(name)"
        switch FileTree.kind(of: "\(root)/\(path)") {
        case .directory where depth < CaptureFolder.maximumDepth:
          pending.append((path, depth + 1))
        case .regular, .symbolicLink:
          guard let bytes = contents(of: path, below: root, node, prefix) else { continue }
          found.append(ReadFile(path: prefix + path, content: .plain(bytes)))
        default:
          unreadable.append(
            Gap(node: node, path: prefix + path, reason: "neither a file nor a folder to read"))
        }
      }
    }
    return packed(found)
  }

  /// The same files, large ones packed, on all processors.
  private func packed(_ files: [ReadFile]) -> [ReadFile] {
    let results = Mutex(files)
    Workers.perform(files.count) { index in
      let file = files[index]
      guard file.content.count >= FileContent.minimumPackedBytes else { return }
      let content = FileContent(packing: file.content.bytes)
      results.withLock { $0[index] = ReadFile(path: file.path, content: content) }
    }
    return results.withLock { $0 }
  }

  /// Records a gap and gives nil where the file cannot be read.
  private mutating func contents(
    of path: String, below root: String, _ node: NodeName?, _ prefix: String
  ) -> [UInt8]? {
    var reason: String
    do throws(FileTree.ReadError) {
      let target = FileTree.resolved("\(root)/\(path)")
      if let target, target.hasPrefix(root + "/") {
        let bytes = try FileTree.contents(
          of: target, limitBytes: CaptureFolder.maximumFileBytes)
        return SecretMask.masked(bytes, in: path)
      }
      reason = "a symbolic link out of the folder, not followed"
    } catch {
      switch error {
      case .tooLarge:
        reason = "larger than \(CaptureFolder.maximumFileBytes >> 20) MiB, not read"
      case .failed(let text): reason = "cannot be read: \(text)"
      }
    }
    unreadable.append(Gap(node: node, path: prefix + path, reason: reason))
    return nil
  }
}
