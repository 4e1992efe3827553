// Runs rules on a snapshot, read-only.
import Facts
import Foundation
import GRDB
import LogicalModel
import Snapshot
import Synchronization
import Workers

public enum Auditor {
  /// The answers of `rules`, in their order; without `derived` rows those that ask for them are
  /// unknown. Rules are asked side by side, each worker on a connection of its own. `progress` hears,
  /// on any thread, of each rule before it is asked, and first of what all of them ask.
  ///
  /// Throws a RuleError for a query that SQLite refuses or that gives other columns, and a
  /// SnapshotError for a damaged snapshot.
  public static func audit(
    _ snapshot: SnapshotFile, rules: [AuditRule], derived: DerivedRows? = nil,
    progress: @Sendable (_ done: Int, _ total: Int, _ what: String) -> Void = { _, _, _ in }
  ) throws -> AuditReport {
    progress(0, rules.count, "the views that rules ask")
    let workers = min(
      ProcessInfo.processInfo.activeProcessorCount, maximumWorkers,
      max(1, rules.count / rulesPerWorker))
    let next = Atomic<Int>(0)
    let answers = Mutex<[Int: Result<RuleResult, any Error>]>([:])
    Workers.perform(workers) { worker in
      // The snapshot's own connection asks whatever the others do not: they may find no memory, or
      // another file at the path.
      guard let connection = worker == 0 ? snapshot : snapshot.another() else { return }
      // What befalls a worker that has begun with none is said before all rules' mistakes.
      var number = worker - workers
      do {
        try asking(connection, derived) { database in
          while true {
            number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < rules.count else { return }
            progress(number, rules.count, "rule \(rules[number].id)")
            let answer = try answer(to: rules[number], in: database)
            answers.withLock { $0[number] = answer }
          }
        }
      } catch {
        answers.withLock { $0[number] = .failure(error) }
      }
    }
    let found = answers.withLock { $0 }
    let results = try found.sorted { $0.key < $1.key }.map { try $0.value.get() }
    return AuditReport(results: results)
  }

  /// A rule's mistake is not the snapshot's damage, which is thrown.
  private static func answer(
    to rule: AuditRule, in database: Database
  ) throws -> Result<RuleResult, any Error> {
    do {
      return .success(try result(of: rule, in: database))
    } catch let error as RuleError {
      return .failure(error)
    }
  }

  /// More would settle the same views again for less and less.
  private static let maximumWorkers = 4
  private static let rulesPerWorker = 20

  /// Runs `body` on the connection, with what is derived and settled there meanwhile.
  private static func asking(
    _ snapshot: SnapshotFile, _ derived: DerivedRows?, _ body: (Database) throws -> Void
  ) throws {
    try snapshot.read { database in
      try (derived ?? DerivedRows()).install(in: database)
      defer { try? DerivedRows.drop(in: database) }
      try SettledViews.make(in: database)
      defer { try? SettledViews.drop(in: database) }
      try body(database)
    }
  }

  static func result(of rule: AuditRule, in database: Database) throws -> RuleResult {
    let start = ContinuousClock.now
    if let stranger = rule.needs.joined().first(where: { !isKnown($0) }) {
      throw RuleError(
        "\(rule.id).sql",
        "needs '\(stranger)', which is no format of a capture file, 'reach' or 'drift:<code>'")
    }
    let rows = try rows(of: rule, in: database)
    let untold = rows.filter { $0.message == nil }.map(\.subject)
    var result = RuleResult(
      rule: rule, findings: try grouped(rows.filter { $0.message != nil }, rule, database),
      missing: try missing(for: rule, in: database) + untold,
      lookedAt: try population(of: rule, in: database))
    result.seconds = (ContinuousClock.now - start) / .seconds(1)
    return result
  }

  private static func isKnown(_ need: String) -> Bool {
    if need.hasPrefix("drift:") { return DriftCode(rawValue: String(need.dropFirst(6))) != nil }
    return need == "reach" || SnapshotSchema.formatNames.contains(need)
  }

  private static func population(of rule: AuditRule, in database: Database) throws -> Int? {
    guard let population = rule.population else { return nil }
    do {
      let value = try DatabaseValue.fetchOne(database, sql: population.query)
      guard let count = value.flatMap(Int.fromDatabaseValue) else {
        throw RuleError(
          "\(rule.id).sql",
          "population: wanted one number, found \(value.map { "\($0)" } ?? "none")")
      }
      return count
    } catch let error as DatabaseError {
      throw RuleError(
        "\(rule.id).sql", "population: " + (error.message ?? "SQLite refuses the query"))
    }
  }

  /// What a rule's SELECT gives.
  private struct Hit {
    let subject: String
    let message: String?
    let file: Int64?
    let line: Int?

    init(_ row: Row, of rule: AuditRule) throws(RuleError) {
      subject = try Self.text(row, "subject", rule) ?? ""
      message = try Self.text(row, "message", rule)
      file = try Self.number(row, "file", rule)
      line = try Self.number(row, "line", rule).flatMap { Int(exactly: $0) }
    }
    private static func number(_ row: Row, _ column: String, _ rule: AuditRule) throws(RuleError)
      -> Int64?
    {
      let value: DatabaseValue = row[column]
      guard value.isNull || Int64.fromDatabaseValue(value) != nil else {
        throw RuleError("\(rule.id).sql", "column \(column): wanted a number, found \(value)")
      }
      return Int64.fromDatabaseValue(value)
    }
    private static func text(_ row: Row, _ column: String, _ rule: AuditRule) throws(RuleError)
      -> String?
    {
      let value: DatabaseValue = row[column]
      guard value.isNull || String.fromDatabaseValue(value) != nil else {
        throw RuleError("\(rule.id).sql", "column \(column): wanted text, found \(value)")
      }
      return String.fromDatabaseValue(value)
    }
  }

  private static func rows(of rule: AuditRule, in database: Database) throws -> [Hit] {
    do {
      let statement = try database.makeStatement(sql: rule.query)
      guard statement.isReadonly, statement.columnNames == ["subject", "message", "file", "line"]
      else {
        throw RuleError(
          "\(rule.id).sql", "wanted one SELECT of the columns subject, message, file, line")
      }
      return try Row.fetchAll(statement).map { try Hit($0, of: rule) }
    } catch let error as DatabaseError {
      throw RuleError("\(rule.id).sql", error.message ?? "SQLite refuses the query")
    }
  }

  /// Rows that agree in subject and message are one finding with several places.
  private static func grouped(
    _ rows: [Hit], _ rule: AuditRule, _ database: Database
  ) throws -> [Finding] {
    var order: [[String]] = []
    var places: [[String]: [FindingPlace]] = [:]
    for row in rows {
      let key = [row.subject, row.message ?? ""]
      if places[key] == nil { order.append(key) }
      places[key, default: []] += try place(row, database).map { [$0] } ?? []
    }
    return order.map { key in
      let unique = places[key, default: []].reduce(into: [FindingPlace]()) { list, place in
        if !list.contains(place) { list.append(place) }
      }
      return Finding(rule: rule, subject: key[0], message: key[1], evidence: unique)
    }.sorted { ($0.subject, $0.message) < ($1.subject, $1.message) }
  }

  private static func place(_ row: Hit, _ database: Database) throws -> FindingPlace? {
    guard let file = row.file else { return nil }
    let found = try Row.fetchOne(
      database, sql: "SELECT node, path FROM capture_file WHERE id = ?", arguments: [file])
    return found.map {
      FindingPlace(node: $0["node"], file: $0["path"], line: row.line ?? 1)
    }
  }

  /// Gaps and unreadable parts of the formats that the rule needs, and formats of which nothing
  /// was captured at all.
  private static func missing(for rule: AuditRule, in database: Database) throws -> [String] {
    try rule.needs.flatMap { formats in
      var lacking: [String] = []
      var count = 0
      for format in formats {
        if let untold = try untold(format, in: database) {
          lacking += untold
          count += 1
          continue
        }
        lacking += try gaps(of: format, in: database)
        count +=
          try Int.fetchOne(
            database, sql: "SELECT count(*) FROM capture_file WHERE format = ?",
            arguments: [format]) ?? 0
      }
      let isNothing = count == 0 && lacking.isEmpty
      return isNothing ? ["\(formats.joined(separator: "|")): nothing was captured"] : lacking
    }
  }

  /// What a derived table lacks; nil for a format of files.
  private static func untold(_ need: String, in database: Database) throws -> [String]? {
    if need == "reach" {
      return try String.fetchAll(database, sql: "SELECT reason FROM reach_unknown ORDER BY 1")
    }
    guard need.hasPrefix("drift:") else { return nil }
    return try String.fetchAll(
      database,
      sql: """
        SELECT coalesce(node || ': ', '') || reason FROM drift_unknown WHERE code = ? ORDER BY 1
        """, arguments: [String(need.dropFirst(6))])
  }

  private static func gaps(of format: String, in database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT coalesce(node || ' ', '') || path || ': ' || reason FROM gap WHERE format = ?
        ORDER BY 1
        """, arguments: [format])
      + String.fetchAll(
        database,
        sql: """
          SELECT p.place || ':' || d.line || ': ' || d.message
          FROM diagnostic d JOIN capture_file f ON f.id = d.file JOIN v_place p ON p.file = d.file
          WHERE f.format = ? AND d.severity <> 'note' ORDER BY d.file, d.line
          """, arguments: [format])
  }
}
