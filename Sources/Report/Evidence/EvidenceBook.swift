// Collects what pages cite and tells where in the evidence pages it stands, before those are made: an
// address follows from the file and the place alone.
import Facts
import NetworkTypes

final class EvidenceBook {
  /// A cited place. `start` tells parts of one long line apart; 0 for lines that are shown whole.
  struct Place: Hashable, Comparable {
    let line: Int
    let start: Int
    let end: Int
    static func < (a: Self, b: Self) -> Bool { (a.line, a.start, a.end) < (b.line, b.start, b.end) }
    var isPart: Bool { end > start }
    var anchor: String { isPart ? "b\(start)-\(end)" : "L\(line)" }
  }

  /// More citations than this make a site of evidence with a report beside it; what is cited later
  /// is named, not linked. Findings and traces cite first.
  static let limit = 100_000
  /// Lines of more bytes are shown in part.
  static let longLine = 1_000
  /// Of a file, on one page: with markup around every cited line, and its quotes escaped, a third of
  /// what a page may be.
  private static let bytesPerPage = 16_384

  private let facts: CloudFacts
  private let bytes: @Sendable (CaptureFileID) -> [UInt8]?
  private let ids: [String: CaptureFileID]
  private var starts: [CaptureFileID: [Int]] = [:]
  /// The file that was asked for last: those of large captures are unpacked each time.
  private var last: (file: CaptureFileID, bytes: [UInt8])?
  private var count = 0
  private(set) var cited: [CaptureFileID: [String: Set<Place>]] = [:]

  init(_ input: ReportInput) {
    facts = input.facts
    bytes = input.bytes
    ids = Dictionary(
      input.facts.files.map { (Self.key($0.node?.rawValue, $0.path), $0.id) }
    ) { first, _ in first }
  }

  private static func key(_ node: String?, _ path: String) -> String {
    (node.map { "n\($0)" } ?? "") + "\0" + path
  }

  // MARK: citing

  /// The address of a place on the evidence pages; nil where the file's bytes are not at hand.
  func address(_ evidence: Evidence) -> String? {
    address(evidence.file, line: Int(evidence.line), bytes: evidence.bytes)
  }

  func address(_ place: ReportPlace) -> String? {
    guard let file = ids[Self.key(place.node, place.file)] else { return nil }
    return address(file, line: place.line, bytes: place.bytes)
  }

  private func address(_ file: CaptureFileID, line: Int, bytes range: Range<Int>?) -> String? {
    guard count < Self.limit, let whole = self.range(of: line, in: file) else { return nil }
    var place = Place(line: line, start: 0, end: 0)
    if whole.count > Self.longLine {
      let part = (range ?? whole).clamped(to: whole)
      place =
        part.isEmpty
        ? Place(line: line, start: whole.lowerBound, end: whole.lowerBound + 1)
        : Place(line: line, start: part.lowerBound, end: part.upperBound)
    }
    let start = place.isPart ? place.start : whole.lowerBound
    let page = "\(file.rawValue)-\(start / Self.bytesPerPage)"
    if cited[file, default: [:]][page, default: []].insert(place).inserted { count += 1 }
    return "evidence-\(page).html#\(place.anchor)"
  }

  /// `compute1 ovs/br-int/dump-flows.txt:42` as a link; nil for a file that is not in the capture.
  func cite(_ evidence: Evidence) -> Markup? {
    guard let words = words(evidence) else { return nil }
    return Self.markup(words, address(evidence))
  }
  func cite(_ place: ReportPlace) -> Markup { Self.markup(place.text, address(place)) }

  func words(_ evidence: Evidence) -> String? {
    facts.file(evidence.file).map { file in
      (file.node.map { "\($0) " } ?? "") + "\(file.path):\(evidence.line)"
    }
  }

  private static func markup(_ words: String, _ address: String?) -> Markup {
    let code = Markup.tag("code", "place", text: words)
    return address.map { .link($0, [code], "cite") } ?? code
  }

  // MARK: lines

  func file(_ id: CaptureFileID) -> CaptureFile? { facts.file(id) }

  /// The bytes of a line without its end; nil where there is no such line.
  func range(of line: Int, in file: CaptureFileID) -> Range<Int>? {
    let starts = lineStarts(file)
    guard line >= 1, line < starts.count else { return nil }
    return starts[line - 1]..<max(starts[line - 1], starts[line] - 1)
  }

  func text(_ range: Range<Int>, in file: CaptureFileID) -> String {
    guard let all = contents(file) else { return "" }
    return String(decoding: all[range.clamped(to: all.indices)], as: UTF8.self)
  }

  /// Where each line begins, and where one after the last would.
  private func lineStarts(_ file: CaptureFileID) -> [Int] {
    if let known = starts[file] { return known }
    var result: [Int] = []
    if let all = contents(file), !all.isEmpty {
      result = [0]
      all.withUnsafeBytes { bytes in
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
          result.append(index + 1)
        }
      }
      if result.last != all.count { result.append(all.count + 1) }
    }
    starts[file] = result
    return result
  }

  private func contents(_ file: CaptureFileID) -> [UInt8]? {
    if let last, last.file == file { return last.bytes }
    guard let bytes = bytes(file) else { return nil }
    last = (file, bytes)
    return bytes
  }
}
