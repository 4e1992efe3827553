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
    let check = IsolationCheck(cloud)
    check.checkLeaks(&report, from: [.guest(from)])
    for leak in report.confirmed {
      // From the sender to the end, one copy's way alone.
      let trace = check.trace(.leak(leak))
      #expect(trace.outcome == .delivered)
      #expect(trace.steps.first?.place.name == row.from)
      #expect(trace.steps.indices.allSatisfy { trace.steps[$0].parent == ($0 == 0 ? nil : $0 - 1) })
    }
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

  /// What a fault does to isolation and to traffic that was asked for, and nothing else.
  struct Effect {
    var borders: Set<Border> = []
    var breaks: Set<Isolation.Expectation.Kind> = []
  }

  /// Frames of a port in another network's VLAN: both networks hear them, routers route them, and
  /// whoever answers on the other network serves them.
  static let joined: Set<Border> = [.broadcastDomain, .routing, .service, .externalIdentity]

  static let effects: [String: Effect] = [
    "01-wrong-vlan-tag-hybrid": Effect(
      borders: joined,
      breaks: [
        .dhcp, .floatingIP, .fullSize, .gateway, .internet, .metadata, .neighbour,
      ]),
    "02-wrong-vlan-tag-isolated": Effect(
      borders: joined, breaks: [.dhcp, .fullSize, .metadata, .neighbour]),
    "04-snat-missing-dvr": Effect(borders: [.externalIdentity], breaks: [.internet]),
    "06-fip-dnat-missing-dvr": Effect(breaks: [.floatingIP]),
    "08-fip-float-snat-wrong": Effect(borders: [.externalIdentity], breaks: [.internet]),
    "10-fip-route-missing-fipns": Effect(breaks: [.floatingIP, .internet]),
    "12-fip-stale-second-node": Effect(breaks: [.floatingIP, .internet]),
    "14-vxlan-port-missing": Effect(breaks: [.fullSize, .neighbour, .routed]),
    "16-wrong-segment-inbound": Effect(
      borders: joined,
      breaks: [
        .dhcp, .floatingIP, .fullSize, .gateway, .internet, .metadata, .neighbour,
      ]),
    "18-rp-filter-strict": Effect(),
    "20-sg-accept-all-iptables": Effect(borders: [.ingress]),
    "22-antispoof-missing-iptables": Effect(
      borders: [.spoofing, .externalIdentity]),
    "24-dnsmasq-dead": Effect(breaks: [.dhcp]),
    "26-metadata-proxy-dead": Effect(breaks: [.metadata]),
    "28-mtu-underlay": Effect(breaks: [.fullSize]),
    "30-qr-down": Effect(
      breaks: [.floatingIP, .gateway, .internet, .metadata, .portForwarding]),
    "32-patch-brex-missing": Effect(breaks: [.floatingIP, .internet]),
    // A guest's second address inside itself: no node holds a trace of it.
    "34-duplicate-ip": Effect(),
    "36-ipset-member-missing": Effect(breaks: [.fullSize, .neighbour]),
    "38-default-route-missing-legacy": Effect(breaks: [.internet]),
    "40-brex-without-nic": Effect(
      breaks: [.dhcp, .floatingIP, .internet, .metadata, .portForwarding]),
    "42-router-leak": Effect(borders: [.routing, .service]),
    "44-port-dead-vlan": Effect(
      breaks: [.dhcp, .fullSize, .gateway, .internet, .metadata, .neighbour]),
    "46-tap-down": Effect(breaks: [.dhcp, .fullSize, .metadata, .neighbour]),
    "48-arp-responder-wrong": Effect(breaks: [.fullSize, .neighbour]),
    "50-fg-proxy-arp-off": Effect(breaks: [.floatingIP, .internet]),
    "52-rfp-down": Effect(breaks: [.floatingIP]),
    "54-sg-remote-group-stale-ovs": Effect(borders: [.ingress]),
    "56-vlan-map-missing-brex": Effect(breaks: [.dhcp, .fullSize, .metadata, .neighbour]),
  ]

  /// A flow that the switch has learnt under an earlier fault leads from one tenant to another, until
  /// it expires: told apart from what stays.
  @Test func aLearnedFlowAcrossABorderPasses() throws {
    let facts = try FaultCapture.healthy { path, text in
      guard path == "cmp1/ovs/br-tun/ofctl_dump-flows.txt" else { return nil }
      return text
        + " cookie=0x1, duration=10.0s, table=20, n_packets=0, n_bytes=0, hard_timeout=300, "
        + "priority=3,vlan_tci=0x0002/0x0fff,dl_dst=fa:16:3e:b3:a2:1c "
        + "actions=load:0->NXM_OF_VLAN_TCI[],load:0x356b->NXM_NX_TUN_ID[],output:4\n"
    }
    let cloud = DataPlaneModel(facts)
    let from = try #require(cloud.guests.firstIndex { $0.name == "a1" })
    let to = try #require(cloud.guests.firstIndex { $0.name == "d2" })
    var report = IsolationReport()
    IsolationCheck(cloud).checkLeaks(&report, from: [.guest(from)])
    let crossing = report.leaks.filter { $0.leak.place == .guest(to) }
    #expect(crossing.contains { $0.leak.border == .broadcastDomain })
    #expect(
      crossing.filter { $0.leak.border == .broadcastDomain }
        .allSatisfy { $0.leak.exposure == .learnedFlow && $0.leak.severity == .low })
    #expect(crossing.allSatisfy { $0.verdict == .confirmed && $0.leak.exposure != nil })
  }

  /// What agents leave open everywhere is seen on the healthy cloud, kind by kind.
  @Test func exposuresAreSeenWhereTheyAre() throws {
    let report = IsolationCheck(DataPlaneModel(try FaultCapture.healthyFacts.get())).run()
    let seen = Set(report.leaks.compactMap(\.leak.exposure))
    #expect(
      seen == Set(Exposure.allCases).subtracting([.learnedFlow, .floodedFrame, .floatingLink]))
  }

  @Test func everyFaultHasItsRow() {
    #expect(Set(FaultCapture.all.map(\.name)) == Set(Self.effects.keys))
  }

  /// All origins, all packets, all that must work: no miss and no false finding.
  @Test(arguments: FaultCapture.all)
  func nothingIsMissedAndNothingElseIsFound(_ fault: FaultCapture) throws {
    let effect = try #require(Self.effects[fault.name])
    let report = IsolationCheck(DataPlaneModel(try fault.facts())).run()
    let gone = report.leaks.filter { $0.leak.exposure == nil }
    #expect(Set(gone.map(\.leak.border)) == effect.borders)
    #expect(Set(report.breakage.map(\.expectation.kind)) == effect.breaks)
    #expect(gone.allSatisfy { !$0.evidence.isEmpty })
    #expect(report.leaks.allSatisfy { $0.verdict == .confirmed })
    #expect(report.undecided.isEmpty && report.unknowns.isEmpty)
  }
}
