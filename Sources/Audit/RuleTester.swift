// Runs the tests that rule files carry, each on an empty snapshot of its own.
import Facts
import GRDB
import Snapshot

/// How a test of a rule ended.
public struct RuleTestResult: Hashable, Sendable {
  public var rule: String
  public var test: String
  /// Nil where it passed; else what was found in place of what was expected.
  public var failure: String?
}

public enum RuleTester {
  /// The results of all tests of a rule.
  ///
  /// The empty snapshot has nodes `n1` and `n2` and, as file 1 and up, one file of each format that
  /// the rule needs; columns that a test does not name are NULL or empty.
  public static func run(_ rule: AuditRule) throws -> [RuleTestResult] {
    try rule.tests.map { test in
      let queue = try DatabaseQueue()
      let failure = try queue.inDatabase { database in
        try SnapshotSchema.createForTests(in: database)
        try DerivedRows.make(in: database)
        try prepare(database, rule)
        return try Self.failure(of: test, rule, database)
      }
      return RuleTestResult(rule: rule.id, test: test.name, failure: failure)
    }
  }

  private static func prepare(_ database: Database, _ rule: AuditRule) throws {
    try database.execute(
      sql: """
        INSERT INTO node (name) VALUES ('n1'), ('n2');
        INSERT INTO namespace (node, name, is_captured)
          VALUES ('n1', 'root', 1), ('n2', 'root', 1);
        """)
    let formats = rule.needs.compactMap(\.first).filter(SnapshotSchema.formatNames.contains)
    for (index, format) in formats.enumerated() {
      let isNeutron = format.hasPrefix("neutron-")
      try database.execute(
        sql: "INSERT INTO capture_file (id, node, path, format) VALUES (?, ?, ?, ?)",
        arguments: [
          index + 1, isNeutron ? nil : "n1", isNeutron ? "neutron/\(format)" : format, format,
        ])
    }
  }

  private static func failure(
    of test: RuleTest, _ rule: AuditRule, _ database: Database
  ) throws -> String? {
    do {
      try database.execute(sql: test.given)
    } catch let error as DatabaseError {
      return "its SQL is refused: \(error.message ?? "")"
    }
    let result = try Auditor.result(of: rule, in: database)
    let found = result.findings.map(\.subject).sorted()
    switch test.expected {
    case .unknown where result.verdict == .unknown: return nil
    case .unknown: return "expected unknown, found \(result.verdict.rawValue) \(found)"
    case .findings(let wanted) where wanted == found && result.missing.isEmpty: return nil
    case .findings(let wanted):
      return "expected \(wanted), found \(found)"
        + (result.missing.isEmpty ? "" : ", unknown for \(result.missing)")
    }
  }
}
