// What an audit answers: findings with their evidence, and which rules could not tell.
import Facts
import NetworkTypes

/// A place in a capture file, as people name it.
public struct FindingPlace: Hashable, Sendable, Codable {
  /// Nil for the Neutron API's answers.
  public var node: String?
  /// Relative to the node's folder.
  public var file: String
  public var line: Int
  public var text: String { (node.map { "\($0) " } ?? "") + "\(file):\(line)" }
}

/// Of a finding that packets show: who sends, who gets it or should, and which.
public struct FindingTraffic: Hashable, Sendable {
  public var who: String
  public var whom: String
  public var packets: String
  /// One of them, with its ends.
  public var example: String
  /// Position in the run's findings, which have a packet that shows it.
  public var witness: Int
}

/// Something that a rule found.
public struct Finding: Hashable, Sendable {
  public var rule: AuditRule
  /// What it is about: a device, a port, a pair of nodes.
  public var subject: String
  public var message: String
  /// At least one.
  public var evidence: [FindingPlace]
  /// Nil where no packets were looked at.
  public var traffic: FindingTraffic?
}

/// What a rule answered.
public struct RuleResult: Hashable, Sendable {
  public var rule: AuditRule
  public var findings: [Finding]
  /// What the capture lacks and the rule needs; its answer is then not complete, and without
  /// findings it is unknown, never clean.
  public var missing: [String]
  /// How many of the rule's population there are; nil where nobody counted.
  public var lookedAt: Int?
  /// How long it took to ask.
  public var seconds = 0.0

  /// `17 filtered ports`.
  public var population: String? {
    guard let lookedAt, let noun = rule.population?.noun else { return nil }
    return "\(lookedAt) \(noun)"
  }

  public var verdict: Verdict {
    if !findings.isEmpty { return .findings }
    return missing.isEmpty ? .clean : .unknown
  }
  public enum Verdict: String, Hashable, Sendable, Codable {
    case findings, clean, unknown
  }
}

/// The answers of all rules, by id.
public struct AuditReport: Hashable, Sendable {
  public var results: [RuleResult]
  public init(results: [RuleResult]) { self.results = results }

  /// The gravest first, then by rule and subject.
  public var findings: [Finding] {
    results.flatMap(\.findings).sorted {
      ($0.rule.severity, $0.rule.id, $0.subject) < ($1.rule.severity, $1.rule.id, $1.subject)
    }
  }
  /// 1 with findings of that severity or graver, 2 where something could not be told, else 0.
  public func exitCode(failingOn least: RuleSeverity) -> Int32 {
    if findings.contains(where: { $0.rule.severity <= least }) { return 1 }
    return results.contains { $0.verdict == .unknown } ? 2 : 0
  }
  /// As `exitCode(failingOn:)` with everything that is to act upon.
  public var exitCode: Int32 { exitCode(failingOn: .low) }

  /// How many findings `showing(least)` leaves out; nil for none.
  public func leftOut(below least: RuleSeverity) -> String? {
    let count = findings.count { $0.rule.severity > least }
    return count == 0
      ? nil : "\(count) less grave than \(least.rawValue): --severity info shows them"
  }

  /// Findings that are less grave than `least` left out, and results that had none but these.
  public func showing(_ least: RuleSeverity) -> AuditReport {
    AuditReport(
      results: results.compactMap { result in
        var shown = result
        shown.findings.removeAll { $0.rule.severity > least }
        let isHidden = shown.findings.isEmpty && !result.findings.isEmpty
        return isHidden && shown.missing.isEmpty ? nil : shown
      })
  }
}
