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

/// One file's description and bytes.
public struct RawFile: Sendable {
  public let description: CaptureFile
  public let bytes: [UInt8]

  public init(description: CaptureFile, bytes: [UInt8]) {
    self.description = description
    self.bytes = bytes
  }
  public init(
    node: NodeName?, path: String, bytes: [UInt8], command: CapturedCommand? = nil
  ) {
    description = CaptureFile(
      id: CaptureFileID(0), node: node, path: path, sizeBytes: bytes.count, command: command)
    self.bytes = bytes
  }

  fileprivate var sortKey: (String, String) {
    (description.node?.rawValue ?? "", description.path)
  }
  fileprivate func numbered(_ id: CaptureFileID) -> RawFile {
    RawFile(
      description: CaptureFile(
        id: id, node: description.node, path: description.path, sizeBytes: bytes.count,
        command: description.command),
      bytes: bytes)
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
