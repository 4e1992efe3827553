// Answers of others that the report shows: why a packet does not arrive, what changed since another
// snapshot, which tenants reach which. Plain values, so that the report needs none of their modules.

/// How a thing stands; a sign and a word beside every colour.
public enum Standing: String, Hashable, Sendable {
  case good, bad, open
}

/// Why a packet does not arrive, and what would mend it.
public struct ReportDiagnosis: Hashable, Sendable {
  /// Something that mends it.
  public struct Remedy: Hashable, Sendable {
    public var text: String
    /// To be typed on `node`.
    public var commands: [String]
    public var node: String?
    /// What a trial on a copy of the cloud gave.
    public var proof: String
    public init(text: String, commands: [String] = [], node: String? = nil, proof: String = "") {
      self.text = text
      self.commands = commands
      self.node = node
      self.proof = proof
    }
  }
  /// One thing that stands in the way.
  public struct Cause: Hashable, Sendable {
    public var code: String
    public var text: String
    public var evidence: [ReportPlace]
    public var objects: [ReportObject]
    public init(
      code: String, text: String, evidence: [ReportPlace] = [], objects: [ReportObject] = []
    ) {
      self.code = code
      self.text = text
      self.evidence = evidence
      self.objects = objects
    }
  }
  /// One thing that the guest does on its way: DHCP, the gateway's ARP, the target itself.
  public struct Leg: Hashable, Sendable {
    public var name: String
    public var standing: Standing
    public var text: String
    public init(name: String, standing: Standing, text: String) {
      self.name = name
      self.standing = standing
      self.text = text
    }
  }
  /// As it was asked: `web1 to db1, tcp port 5432`.
  public var question: String
  public var standing: Standing
  /// One sentence.
  public var answer: String
  /// The first is the deciding one.
  public var causes: [Cause]
  public var remedies: [Remedy]
  /// In the order in which they are done.
  public var legs: [Leg] = []
  public var assumptions: [String]
  /// Position in the report's traces of the packet that was asked about.
  public var trace: Int?
  public init(
    question: String, standing: Standing, answer: String, causes: [Cause] = [],
    remedies: [Remedy] = [], assumptions: [String] = [], trace: Int? = nil
  ) {
    self.question = question
    self.standing = standing
    self.answer = answer
    self.causes = causes
    self.remedies = remedies
    self.assumptions = assumptions
    self.trace = trace
  }
}

/// What differs from an older snapshot.
public struct ReportChanges: Hashable, Sendable {
  public struct Change: Hashable, Sendable {
    /// `networks`, `findings`, `flows of br-int`.
    public var category: String
    public var node: String?
    public var subject: String
    /// Nil where it was not there.
    public var before: String?
    /// Nil where it is gone.
    public var after: String?
    public init(
      category: String, node: String? = nil, subject: String, before: String?, after: String?
    ) {
      self.category = category
      self.node = node
      self.subject = subject
      self.before = before
      self.after = after
    }
  }
  /// The older snapshot's name, and when it was captured.
  public var from: String
  public var changes: [Change]
  /// What could not be compared, and why.
  public var unknown: [String]
  public init(from: String, changes: [Change], unknown: [String] = []) {
    self.from = from
    self.changes = changes
    self.unknown = unknown
  }
}

/// Which tenants' packets reach which other tenants.
public struct TenantMatrix: Hashable, Sendable {
  public enum Verdict: String, Hashable, Sendable {
    /// Proved over all packets: none arrives.
    case isolated
    /// Reaches, and the tenants' intent allows it.
    case allowed
    /// Reaches as agents let it on every node, whatever the tenants' intent is.
    case exposed
    /// Reaches, and nobody asked for it.
    case leak
    /// Something is missing that the answer needs.
    case unknown
  }
  public struct Cell: Hashable, Sendable {
    public var from: String
    public var to: String
    public var verdict: Verdict
    /// The proof's or the witness packet's words.
    public var text: String
    /// Position in the report's traces of the witness.
    public var trace: Int?
    public init(from: String, to: String, verdict: Verdict, text: String, trace: Int? = nil) {
      self.from = from
      self.to = to
      self.verdict = verdict
      self.text = text
      self.trace = trace
    }
  }
  /// Projects' ids, in the order of rows and columns.
  public var tenants: [String]
  public var cells: [Cell]
  /// What the proof covers and assumes.
  public var remarks: [String]
  public init(tenants: [String], cells: [Cell], remarks: [String] = []) {
    self.tenants = tenants
    self.cells = cells
    self.remarks = remarks
  }
}
