// The top of the page: the verdict in one sentence, counts, when and from where.
import Audit
import Facts
import LogicalModel

enum SummarySection {
  /// How a thing stands; a sign and a word beside every colour.
  enum Standing: String {
    case good, bad, open
  }

  static func value(_ input: ReportInput) -> PageValue {
    let standing = standing(input)
    return [
      "sentence": .text(sentence(input)),
      "standing": .text(standing.rawValue), "standing_word": .text(word(standing, input)),
      "icon": .markup(Icon.standing(standing)),
      "captured": .text(captured(input.facts)),
      "severities": .list(severities(input.audit)),
      "has_audit": .flag(input.audit != nil),
      "counts": .list(counts(input.model)),
    ]
  }

  // MARK: verdict

  static func standing(_ input: ReportInput) -> Standing {
    if input.audit?.findings.isEmpty == false { return .bad }
    let isCertain =
      input.audit?.results.allSatisfy { $0.verdict != .unknown } == true
      && isComplete(input.facts)
      && input.traces.allSatisfy { $0.result.outcome.isDelivered == true }
    return isCertain ? .good : .open
  }

  /// A packet that does not arrive may be as it should be; only its reader knows.
  private static func word(_ standing: Standing, _ input: ReportInput) -> String {
    switch standing {
    case .good: "in order"
    case .bad: "needs attention"
    case .open:
      isComplete(input.facts) && input.audit?.results.allSatisfy { $0.verdict != .unknown } == true
        ? "see the traces" : "not certain"
    }
  }

  private static func isComplete(_ facts: CloudFacts) -> Bool {
    !facts.nodes.isEmpty && facts.gaps.isEmpty && CaptureSection.lostBytes(facts) == 0
      && !facts.diagnostics.contains { $0.severity > .note }
  }

  /// One sentence; its first clause is the gravest.
  static func sentence(_ input: ReportInput) -> String {
    let clauses = [audit(input.audit), traces(input.traces), capture(input.facts)]
      .compactMap { $0 }
    let text = clauses.joined(separator: "; ") + "."
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  private static func audit(_ audit: AuditReport?) -> String? {
    guard let audit else { return "no audit rules were run" }
    let findings = audit.findings
    guard let gravest = findings.first?.rule.severity else { return silence(audit) }
    let open = audit.results.count { $0.verdict == .unknown }
    let rest = open == 0 ? "" : ", and \(count(open, "rule")) could not tell"
    let number = findings.count { $0.rule.severity == gravest }
    let weight =
      number < findings.count
      ? "\(number) of them \(gravest.rawValue)"
      : findings.count == 1 ? gravest.rawValue : "all \(gravest.rawValue)"
    return "\(count(findings.count, "finding")), \(weight)" + rest
  }

  /// A rule that could not tell has not found nothing.
  static func silence(_ audit: AuditReport) -> String {
    let rules = audit.results.count
    let open = audit.results.count { $0.verdict == .unknown }
    if open == 0 { return "\(count(rules, "audit rule")) found nothing" }
    if open == rules { return "none of \(count(rules, "audit rule")) could tell" }
    return "\(rules - open) of \(count(rules, "audit rule")) found nothing, \(open) could not tell"
  }

  private static func traces(_ traces: [TracedProbe]) -> String? {
    guard !traces.isEmpty else { return nil }
    let arrived = traces.count { $0.result.outcome.isDelivered == true }
    let answered = traces.count {
      $0.result.outcome.isDelivered == true && $0.result.isReplied == true
    }
    let words = traces.count == 1 ? "the traced packet" : "traced packets"
    if arrived == traces.count, answered == arrived {
      if traces.count == 1 { return "\(words) arrives and is answered" }
      return (arrived == 2 ? "both" : "all \(arrived)") + " \(words) arrive and are answered"
    }
    return "\(arrived) of \(count(traces.count, "traced packet")) arrive, \(answered) are answered"
  }

  private static func capture(_ facts: CloudFacts) -> String {
    if facts.nodes.isEmpty { return "no node was captured" }
    let doubts = facts.diagnostics.count { $0.severity > .note }
    let lost = CaptureSection.lostBytes(facts)
    var lacks: [String] = []
    if !facts.gaps.isEmpty { lacks.append(count(facts.gaps.count, "gap")) }
    if doubts > 0 { lacks.append("\(count(doubts, "passage")) not understood") }
    if lost > 0 { lacks.append("\(count(lost, "byte")) lost") }
    let nodes = count(facts.nodes.count, "node")
    return lacks.isEmpty
      ? "the capture of \(nodes) is complete"
      : "the capture of \(nodes) has \(lacks.joined(separator: ", "))"
  }

  // MARK: facts

  /// The capture's own times; never the clock's.
  static func captured(_ facts: CloudFacts) -> String {
    let times = facts.nodes.compactMap(\.capturedAt).sorted()
    guard let first = times.first, let last = times.last else { return "at an unknown time" }
    return first == last ? first : "\(first) to \(last)"
  }

  private static func severities(_ audit: AuditReport?) -> [PageValue] {
    guard let audit else { return [] }
    return RuleSeverity.allCases.map { severity in
      let number = audit.findings.count { $0.rule.severity == severity }
      return [
        "name": .text(severity.rawValue), "count": .text("\(number)"),
        "is_zero": .flag(number == 0), "icon": .markup(Icon.severity(severity.rawValue)),
      ]
    }
  }

  private static func counts(_ model: CloudModel) -> [PageValue] {
    let ports = model.ports.count { $0.owner != .floatingIP }
    let rows: [(Int, String, String)] = [
      (model.nodes.count, "node", "nodes"), (model.servers.count, "server", "topology"),
      (model.networks.count, "network", "networks"), (model.routers.count, "router", "routers"),
      (model.floatingIPs.count, "floating IP", "eips"), (ports, "port", "ports"),
    ]
    return rows.map { number, noun, anchor in
      [
        "count": .text("\(number)"), "name": .text(number == 1 ? noun : noun + "s"),
        "anchor": .text(anchor),
      ]
    }
  }
}
