// `reach` on the built program: pairs, who is on the open side, and the matrix.
import Foundation
import Testing

@Suite struct ReachCommandTests {
  private static let snapshot = Result {
    let folder = try ScratchFolder()
    let path = folder.file("cloud.db")
    #expect(try Program.run(["import", Program.fixture, "--output", path]).status == 0)
    return (folder, path)
  }

  private func reach(_ words: String...) throws -> (status: Int32, output: String, error: String) {
    let run = try Program.run(["reach", try Self.snapshot.get().1] + words)
    return (run.status, run.output, run.error)
  }

  @Test func packetsOfAPairAreShown() throws {
    let run = try reach("--from", "port-a1", "--to", "port-a2")
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.first == "a1 → a2")
    #expect(lines.count > 1 && lines[1].hasPrefix("  "))
    // Both sides were named: no summary.
    #expect(!run.output.contains("tenants"))
  }

  @Test func isolatedGuestsAreToldSo() throws {
    let run = try reach("--from", "port-c1", "--to", "port-d1")
    #expect(run.status == 1)
    #expect(run.output == "nothing can get there\n")
  }

  @Test func anOpenSideIsSummedUpByTenant() throws {
    let run = try reach("--to", "cmp1/root", "--lines", "1")
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n").map(String.init)
    let title = try #require(lines.firstIndex(of: "tenants that can:"))
    #expect(lines[(title + 1)...].contains { $0.hasSuffix(": c1, c2") })
  }

  @Test(arguments: ["network", "tenant"]) func theMatrixIsTheSameInBothFormats(by: String) throws {
    let text = try reach("--by", by)
    #expect(text.status == 0)
    let json = try reach("--by", by, "--format", "json")
    let answer = try #require(
      JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let cells = try #require(answer["matrix"] as? [[String: Any]])
    let rows = Set(cells.compactMap { $0["from"] as? String })
    #expect(cells.count == rows.count * (rows.count + 1))
    #expect(text.output.split(separator: "\n").count == rows.count + 1)
    let empty = cells.filter { $0["senders"] as? Int == 0 }.count
    #expect(text.output.split { $0 == " " || $0 == "\n" }.filter { $0 == "-" }.count == empty)
    #expect(empty > 0 && empty < cells.count)
  }

  @Test func badWordsAreToldWhatIsWanted() throws {
    let run = try reach("--to", "nowhere/root")
    #expect(run.status == 2)
    #expect(run.error == "ovsight: --to nowhere/root: no such namespace in the snapshot\n")
    #expect(try reach("--by", "planet").status == 2)
  }
}
