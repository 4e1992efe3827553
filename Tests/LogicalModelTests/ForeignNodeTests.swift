// A node of another cloud is noticed, and one that Neutron merely lost some ports of is not.
import Facts
import Formats
import LogicalModel
import NetworkTypes
import Testing

@Suite struct ForeignNodeTests {
  /// The healthy cloud's facts, changed.
  private func foreign(_ change: (inout CloudFacts) -> Void) throws -> [String] {
    var facts = try ModelFixture.facts()
    change(&facts)
    return facts.foreignNodes.map(\.node.rawValue)
  }

  @Test func onlyWhatNeutronKnowsNothingOfIsForeign() throws {
    #expect(try foreign { _ in } == [])
    #expect(try foreign { $0.neutron.ports.records = [] } == [], "its agents are known")
    #expect(try foreign { $0.neutron.agents.records = [] } == [], "its ports are known")
    let all = try foreign {
      $0.neutron.ports.records = []
      $0.neutron.agents.records = []
    }
    #expect(!all.isEmpty)
    let unknown = try foreign {
      $0.neutron.ports = .unread
      $0.neutron.agents.records = []
    }
    #expect(unknown == [], "nothing can be said without Neutron's answers")
  }
}
