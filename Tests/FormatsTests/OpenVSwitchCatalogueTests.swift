// Open vSwitch's files find their parsers and their place in a node's facts.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenVSwitchCatalogueTests {
  @Test func everySectionOfTheHealthyCloudIsKnown() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud")
    let facts = CloudFacts(parsing: try CaptureFolder.read([folder.path]))
    #expect(facts.nodes.count == 4)
    for node in facts.nodes {
      let node = node.openVSwitch
      #expect(node.version == "3.1.0")
      let database = try #require(node.database.records.first)
      #expect(node.database.isKnown && !database.isSummary)
      #expect(node.datapathPorts.isKnown && node.datapathFlows.isKnown)
      #expect(node.tunnelNeighbours.isKnown && node.tunnelListeners.isKnown)
      #expect(node.tunnelRoutes.isKnown)
      #expect(Set(node.bridges.keys) == Set(database.bridges.map(\.name)))
      for bridge in node.bridges.values {
        #expect(bridge.flows.isKnown && !bridge.flows.records.isEmpty)
        #expect(bridge.groups.isKnown && bridge.learnedMACs.isKnown)
        #expect(bridge.ports.records.map(\.number) == bridge.portsInShow.records.map(\.number))
      }
    }
    #expect(!facts.diagnostics.contains { $0.id.hasPrefix("openflow/") })
  }

  /// The commands that give a better answer win, in whatever order the files come.
  @Test func betterAnswersWin() throws {
    let files = [
      ("ovs/br0/ofctl_-O_OpenFlow10_show.txt", OpenVSwitchPortTests.features10),
      (
        "ovs/br0/ofctl_show.txt",
        OpenVSwitchPortTests.features10.replacing("NO_FLOOD", with: "0")
          .replacing("(xid", with: "(OF1.4) (xid")
      ),
      (
        "ovs/br0/ofctl_-O_OpenFlow15_dump-groups.txt",
        "OFPST_GROUP_DESC reply (OF1.5) (xid=0x2):\n group_id=1,type=select,"
          + "selection_method=dp_hash\n"
      ),
      (
        "ovs/br0/ofctl_dump-groups.txt",
        "OFPST_GROUP_DESC reply (OF1.4) (xid=0x2):\n group_id=1,type=select\n"
      ),
    ]
    let bridge = try #require(facts(files).openVSwitch.bridges["br0"])
    #expect(bridge.portsInShow.records.map(\.tellsNoFlood) == [true, true, true])
    #expect(bridge.portsInShow.records.first?.config == ["NO_FLOOD"])
    #expect(bridge.groups.records.map(\.selectionMethod) == ["dp_hash"])
  }

  /// `ovs-vsctl show` gives bridges and ports where the dump is missing, and the gap stays.
  @Test func theSummaryStandsInForTheDump() throws {
    let files = [("ovs/ovs-vsctl_show.txt", "1-2\n    Bridge br0\n        Port br0\n")]
    let database = facts(files).openVSwitch.database
    #expect(database.records.first?.bridges.map(\.name) == ["br0"])
    #expect(database.records.first?.isSummary == true)
    #expect(!database.isKnown && database.gap?.path == "ovs/ovsdb-client_dump.json")
  }

  private func facts(_ files: [(String, String)]) -> NodeFacts {
    let raw = files.map {
      RawFile(node: "cmp1", path: $0.0, bytes: Array($0.1.utf8))
    }
    let capture = Capture(sources: [], nodes: ["cmp1"], files: raw, unreadable: [])
    return CloudFacts(parsing: capture).nodes[0]
  }
}
