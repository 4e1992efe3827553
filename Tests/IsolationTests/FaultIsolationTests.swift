// Every captured fault is found, with the border that it opens or the traffic that it breaks, and the
// healthy cloud shows nothing but what its agents leave open everywhere.
import DataPlane
import Facts
import FaultCaptures
import Isolation
import NetworkTypes
import Reachability
import Testing

@Suite struct FaultIsolationTests {
  @Test func theHealthyCloudIsIsolatedAndWhole() throws {
    let report = IsolationCheck(DataPlaneModel(try FaultCapture.healthyFacts.get())).run()
    #expect(report.leaks.allSatisfy { $0.leak.exposure != nil })
    #expect(report.leaks.allSatisfy { $0.verdict == .confirmed })
    #expect(report.breakage.isEmpty)
    #expect(report.undecided.isEmpty)
    #expect(report.unknowns.isEmpty)
    #expect(report.expectationCount > 200)
  }

  /// A fault, the guests to ask, and the border that their packets cross.
  struct Leaking: Sendable, CustomStringConvertible {
    let fault: String
    let from: String
    let to: String?
    let border: Border
    var description: String { fault }
  }

  static let leaking: [Leaking] = [
    Leaking(fault: "01-wrong-vlan-tag-hybrid", from: "b1", to: "a2", border: .broadcastDomain),
    Leaking(fault: "02-wrong-vlan-tag-isolated", from: "c1", to: "d1", border: .broadcastDomain),
    Leaking(fault: "04-snat-missing-dvr", from: "a3", to: nil, border: .externalIdentity),
    Leaking(fault: "08-fip-float-snat-wrong", from: "b1", to: nil, border: .externalIdentity),
    Leaking(fault: "16-wrong-segment-inbound", from: "b2", to: "a1", border: .broadcastDomain),
    Leaking(fault: "20-sg-accept-all-iptables", from: "a1", to: "a3", border: .ingress),
    Leaking(fault: "22-antispoof-missing-iptables", from: "a1", to: "a2", border: .spoofing),
    Leaking(fault: "42-router-leak", from: "a1", to: "d1", border: .routing),
    Leaking(fault: "54-sg-remote-group-stale-ovs", from: "a5", to: "a4", border: .ingress),
  ]

  @Test(arguments: leaking)
  func aLeakIsFoundAndTraced(_ row: Leaking) throws {
    let cloud = DataPlaneModel(try #require(FaultCapture.named(row.fault)).facts())
    let from = try #require(cloud.guests.firstIndex { $0.name == row.from })
    var report = IsolationReport()
    IsolationCheck(cloud).checkLeaks(&report, from: [.guest(from)])
    let found = report.confirmed.filter { leak in
      guard leak.leak.border == row.border, leak.leak.exposure == nil else { return false }
      switch leak.leak.place {
      case .guest(let index): return row.to == nil || cloud.guests[index].name == row.to
      case .outside: return row.to == nil
      default: return false
      }
    }
    #expect(!found.isEmpty)
    #expect(found.allSatisfy { !$0.evidence.isEmpty })
    #expect(report.disagreements.isEmpty)
  }

  /// Faults that break nothing which a capture shows: a filter more open or a setting that matters
  /// to nobody here, and an address that a guest took inside itself.
  static let unbroken: Set<String> = [
    "18-rp-filter-strict", "20-sg-accept-all-iptables", "22-antispoof-missing-iptables",
    "34-duplicate-ip", "42-router-leak", "54-sg-remote-group-stale-ovs",
  ]

  @Test(arguments: FaultCapture.all)
  func breakageIsFound(_ fault: FaultCapture) throws {
    var report = IsolationReport()
    IsolationCheck(DataPlaneModel(try fault.facts())).checkExpectations(&report)
    #expect(report.breakage.isEmpty == Self.unbroken.contains(fault.name))
    #expect(report.undecided.isEmpty)
  }
}
