// Whoever has only the pages names node, object and fix.
import Audit
import Facts
import FaultCaptures
import Testing

@testable import LogicalModel
@testable import Report

@Suite struct DriftReportTests {
  @Test(arguments: [
    ("06-fip-dnat-missing-dvr", DriftCode.floatingDestinationNAT),
    ("14-vxlan-port-missing", .tunnelPort), ("44-port-dead-vlan", .portDeadVLAN),
    ("36-ipset-member-missing", .securityMember), ("50-fg-proxy-arp-off", .proxyARP),
  ])
  func aPageNamesNodeObjectAndFix(_ fault: String, _ code: DriftCode) throws {
    let capture = try #require(FaultCapture.named(fault))
    let input = try input(capture)
    let set = try #require(input.findings)
    let position = try #require(
      set.findings.firstIndex {
        $0.rule == "drift/\(code.rawValue)" && $0.node == capture.node.rawValue
      }, "no finding of \(code): \(set.findings.map(\.rule))")
    let page = PageReader(try ReportFixture.page(input, SiteContext.findingPath(position))).text
    let fix = code.fix.replacing("`", with: "")
    for word in [capture.node.rawValue, set.findings[position].subject, fix, code.heading] {
      #expect(page.contains(word), "\(word)")
    }
    let summary = PageReader(try ReportFixture.page(input, "findings.html")).text
    #expect(summary.contains(set.findings[position].subject))
  }

  @Test func aHealthyCloudHasNone() throws {
    var set = FindingSet(rules: [], findings: [])
    let facts = try ReportFixture.facts.get()
    set.add(Drift.report(CloudModel(facts), facts), facts: facts)
    #expect(set.findings == [])
    #expect(set.rules.count == DriftCode.allCases.count)
    #expect(
      set.rules.allSatisfy { $0.verdict == .clean }, "\(set.rules.filter { $0.verdict != .clean })")
  }

  @Test func everyComparisonHasAHeadingAndAFix() {
    for code in DriftCode.allCases {
      #expect(code.heading.first?.isUppercase == true, "\(code)")
      #expect(!code.heading.lowercased().hasPrefix("its "), "\(code.heading)")
      #expect(code.fix.hasSuffix(".") || code.fix.hasSuffix(")."), "\(code.fix)")
    }
  }

  private func input(_ fault: FaultCapture) throws -> ReportInput {
    let facts = try fault.facts()
    var input = ReportInput(facts: facts, model: CloudModel(facts))
    var set = FindingSet(rules: [], findings: [])
    set.add(Drift.report(input.model, facts), facts: facts)
    input.findings = set
    let capture = try fault.capture()
    input.bytes = { id in
      let index = Int(id.rawValue)
      return capture.files.indices.contains(index) ? capture.files[index].bytes : nil
    }
    return input
  }
}
