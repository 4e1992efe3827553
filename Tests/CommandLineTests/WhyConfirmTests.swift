// `why … --confirm` on the built program: the packet that decides is sent in the snapshot's replay.
import Foundation
import Namespaces
import Replay
import Testing

@Suite(.serialized, .enabled(if: Replay.obstacle == nil, "a replay \(Replay.obstacle ?? "")"))
struct WhyConfirmTests {
  @Test(.timeLimit(.minutes(30))) func theWireIsAskedAboutTheLegThatDecides() throws {
    let folder = try ScratchFolder()
    let snapshot = folder.file("cloud.db")
    let state = "/run/ovsight-replay/test-\(UUID().uuidString)"
    defer { _ = Replay.down(state) }
    #expect(try Program.run(["import", Program.fixture, "--output", snapshot]).status == 0)
    let early = try Program.run(["why", snapshot, "port-b1", "--confirm", "--state", state])
    #expect(early.status == 2)
    #expect(early.error.contains("no replay of this snapshot is up"))

    // Foundation's `Process` waits for whatever a program leaves running.
    try Command(
      [Program.executable.path(), "replay", snapshot, "up", "--state", state]
    ).run()
    let works = try Program.run(["why", snapshot, "port-b1", "--confirm", "--state", state])
    let lines = works.output.split(separator: "\n").map(String.init)
    #expect(works.status == 0, "\(works.output)")
    #expect(lines.first?.hasPrefix("CONFIRMED: ") == true)
    #expect(lines.contains("WORKS: it arrives and is answered"))

    let site = folder.file("site")
    let report = try Program.run([
      "report", snapshot, "--output", site, "--trace", "port-b1 8.8.8.8 icmp", "--confirm",
      "--state", state,
    ])
    #expect(report.status == 0, "\(report.error)")
    let page = try String(contentsOfFile: "\(site)/trace-1.html", encoding: .utf8)
    #expect(page.contains("the same after "))
    #expect(!page.contains("got nothing"))

    // What is changed behind the snapshot's back is no longer what it says.
    let drop = ["ip", "netns", "exec", try router(snapshot), "iptables", "-I", "FORWARD"]
    let place = ["replay", snapshot, "exec", "--state", state, "--in", "net1", "--"]
    #expect(try Program.run(place + drop + ["-j", "DROP"]).status == 0)
    let refuted = try Program.run([
      "why", snapshot, "port-b1", "--confirm", "--state", state, "--format", "json",
    ])
    let answer =
      try JSONSerialization.jsonObject(with: Data(refuted.output.utf8)) as? [String: Any] ?? [:]
    #expect(refuted.status == 1)
    #expect(answer["verdict"] as? String == "works")
    #expect((answer["confirm"] as? [String: Any])?["confirmed"] as? Bool == false)
  }

  /// The namespace that the guest's packets for the outside pass.
  private func router(_ snapshot: String) throws -> String {
    let trace = try Program.run([
      "trace", snapshot, "--from", "port-b1", "--to", "8.8.8.8", "--format", "json",
    ])
    let answer =
      try JSONSerialization.jsonObject(with: Data(trace.output.utf8)) as? [String: Any] ?? [:]
    let path = answer["path"] as? [[Any]] ?? []
    return try #require(
      path.compactMap { $0.count > 1 ? $0[1] as? String : nil }.first { $0.hasPrefix("qrouter-") })
  }
}
