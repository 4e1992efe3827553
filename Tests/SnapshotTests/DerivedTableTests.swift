// The tables that rules may ask beside the snapshot's own, in the audit and in plain sqlite3.
import Audit
import Facts
import FaultCaptures
import Formats
import Foundation
import GRDB
import LogicalModel
import Snapshot
import Testing

@Suite struct DerivedTableTests {
  /// A rule with what it needs in its header.
  private static func rule(_ needs: String, _ query: String) -> String {
    """
    -- title: A rule
    -- severity: high
    -- precision: certain
    -- population: nodes: SELECT count(*) FROM node
    -- why: It is so.
    -- fix: Mend it.
    -- needs: \(needs)
    \(query)
    """
  }
  private static let drift = rule(
    "drift:arp-responder",
    "SELECT node || ' ' || place AS subject, found AS message, file, line FROM drift "
      + "WHERE code = 'arp-responder';")
  private static let leaks = rule(
    "reach",
    "SELECT source || ' ' || target AS subject, packet AS message, file, line FROM leak "
      + "WHERE border = 'routing' AND exposure IS NULL AND verdict = 'confirmed';")

  private func snapshot(of facts: CloudFacts, _ capture: Capture, in folder: TemporaryFolder) throws
    -> SnapshotFile
  {
    let path = folder.file("a.db")
    try SnapshotFile.write(capture, facts, to: path, toolVersion: "test")
    return try SnapshotFile.open(path: path)
  }

  private func fault(_ name: String) throws -> (CloudFacts, Capture) {
    let fault = try #require(FaultCapture.named(name))
    return (try fault.facts(), try fault.capture())
  }

  private func rules(_ text: String, in folder: TemporaryFolder) throws -> [AuditRule] {
    try folder.write(text, "rules/some.sql")
    return try RuleFolder.rules(in: folder.file("rules"))
  }

  @Test func aRuleAsksTheDifference() throws {
    let folder = try TemporaryFolder()
    let (facts, capture) = try fault("48-arp-responder-wrong")
    let file = try snapshot(of: facts, capture, in: folder)
    let rules = try rules(Self.drift, in: folder)
    let rows = DerivedRows(drift: Drift.report(CloudModel(facts), facts), isolation: nil)
    let result = try #require(try Auditor.audit(file, rules: rules, derived: rows).results.first)
    #expect(result.findings.count == 1)
    #expect(result.findings.first?.evidence.isEmpty == false)
    #expect(result.lookedAt == 4)
  }

  @Test func withoutTheTablesARuleIsUnknown() throws {
    let folder = try TemporaryFolder()
    let (facts, capture) = try fault("48-arp-responder-wrong")
    let file = try snapshot(of: facts, capture, in: folder)
    for text in [Self.drift, Self.leaks] {
      let result = try #require(
        try Auditor.audit(file, rules: try rules(text, in: folder)).results.first)
      #expect(result.verdict == .unknown)
    }
  }

  /// The same rows for the audit and for sqlite3 with the text of `audit --sql`.
  @Test func aRuleAsksWhoReachesWhomAndSQLiteDoesToo() throws {
    let folder = try TemporaryFolder()
    let (facts, capture) = try fault("42-router-leak")
    let file = try snapshot(of: facts, capture, in: folder)
    let rules = try rules(Self.leaks, in: folder)
    let run = IsolationRun(facts)
    let rows = DerivedRows(drift: Drift.report(CloudModel(facts), facts), isolation: run)
    let found = try Auditor.audit(file, rules: rules, derived: rows).findings
    #expect(!found.isEmpty)
    let queue = try DatabaseQueue(path: folder.file("a.db"))
    let subjects = try queue.write { database in
      try database.execute(sql: rows.sql)
      return try String.fetchAll(database, sql: rules[0].query)
    }
    #expect(Set(subjects) == Set(found.map(\.subject)))
  }

  @Test func anUnknownDifferenceIsRefused() throws {
    let folder = try TemporaryFolder()
    let (facts, capture) = try fault("48-arp-responder-wrong")
    let file = try snapshot(of: facts, capture, in: folder)
    let rules = try rules(
      Self.drift.replacing("drift:arp-responder", with: "drift:arp"), in: folder)
    #expect(throws: RuleError.self) { try Auditor.audit(file, rules: rules) }
  }

  /// What a terminal would obey does not reach it, and SQLite reads the same name.
  @Test func hostileNamesAreDataInTheText() throws {
    let name = "it's \u{1b}[2J\n.quit"
    let (facts, _) = try fault("48-arp-responder-wrong")
    var drift = Drift.report(CloudModel(facts), facts)
    #expect(drift.findings.count == 1)
    for index in drift.findings.indices { drift.findings[index].object.name = name }
    let rows = DerivedRows(drift: drift, isolation: nil)
    #expect(!rows.sql.contains("\u{1b}"))
    let queue = try DatabaseQueue()
    let read = try queue.write { database in
      try database.execute(sql: rows.sql)
      return try String.fetchAll(database, sql: "SELECT name FROM drift")
    }
    #expect(read == [name])
  }
}
