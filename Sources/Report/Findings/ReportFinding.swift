// A finding as the report shows it, whoever found it: a rule of the audit, a comparison of intent and
// nodes, a proof over all packets. Fed by FindingSet and by the command; feeds pages and formats.
import Audit

/// That somebody has decided to live with a finding.
public struct ReportWaiver: Hashable, Sendable {
  public var reason: String
  /// `2027-01-31`; nil for no end.
  public var until: String?
  public init(reason: String, until: String? = nil) {
    self.reason = reason
    self.until = until
  }
}

public struct ReportFinding: Hashable, Sendable {
  /// The rule's or the check's stable id.
  public var rule: String
  public var title: String
  public var severity: RuleSeverity
  /// What it is about, in short.
  public var subject: String
  /// What was found.
  public var message: String
  /// Where; nil where no single node is meant.
  public var node: String?
  /// Who sends, who gets it, and which packets; empty where that is not what it is about.
  public var who = ""
  public var whom = ""
  public var packets = ""
  /// Why it matters.
  public var why = ""
  /// What to do, a step an item.
  public var fix: [String] = []
  /// What was tried to know that the fix works; empty where nothing was.
  public var proof = ""
  public var references: [String] = []
  public var evidence: [ReportPlace] = []
  /// Things whose pages show it.
  public var objects: [ReportObject] = []
  /// Position in the report's traces of one that shows it.
  public var trace: Int?
  public var waiver: ReportWaiver?
  /// Packets show it: what is wrong with them has its cause elsewhere, often in another finding.
  public var isEffect = false
  /// Position among those that a look at all packets found.
  public var witness: Int?
  /// The packet that shows it, with its ends; empty for none.
  public var example = ""

  public init(
    rule: String, title: String, severity: RuleSeverity, subject: String, message: String
  ) {
    self.rule = rule
    self.title = title
    self.severity = severity
    self.subject = subject
    self.message = message
  }
}

/// Everything that was looked for: findings, and what each rule answered.
public struct FindingSet: Sendable {
  public struct Rule: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable { case findings, clean, unknown }
    public var id: String
    public var title: String
    public var severity: RuleSeverity
    public var why: String
    public var fix: String
    public var references: [String]
    public var verdict: Verdict
    /// What the capture lacks and the rule needs.
    public var missing: [String]
    /// `17 filtered ports`; empty where nobody counted.
    public var lookedAt: String
    public init(
      id: String, title: String, severity: RuleSeverity, why: String = "", fix: String = "",
      references: [String] = [], verdict: Verdict, missing: [String] = [], lookedAt: String = ""
    ) {
      self.id = id
      self.title = title
      self.severity = severity
      self.why = why
      self.fix = fix
      self.references = references
      self.verdict = verdict
      self.missing = missing
      self.lookedAt = lookedAt
    }
  }
  /// Sorted by id.
  public var rules: [Rule]
  /// What was found and is not shown, and how it would be; empty where all is.
  public var leftOut = ""
  /// Waivers that cover nothing or have expired.
  public var waiverNotes: [String] = []
  /// The gravest first, then causes before what they do, then by rule, subject and message.
  public private(set) var findings: [ReportFinding]

  public init(rules: [Rule], findings: [ReportFinding]) {
    self.rules = rules.sorted { $0.id < $1.id }
    self.findings = findings.sorted {
      ($0.severity, $0.isEffect ? 1 : 0, $0.rule, $0.subject, $0.message)
        < ($1.severity, $1.isEffect ? 1 : 0, $1.rule, $1.subject, $1.message)
    }
  }

  public mutating func add(_ more: [ReportFinding]) {
    add(more, of: [])
  }

  mutating func add(_ more: [ReportFinding], of others: [Rule]) {
    let all = FindingSet(rules: rules + others, findings: findings + more)
    (rules, findings) = (all.rules, all.findings)
  }

  /// Gives findings that packets show the trace of one, as `trace` answers for their witness.
  public mutating func addTraces(_ trace: (ReportFinding) -> Int?) {
    for index in findings.indices where findings[index].witness != nil {
      findings[index].trace = trace(findings[index])
    }
  }

  /// Marks what is waived on `day`, and notes waivers that cover nothing then.
  public mutating func waive(_ waivers: Waivers, on day: String) {
    let valid = waivers.valid(on: day)
    var used: Set<Waiver> = []
    for index in findings.indices {
      let finding = findings[index]
      guard
        let waiver = valid.first(where: {
          $0.covers(rule: finding.rule, subject: finding.subject)
        })
      else { continue }
      used.insert(waiver)
      findings[index].waiver = ReportWaiver(
        reason: "\(waiver.reason) (\(waiver.owner))", until: waiver.expires)
    }
    waiverNotes = waivers.idle(on: day, used: used)
  }

  /// Findings that nobody has waived.
  public var open: [ReportFinding] { findings.filter { $0.waiver == nil } }
}
