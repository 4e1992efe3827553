// A capture as bytes: what a folder or a snapshot holds before any parser has looked at it.
// Fed by CaptureFolder and by SnapshotFile; feeds FactsBuilder.
import Facts
import NetworkTypes

/// All files of a capture, verbatim but for masked secrets, in the order of their ids.
public struct Capture: Sendable {
  /// Last path components of the folders that it was read from; no machine paths.
  public var sources: [String]
  /// Sorted by name.
  public var nodes: [NodeName]
  /// `files[i].description.id` is `i`; those of no node first, then by node and path.
  public private(set) var files: [RawFile]
  /// Files that are there and could not be read: too large, a link out of the folder, no permission.
  public var unreadable: [Gap]

  /// Sorts and numbers `files`.
  public init(sources: [String], nodes: [NodeName], files: [RawFile], unreadable: [Gap]) {
    self.sources = sources
    self.nodes = nodes.sorted()
    self.unreadable = unreadable.sorted()
    let sorted = files.sorted { $0.sortKey < $1.sortKey }
    self.files = sorted.enumerated().map { index, file in file.numbered(CaptureFileID(index)) }
  }
}

/// The bytes of a file, packed where they are many: a large cloud's would not fit into memory.
package enum FileContent: Sendable {
  case plain([UInt8])
  /// A zlib stream, and how many bytes it holds; one that does not gives none.
  case packed([UInt8], count: Int)

  /// Smaller ones are not worth it.
  static let minimumPackedBytes = 1 << 15

  /// Packs what is large enough.
  package init(packing bytes: [UInt8]) {
    if bytes.count >= Self.minimumPackedBytes, let stream = Compression.compressed(bytes) {
      self = .packed(stream, count: bytes.count)
    } else {
      self = .plain(bytes)
    }
  }

  package var count: Int {
    switch self {
    case .plain(let bytes): bytes.count
    case .packed(_, let count): count
    }
  }
  package var bytes: [UInt8] {
    switch self {
    case .plain(let bytes): bytes
    case .packed(let stream, let count): Compression.decompressed(stream, count: count) ?? []
    }
  }
  /// As a zlib stream; nil where zlib fails.
  package var stream: [UInt8]? {
    switch self {
    case .plain(let bytes): Compression.compressed(bytes)
    case .packed(let stream, _): stream
    }
  }
}

/// One file's description and bytes.
public struct RawFile: Sendable {
  public let description: CaptureFile
  package let content: FileContent
  /// Cost: of large files that of unpacking; whoever needs them again keeps them.
  public var bytes: [UInt8] { content.bytes }

  public init(description: CaptureFile, bytes: [UInt8]) {
    self.init(description: description, content: .plain(bytes))
  }
  package init(description: CaptureFile, content: FileContent) {
    self.description = description
    self.content = content
  }
  public init(
    node: NodeName?, path: String, bytes: [UInt8], command: CapturedCommand? = nil
  ) {
    self.init(node: node, path: path, content: .plain(bytes), command: command)
  }
  package init(
    node: NodeName?, path: String, content: FileContent, command: CapturedCommand? = nil
  ) {
    description = CaptureFile(
      id: CaptureFileID(0), node: node, path: path, sizeBytes: content.count, command: command)
    self.content = content
  }

  fileprivate var sortKey: (String, String) {
    (description.node?.rawValue ?? "", description.path)
  }
  fileprivate func numbered(_ id: CaptureFileID) -> RawFile {
    RawFile(
      description: CaptureFile(
        id: id, node: description.node, path: description.path,
        sizeBytes: content.count, command: description.command),
      content: content)
  }
}

/// Why nothing could be imported, with what was wanted instead.
public struct CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public let wanted: String
  public init(_ path: String, _ problem: String, wanted: String) {
    self.path = path
    self.problem = problem
    self.wanted = wanted
  }
  public var description: String { "\(path): \(problem): wanted \(wanted)" }
}
