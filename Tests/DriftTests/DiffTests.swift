import Facts
// What changed between the healthy cloud and each broken one.
import FaultCaptures
import LogicalModel
import NetworkTypes
import Testing

@Suite struct DiffTests {
  @Test func nothingChangedIsNoChange() throws {
    let facts = try FaultCapture.healthyFacts.get()
    let diff = SnapshotDiff(before: facts, after: facts)
    #expect(diff.isEmpty && diff.gaps.isEmpty)
    #expect(diff.text == "no change\n")
    #expect(diff.json == "{\"changes\":[],\n\"not_comparable\":[]}\n")
  }

  /// Agents' cookies, counters, ages and learned rows.
  @Test func whatChangesByItselfIsNoChange() throws {
    let before = try FaultCapture.healthyFacts.get()
    var after = before
    for node in ["cmp1", "cmp2", "net1", "net2"] as [NodeName] {
      for bridge in ["br-int", "br-tun", "br-ex"] as [BridgeName] {
        after.changeFlows(node, bridge) { flows in
          for index in flows.indices {
            flows[index].cookie = 7
            flows[index].statistics = FlowStatistics(packets: 9)
          }
          flows.removeAll { $0.hardTimeoutSeconds != 0 }
        }
      }
      after.change(node, "root") { root in
        root.neighbours.records = []
        root.conntrack = .unread
      }
    }
    let diff = SnapshotDiff(before: before, after: after)
    #expect(diff.changes.map(\.item) == [])
  }

  @Test(arguments: FaultCapture.all.filter { !FaultDriftTests.unseen.contains($0.name) })
  func everyFaultChangesItsNode(_ fault: FaultCapture) throws {
    let diff = SnapshotDiff(
      before: try FaultCapture.healthyFacts.get(), after: try fault.facts())
    let findings = diff.changes.filter { $0.category == .findings }
    #expect(!findings.isEmpty && findings.allSatisfy { $0.kind == .added })
    let others = diff.changes.filter { $0.category != .findings && $0.node == fault.node }
    let isAgents = ["24-dnsmasq-dead", "26-metadata-proxy-dead"].contains(fault.name)
    #expect(!others.isEmpty || isAgents, "\(diff.text)")
    #expect(diff.gaps.isEmpty)
  }

  @Test func whatIsSaidOfOneFault() throws {
    let fault = try #require(FaultCapture.named("01-wrong-vlan-tag-hybrid"))
    let diff = SnapshotDiff(
      before: try FaultCapture.healthyFacts.get(), after: try fault.facts())
    let text = diff.text
    #expect(text.contains("~ port-b1 (d26e08b9) on cmp1: local VLAN: 6 → 2\n"))
    #expect(text.contains("+ cmp1 port port-b1: its local VLAN different on cmp1"))
    #expect(text.contains("switch-ports\n  ~ cmp1 br-int qvod26e08b9-38: system, tag 6"))
    #expect(diff.only([.ports]).changes.count == 1)
  }

  @Test func whatOneSideLacksIsNotCompared() throws {
    let before = try FaultCapture.healthyFacts.get()
    var after = before
    after.change("cmp1", "root") { $0.ipsets = .unread }
    let diff = SnapshotDiff(before: before, after: after)
    #expect(diff.changes.map(\.item) == [])
    #expect(diff.gaps.count == 1)
    #expect(diff.text == "not comparable\n  sets cmp1 root: after: not captured\n")
  }

  @Test func aTenantsNameMovesNoTerminal() throws {
    let before = try FaultCapture.healthyFacts.get()
    var after = before
    after.changePort("port-a1") { $0.name = "\u{1b}[2J\u{202e}" }
    let diff = SnapshotDiff(before: before, after: after)
    #expect(!diff.text.unicodeScalars.contains { $0.value == 0x1b || $0.value == 0x202e })
    #expect(!diff.json.unicodeScalars.contains { $0.value == 0x1b })
  }
}
