// Causes and what they do, waivers, and what findings have in common.
import Foundation
import Testing

@testable import Audit
@testable import LogicalModel
@testable import Report

@Suite struct FindingOrderTests {
  private static func finding(
    _ rule: String, _ severity: RuleSeverity = .high, on objects: [ReportObject] = [],
    isEffect: Bool = false
  ) -> ReportFinding {
    var finding = ReportFinding(
      rule: rule, title: rule, severity: severity, subject: rule, message: "m")
    finding.isEffect = isEffect
    finding.objects = objects
    return finding
  }

  @Test func causesStandBeforeWhatTheyDo() {
    let set = FindingSet(
      rules: [],
      findings: [
        Self.finding("a", isEffect: true), Self.finding("z"), Self.finding("b", .critical),
      ])
    #expect(set.findings.map(\.rule) == ["b", "z", "a"])
  }

  @Test func effectsLeadToTheirCause() throws {
    var input = try ReportFixture.input()
    let node = ReportObject(.node, "cmp1")
    input.findings = FindingSet(
      rules: [],
      findings: [
        Self.finding("cause", on: [node]), Self.finding("elsewhere", on: []),
        Self.finding("effect", on: [node], isEffect: true),
      ])
    let page = try ReportFixture.page(input, "finding-3.html")
    #expect(page.contains("What may be its cause"))
    #expect(page.contains("href=\"finding-1.html\""))
    #expect(!page.contains("elsewhere: m"))
    #expect(try ReportFixture.page(input, "finding-1.html").contains("Seen from another side"))
  }

  @Test func waiversMarkAndDoNotHide() throws {
    let text = """
      [{"rule": "leak/*", "subject": "*", "owner": "netops", "reason": "until the move",
        "expires": "2027-01-31"},
       {"rule": "none", "subject": "*", "owner": "netops", "reason": "r", "expires": "2027-01-31"},
       {"rule": "other", "subject": "*", "owner": "netops", "reason": "r", "expires": "2026-01-31"}]
      """
    let waivers = try Waivers(Array(text.utf8), file: "w.json")
    var set = FindingSet(
      rules: [], findings: [Self.finding("leak/routing"), Self.finding("other")])
    set.waive(waivers, on: "2026-12-01")
    #expect(set.findings.map { $0.waiver?.reason } == ["until the move (netops)", nil])
    #expect(set.open.map(\.rule) == ["other"])
    #expect(
      set.waiverNotes == [
        "waiver of netops for none *: covers nothing",
        "waiver of netops for other *: expired on 2026-01-31",
      ])
    var input = try ReportFixture.input()
    input.findings = set
    let page = try ReportFixture.page(input, "findings.html")
    #expect(page.contains("covers nothing") && page.contains(">waived<"))
  }

  /// What answers and findings rest on is not counted as if somebody had asked.
  @Test func witnessesAreNoQuestions() throws {
    var input = try ReportFixture.input()
    input.traces = try ReportFixture.traces()
    for index in input.traces.indices { input.traces[index].role = .witness }
    #expect(!SummarySection.sentence(input).contains("trace"))
    let page = try ReportFixture.page(input, "traces.html")
    #expect(page.contains("Packets that show findings") && page.contains("trace-1.html"))
    #expect(!(try ReportFixture.page(input).contains("trace-1.html")))
  }

  @Test func aBrokenAnswerNeedsAttention() throws {
    var input = try ReportFixture.input()
    input.diagnoses = [ReportSamples.diagnosis("web")]
    #expect(SummarySection.standing(input) == .bad)
    #expect(SummarySection.sentence(input).contains("1 of 1 question led to a fault"))
  }

  @Test(arguments: [
    ("run `ip a` now", "run <code>ip a</code> now"), ("a ` b", "a ` b"), ("plain", "plain"),
    ("`<b>`", "<code>&lt;b&gt;</code>"),
  ])
  func whatIsTypedStandsOut(_ text: String, _ markup: String) {
    #expect(Markup.words(text).rendered == markup)
  }

  /// A report whose title is a word that the frame is filled by stays whole.
  @Test func theFrameIsFilledOnce() throws {
    var input = try ReportFixture.input()
    input.title = PageFrame.body
    let reader = PageReader(try ReportFixture.page(input, "search.html"))
    #expect(reader.elements.contains { $0.name == "main" })
    input.title = PageFrame.title + "<b>"
    let page = try ReportFixture.page(input, "search.html")
    #expect(PageReader(page).problems == [])
  }
}
