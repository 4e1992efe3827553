// Where a fact stands: every record cites it, so that an operator can look for himself.
import NetworkTypes

/// Index of a capture file in the snapshot's list of files.
public struct CaptureFileID: Hashable, Sendable, Comparable {
  public let rawValue: Int32
  public init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A place in a capture file. Lines count from 1; `bytes` are offsets into the file.
public struct Evidence: Hashable, Sendable, Comparable {
  public let file: CaptureFileID
  public let line: Int32
  public let start: Int32
  public let end: Int32

  public init(file: CaptureFileID, line: Int, bytes: Range<Int>) {
    self.file = file
    self.line = Int32(truncatingIfNeeded: line)
    self.start = Int32(truncatingIfNeeded: bytes.lowerBound)
    self.end = Int32(truncatingIfNeeded: bytes.upperBound)
  }
  public var bytes: Range<Int> { Int(start)..<Int(end) }
  public static func < (a: Self, b: Self) -> Bool {
    (a.file, a.line, a.start) < (b.file, b.line, b.start)
  }
}

/// One file of a capture: a command's output, or a copy of a node's file.
public struct CaptureFile: Hashable, Sendable {
  public let id: CaptureFileID
  /// Nil for what belongs to no node: the Neutron API's answers.
  public let node: NodeName?
  /// Relative to the node's folder, with `/` between parts: `root/ip_-j_addr.json`.
  public let path: String
  public let sizeBytes: Int
  /// As `commands.tsv` has it; nil for a copied file or where the capture has no `commands.tsv`.
  public let command: CapturedCommand?

  public init(
    id: CaptureFileID, node: NodeName?, path: String, sizeBytes: Int, command: CapturedCommand?
  ) {
    self.id = id
    self.node = node
    self.path = path
    self.sizeBytes = sizeBytes
    self.command = command
  }
}

/// A row of `commands.tsv`.
public struct CapturedCommand: Hashable, Sendable {
  public let commandLine: String
  public let exitCode: Int32
  /// First line of what it wrote to standard error, empty for nothing.
  public let standardError: String
  /// When it began, UTC on the node's clock, as `2024-02-29T23:59:59.25Z`; nil where nobody noted it.
  public let startedAt: String?
  public init(
    commandLine: String, exitCode: Int32, standardError: String, startedAt: String? = nil
  ) {
    self.commandLine = commandLine
    self.exitCode = exitCode
    self.standardError = standardError
    self.startedAt = startedAt
  }
}
