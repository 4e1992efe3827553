// `ovsight audit SNAPSHOT [--rules DIR] [--format text|json]`.
import ArgumentParser
import Audit
import Snapshot

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Run the rules on a snapshot.",
    discussion: """
      Exit codes: 1 with findings, 0 without, 2 where a rule could not tell. --list shows the \
      rules and --test runs the tests that they carry.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Argument(help: "The snapshot.")
  var snapshot: String?

  @Option(help: "A folder of rule files; the program's own without it.")
  var rules: String?

  @Option(help: "text or json.")
  var format = Format.text

  @Flag(help: "Run the rules' own tests in place of an audit.")
  var test = false

  @Flag(help: "List the rules in place of an audit.")
  var list = false

  func validate() throws {
    if snapshot == nil, !test, !list {
      throw ValidationError("Missing expected argument '<snapshot>'")
    }
  }

  func run() throws {
    let rules = try RuleFolder.rules(in: try folder())
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
    let report = try Auditor.audit(snapshot, rules: rules)
    switch format {
    case .text: report.text.forEach(printLine)
    case .json: print(try report.json())
    }
    if report.exitCode != 0 { throw ExitCode(report.exitCode) }
  }

  private func runTests(_ rules: [AuditRule]) throws {
    let results = try rules.flatMap(RuleTester.run)
    let failures = results.filter { $0.failure != nil }
    for result in failures { printLine("\(result.rule): \(result.test): \(result.failure ?? "")") }
    printLine("\(results.count) tests of \(rules.count) rules, \(failures.count) failed")
    if !failures.isEmpty { throw ExitCode(1) }
  }
}

/// Writes a line to standard output, fit for a terminal.
func printLine(_ line: String) { print(terminalSafe(line)) }
