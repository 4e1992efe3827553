// Evidence as a reader meets it: the place in the capture, and the words that stand there.
import Facts

struct Citation {
  private let facts: CloudFacts
  private let quote: @Sendable (Evidence) -> String?
  /// What is longer is a database row or a JSON document: its beginning tells enough.
  private static let quoteLimit = 420
  private static let documentLimit = 200

  init(_ input: ReportInput) {
    facts = input.facts
    quote = input.quote
  }

  /// `compute1 ovs/br-int/dump-flows.txt:42`; nil for a file that is not in the capture.
  func place(_ evidence: Evidence) -> String? {
    facts.file(evidence.file).map { file in
      (file.node.map { "\($0) " } ?? "") + "\(file.path):\(evidence.line)"
    }
  }

  /// `said` is what stands beside it already; a quote that repeats it is left out.
  func values(_ evidence: [Evidence], beside said: String = "") -> PageValue {
    var seen: Set<Evidence> = []
    return .list(
      evidence.filter { seen.insert($0).inserted }.compactMap { value($0, beside: said) })
  }

  private func value(_ evidence: Evidence, beside said: String) -> PageValue? {
    place(evidence).map { place in
      let words = quote(evidence).map(Self.shortened) ?? ""
      let isTold = said.contains(Self.withoutCounters(words))
      // Of a long JSON document the part that matters is said in the line above.
      let isDocument = words.hasPrefix("{") && words.count > Self.documentLimit
      return ["place": .text(place), "quote": .text(isTold || isDocument ? "" : words)]
    }
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
