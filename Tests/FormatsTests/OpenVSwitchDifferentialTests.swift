// ovs-ofctl is the judge: what it makes of a line, and what it makes of our print of our reading of
// that line, must be the same bytes. Skipped where it is not installed.
import Facts
import Testing

@testable import Formats

@Suite(.enabled(if: OfctlJudge.isInstalled, "needs ovs-ofctl"))
struct OpenVSwitchDifferentialTests {
  @Test(arguments: ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"])
  func ofctlAgreesOnEveryFlow(version: String) throws {
    for line in OpenVSwitchCorpus.flows {
      // Not every action can be said in every version.
      guard let theirs = try OfctlJudge.reading(of: [line], version)?.first else { continue }
      let ours = try OfctlJudge.reading(of: ["\(OfctlJudge.flow(line))"], version)
      #expect(ours == [theirs], "\(line)")
      // What it printed is a dump's spelling in that version, but for these two words.
      let dumped = theirs.replacing("idle:", with: "idle_timeout=")
        .replacing("hard:", with: "hard_timeout=")
      let again = try OfctlJudge.reading(of: ["\(OfctlJudge.flow(dumped))"], version)
      #expect(again == [theirs], "\(theirs)")
    }
  }

  @Test func allOfTheCorpusIsTriedInOneVersionAtLeast() throws {
    for line in OpenVSwitchCorpus.flows {
      let isTaken = try ["OpenFlow15", "OpenFlow10"].contains {
        try OfctlJudge.reading(of: [line], $0) != nil
      }
      #expect(isTaken, "\(line)")
    }
  }

  @Test func ofctlAgreesOnEveryGroup() throws {
    for line in OpenVSwitchCorpus.groups {
      let theirs = try #require(try OfctlJudge.group(line, "OpenFlow15"), "\(line)")
      for text in [line, theirs] {
        let parsed = OpenFlowGroupsFormat.parse(CaptureText(text + "\n"))
        #expect(parsed.diagnostics.isEmpty)
        let group = try #require(parsed.records.first)
        #expect(try OfctlJudge.group("\(group)", "OpenFlow15") == theirs, "\(text)")
      }
    }
  }

  @Test func ofctlAgreesOnTheHealthyCloud() throws {
    var flows: Set<String> = []
    for (path, text) in try OpenVSwitchFixture.files() where path.hasSuffix("dump-flows.txt") {
      let parsed = OpenFlowFlowsFormat.parse(text)
      for flow in parsed.records { flows.insert(text.string(flow.evidence.bytes)) }
    }
    #expect(flows.count > 500)
    let lines = flows.sorted()
    let ours = lines.map { "\(OfctlJudge.flow($0))" }
    let theirs = try #require(try OfctlJudge.reading(of: lines, "OpenFlow14"))
    #expect(theirs.count == lines.count)
    #expect(try OfctlJudge.reading(of: ours, "OpenFlow14") == theirs)
  }
}
