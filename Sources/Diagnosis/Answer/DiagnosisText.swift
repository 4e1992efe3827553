// The answer for a terminal: three lines first, as a colleague would say it, then the details with the
// command that shows each and the line that it shows.
import Facts
import NetworkTypes
import Trace

extension Diagnosis {
  /// One sentence: verdict and cause.
  public var summary: String {
    switch verdict {
    case .works:
      doubt.map { "it arrives and is answered, assuming that \($0.text)" }
        ?? "it arrives and is answered"
    case .asConfigured: denial?.text ?? "nothing that was configured lets it pass"
    case .broken: causes.first?.deviation.text ?? endText
    case .unknown: causes.isEmpty ? endText : note ?? endText
    }
  }

  /// The premise that is named with the verdict: what a cache holds is only listed.
  var doubt: Premise? { premises.first { $0.code != .cachedState } }
  /// The capture itself gives reason to doubt that it works.
  public var isDoubtful: Bool { doubt?.isDoubtful == true }

  /// The guest where it ended.
  private var taker: String {
    before.steps.reversed().lazy.compactMap { step -> String? in
      if case .guest(_, let name) = step.place { name } else { nil }
    }.first ?? "another"
  }

  var endText: String {
    let reason = before.endReason
    if before.outcome.isDelivered == true, before.isReplied == true {
      return note ?? "\(taker) takes it, for whom it is not meant"
    }
    let lost = before.outcome.isDelivered == true ? "the answer is lost" : "it is lost"
    return reason.map { "\(lost): \($0.text)" } ?? lost
  }
}

/// Renders diagnoses as plain text; what tenants named is left for the caller to make fit for a
/// terminal.
public struct DiagnosisText {
  let facts: CloudFacts
  /// The captured text at a place; nil where it is not at hand.
  let quote: @Sendable (Evidence) -> String?
  public init(_ facts: CloudFacts, quote: @escaping @Sendable (Evidence) -> String? = { _ in nil })
  {
    self.facts = facts
    self.quote = quote
  }

  /// Verdict, cause, fix.
  public func head(_ diagnosis: Diagnosis) -> [String] {
    switch diagnosis.verdict {
    case .works: return works(diagnosis)
    case .asConfigured:
      return [
        "WORKS AS CONFIGURED: \(diagnosis.summary)",
        "Cause: \(diagnosis.denial?.code ?? "")",
        "Fix:   "
          + (diagnosis.denial?.change.map { "none needed; to allow it: \($0)" }
            ?? "none needed"),
      ]
    case .unknown where !diagnosis.causes.isEmpty: return likely(diagnosis)
    case .unknown:
      let missing = diagnosis.missing(facts)
      return [
        "UNKNOWN: \(diagnosis.summary)", "Cause: cannot be told from this capture",
        "Fix:   capture "
          + (missing.first.map { "\($0.node.map { "\($0): " } ?? "")\($0.command ?? $0.path)" }
            ?? "what is named above") + " and ask again",
      ]
    case .broken: return broken(diagnosis)
    }
  }

  /// A premise is named with its number of likes; all of them stand in the details.
  private func works(_ diagnosis: Diagnosis) -> [String] {
    guard let first = diagnosis.doubt else { return ["WORKS: \(diagnosis.summary)"] }
    let more = diagnosis.premises.filter { $0.code != .cachedState }.count - 1
    return [
      "WORKS: it arrives and is answered",
      "Assumed: \(first.text) [\((first.cause?.rawValue ?? first.code.rawValue))]"
        + (more > 0 ? " (and \(more) more)" : ""),
      "Check: \(first.check ?? "ask again with a fresh capture")",
    ]
  }

  /// What cannot be decided, with what would explain it.
  private func likely(_ diagnosis: Diagnosis) -> [String] {
    diagnosis.causes.prefix(1).flatMap { cause in
      [
        "UNKNOWN: \(diagnosis.summary)",
        "Cause: if it fails: \(cause.deviation.text) [\(cause.deviation.code.rawValue)]",
        "Fix:   \(commands(cause.deviation.fix.ways.first ?? []))  (not provable here)",
      ]
    }
  }

  private func broken(_ diagnosis: Diagnosis) -> [String] {
    guard let first = diagnosis.causes.first else {
      return [
        "BROKEN: \(diagnosis.endText)",
        "Cause: not found: nothing that was checked explains it",
        "Fix:   none offered",
      ]
    }
    let count = diagnosis.causes.filter { $0.standing == .together }.count
    let proof =
      diagnosis.after != nil
      ? "traced again with it: delivered and answered"
      : first.standing == .first
        ? "more is in the way behind it: ask again then"
        : "not provable here"
    let way = first.deviation.fix.ways.first ?? []
    let set = count > 1 ? " (with \(count - 1) more, all needed)" : ""
    return [
      "BROKEN: \(diagnosis.endText)",
      "Cause: \(first.deviation.text) [\(first.deviation.code.rawValue)]\(set)",
      "Fix:   " + (way.isEmpty ? first.deviation.fix.note : commands(way))
        + "  (\(proof))",
    ]
  }

  private func commands(_ way: [FixCommand]) -> String {
    way.map { ($0.node.map { "\($0)# " } ?? "") + $0.text }.joined(separator: " && ")
  }

  /// The details below the head.
  public func details(_ diagnosis: Diagnosis) -> [String] {
    var lines: [String] = []
    for (number, cause) in diagnosis.causes.enumerated() {
      lines += ["", "\(number + 1). \(cause.deviation.text) [\(cause.deviation.code.rawValue)]"]
      lines.append("   \(cause.standing.words)")
      if let behind = cause.behind { lines.append("   behind it: \(behind)") }
      lines += evidence(cause.deviation.evidence)
      for way in cause.deviation.fix.ways {
        lines.append("   mend: " + commands(way))
      }
      if !cause.deviation.fix.note.isEmpty { lines.append("   note: \(cause.deviation.fix.note)") }
    }
    for premise in diagnosis.premises {
      lines += ["", "Assumed: \(premise.text) [\(premise.code.rawValue)]"]
      lines += evidence(premise.evidence)
      if let check = premise.check { lines.append("   check: \(check)") }
    }
    if let denial = diagnosis.denial { lines += [""] + evidence(denial.evidence) }
    if let reason = diagnosis.before.endReason, diagnosis.verdict != .works {
      lines += ["", "Where it ends: \(reason.text) [\(reason.code)]"] + evidence(reason.evidence)
    }
    if diagnosis.verdict == .broken, !diagnosis.suspects.isEmpty {
      lines += ["", "Also not as intended, but it does not decide here:"]
      lines += diagnosis.suspects.prefix(Self.suspectLimit).map {
        "  - \($0.text) [\($0.code.rawValue)]"
      }
    }
    for gap in diagnosis.missing(facts) {
      let place = gap.node.map { "\($0) " } ?? ""
      lines.append("missing: \(place)\(gap.path): \(gap.reason)")
      if let command = gap.command { lines.append("   get it: \(place)# \(command)") }
    }
    return lines
  }
  private static let suspectLimit = 6

  /// The command that shows it, and the line.
  private func evidence(_ evidence: [Evidence]) -> [String] {
    evidence.prefix(Self.evidenceLimit).flatMap { item -> [String] in
      guard let file = facts.file(item.file) else { return [] }
      let node = file.node.map { "\($0)# " } ?? ""
      let how = file.command?.commandLine ?? file.path
      let shown = quote(item).map { ["         " + Self.cut($0)] } ?? []
      return ["   see:  \(node)\(how)   [\(file.path):\(item.line)]"] + shown
    }
  }
  private static let evidenceLimit = 4

  private static func cut(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > quoteLimit ? line.prefix(quoteLimit - 1) + "…" : line
  }
  /// About two lines of a terminal.
  private static let quoteLimit = 180
}
