// The page of the healthy cloud: sound markup, nothing from outside, the same every time.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Audit
@testable import LogicalModel
@testable import Report

@Suite struct PageTests {
  @Test func markupIsSound() throws {
    var input = try ReportFixture.input()
    input.traces = try ReportFixture.traces()
    let reader = PageReader(try ReportFixture.page(input))
    #expect(reader.problems == [])
    #expect(reader.elements.count { $0.attributes["class"] == "drawing" } == 2 + 8 - 1)
  }

  /// The reader itself must see what it is there for.
  @Test(arguments: [
    "<p>a<b>c</p>", "<p onload=\"x\"></p>", "<script></script>", "<p class=x></p>",
    "<p>a > b</p>", "<p>a & b</p>", "<p>\u{202e}</p>", "<p>", "<p class=\"a\" class=\"b\"></p>",
  ])
  func readerRefuses(_ body: String) {
    #expect(PageReader("<!DOCTYPE html>" + body).problems != [])
  }

  @Test func identifiersAreUniqueAndLinksLead() throws {
    var input = try ReportFixture.input()
    input.traces = try ReportFixture.traces()
    let reader = PageReader(try ReportFixture.page(input))
    let ids = reader.elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    let links = reader.elements.filter { $0.name == "a" }.compactMap { $0.attributes["href"] }
    #expect(!links.isEmpty)
    for link in Set(links) {
      #expect(link.hasPrefix("#") && ids.contains(String(link.dropFirst())), "\(link)")
    }
    let labels = reader.elements.compactMap { $0.attributes["aria-labelledby"] }
    for label in labels.flatMap({ $0.split(separator: " ") }) {
      #expect(ids.contains(String(label)), "\(label)")
    }
  }

  @Test func nothingComesFromOutside() throws {
    let page = try ReportFixture.page(try ReportFixture.input())
    #expect(page.matches(of: /https?:\/\//).count == 1)
    #expect(page.contains("xmlns='http://www.w3.org/2000/svg'"))
    #expect(!page.contains("url("))
    #expect(!page.contains("@import"))
    #expect(!page.contains("<script"))
    #expect(!page.contains(" style="))
  }

  @Test func policyNamesTheStyleByItsHash() throws {
    let page = try ReportFixture.page(try ReportFixture.input())
    let start = try #require(page.range(of: "<style>")).upperBound
    let end = try #require(page.range(of: "</style>")).lowerBound
    let hash = SHA256.base64(Array(page[start..<end].utf8))
    #expect(page.contains("style-src &#39;sha256-\(hash)&#39;"))
    #expect(page.contains("content=\"default-src &#39;none&#39;;"))
    #expect(!page.contains("unsafe"))
  }

  /// Parsed afresh: dictionaries iterate in another order each time.
  @Test func sameInputGivesSameBytes() throws {
    let pages = try (0..<3).map { _ in
      var input = try ReportFixture.input(CloudFacts(parsing: try ReportFixture.capture()))
      input.traces = try ReportFixture.traces()
      return try ReportFixture.page(input)
    }
    #expect(pages[0] == pages[1])
    #expect(pages[0] == pages[2])
  }

  @Test func pageIsSmall() throws {
    var input = try ReportFixture.input()
    input.traces = try ReportFixture.traces()
    #expect(try ReportFixture.page(input).utf8.count < 300_000)
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
    let page = try ReportFixture.page(input)
    #expect(page.contains("<td class=\"plain\"><div>permission denied</div></td>"))
  }

  /// Silence of a rule that could not tell is no good news.
  @Test func rulesThatCouldNotTellAreCounted() throws {
    var input = try ReportFixture.input()
    let (clean, open) = (Self.result(missing: []), Self.result(missing: ["ports.json: missing"]))
    let cases: [([RuleResult], String)] = [
      ([clean, clean], "2 audit rules found nothing"),
      ([clean, open], "1 of 2 audit rules found nothing, 1 could not tell"),
      ([open], "none of 1 audit rule could tell"),
    ]
    for (results, words) in cases {
      let audit = AuditReport(results: results)
      #expect(SummarySection.silence(audit) == words)
      input.audit = audit
      #expect((SummarySection.standing(input) == .good) == results.allSatisfy { $0 == clean })
    }
  }

  private static func result(missing: [String]) -> RuleResult {
    let rule = AuditRule(
      id: "rule", title: "title", severity: .low, why: "", fix: "", references: [], needs: [],
      query: "", tests: [])
    return RuleResult(rule: rule, findings: [], missing: missing)
  }

  @Test func emptyCloudIsNotComplete() throws {
    let input = ReportInput(facts: CloudFacts(), model: LogicalModel.CloudModel(CloudFacts()))
    #expect(SummarySection.sentence(input) == "No audit rules were run; no node was captured.")
    #expect(PageReader(try ReportFixture.page(input)).problems == [])
  }

  @Test func tablesHaveHeadings() throws {
    let reader = PageReader(try ReportFixture.page(try ReportFixture.input()))
    let names = reader.elements.map(\.name)
    #expect(names.count { $0 == "table" } >= 6)
    #expect(names.count { $0 == "table" } == names.count { $0 == "caption" })
    let headings = reader.elements.filter { $0.name == "th" }
    #expect(headings.allSatisfy { ["col", "row"].contains($0.attributes["scope"]) })
    #expect(names.count { $0 == "h1" } == 1)
  }

  @Test func writesAFolderAndReplacesItsPage() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ovsight-report-\(UUID().uuidString)/deep")
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    try Site(files: ["index.html": "one"]).write(to: folder.path)
    try Site(files: ["index.html": "two"]).write(to: folder.path)
    let text = try String(contentsOf: folder.appendingPathComponent("index.html"), encoding: .utf8)
    #expect(text == "two")
  }

  @Test func missingTemplatesAreNamed() {
    #expect(throws: ReportError("/nowhere/style.css", "cannot be read: wanted the report's style"))
    {
      try ReportFolder(path: "/nowhere")
    }
  }
}
