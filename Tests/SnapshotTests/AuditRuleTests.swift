// The audit's rules: their own tests, the healthy cloud, gaps, and rule files that are wrong.
import Audit
import Facts
import Formats
import Foundation
import LogicalModel
import NetworkTypes
import Snapshot
import Testing

@Suite struct AuditRuleTests {
  static let rules: [AuditRule] =
    (try? RuleFolder.rules(in: Fixture.package.appending(path: "Rules").path())) ?? []

  static func audit(_ capture: Capture) throws -> AuditReport {
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    let facts = CloudFacts(parsing: capture)
    try SnapshotFile.write(capture, facts, to: path, toolVersion: "test")
    let rows = DerivedRows(drift: Drift.report(CloudModel(facts), facts), isolation: nil)
    return try Auditor.audit(
      try SnapshotFile.open(path: path), rules: rules.filter { !$0.needs.contains(["reach"]) },
      derived: rows)
  }

  /// What is to act upon.
  private func words(_ report: AuditReport) -> [String] {
    report.findings.filter { $0.rule.severity < .info }
      .map { "\($0.rule.id): \($0.subject): \($0.message)" }
  }

  @Test func everyRulePassesItsOwnTests() throws {
    #expect(Self.rules.count >= 150)
    for rule in Self.rules {
      #expect(rule.tests.contains { $0.expected == .findings([]) }, "\(rule.id)")
      #expect(rule.tests.contains { $0.expected != .findings([]) }, "\(rule.id)")
      for result in try RuleTester.run(rule) {
        #expect(result.failure == nil, "\(rule.id): \(result.test)")
      }
    }
  }

  @Test func theHealthyCloudIsClean() throws {
    let report = try Self.audit(try Fixture.capture.get())
    #expect(words(report) == [])
    #expect(report.results.allSatisfy { $0.missing.isEmpty })
    #expect(report.exitCode == 0)
  }

  @Test func aGapIsUnknownAndNeverClean() throws {
    let capture = try Fixture.without { $0.node == "cmp2" && $0.path.hasSuffix("dump-flows.txt") }
    let report = try Self.audit(capture)
    let unknown = Set(report.results.filter { $0.verdict == .unknown }.map(\.rule.id))
    // All that read flows, and nothing that does not.
    let readers = Self.rules.filter { $0.needs.contains(["openflow-flows"]) }.map(\.id)
    #expect(unknown.isSuperset(of: readers))
    #expect(
      unknown.isDisjoint(with: ["router-without-snat", "bridge-netfilter-off", "device-down"]))
    let result = report.results.first { $0.rule.id == "arp-answered-wrongly" }
    #expect(result?.missing.first == "cmp2 ovs/br-ex/ofctl_dump-flows.txt: missing")
    #expect(report.exitCode == 2)
  }

  /// Whatever is missing from a healthy cloud, nothing may be found in the rest of it.
  @Test(arguments: [
    ["ovsdb-dump", "ps"], ["openflow-flows", "sysctl"], ["iptables", "neutron-subnets"],
    ["ip6tables", "ip-addr"], ["ip-link", "ip-route-4"], ["ipset", "neutron-ports"],
    ["neutron-networks", "neutron-agents"], ["neutron-security-group-rules", "neutron-routers"],
  ]) func nothingIsFoundInWhatIsMissing(_ formats: [String]) throws {
    let capture = try Fixture.without { file in
      let isOnTwoNodes = file.node == nil || file.node == "cmp1" || file.node == "net1"
      return isOnTwoNodes && formats.contains(FormatCatalogue.row(for: file)?.name ?? "")
    }
    let report = try Self.audit(capture)
    #expect(words(report) == [])
    for result in report.results where result.verdict == .clean {
      let isBlind = result.rule.needs.contains { $0.allSatisfy(formats.contains) }
      #expect(!isBlind, "\(result.rule.id)")
    }
  }

  @Test(arguments: [0.1, 0.5, 0.9]) func nothingIsFoundInWhatIsCut(_ share: Double) throws {
    let capture = try Fixture.changed { file in
      guard file.description.path != "commands.tsv" else { return nil }
      return String(file.text.prefix(Int(Double(file.text.count) * share)))
    }
    let report = try Self.audit(capture)
    #expect(words(report) == [])
  }

  @Test func anUnreadableLineIsUnknownToo() throws {
    let capture = try Fixture.changed { file in
      guard file.isFile("cmp2", "ovs/br-ex/ofctl_dump-flows.txt") else { return nil }
      return file.text.replacing("actions=pop_vlan,NORMAL", with: "actions=fly,NORMAL")
    }
    let report = try Self.audit(capture)
    let result = try #require(report.results.first { $0.rule.id == "arp-answered-wrongly" })
    #expect(result.verdict == .unknown)
    #expect(result.missing.first?.hasPrefix("cmp2 ovs/br-ex/ofctl_dump-flows.txt:") == true)
  }

  @Test func withoutNeutronNothingThatNeedsItIsClean() throws {
    let report = try Self.audit(try Fixture.without { $0.node == nil })
    let clean = report.results.filter { $0.verdict == .clean }.map(\.rule)
    #expect(clean.allSatisfy { rule in !rule.needs.joined().contains { $0.hasPrefix("neutron-") } })
    #expect(words(report) == [])
    #expect(report.exitCode == 2)
  }

  /// Who imports anew while an audit runs puts another file at the path.
  @Test func theSnapshotThatWasOpenedIsAskedAndNoOther() throws {
    let folder = try TemporaryFolder()
    let changed = try Fixture.changed { file in
      guard file.isFile("cmp1", "root/sysctl.txt") else { return nil }
      return file.text.replacing("bridge-nf-call-iptables = 1", with: "bridge-nf-call-iptables = 0")
    }
    let path = folder.file("a.db")
    for (capture, name) in [(try Fixture.capture.get(), "a.db"), (changed, "b.db")] {
      try SnapshotFile.write(
        capture, CloudFacts(parsing: capture), to: folder.file(name), toolVersion: "test")
    }
    let opened = try SnapshotFile.open(path: path)
    #expect(rename(folder.file("b.db"), path) == 0)
    let rules = Self.rules.filter { !$0.needsDerivedTables }
    #expect(words(try Auditor.audit(opened, rules: rules)) == [])
    #expect(words(try Auditor.audit(SnapshotFile.open(path: path), rules: rules)) != [])
  }

  @Test func aFindingInManyPlacesLeavesRoomForTheNext() throws {
    let folder = try TemporaryFolder()
    let rule = """
      -- title: Files
      -- severity: low
      -- precision: certain
      -- population: rules: SELECT count(*) FROM iptables_rule
      -- why: Because.
      -- fix: None.
      -- needs: iptables
      SELECT 'cmp1' AS subject, 'is so' AS message, file, line FROM iptables_rule LIMIT 9;
      /* test: none
      expect: nothing
      */
      """
    try rule.write(
      to: URL(filePath: folder.file("files.sql")), atomically: true, encoding: .utf8)
    let path = folder.file("a.db")
    let capture = try Fixture.capture.get()
    try SnapshotFile.write(
      capture, CloudFacts(parsing: capture), to: path, toolVersion: "test")
    let report = try Auditor.audit(
      try SnapshotFile.open(path: path),
      rules: try RuleFolder.rules(in: URL(filePath: path).deletingLastPathComponent().path()))
    let places = report.text.filter { $0.hasPrefix("    ") }
    #expect(places.count == 6)
    #expect(places.last == "    … and at 4 more places: --format json has them")
  }

  @Test func textAndJSONSayTheSame() throws {
    let capture = try Fixture.changed { file in
      guard file.isFile("cmp1", "root/sysctl.txt") else { return nil }
      return file.text.replacing("bridge-nf-call-iptables = 1", with: "bridge-nf-call-iptables = 0")
    }
    let report = try Self.audit(capture).showing(.low)
    #expect(
      report.text.filter { !$0.hasPrefix("  why:") } == [
        "CRITICAL  bridge-netfilter-off  Guests' packets pass the node's packet filter by",
        "  fix: modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1 "
          + "net.bridge.bridge-nf-call-ip6tables=1; make both permanent.",
        "  looked at: 4 nodes",
        "  cmp1 net.bridge.bridge-nf-call-iptables: is 0; 7 ports on Linux bridges are filtered "
          + "by nothing",
        "    at cmp1 root/sysctl.txt:3",
        "1 finding, \(report.results.count) rules: 1 with findings, "
          + "\(report.results.count - 1) clean, 0 unknown",
      ])
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(try report.json().utf8)) as? [String: Any])
    let finding = try #require((json["findings"] as? [[String: Any]])?.first)
    #expect(finding["rule"] as? String == "bridge-netfilter-off")
    #expect(finding["severity"] as? String == "critical")
    let rows = try #require(json["rules"] as? [[String: Any]])
    #expect(rows.count == report.results.count)
    let row = rows.first { $0["id"] as? String == "bridge-netfilter-off" }
    #expect(row?["looked_at"] as? Int == 4 && row?["population"] as? String == "nodes")
  }
}

@Suite struct RuleFileTests {
  private static let header = """
    -- title: A title
    -- severity: low
    -- precision: likely
    -- population: nodes: SELECT count(*) FROM node
    -- why: Because
    --   of this.
    -- fix: Mend it.
    -- needs: ps

    """

  private func error(_ text: String) -> String? {
    do {
      let folder = try TemporaryFolder()
      try folder.write(text, "a.sql")
      let rules = try RuleFolder.rules(in: folder.path)
      for rule in rules { _ = try RuleTester.run(rule) }
      return nil
    } catch { return "\(error)" }
  }

  @Test func aRuleIsReadWhole() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.header + "SELECT 1;\n", "some-rule.sql")
    let rule = try #require(try RuleFolder.rules(in: folder.path).first)
    #expect(rule.id == "some-rule")
    #expect(rule.why == "Because of this.")
    #expect(rule.severity == .low)
    #expect(rule.precision == .likely)
    #expect(rule.population == RulePopulation(noun: "nodes", query: "SELECT count(*) FROM node"))
    #expect(rule.falsePositives.isEmpty)
    #expect(rule.needs == [["ps"]])
    #expect(rule.query == "SELECT 1;")
  }

  @Test(arguments: [
    ("LP1930414", "Launchpad bug 1930414", "https://bugs.launchpad.net/bugs/1930414"),
    (
      "OSSA-2016-009", "OpenStack security advisory 2016-009",
      "https://security.openstack.org/ossa/OSSA-2016-009.html"
    ),
    (
      "OSSN-0018", "OpenStack security note 0018",
      "https://wiki.openstack.org/wiki/OSSN/OSSN-0018"
    ),
    ("CVE-2014-0056", "CVE-2014-0056", "https://www.cve.org/CVERecord?id=CVE-2014-0056"),
    ("RFC5798", "RFC 5798", "https://www.rfc-editor.org/rfc/rfc5798"),
  ])
  func referencesArePublished(_ name: String, _ title: String, _ address: String) {
    let reference = PublicReference(name)
    #expect(reference?.title == title)
    #expect(reference?.address == address)
  }

  @Test(arguments: ["F-50", "LP", "LP1\" onclick=\"", "CVE-2014-0056/../x", "javascript:1"])
  func whatCannotBeLookedUpIsNoReference(_ name: String) {
    #expect(PublicReference(name) == nil)
  }

  static let test = "/* test: x\nexpect: nothing\n*/\n"
  static let select = "SELECT '' AS subject, '' AS message, 1 AS file, 1 AS line WHERE 0;\n"
  static let whole: String = header + select

  /// What is behind (or in place of) a good beginning, and what is said of it.
  static let wrong: [Wrong] = [
    Wrong(
      "-- tilte: x\n",
      "a.sql:1: unknown field 'tilte': wanted one of title, severity, precision, population, "
        + "why, fix, false-positives, references, needs"
    ),
    Wrong("-- title\n", "a.sql:1: wanted 'field: value': title"),
    Wrong("-- title: x\n-- title: y\n", "a.sql:2: field 'title' stands twice"),
    Wrong("-- title: x\n", "a.sql: field 'severity' is missing"),
    Wrong(
      header.replacing("low", with: "dire"),
      "a.sql: unknown severity: wanted one of critical, high, medium, low, info"),
    Wrong(
      "-- references: LP1, F-50\n" + whole,
      "a.sql: unknown reference 'F-50': wanted one like LP1930414, OSSA-2016-009, OSSN-0018, "
        + "CVE-2014-0056 or RFC5798"),
    Wrong(
      whole.replacing("likely", with: "perhaps"),
      "a.sql: unknown precision: wanted one of certain, likely, possible"),
    Wrong(
      whole.replacing("nodes: SELECT count(*) FROM node", with: "nodes"),
      "a.sql: wanted 'population: what it looks at: SELECT count(*) …', found: nodes"),
    Wrong(
      whole.replacing("FROM node", with: "FROM nodes"), then: test,
      "a.sql: population: no such table: nodes"),
    Wrong(
      whole.replacing("SELECT count(*) FROM node", with: "SELECT 'many'"), then: test,
      "a.sql: population: wanted one number, found \"many\""),
    Wrong(
      header, then: "SELECT 'x' AS subject, 'y' AS message, 'z' AS file, 1 AS line;\n\(test)",
      "a.sql: column file: wanted a number, found \"z\""),
    Wrong(header, "a.sql: no query: wanted one SELECT"),
    Wrong(whole, then: "/* test: x\n", "a.sql:10: the test is not closed: wanted */"),
    Wrong(
      whole, then: "/* test: x\n*/\n", "a.sql:10: the test expects nothing: wanted 'expect:'"),
    Wrong(whole, then: "/* test:\n*/\n", "a.sql:10: the test has no name"),
    Wrong(
      whole, then: "/* test: x\nexpect: nothing\nexpect: a\n*/\n",
      "a.sql:10: 'expect: nothing' stands alone"),
    Wrong(
      whole.replacing("ps", with: "pz"), then: test,
      "a.sql: needs 'pz', which is no format of a capture file, 'reach' or 'drift:<code>'"),
    Wrong(
      header, then: "SELECT 1;\n\(test)",
      "a.sql: wanted one SELECT of the columns subject, message, file, line"),
    Wrong(
      header,
      then: "SELECT 'x' AS subject, 2 AS message, 1 AS file, 1 AS line;\n\(test)",
      "a.sql: column message: wanted text, found 2"),
    Wrong(
      header, then: "DELETE FROM node;\n\(test)",
      "a.sql: wanted one SELECT of the columns subject, message, file, line"),
    Wrong(
      header, then: "SELECT * FROM nothing_there;\n\(test)",
      "a.sql: no such table: nothing_there"),
    Wrong(whole, then: test, nil),
  ]

  struct Wrong: Sendable {
    let text: String
    let message: String?
    init(_ text: String, then rest: String = "", _ message: String?) {
      self.text = text + rest
      self.message = message
    }
  }

  @Test(arguments: wrong) func isToldWhatIsWrong(_ wrong: Wrong) {
    #expect(error(wrong.text) == wrong.message)
  }

  @Test func twoRulesOfOneNameAreRefused() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.whole, "one/a.sql")
    try folder.write(Self.whole, "two/a.sql")
    #expect(throws: RuleError("two/a.sql", "has the name of one/a.sql: wanted one rule of a name"))
    {
      try RuleFolder.rules(in: folder.path)
    }
  }

  @Test func aFolderWithoutRulesSaysSo() throws {
    let folder = try TemporaryFolder()
    #expect(
      throws: RuleError(folder.path, "holds no rule: wanted rule files (*.sql)")
    ) { try RuleFolder.rules(in: folder.path) }
    let none = folder.file("none")
    #expect(
      throws: RuleError(none, "no such folder: wanted a folder of rule files (*.sql)")
    ) { try RuleFolder.rules(in: none) }
  }
}
