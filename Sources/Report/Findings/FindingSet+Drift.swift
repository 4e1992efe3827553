// Differences between what Neutron was asked for and what the nodes hold, as the report's findings.
import Audit
import Facts
import LogicalModel

extension FindingSet {
  /// Adds a rule a comparison, with what it found; `names` finds what the words of places mean.
  public mutating func add(_ drift: DriftReport, facts: CloudFacts, names: ObjectNames? = nil) {
    let byCode = Dictionary(grouping: drift.findings, by: \.code)
    let open = Dictionary(grouping: drift.unknowns, by: \.code)
    let more = DriftCode.allCases.map { code in
      Rule(
        id: Self.rule(code), title: code.heading,
        severity: byCode[code]?.map(\.severity).min().map(RuleSeverity.init) ?? .high,
        fix: code.fix,
        verdict: byCode[code] != nil ? .findings : open[code] != nil ? .unknown : .clean,
        missing: (open[code] ?? []).map { gap in
          (gap.node.map { "\($0): " } ?? "") + gap.reason
        })
    }
    let found = drift.findings.map { item in
      var finding = ReportFinding(item, facts: facts)
      for object in names?.objects(in: item.place) ?? [] where !finding.objects.contains(object) {
        finding.objects.append(object)
      }
      return finding
    }
    add(found, of: more)
  }

  static func rule(_ code: DriftCode) -> String { "drift/\(code.rawValue)" }
}

extension RuleSeverity {
  init(_ severity: DriftSeverity) {
    switch severity {
    case .critical: self = .critical
    case .high: self = .high
    case .medium: self = .medium
    case .low: self = .low
    }
  }
}

extension ReportFinding {
  init(_ finding: DriftFinding, facts: CloudFacts) {
    let code = finding.code
    self.init(
      rule: FindingSet.rule(code), title: "\(code.heading): \(finding.kind.words)",
      severity: RuleSeverity(finding.severity),
      subject: "\(finding.object.kind.rawValue) \(finding.object.name)",
      message: "\(code.title) \(finding.kind.words)"
        + (finding.place.isEmpty ? "" : " (\(finding.place))")
        + ": wanted \(finding.intended.value), found \(finding.actual.value)")
    node = finding.node?.rawValue
    why =
      "Neutron was asked for one thing and the node holds another: "
      + "what tenants were promised is not what packets meet."
    fix = [code.fix]
    evidence = Set(finding.intended.evidence + finding.actual.evidence).sorted().compactMap {
      ReportPlace($0, facts)
    }
    objects = [ReportObject(finding.object)].compactMap { $0 }
    if let node { objects.append(ReportObject(.node, node)) }
  }
}

extension ReportPlace {
  /// Nil for evidence that stands in no captured file.
  public init?(_ evidence: Evidence, _ facts: CloudFacts) {
    guard let file = facts.file(evidence.file) else { return nil }
    self.init(
      node: file.node?.rawValue, file: file.path, line: Int(evidence.line), bytes: evidence.bytes)
  }
}

extension ReportObject {
  /// Nil for things that have no page.
  init?(_ object: DriftObject) {
    switch object.kind {
    case .port: self.init(.port, object.id)
    case .network: self.init(.network, object.id)
    case .router: self.init(.router, object.id)
    case .server: self.init(.server, object.id)
    case .node: self.init(.node, object.id)
    // Their pages are known by the address, which is what they are called by.
    case .floatingIP: self.init(.floatingIP, object.name)
    case .subnet, .trunk, .agent, .device, .namespace, .portForwarding, .securityGroup: return nil
    }
  }
}
