// A rule of the audit: one SQL file that says what it looks for, why that matters, how it is mended,
// and, in tests of its own, what it finds and what it leaves alone.
import Facts

public enum RuleSeverity: String, Hashable, Sendable, Comparable, CaseIterable, Codable {
  /// Tenants are not isolated from each other.
  case critical
  /// An outage, or filtering is bypassed.
  case high
  /// Partial or latent.
  case medium
  /// Hygiene.
  case low
  /// Known and argued: no finding to act upon.
  case info

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  /// The graver one comes first.
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

/// How sure a finding of a rule is.
public enum RulePrecision: String, Hashable, Sendable, CaseIterable, Codable {
  /// What it says is so.
  case certain
  /// It is so but where somebody wanted it so.
  case likely
  /// Something to look at: the snapshot does not hold what would decide it.
  case possible
}

/// What a rule looks at.
public struct RulePopulation: Hashable, Sendable {
  /// In the plural: `filtered ports`.
  public var noun: String
  /// One SELECT of one number.
  public var query: String
  public init(noun: String, query: String) {
    self.noun = noun
    self.query = query
  }
}

/// A rule as its file has it.
public struct AuditRule: Hashable, Sendable {
  /// The file's name without `.sql`.
  public var id: String
  public var title: String
  public var severity: RuleSeverity
  public var precision: RulePrecision = .certain
  public var population: RulePopulation?
  public var why: String
  public var fix: String
  /// Where a finding is none.
  public var falsePositives = ""
  public var references: [String] = []
  /// Formats of capture files, or derived tables (`reach`, `drift:<code>`), without which a clean
  /// answer would be a guess; each with those that stand in for it.
  public var needs: [[String]] = []
  /// One SELECT with the columns `subject`, `message`, `file`, `line`. Rows that agree in the first
  /// two are one finding with several places; a row without message says in its subject why the
  /// rule could not tell.
  public var query = ""
  public var tests: [RuleTest] = []

  public init(id: String, title: String, severity: RuleSeverity, why: String, fix: String) {
    self.id = id
    self.title = title
    self.severity = severity
    self.why = why
    self.fix = fix
  }

  /// Whether it asks for a derived table.
  public var needsDerivedTables: Bool {
    needs.joined().contains { $0 == "reach" || $0.hasPrefix("drift:") }
  }
}

/// A test in a rule's file.
public struct RuleTest: Hashable, Sendable {
  public var name: String
  /// SQL that fills an empty snapshot.
  public var given: String
  public var expected: Expectation

  public enum Expectation: Hashable, Sendable {
    /// Subjects of the findings, sorted; empty for a clean answer.
    case findings([String])
    case unknown
  }
}

/// What is wrong with a rule file, and where.
public struct RuleError: Error, Hashable, Sendable, CustomStringConvertible {
  public let file: String
  /// From 1; 0 where the whole file is meant.
  public let line: Int
  public let problem: String
  public init(_ file: String, line: Int = 0, _ problem: String) {
    self.file = file
    self.line = line
    self.problem = problem
  }
  public var description: String {
    line > 0 ? "\(file):\(line): \(problem)" : "\(file): \(problem)"
  }
}
