// The answer for a terminal: three lines first, as a colleague would say it, then the details with the
// command that shows each and the line that it shows.
import Facts
import NetworkTypes
import Trace

extension Diagnosis {
  /// One sentence: verdict and cause.
  public var summary: String {
    switch verdict {
    case .works: "it arrives and is answered"
    case .asConfigured: denial?.text ?? "nothing that was configured lets it pass"
    case .broken: causes.first?.deviation.text ?? endText
    case .unknown: endText
    }
  }

  var endText: String {
    let reason = before.endReason
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
    case .works: return ["WORKS: \(diagnosis.summary)"]
    case .asConfigured:
      return [
        "WORKS AS CONFIGURED: \(diagnosis.summary)",
        "Cause: \(diagnosis.denial?.code ?? "")",
        "Fix:   "
          + (diagnosis.denial?.change.map { "none needed; to allow it: \($0)" }
            ?? "none needed"),
      ]
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

  private func broken(_ diagnosis: Diagnosis) -> [String] {
    guard let first = diagnosis.causes.first else {
      return [
        "BROKEN: \(diagnosis.endText)",
        "Cause: not found: nothing that was checked explains it",
        "Fix:   none offered",
      ]
    }
    let count = diagnosis.causes.filter { $0.mendsAlone == false }.count
    let isProven = diagnosis.after != nil
    let way = first.deviation.fix.ways.first ?? []
    let set = count > 1 ? " (with \(count - 1) more, all needed)" : ""
    return [
      "BROKEN: \(diagnosis.endText)",
      "Cause: \(first.deviation.text) [\(first.deviation.code.rawValue)]\(set)",
      "Fix:   " + (way.isEmpty ? first.deviation.fix.note : commands(way))
        + (isProven ? "  (traced again with it: delivered and answered)" : "  (not provable here)"),
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
      lines.append("   \(standing(cause))")
      if let behind = cause.behind { lines.append("   behind it: \(behind)") }
      lines += evidence(cause.deviation.evidence)
      for way in cause.deviation.fix.ways {
        lines.append("   mend: " + commands(way))
      }
      if !cause.deviation.fix.note.isEmpty { lines.append("   note: \(cause.deviation.fix.note)") }
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

  private func standing(_ cause: Cause) -> String {
    switch cause.mendsAlone {
    case true?: "mended alone, the packet arrives and is answered"
    case false?: "needed together with the others"
    case nil: "it stops the packet; what mends it cannot be tried on a model"
    }
  }

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
