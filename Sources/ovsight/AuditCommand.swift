// `ovsight audit SNAPSHOT`: rules over the snapshot, and isolation over all packets.
import ArgumentParser
import Audit
import Facts
import Isolation
import LogicalModel
import Report
import Snapshot

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Find leaks, breakage and what the rules forbid.",
    discussion: """
      The rules of the rule folder are looked at, and over all packets, which arrive that Neutron's \
      objects do not allow (each with one that was traced) and which must arrive and do not. Where \
      the sets and the tracer disagree, the audit says so. What agents leave open on every node of \
      their kind is of severity info and shown with --severity info. Of a large cloud not all guests' \
      packets are followed (--origins), and the answer about the others is unknown.

        ovsight audit cloud.db --severity high
        ovsight audit cloud.db --format sarif > findings.sarif

      Exit codes: 1 with findings of --fail-on or graver, 0 without, 2 where something could not be \
      told. --list shows the rules and --test runs the tests that they carry.

      A waiver file is a JSON array: [{"rule": "leak/routing", "subject": "a-net → *", \
      "owner": "netops", "reason": "…", "expires": "2027-01-31"}]
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif, junit, prometheus
  }

  @Argument(help: "The snapshot.", completion: .file())
  var snapshot: String?

  @Option(help: "A folder of rule files; the program's own without it.")
  var rules: String?

  @Option(help: "text, json, sarif, junit or prometheus.")
  var format = Format.text

  @Option(help: "Leave out what is less grave: critical, high, medium, low or info.")
  var severity: RuleSeverity = .low

  @Option(help: "The least severity that makes exit code 1.")
  var failOn: RuleSeverity = .low

  @Option(help: "A file of waivers.")
  var waivers: String?

  @Option(help: "The day on which waivers are judged, as 2027-01-31; the capture's own without it.")
  var today: String?

  @Flag(inversion: .prefixedNo, help: "Look at all packets, or at the rules only.")
  var isolation = true

  @Option(help: OriginLimit.help)
  var origins = OriginLimit.standard

  @Flag(help: "Run the rules' own tests in place of an audit.")
  var test = false

  @Flag(help: "List the rules in place of an audit.")
  var list = false

  @Flag(help: "Say at the end what took how long, for whoever writes rules.")
  var times = false

  @Flag(
    help: """
      Print the derived tables that rules may ask (drift, reach, leak, breakage) as SQL in place of \
      an audit: (ovsight audit SNAPSHOT --sql; cat RULE.sql) | sqlite3 SNAPSHOT
      """)
  var sql = false

  func validate() throws {
    if snapshot == nil, !test, !list {
      throw ValidationError("Missing expected argument '<snapshot>'")
    }
  }

  func run() throws {
    if sql, let snapshot { return try printTables(try SnapshotFile.open(path: snapshot)) }
    var rules = try RuleFolder.rules(in: try folder())
    // Who does not want packets looked at is not told that nobody looked at them.
    if !isolation, !list, !test { rules.removeAll { $0.needs.contains(["reach"]) } }
    if list {
      for rule in rules { printLine("\(rule.id)  \(rule.severity.rawValue)  \(rule.title)") }
    } else if test {
      try runTests(rules)
    } else if let snapshot {
      try audit(try SnapshotFile.open(path: snapshot), rules)
    }
  }

  private func folder() throws -> String {
    if let rules { return rules }
    guard let folder = RuleFolder.builtIn() else {
      throw RuleError("Rules", "not found beside the program: wanted --rules DIR")
    }
    return folder
  }

  private func audit(_ snapshot: SnapshotFile, _ rules: [AuditRule]) throws {
    var facts: CloudFacts?
    var derived: DerivedRows?
    var run: IsolationRun?
    let progress = AuditProgress()
    defer { progress.finish() }
    if isolation || waivers != nil || rules.contains(where: \.needsDerivedTables) {
      progress.begin("reading the snapshot")
      let loaded = try snapshot.loadFacts()
      progress.begin("building the logical view")
      let model = CloudModel(loaded)
      progress.begin("comparing nodes with Neutron")
      let drift = Drift.report(model, loaded)
      if isolation {
        run = IsolationRun(
          loaded, scope: origins.scope, drift: drift, progress: progress.isolation)
      }
      derived = DerivedRows(drift: drift, isolation: run)
      facts = loaded
    }
    var report = try Auditor.audit(
      snapshot, rules: rules, derived: derived, progress: progress.rule)
    progress.finish()
    if times { progress.tellTimes(of: report.results) }
    var notes: [String] = []
    if let facts {
      if let run { report.add(run, facts) }
      if let waivers {
        let day = try Waivers.day(today, captured: facts.nodes.map(\.capturedAt))
        (report, notes) = try Waivers(try readFile(waivers), file: waivers)
          .applied(to: report, on: day)
      }
    }
    let shown = report.showing(severity)
    notes += [report.leftOut(below: severity)].compactMap { $0 }
    switch format {
    case .text: for line in shown.text + notes { printLine(line) }
    case .json: print(try shown.json())
    case .sarif: try printReport(shown, as: .sarif, snapshot)
    case .junit: try printReport(shown, as: .junit, snapshot)
    case .prometheus: try printReport(shown, as: .prometheus, snapshot)
    }
    // Programs read the output; what is not in it is said beside it.
    if format != .text { for note in notes { printError("ovsight: \(note)") } }
    let code = report.exitCode(failingOn: failOn)
    if code != 0 { throw ExitCode(code) }
  }

  private func printTables(_ snapshot: SnapshotFile) throws {
    let facts = try snapshot.loadFacts()
    let drift = Drift.report(CloudModel(facts), facts)
    let rows = DerivedRows(
      drift: drift,
      isolation: isolation ? IsolationRun(facts, scope: origins.scope, drift: drift) : nil)
    print(rows.sql, terminator: "")
  }

  private func printReport(
    _ audit: AuditReport, as format: ReportFormat, _ snapshot: SnapshotFile
  ) throws {
    let facts = try snapshot.loadFacts()
    var input = ReportInput(facts: facts, model: CloudModel(facts))
    input.findings = FindingSet(audit, names: ObjectNames(input.model))
    guard let folder = ReportFolder.builtIn() else {
      throw CommandError("Reports: not found beside the program")
    }
    if let text = try format.document(input, folder: try ReportFolder(path: folder)) {
      print(text, terminator: "")
    }
  }

  private func runTests(_ rules: [AuditRule]) throws {
    let results = try rules.flatMap(RuleTester.run)
    let failures = results.filter { $0.failure != nil }
    for result in failures { printLine("\(result.rule): \(result.test): \(result.failure ?? "")") }
    printLine("\(results.count) tests of \(rules.count) rules, \(failures.count) failed")
    if !failures.isEmpty { throw ExitCode(1) }
  }
}

extension RuleSeverity: ExpressibleByArgument {}

/// Of how many guests all packets are followed.
struct OriginLimit: ExpressibleByArgument, CustomStringConvertible {
  let scope: IsolationScope

  /// Some minutes of work, and more guests than a small cloud has.
  static let standard = OriginLimit(500)
  static let help: ArgumentHelp = """
    Follow the packets of so many guests, or of all. Of more, those go first that differ from what \
    Neutron wants, then some of every node, network, security group and kind of port; for the rest \
    the answer is unknown.
    """

  init(_ count: Int) { self.init(scope: IsolationScope(maximumGuests: count)) }
  private init(scope: IsolationScope) { self.scope = scope }

  init?(argument: String) {
    if argument == "all" {
      self.init(scope: .everything)
    } else if let count = Int(argument), count > 0 {
      self.init(count)
    } else {
      return nil
    }
  }

  var description: String { scope.maximumGuests.map(String.init) ?? "all" }
  var defaultValueDescription: String { description }
}

/// Writes a line to standard output, fit for a terminal.
func printLine(_ line: String) { print(TerminalText.escaped(line)) }
