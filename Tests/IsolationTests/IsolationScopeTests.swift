// Where not all guests are followed, the answer says so, and whoever is suspected comes first.
import DataPlane
import Facts
import FaultCaptures
import Isolation
import NetworkTypes
import Reachability
import Testing

@Suite struct IsolationScopeTests {
  private func followed(_ report: IsolationReport) -> Set<Int> {
    Set(
      report.reached.keys.compactMap { origin in
        if case .guest(let index) = origin { index } else { nil }
      })
  }

  @Test func whatWasNotFollowedIsUnknown() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    let report = IsolationCheck(cloud, scope: IsolationScope(maximumGuests: 4)).run()
    #expect(followed(report).count == 4)
    #expect(report.guestCount == cloud.guests.count)
    #expect(report.unfollowedCount == cloud.guests.count - 4)
    #expect(report.unknowns.count == 1)
    #expect(report.breakage.isEmpty && report.undecided.isEmpty)
    #expect(report.leaks.allSatisfy { $0.leak.exposure != nil })
  }

  @Test func asManyAsThereAreIsEverybody() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    let scope = IsolationScope(maximumGuests: cloud.guests.count)
    let report = IsolationCheck(cloud, scope: scope).run()
    #expect(followed(report).count == cloud.guests.count)
    #expect(report.unfollowedCount == 0 && report.unknowns.isEmpty)
  }

  /// Each guest in turn, even where only one is followed.
  @Test func aSuspectedPortComesFirst() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    for guest in cloud.guests.indices.suffix(3) {
      var scope = IsolationScope(maximumGuests: 1)
      scope.suspectPorts = [cloud.guests[guest].port]
      #expect(followed(IsolationCheck(cloud, scope: scope).run()) == [guest])
    }
  }

  @Test func aSuspectedNetworkComesFirst() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    let network = try #require(cloud.guests.last?.network)
    var scope = IsolationScope(maximumGuests: 1)
    scope.suspectNetworks = [network]
    let report = IsolationCheck(cloud, scope: scope).run()
    #expect(followed(report).allSatisfy { cloud.guests[$0].network == network })
  }

  /// With few guests each node still has one: what is common is met soon enough.
  @Test func everyNodeHasASender() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    func node(_ guest: Int) -> NodeName? {
      switch cloud.guests[guest].plug {
      case .device(let key): key.node
      case .switchPort(let name, _): name
      case .nowhere: nil
      }
    }
    let nodes = Set(cloud.guests.indices.compactMap(node))
    let report = IsolationCheck(
      cloud, scope: IsolationScope(maximumGuests: cloud.guests.count * 2 / 3)
    ).run()
    #expect(Set(followed(report).compactMap(node)) == nodes)
  }
}
