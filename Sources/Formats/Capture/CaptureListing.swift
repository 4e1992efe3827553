// Which nodes stand in which folders, before anything of them is read: an import reads them one by one.
// Feeds CaptureFolder and the snapshot's import.
import Facts
import NetworkTypes

/// The parts of a capture: what belongs to no node, and each node.
public struct CaptureListing: Sendable {
  /// Where a part's files are.
  enum Origin: Sendable {
    /// Nothing was captured of it.
    case nowhere
    case folder(String)
    case sosreport(folder: String)
    /// Out of an archive, which tells its node's name only when it has been read: packed.
    case archive([RawFile], unreadable: [Gap])
  }

  /// A node, or what belongs to none.
  public struct Part: Sendable {
    /// Nil for the Neutron API's answers.
    public let node: NodeName?
    let origin: Origin
    /// As the caller wrote it.
    let folder: String
  }

  /// Last path components of the folders; no machine paths.
  public var sources: [String]
  /// The Neutron API's answers first, also where there are none, then nodes by name: the order of the
  /// files' ids.
  public let parts: [Part]

  /// Lists `folders`; of archives, reads them.
  ///
  /// Throws where a folder is missing, holds no capture, or has a node that an earlier one has.
  public init(of folders: [String]) throws(CaptureError) {
    var lister = Lister()
    for folder in folders { try lister.list(folder) }
    sources = folders.map(CaptureFolder.lastComponent)
    let nodes = lister.nodes.values.sorted { ($0.node ?? "") < ($1.node ?? "") }
    parts = [lister.neutron ?? Part(node: nil, origin: .nowhere, folder: "")] + nodes
  }

  /// The files of a part, numbered from 0.
  public func read(_ part: Part) -> Capture {
    var reader = PartReader(node: part.node)
    switch part.origin {
    case .nowhere: break
    case .folder(let path): reader.read(folder: path)
    case .sosreport(let folder): reader.add(Sosreport.reading(folder: folder))
    case .archive(let files, let unreadable):
      (reader.files, reader.unreadable) = (files, unreadable)
    }
    return Capture(
      sources: [], nodes: part.node.map { [$0] } ?? [], files: reader.files,
      unreadable: reader.unreadable)
  }
}

private struct Lister {
  var nodes: [NodeName: CaptureListing.Part] = [:]
  var neutron: CaptureListing.Part?

  mutating func list(_ folder: String) throws(CaptureError) {
    if Sosreport.isArchive(folder) { return try listArchive(folder, folder) }
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
      try listSosreport(root, folder)
    } else if CaptureFolder.isNodeFolder(root) {
      try enter(CaptureFolder.lastComponent(root), .folder(root), folder)
    } else if CaptureFolder.isNeutronFolder(root) {
      try enterNeutron(root, folder)
    } else {
      try listParts(names, of: root, folder)
    }
  }

  private mutating func listParts(
    _ names: [String], of root: String, _ folder: String
  ) throws(CaptureError) {
    var isEmpty = true
    for name in names {
      let path = "\(root)/\(name)"
      if Sosreport.isArchive(path) {
        try listArchive(path, folder)
      } else if !FileTree.isDirectory(path) {
        continue
      } else if Sosreport.isFolder(path) {
        try listSosreport(path, "\(folder)/\(name)")
      } else if name == "neutron" || CaptureFolder.isNeutronFolder(path) {
        try enterNeutron(path, folder)
      } else if CaptureFolder.isNodeFolder(path) {
        try enter(name, .folder(path), folder)
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
  private mutating func enter(
    _ name: String, _ origin: CaptureListing.Origin, _ folder: String
  ) throws(CaptureError) {
    let node = NodeName(name)
    if let earlier = nodes[node] {
      throw CaptureError(
        folder, "node \(name) is also in \(earlier.folder)", wanted: "each node in one folder only")
    }
    nodes[node] = CaptureListing.Part(node: node, origin: origin, folder: folder)
  }

  private mutating func enterNeutron(_ path: String, _ folder: String) throws(CaptureError) {
    if let neutron {
      throw CaptureError(
        folder, "the Neutron API's answers are also in \(neutron.folder)",
        wanted: "one neutron/ folder")
    }
    neutron = CaptureListing.Part(node: nil, origin: .folder(path), folder: folder)
  }

  private mutating func listSosreport(_ path: String, _ folder: String) throws(CaptureError) {
    try enter(Sosreport.node(ofFolder: path), .sosreport(folder: path), folder)
  }

  private mutating func listArchive(_ path: String, _ folder: String) throws(CaptureError) {
    let report: Sosreport
    do throws(ArchiveError) {
      report = try Sosreport.reading(archive: path)
    } catch {
      throw CaptureError(path, error.problem, wanted: "a sosreport")
    }
    var reader = PartReader(node: NodeName(report.node))
    reader.add(report)
    try enter(
      report.node,
      .archive(CaptureFolder.packed(reader.files), unreadable: reader.unreadable), path)
  }
}

/// Which running system a node is: the kernel's boot and the namespace that the node lives in.
package struct NodeIdentity: Hashable, Sendable {
  private static let paths = ["root/boot_id.txt", "root/netns_self.txt"]
  let node: NodeName
  let contents: [[UInt8]]

  /// Nil where not both were captured.
  package init?(_ part: Capture) {
    guard let node = part.nodes.first else { return nil }
    self.node = node
    contents = Self.paths.compactMap { path in
      part.files.first { $0.description.path == path && $0.content.count > 0 }?.bytes
    }
    guard contents.count == Self.paths.count else { return nil }
  }
}

/// Nodes that were seen, to find one that stands under two names: the same running system would count
/// twice in every answer.
package struct NodeIdentities {
  private let folders: [NodeName: String]
  private var seen: [[[UInt8]]: NodeName] = [:]

  package init(_ listing: CaptureListing) {
    folders = Dictionary(
      listing.parts.compactMap { part in part.node.map { ($0, part.folder) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Throws where an earlier node was the same running system.
  package mutating func add(_ identity: NodeIdentity?) throws(CaptureError) {
    guard let identity else { return }
    let node = identity.node
    if let other = seen[identity.contents] {
      throw CaptureError(
        folders[node] ?? "\(node)",
        "node \(node) is node \(other) of \(folders[other] ?? "?") again",
        wanted: "each node in one folder only")
    }
    seen[identity.contents] = node
  }
}
