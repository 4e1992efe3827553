// What a parser could not turn into facts, with a stable id; and gaps: what was never captured.
import NetworkTypes

/// Something in a capture file that is not as expected.
public struct Diagnostic: Hashable, Sendable {
  public enum Severity: String, Hashable, Sendable, Comparable {
    /// Kept, and of no consequence to any answer.
    case note
    /// Kept as unrecognised; answers that depend on it become unknown.
    case warning
    /// The record could not be read.
    case error
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
  }

  /// `format/what`, stable across releases: `openflow/bad-address`.
  public let id: String
  public let severity: Severity
  public let evidence: Evidence
  /// From 1, in bytes; 0 where the whole line is meant.
  public let column: Int
  /// What was found and what was wanted, in one sentence without a final stop.
  public let message: String

  public init(
    _ id: String, _ severity: Severity, at evidence: Evidence, column: Int = 0, _ message: String
  ) {
    self.id = id
    self.severity = severity
    self.evidence = evidence
    self.column = column
    self.message = message
  }

  /// `compute1 root/ip_-j_addr.json:3:41: message [id]`.
  public func rendered(in files: [CaptureFile]) -> String {
    let index = Int(evidence.file.rawValue)
    return rendered(in: files.indices.contains(index) ? files[index] : nil)
  }

  /// The same of the file that it is in.
  public func rendered(in file: CaptureFile?) -> String {
    let place = (file?.node.map { "\($0) " } ?? "") + (file?.path ?? "?")
    let position = column > 0 ? "\(evidence.line):\(column)" : "\(evidence.line)"
    return "\(place):\(position): \(message) [\(id)]"
  }
}

extension Diagnostic {
  /// The same with its file's number raised: a part of a capture counts its files from 0.
  package func numbered(from base: Int) -> Diagnostic {
    let place = Evidence(
      file: CaptureFileID(Int(evidence.file.rawValue) + base), line: Int(evidence.line),
      bytes: evidence.bytes)
    return Diagnostic(id, severity, at: place, column: column, message)
  }
}

/// Something that a capture lacks; every answer that needs it is unknown and names it.
public struct Gap: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let node: NodeName?
  /// The file that should be there, relative to the node's folder.
  public let path: String
  /// Why it is not: `missing`, `exit code 1: permission denied`.
  public let reason: String
  public init(node: NodeName?, path: String, reason: String) {
    self.node = node
    self.path = path
    self.reason = reason
  }
  public var description: String { (node.map { "\($0) " } ?? "") + "\(path): \(reason)" }
  public static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}

/// The records of one capture file, or the gap that stands in its place.
///
/// An empty `records` with `gap == nil` is knowledge: the command ran and had nothing to say.
public struct FactSection<Records: FactRecords>: Sendable {
  public var records: Records
  public var gap: Gap?
  public var file: CaptureFileID?

  public init(records: Records = Records(), gap: Gap? = nil, file: CaptureFileID? = nil) {
    self.records = records
    self.gap = gap
    self.file = file
  }
  /// What nothing has been read for yet.
  public static var unread: Self {
    Self(gap: Gap(node: nil, path: "", reason: "not captured"))
  }
  public var isKnown: Bool { gap == nil }
}

extension FactSection: Equatable where Records: Equatable {}
extension FactSection: Hashable where Records: Hashable {}

/// How the records of a section are kept: an array, or columns where there are very many.
public typealias FactRecords = RandomAccessCollection & RangeReplaceableCollection & Sendable
public typealias Section<Record: Sendable> = FactSection<[Record]>

/// How a file's bytes were accounted for; all three add up to the file, or bytes were lost.
public struct Coverage: Hashable, Sendable {
  public var totalBytes: Int
  /// Became fields of records.
  public var factBytes: Int
  /// Headings, comments, blank lines, brackets between records.
  public var structuralBytes: Int
  /// Named by a diagnostic of severity warning or error.
  public var diagnosedBytes: Int
  public var records: Int

  public init(
    totalBytes: Int = 0, factBytes: Int = 0, structuralBytes: Int = 0, diagnosedBytes: Int = 0,
    records: Int = 0
  ) {
    self.totalBytes = totalBytes
    self.factBytes = factBytes
    self.structuralBytes = structuralBytes
    self.diagnosedBytes = diagnosedBytes
    self.records = records
  }
  public var lostBytes: Int { totalBytes - factBytes - structuralBytes - diagnosedBytes }

  public static func + (a: Self, b: Self) -> Self {
    Coverage(
      totalBytes: a.totalBytes + b.totalBytes, factBytes: a.factBytes + b.factBytes,
      structuralBytes: a.structuralBytes + b.structuralBytes,
      diagnosedBytes: a.diagnosedBytes + b.diagnosedBytes, records: a.records + b.records)
  }
}
