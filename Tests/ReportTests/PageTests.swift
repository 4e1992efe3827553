// The site of the healthy cloud: sound markup, links that lead, nothing from outside, the same every
// time.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Audit
@testable import LogicalModel
@testable import Report

@Suite struct PageTests {
  static let pages = Result { try ReportFixture.pages(try ReportFixture.fullInput()) }
  static let readers = Result {
    Dictionary(uniqueKeysWithValues: try pages.get().map { ($0.name, PageReader($0.text)) })
  }

  @Test func markupIsSound() throws {
    for (name, reader) in try Self.readers.get() { #expect(reader.problems == [], "\(name)") }
  }

  /// The reader itself must see what it is there for.
  @Test(arguments: [
    "<p>a<b>c</p>", "<p onload=\"x\"></p>", "<iframe></iframe>", "<p class=x></p>",
    "<p>a > b</p>", "<p>a & b</p>", "<p>\u{202e}</p>", "<p>", "<p class=\"a\" class=\"b\"></p>",
  ])
  func readerRefuses(_ body: String) {
    #expect(PageReader("<!DOCTYPE html>" + body).problems != [])
  }

  @Test func everyKindOfPageIsThere() throws {
    let names = try Self.readers.get().keys
    for name in [
      "index", "findings", "finding-1", "tenants", "topology", "traces", "trace-1", "why-1",
      "changes", "networks", "routers", "eips", "nodes", "node-cmp1", "vms", "ports", "capture",
      "search",
    ] { #expect(names.contains("\(name).html"), "\(name)") }
    for kind in ["network-", "router-", "eip-", "vm-", "tenant-", "evidence-"] {
      #expect(names.contains { $0.hasPrefix(kind) }, "\(kind)")
    }
  }

  @Test func identifiersAreUniqueAndLinksLead() throws {
    let readers = try Self.readers.get()
    let ids = readers.mapValues { $0.elements.compactMap { $0.attributes["id"] } }
    for (name, list) in ids { #expect(Set(list).count == list.count, "\(name)") }
    let known = ids.mapValues(Set.init)
    for (name, reader) in readers {
      for link in Set(
        reader.elements.filter { $0.name == "a" }.compactMap { $0.attributes["href"] })
      {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let page = parts[0].isEmpty ? name : String(parts[0])
        let target = try #require(known[page], "\(name): \(link)")
        if parts.count > 1 { #expect(target.contains(String(parts[1])), "\(name): \(link)") }
      }
      let labels = reader.elements.compactMap { $0.attributes["aria-labelledby"] }
      for label in labels.flatMap({ $0.split(separator: " ") }) {
        #expect(known[name]?.contains(String(label)) == true, "\(name): \(label)")
      }
    }
  }

  /// From the summary every page can be reached.
  @Test func noPageIsLost() throws {
    let readers = try Self.readers.get()
    var reached: Set<String> = ["index.html"]
    var open = ["index.html"]
    while let name = open.popLast() {
      for element in readers[name]?.elements ?? [] {
        guard let link = element.attributes["href"], element.name == "a" else { continue }
        let page = String(link.prefix { $0 != "#" })
        if readers[page] != nil, reached.insert(page).inserted { open.append(page) }
      }
    }
    #expect(Set(readers.keys).subtracting(reached) == [])
  }

  /// A finding leads to what it is about, which leads back.
  @Test func findingsAndThingsAreLinkedBothWays() throws {
    let readers = try Self.readers.get()
    func links(_ page: String) -> [String] {
      (readers[page]?.elements ?? []).compactMap { $0.attributes["href"] }
    }
    #expect(links("finding-1.html").contains("node-cmp1.html"))
    #expect(links("node-cmp1.html").contains("finding-1.html"))
    #expect(links("finding-1.html").contains { $0.hasPrefix("evidence-") })
  }

  @Test func nothingComesFromOutside() throws {
    let site = try ReportFixture.site(try ReportFixture.fullInput())
    for (name, page) in site {
      let namespace = name.hasSuffix(".html") ? 1 : 0
      #expect(page.matches(of: /https?:\/\//).count == namespace, "\(name)")
      #expect(!page.contains("url("), "\(name)")
      #expect(!page.contains("@import"), "\(name)")
      #expect(!page.contains(" style="), "\(name)")
      #expect(!page.contains("unsafe"), "\(name)")
    }
  }

  @Test func policyNamesTheScriptByItsHash() throws {
    let script = try ReportFixture.folder.get().script
    let hash = SHA256.base64(Array(script.utf8))
    for (name, page) in try Self.pages.get() {
      let reader = PageReader(page)
      let policy = try #require(
        reader.elements.first { $0.attributes["http-equiv"] != nil }?.attributes["content"])
      #expect(policy.hasPrefix("default-src 'none'; script-src "), "\(name)")
      if reader.script.isEmpty {
        #expect(policy.contains("script-src 'none';"), "\(name)")
      } else {
        #expect(reader.script == script, "\(name)")
        #expect(policy.contains("script-src 'sha256-\(hash)';"), "\(name)")
      }
      #expect(reader.elements.count { $0.name == "script" } < 2, "\(name)")
    }
  }

  /// Parsed afresh: dictionaries iterate in another order each time.
  @Test func sameInputGivesSameBytes() throws {
    let sites = try (0..<2).map { _ in
      try ReportFixture.site(
        try ReportFixture.fullInput(CloudFacts(parsing: try ReportFixture.capture())))
    }
    #expect(sites[0] == sites[1])
  }

  @Test func pagesAreSmall() throws {
    for (name, page) in try Self.pages.get() {
      #expect(page.utf8.count < PageWriter.pageLimit, "\(name)")
    }
  }

  @Test func summarySaysWhatIsMissing() throws {
    var input = try ReportFixture.input()
    #expect(
      SummarySection.sentence(input)
        == "No audit rules were run; the capture of 4 nodes is complete.")
    #expect(SummarySection.standing(input) == .open)
    input.facts.gaps = [
      Gap(node: "cmp1", path: "ovs/br-int/dump-flows.txt", reason: "permission denied")
    ]
    #expect(
      SummarySection.sentence(input)
        == "No audit rules were run; the capture of 4 nodes has 1 gap.")
    #expect(try ReportFixture.page(input, "capture.html").contains("permission denied"))
    #expect(try ReportFixture.page(input, "node-cmp1.html").contains("permission denied"))
    let tenants = try ReportFixture.page(input, "tenants.html")
    #expect(tenants.contains("that the tenants are isolated is not known"))
  }

  /// Silence of a rule that could not tell is no good news.
  @Test func rulesThatCouldNotTellAreCounted() throws {
    var input = try ReportFixture.input()
    let (clean, open) = (Self.rule(missing: []), Self.rule(missing: ["ports.json: missing"]))
    let cases: [([FindingSet.Rule], String)] = [
      ([clean, clean], "2 audit rules found nothing"),
      ([clean, open], "1 of 2 audit rules found nothing, 1 could not tell"),
      ([open], "none of 1 audit rule could tell"),
    ]
    for (rules, words) in cases {
      let set = FindingSet(rules: rules, findings: [])
      #expect(SummarySection.silence(set) == words)
      input.findings = set
      #expect((SummarySection.standing(input) == .good) == rules.allSatisfy { $0 == clean })
    }
  }

  private static func rule(missing: [String]) -> FindingSet.Rule {
    FindingSet.Rule(
      id: "rule", title: "title", severity: .low, verdict: missing.isEmpty ? .clean : .unknown,
      missing: missing)
  }

  /// A waived finding is told, and is no alarm.
  @Test func waivedFindingsAreNoAlarm() throws {
    var input = try ReportFixture.input()
    var finding = ReportFinding(
      rule: "rule", title: "title", severity: .high, subject: "s", message: "m")
    finding.waiver = ReportWaiver(reason: "accepted until the move", until: "2027-01-31")
    input.findings = FindingSet(rules: [Self.rule(missing: [])], findings: [finding])
    #expect(SummarySection.standing(input) == .good)
    #expect(
      SummarySection.sentence(input)
        == "1 audit rule found nothing, 1 more finding waived; the capture of 4 nodes is complete.")
    let page = try ReportFixture.page(input, "finding-1.html")
    #expect(page.contains("accepted until the move, until 2027-01-31"))
  }

  @Test func emptyCloudIsNotComplete() throws {
    let input = ReportInput(facts: CloudFacts(), model: LogicalModel.CloudModel(CloudFacts()))
    #expect(SummarySection.sentence(input) == "No audit rules were run; no node was captured.")
    for (name, page) in try ReportFixture.pages(input) {
      #expect(PageReader(page).problems == [], "\(name)")
    }
  }

  @Test func tablesHaveHeadings() throws {
    for (page, reader) in try Self.readers.get() {
      let names = reader.elements.map(\.name)
      #expect(names.count { $0 == "table" } == names.count { $0 == "caption" }, "\(page)")
      let headings = reader.elements.filter { $0.name == "th" }
      #expect(headings.allSatisfy { ["col", "row"].contains($0.attributes["scope"]) }, "\(page)")
      #expect(names.count { $0 == "h1" } == 1, "\(page)")
      #expect(names.count { $0 == "main" } == 1, "\(page)")
    }
  }

  /// A reader who has only the HTML: node, thing, fix and the lines that show it.
  @Test func findingTellsWhatToDo() throws {
    let page = try ReportFixture.page(try ReportFixture.fullInput(), "finding-1.html")
    for words in [
      "Node", "How to mend it", "Why it matters", "Evidence", "iptables-save_-c.txt:12",
    ] {
      #expect(page.contains(words), "\(words)")
    }
  }

  @Test func evidenceShowsLinesInContext() throws {
    let input = try ReportFixture.fullInput()
    let pages = try Self.pages.get().filter { $0.name.hasPrefix("evidence-") }
    let file = try #require(
      input.facts.files.first { $0.node == "cmp1" && $0.path == "root/iptables-save_-c.txt" })
    let bytes = try #require(input.bytes(file.id))
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    let page = try #require(pages.first { $0.name == "evidence-\(file.id.rawValue)-0.html" })
    let text = PageReader(page.text).text
    for number in 9...15 { #expect(text.contains(String(lines[number - 1])), "\(number)") }
    #expect(page.text.contains("<div class=\"line cited\" id=\"L12\">"))
  }

  @Test func agreementIsShown() throws {
    let page = try ReportFixture.page(try ReportFixture.input())
    #expect(page.contains("Agreement with real engines"))
    let table = try #require(try ReportFixture.folder.get().agreement)
    for row in table.rows { #expect(page.contains(HTMLText.escaped(row.judge)), "\(row.judge)") }
  }

  @Test func longListsAreSplit() {
    let table = LinkTable(
      id: "t", caption: "T", columns: [.init("A")],
      rows: (0..<1200).map { [.text("\($0)")] }, rowIDs: (0..<1200).map { "r\($0)" })
    let parts = table.split()
    #expect(parts.map(\.rows.count) == [500, 500, 200])
    #expect(parts[1].rowIDs.first == "r500")
    let wide = LinkTable(
      id: "t", caption: "T", columns: [.init("A")],
      rows: (0..<10).map { _ in [.text(String(repeating: "\"", count: 10_000))] })
    #expect(wide.split().map(\.rows.count) == [3, 3, 3, 1])
  }

  @Test(arguments: [
    ("3f2a-11", "3f2a-11"), ("..", nil), ("a/b", nil), ("", nil), ("ÄÖ", nil), ("A", nil),
    ("x-1", nil), (String(repeating: "a", count: 65), nil), ("con.txt", nil),
  ])
  func pageNamesAreTame(_ id: String, _ plain: String?) {
    let slug = PageName.slug(id)
    if let plain {
      #expect(slug == plain)
    } else {
      #expect(slug.hasPrefix("x-") && slug.count == 26)
    }
  }

  @Test func foldersAreReplaced() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ovsight-report-\(UUID().uuidString)/deep")
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    try Site(files: ["index.html": "one", "finding-9.html": "old"]).write(to: folder.path)
    try "mine".write(
      to: folder.appendingPathComponent("notes.html"), atomically: true, encoding: .utf8)
    try Site(files: ["index.html": "two"]).write(to: folder.path)
    let text = try String(contentsOf: folder.appendingPathComponent("index.html"), encoding: .utf8)
    #expect(text == "two")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == [".ovsight-report", "index.html", "notes.html"])
  }

  @Test func missingTemplatesAreNamed() {
    #expect(throws: ReportError("/nowhere/style.css", "cannot be read: wanted the report's style"))
    {
      try ReportFolder(path: "/nowhere")
    }
  }
}
