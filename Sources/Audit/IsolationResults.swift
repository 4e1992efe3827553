// The isolation audit's findings as a report has them, beside those of the rules.
import DataPlane
import Facts
import Isolation
import LogicalModel
import NetworkTypes
import Reachability

/// A look at all packets of a cloud, and what it found.
public struct IsolationRun {
  public let check: IsolationCheck
  public let report: IsolationReport
  public let findings: [IsolationFinding]

  /// `drift`: what is known to differ is looked at first where not all guests are.
  public init(
    _ facts: CloudFacts, scope: IsolationScope = .everything, drift: DriftReport? = nil,
    progress: @escaping IsolationCheck.Progress = { _, _, _ in }
  ) {
    var scope = scope
    for finding in drift?.findings ?? [] { scope.suspect(finding) }
    check = IsolationCheck(DataPlaneModel(facts), scope: scope)
    report = check.run(progress: progress)
    findings = IsolationFindings(check, report).all()
  }
}

extension IsolationScope {
  fileprivate mutating func suspect(_ finding: DriftFinding) {
    switch finding.object.kind {
    case .port: suspectPorts.insert(PortID(finding.object.id))
    case .network: suspectNetworks.insert(NetworkID(finding.object.id))
    default: break
    }
    if let node = finding.node { suspectNodes.insert(node) }
  }
}

extension AuditReport {
  /// Adds leaks, exposures and breakage of a cloud; what is not known about them makes the answer
  /// unknown where nothing was found.
  public mutating func add(_ run: IsolationRun, _ facts: CloudFacts) {
    let isolation = run.report
    let files = Dictionary(
      facts.files.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var order: [String] = []
    var grouped: [String: (AuditRule, [Finding])] = [:]
    for (position, finding) in run.findings.enumerated() {
      let key = "\(finding.id) \(finding.severity.rawValue)"
      let rule = grouped[key]?.0 ?? AuditRule(finding)
      if grouped[key] == nil { order.append(key) }
      let places = finding.evidence.compactMap { evidence in
        files[evidence.file].map {
          FindingPlace(
            node: $0.node?.rawValue, file: $0.path, line: Int(evidence.line))
        }
      }
      let traffic = FindingTraffic(
        who: finding.who, whom: finding.whom, packets: finding.packets,
        example: finding.example, witness: position)
      let found = Finding(
        rule: rule, subject: finding.subject, message: finding.message, evidence: places,
        traffic: traffic)
      grouped[key] = (rule, (grouped[key]?.1 ?? []) + [found])
    }
    results += order.compactMap { grouped[$0] }.map {
      RuleResult(rule: $0.0, findings: $0.1, missing: [])
    }
    results.append(Self.scope(isolation))
  }

  /// How much was looked at, and what could not be told.
  private static func scope(_ isolation: IsolationReport) -> RuleResult {
    let rule = AuditRule(
      id: "reach",
      title: "All packets of \(isolation.originCount) origins"
        + (isolation.unfollowedCount > 0 ? " (of \(isolation.guestCount) guests)" : "")
        + ", and \(isolation.expectationCount) packets that must arrive",
      severity: .info, why: "", fix: "")
    let undecided = isolation.undecided.map { "\($0.0.kind.rawValue): \($0.1.text)" }
    return RuleResult(
      rule: rule, findings: [], missing: isolation.unknowns + Set(undecided).sorted())
  }
}

extension AuditRule {
  init(_ finding: IsolationFinding) {
    self.init(
      id: finding.id, title: finding.title, severity: RuleSeverity(finding.severity),
      why: finding.why, fix: finding.fix)
  }
}

extension RuleSeverity {
  init(_ severity: LeakSeverity) {
    self =
      switch severity {
      case .critical: .critical
      case .high: .high
      case .medium: .medium
      case .low: .low
      case .info: .info
      }
  }
}
