// The reading end of one connection: bytes to frames to the node's folder, within the node's limits.
// One task at a time uses it (NodeCollection).

/// Why a connection is given up.
struct StreamLimit: Error, Hashable, CustomStringConvertible {
  let description: String
}

/// `@unchecked`: NodeCollection hands it to one task and takes it back when that task has ended.
final class FrameStream: @unchecked Sendable {
  private(set) var folder: NodeFolder
  private let limits: NodeLimits
  private let target: String
  private let progress: @Sendable (NodeProgress) -> Void
  private var frames = FrameReader(mark: "")
  private var received = 0
  private var reported = 0

  init(
    folder: NodeFolder, limits: NodeLimits, target: String,
    progress: @escaping @Sendable (NodeProgress) -> Void
  ) {
    self.folder = folder
    self.limits = limits
    self.target = target
    self.progress = progress
  }

  func start(mark: String) { frames = FrameReader(mark: mark) }

  func read(_ bytes: UnsafeRawBufferPointer) throws {
    received += bytes.count
    guard received <= limits.nodeBytes else {
      throw StreamLimit(description: "sent more than \(limits.nodeBytes) bytes")
    }
    try frames.read(bytes) { event in
      try folder.take(event)
      guard folder.fileCount <= limits.fileCount * 2 else {
        throw StreamLimit(description: "sent more than \(limits.fileCount * 2) files")
      }
    }
    if received - reported > 1 << 16 || folder.isWhole {
      reported = received
      progress(NodeProgress(target, .reading(files: folder.fileCount, bytes: received)))
    }
  }
}
