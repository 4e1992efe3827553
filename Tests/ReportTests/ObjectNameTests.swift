// Which things the words of a finding mean.
import Testing

@testable import LogicalModel
@testable import Report

@Suite struct ObjectNameTests {
  @Test(arguments: [
    ("203.0.113.159", ["floating-ip 203.0.113.159"]),
    ("cmp1 to cmp2", ["node cmp1", "node cmp2"]),
    ("cmp1 br-tun: segment 11938 (b-net1) is put into VLAN 2 (a-net1)", ["node cmp1"]),
    (
      "cmp1/qrouter-a2dbb256-d46d-48ca-aa71-1874e5d01dbb has no route",
      ["node cmp1", "router a2dbb256-d46d-48ca-aa71-1874e5d01dbb"]
    ),
    ("nothing of note", []),
    // A word that several things share means none of them.
    ("public public", ["network"]),
  ])
  func wordsMean(_ text: String, _ expected: [String]) throws {
    let names = ObjectNames(LogicalModel.CloudModel(try ReportFixture.facts.get()))
    let found = names.objects(in: text)
    for (object, words) in zip(found, expected) {
      #expect("\(object.kind.rawValue) \(object.id)".hasPrefix(words))
    }
    #expect(found.count >= expected.count)
  }

  @Test func sharedNamesMeanNothing() throws {
    var facts = try ReportFixture.facts.get()
    for index in facts.neutron.networks.records.indices {
      facts.neutron.networks.records[index].name = "same"
    }
    let names = ObjectNames(LogicalModel.CloudModel(facts))
    #expect(names.objects(in: "network same is lost") == [])
  }

  /// A floating IP that nothing serves is told of the node that should.
  @Test func nodesFollowFromThings() throws {
    let model = LogicalModel.CloudModel(try ReportFixture.facts.get())
    let names = ObjectNames(model)
    let server = try #require(model.servers.first { $0.name == "a1" })
    #expect(names.node(of: [ReportObject(.server, server.id.rawValue)]) == server.node?.rawValue)
    #expect(names.node(of: []) == nil)
  }
}

@Suite struct ChangeTests {
  @Test func sameCloudHasNoChanges() throws {
    let facts = try ReportFixture.facts.get()
    let changes = ReportChanges(from: "old", SnapshotDiff(before: facts, after: facts))
    #expect(changes.changes == [])
  }

  @Test func changesAreNamed() throws {
    let old = try ReportFixture.facts.get()
    var new = old
    let index = try #require(new.neutron.networks.records.firstIndex { $0.name == "a-net1" })
    new.neutron.networks.records[index].mtuBytes = 1400
    new.neutron.routers.records.removeAll { $0.name == "b-router" }
    let changes = ReportChanges(from: "old", SnapshotDiff(before: old, after: new)).changes
    #expect(
      changes.contains {
        $0.category == "networks" && $0.subject.contains("a-net1")
          && $0.after?.contains("1400") == true
      })
    #expect(changes.contains { $0.subject.contains("b-router") && $0.after == nil })
  }
}
