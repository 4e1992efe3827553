// Evidence as a reader meets it: the place in the capture, the words that stand there, and the way to
// them on the evidence pages.
import Facts

struct Citation {
  private let facts: CloudFacts
  private let bytes: @Sendable (CaptureFileID) -> [UInt8]?
  private let book: EvidenceBook
  /// What is longer is a database row or a JSON document: its beginning tells enough.
  private static let quoteLimit = 420
  private static let documentLimit = 200

  init(_ input: ReportInput, _ book: EvidenceBook) {
    facts = input.facts
    bytes = input.bytes
    self.book = book
  }

  /// `said` is what stands beside it already; a quote that repeats it is left out.
  func values(_ evidence: [Evidence], beside said: String = "") -> PageValue {
    var seen: Set<Evidence> = []
    return .list(
      evidence.filter { seen.insert($0).inserted }.compactMap { value($0, beside: said) })
  }

  private func value(_ evidence: Evidence, beside said: String) -> PageValue? {
    book.cite(evidence).map { place in
      let words = quote(evidence).map(Self.shortened) ?? ""
      let isTold = said.contains(Self.withoutCounters(words))
      // Of a long JSON document the part that matters is said in the line above.
      let isDocument = words.hasPrefix("{") && words.count > Self.documentLimit
      return ["place": .markup(place), "quote": .text(isTold || isDocument ? "" : words)]
    }
  }

  private func quote(_ evidence: Evidence) -> String? {
    guard let all = bytes(evidence.file) else { return nil }
    let range = evidence.bytes.clamped(to: all.indices)
    // Ten times what is shown: runs of blanks are squeezed.
    let shown = range.prefix(Self.quoteLimit * 10)
    return range.isEmpty ? nil : String(decoding: all[shown], as: UTF8.self)
  }

  /// iptables-save's `[12:3456] ` before a rule.
  private static func withoutCounters(_ text: String) -> String {
    guard text.hasPrefix("["), let end = text.firstIndex(of: "]") else { return text }
    return String(text[text.index(after: end)...].drop { $0 == " " })
  }

  /// One line, runs of blanks as one.
  static func shortened(_ text: String) -> String {
    let words = text.split { [" ", "\t", "\n", "\r\n"].contains($0) }.joined(separator: " ")
    return words.count > quoteLimit ? words.prefix(quoteLimit) + " …" : words
  }
}
