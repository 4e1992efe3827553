// Reads capture folders (see DESIGN, "Capture folders") into a Capture, whole. Feeds FactsBuilder and
// SnapshotFile; an import, whose folders may not fit into memory, reads part after part instead.
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
    let listing = try CaptureListing(of: folders)
    var identities = NodeIdentities(listing)
    var files: [RawFile] = []
    var unreadable: [Gap] = []
    for part in listing.parts {
      let capture = listing.read(part)
      try identities.add(NodeIdentity(capture))
      files += packed(capture.files)
      unreadable += capture.unreadable
    }
    return Capture(
      sources: listing.sources, nodes: listing.parts.compactMap(\.node), files: files,
      unreadable: unreadable)
  }

  /// The same files, large ones packed, on all processors.
  static func packed(_ files: [RawFile]) -> [RawFile] {
    let results = Mutex(files)
    Workers.perform(files.count) { index in
      let file = files[index]
      guard case .plain(let bytes) = file.content,
        bytes.count >= FileContent.minimumPackedBytes
      else { return }
      let content = FileContent(packing: bytes)
      results.withLock {
        $0[index] = RawFile(description: file.description, content: content)
      }
    }
    return results.withLock { $0 }
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
