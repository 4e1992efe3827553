// What every parser takes and gives back.
import Facts
import NetworkTypes

/// A capture file's bytes with the id that its facts cite.
public struct CaptureText: Sendable {
  public let file: CaptureFileID
  public let bytes: [UInt8]
  public init(file: CaptureFileID, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }
  public init(_ text: String, file: CaptureFileID = CaptureFileID(0)) {
    self.init(file: file, bytes: Array(text.utf8))
  }

  /// The text of a byte range, with invalid UTF-8 replaced.
  public func string(_ range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
  }
}

/// The records of one file, what was wrong with it, and how its bytes were accounted for.
public struct ParsedRecords<Records: FactRecords>: Sendable {
  public var records: Records
  public var diagnostics: [Diagnostic]
  public var coverage: Coverage
  /// The file ended early or could not be read at all: records may be missing after these.
  public var isIncomplete: Bool

  public init(
    records: Records, diagnostics: [Diagnostic], coverage: Coverage, isIncomplete: Bool = false
  ) {
    self.records = records
    self.diagnostics = diagnostics
    self.coverage = coverage
    self.isIncomplete = isIncomplete
  }
}

public typealias Parsed<Record: Sendable> = ParsedRecords<[Record]>

/// Collects diagnostics and accounts for each byte once, while a parser walks through a file.
public struct ParseLog: Sendable {
  public let text: CaptureText
  public private(set) var diagnostics: [Diagnostic] = []
  public private(set) var coverage: Coverage
  public var isIncomplete = false

  public init(_ text: CaptureText) {
    self.text = text
    coverage = Coverage(totalBytes: text.bytes.count)
  }

  public func evidence(line: Int, _ range: Range<Int>) -> Evidence {
    Evidence(file: text.file, line: line, bytes: range)
  }
  /// `range` became fields of a record.
  public mutating func fact(_ range: Range<Int>) {
    coverage.factBytes += range.count
    coverage.records += 1
  }
  /// `range` is a heading, a comment, white space or punctuation between records.
  public mutating func structure(_ range: Range<Int>) { coverage.structuralBytes += range.count }

  /// `range` could not become a record; it is named and accounted for.
  public mutating func reject(
    _ id: String, line: Int, _ range: Range<Int>, column: Int = 0, _ message: String
  ) {
    coverage.diagnosedBytes += range.count
    diagnostics.append(
      Diagnostic(id, .error, at: evidence(line: line, range), column: column, message))
  }
  /// Something inside a record that is kept as unrecognised; its bytes count with the record.
  public mutating func remark(
    _ id: String, _ severity: Diagnostic.Severity, line: Int, _ range: Range<Int>,
    column: Int = 0, _ message: String
  ) {
    diagnostics.append(
      Diagnostic(id, severity, at: evidence(line: line, range), column: column, message))
  }

  public func parsed<Records>(_ records: Records) -> ParsedRecords<Records> {
    ParsedRecords(
      records: records, diagnostics: diagnostics, coverage: coverage, isIncomplete: isIncomplete)
  }
}
