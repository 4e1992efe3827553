// The top of the page: the verdict in one sentence, counts, when and from where.
import Audit
import Facts
import LogicalModel

enum SummarySection {
  static func value(_ site: SiteContext) -> PageValue {
    let input = site.input
    let standing = standing(input)
    return [
      "title": .text(input.title), "sentence": .text(sentence(input)),
      "standing": .text(standing.rawValue), "standing_word": .text(word(standing, input)),
      "icon": .markup(Icon.standing(standing)),
      "captured": .text(input.capturedAt), "source": .text(input.source),
      "severities": .list(severities(input.findings)),
      "has_audit": .flag(input.findings != nil),
      "counts": .list(counts(site)),
      "gravest": .list(gravest(site)),
      "has_gravest": .flag(input.findings?.open.isEmpty == false),
      "traces": .list(traces(input) { $0 != .witness }),
      "has_traces": .flag(input.traces.contains { $0.role != .witness }),
      "witnesses": .list(traces(input) { $0 == .witness }),
      "has_witnesses": .flag(input.traces.contains { $0.role == .witness }),
      "diagnoses": .list(input.diagnoses.enumerated().map { diagnosis($1, $0) }),
      "has_diagnoses": .flag(!input.diagnoses.isEmpty),
      "has_agreement": .flag(site.writer.folder.agreement != nil),
      "agreement": site.writer.folder.agreement.map { .markup($0.table.markup) } ?? .none,
      "agreement_seed": .text(site.writer.folder.agreement?.seed ?? ""),
      "agreement_remark": .text(site.writer.folder.agreement?.remark ?? ""),
      "capture": CaptureSection.value(site),
    ]
  }

  // MARK: verdict

  static func standing(_ input: ReportInput) -> Standing {
    let answers = input.diagnoses.map(\.standing)
    if input.findings?.open.isEmpty == false || answers.contains(.bad) { return .bad }
    let isCertain =
      input.findings?.isCertain == true
      && isComplete(input.facts)
      && !answers.contains(.open)
      && asked(input).allSatisfy { $0.result.outcome.isDelivered == true }
    return isCertain ? .good : .open
  }

  /// Traces that answers and findings rest on are told with these.
  private static func asked(_ input: ReportInput) -> [TracedProbe] {
    input.traces.filter { $0.role == .asked }
  }

  /// A packet that does not arrive may be as it should be; only its reader knows.
  private static func word(_ standing: Standing, _ input: ReportInput) -> String {
    switch standing {
    case .good: "in order"
    case .bad: "needs attention"
    case .open:
      isComplete(input.facts) && input.findings?.isCertain == true
        ? "see the traces" : "not certain"
    }
  }

  private static func isComplete(_ facts: CloudFacts) -> Bool {
    !facts.nodes.isEmpty && facts.gaps.isEmpty && CaptureSection.lostBytes(facts) == 0
      && !facts.diagnostics.contains { $0.severity > .note }
  }

  /// One sentence; its first clause is the gravest.
  static func sentence(_ input: ReportInput) -> String {
    let clauses = [
      found(input.findings), questions(input.diagnoses), traces(asked(input)), capture(input.facts),
    ]
    .compactMap { $0 }
    let text = clauses.joined(separator: "; ") + "."
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  private static func found(_ set: FindingSet?) -> String? {
    guard let set else { return "no audit rules were run" }
    let waived = set.findings.count - set.open.count
    let beside = waived == 0 ? "" : ", \(count(waived, "more finding")) waived"
    guard let gravest = set.open.first?.severity else { return silence(set) + beside }
    let open = set.rules.count { !$0.missing.isEmpty }
    let rest = open == 0 ? "" : ", and \(count(open, "rule")) could not tell"
    let total = set.open.count
    let number = set.open.count { $0.severity == gravest }
    let weight =
      number < total
      ? "\(number) of them \(gravest.rawValue)"
      : total == 1 ? gravest.rawValue : "all \(gravest.rawValue)"
    return "\(count(total, "finding")), \(weight)" + beside + rest
  }

  /// A rule that could not tell has not found nothing.
  static func silence(_ set: FindingSet) -> String {
    let rules = set.rules.count
    let open = set.rules.count { !$0.missing.isEmpty }
    if open == 0 { return "\(count(rules, "audit rule")) found nothing" }
    if open == rules { return "none of \(count(rules, "audit rule")) could tell" }
    return "\(rules - open) of \(count(rules, "audit rule")) found nothing, \(open) could not tell"
  }

  /// Nil where everything that was asked about works as it should.
  private static func questions(_ diagnoses: [ReportDiagnosis]) -> String? {
    func clause(_ number: Int, _ words: String) -> String? {
      number == 0 ? nil : "\(number) of \(count(diagnoses.count, "question")) \(words)"
    }
    let clauses = [
      clause(diagnoses.count { $0.standing == .bad }, "led to a fault"),
      clause(diagnoses.count { $0.standing == .open }, "could not be decided"),
    ].compactMap { $0 }
    return clauses.isEmpty ? nil : clauses.joined(separator: ", ")
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

  private static func severities(_ set: FindingSet?) -> [PageValue] {
    guard let set else { return [] }
    return RuleSeverity.allCases.map { severity in
      let number = set.open.count { $0.severity == severity }
      return [
        "name": .text(severity.rawValue), "count": .text("\(number)"),
        "is_zero": .flag(number == 0), "icon": .markup(Icon.severity(severity.rawValue)),
      ]
    }
  }

  /// The first few, so that the summary alone tells what is the matter.
  private static func gravest(_ site: SiteContext) -> [PageValue] {
    let findings = site.input.findings?.findings ?? []
    return findings.indices.filter { findings[$0].waiver == nil }.prefix(5).map { position in
      [
        "finding": .markup(site.finding(position)),
        "fix": findings[position].fix.first.map { .markup(.words($0)) } ?? .none,
      ]
    }
  }

  private static func traces(
    _ input: ReportInput, where isShown: (TracedProbe.Role) -> Bool
  ) -> [PageValue] {
    input.traces.enumerated().filter { isShown($1.role) }.map { trace($1, $0) }
  }

  private static func trace(_ trace: TracedProbe, _ position: Int) -> PageValue {
    let standing = TraceSection.standing(trace.result.outcome.isDelivered)
    return [
      "path": .text(SiteContext.tracePath(position)), "title": .text(trace.title),
      "outcome": .text(TraceSection.words(trace.result.outcome)),
      "standing": .text(standing.rawValue), "icon": .markup(Icon.standing(standing)),
      "reason": .text(trace.result.reason?.text ?? ""),
    ]
  }

  private static func diagnosis(_ item: ReportDiagnosis, _ position: Int) -> PageValue {
    [
      "path": .text(SiteContext.diagnosisPath(position)), "title": .text(item.question),
      "outcome": .text(item.answer), "standing": .text(item.standing.rawValue),
      "icon": .markup(Icon.standing(item.standing)), "reason": .none,
    ]
  }

  private static func counts(_ site: SiteContext) -> [PageValue] {
    let model = site.model
    let ports = model.ports.count { $0.owner != .floatingIP }
    let rows: [(Int, String, String)] = [
      (site.index.tenants.count, "tenant", "tenants"), (model.nodes.count, "node", "nodes"),
      (model.servers.count, "server", "vms"), (model.networks.count, "network", "networks"),
      (model.routers.count, "router", "routers"),
      (model.floatingIPs.count, "floating IP", "eips"), (ports, "port", "ports"),
    ]
    return rows.map { number, noun, page in
      [
        "count": .text(grouped(number)), "name": .text(number == 1 ? noun : noun + "s"),
        "path": .text("\(page).html"),
      ]
    }
  }
}

extension FindingSet {
  /// Every rule could tell.
  var isCertain: Bool { rules.allSatisfy { $0.verdict != .unknown && $0.missing.isEmpty } }
}
