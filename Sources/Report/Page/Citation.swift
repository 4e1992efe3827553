// Evidence as a reader meets it: the place in the capture, and the words that stand there.
import Facts

struct Citation {
  private let facts: CloudFacts
  private let quote: @Sendable (Evidence) -> String?
  /// What is longer is a database row or a JSON document: its beginning tells enough.
  private static let quoteLimit = 420

  init(_ input: ReportInput) {
    facts = input.facts
    quote = input.quote
  }

  /// `cmp1 ovs/br-int/dump-flows.txt:42`; nil for a file that is not in the capture.
  func place(_ evidence: Evidence) -> String? {
    facts.file(evidence.file).map { file in
      (file.node.map { "\($0) " } ?? "") + "\(file.path):\(evidence.line)"
    }
  }

  func value(_ evidence: Evidence) -> PageValue? {
    place(evidence).map { place in
      let words = quote(evidence).map(Self.shortened) ?? ""
      return ["place": .text(place), "quote": .text(words)]
    }
  }

  func values(_ evidence: [Evidence]) -> PageValue {
    var seen: Set<Evidence> = []
    return .list(evidence.filter { seen.insert($0).inserted }.compactMap(value))
  }

  /// One line, runs of blanks as one.
  static func shortened(_ text: String) -> String {
    let words = text.split { $0 == " " || $0 == "\t" || $0.isNewline }.joined(separator: " ")
    return words.count > quoteLimit ? words.prefix(quoteLimit) + " …" : words
  }
}
