// Predictions against the wire of the shipped cloud, brought to life: what was predicted is seen,
// and what was changed behind the snapshot's back is caught.
import DataPlane
import Facts
import Formats
import Foundation
import Namespaces
import NetworkTypes
import Replay
import Testing
import Trace

@testable import Confirm

@Suite(.serialized, .enabled(if: Replay.obstacle == nil, "a replay \(Replay.obstacle ?? "")"))
struct LiveConfirmTests {
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static var program: String {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(filePath: tests ?? "").deletingLastPathComponent().appending(path: "ovsight")
    return FileManager.default.isExecutableFile(atPath: beside.path())
      ? beside.path() : package.appending(path: ".build/debug/ovsight").path()
  }

  private struct Bed {
    let cloud: DataPlaneModel
    let tracer: Tracer
    let replay: Replay
    let field: ConfirmField

    func port(_ name: String) throws -> PortID {
      try #require(cloud.guests.first { $0.name == name }?.port, "no guest is named \(name)")
    }
    func confirm(_ probes: [Probe], injector: FrameInjector? = nil) throws -> [ConfirmReport] {
      try Dictionary(grouping: probes, by: \.kind).sorted { $0.key.rawValue < $1.key.rawValue }
        .flatMap { kind, group in
          let session = ConfirmSession(tracer, field, kind: kind, injector: injector)
          return try group.map { probe in
            try session.confirm(probe) { try replay.restoreLearned(cloud) }
          }
        }
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func theWireDoesWhatWasPredictedAndChangesAreCaught() throws {
    let folder = "/run/ovsight-replay/test-\(UUID().uuidString)"
    defer { _ = Replay.down(folder) }
    let facts = CloudFacts(
      parsing: try CaptureFolder.read([
        Self.package.appending(path: "Tests/Fixtures/healthy-cloud").path()
      ]))
    let cloud = DataPlaneModel(facts)
    let replay = try Self.up(cloud, folder)
    let bed = Bed(
      cloud: cloud, tracer: Tracer(cloud).greeted(), replay: replay,
      field: try ConfirmField(replay, cloud))
    try predictionsAreSeen(bed)
    try whatGuestsAskIsSeen(bed)
    try injectedFramesGoTheGuestsWay(bed)
    try aDroppedFlowIsCaught(bed)
    try aRuleThatDropsIsCaught(bed)
    try aLeakIsCaught(bed)
  }

  /// Once, on a machine full of other builds, `ip` did not find a namespace that it had just made.
  private static func up(_ cloud: DataPlaneModel, _ folder: String) throws -> Replay {
    do {
      return try Replay.up(cloud, snapshot: "fixture", folder: folder, serviceProgram: program)
    } catch {
      _ = Replay.down(folder)
      print("a replay did not come up at first: \(error)")
      return try Replay.up(cloud, snapshot: "fixture", folder: folder, serviceProgram: program)
    }
  }

  /// Every guest to a neighbour of each kind, across routers, tunnels, NAT and the outside.
  private func predictionsAreSeen(_ bed: Bed) throws {
    var probes: [Probe] = []
    for (index, guest) in bed.cloud.guests.enumerated() {
      let next = bed.cloud.guests[(index + 1) % bed.cloud.guests.count]
      guard let target = next.firstAddress(.ipv4) else { continue }
      let kinds: [(ProbeProtocol, UInt16?)] = [(.icmp, nil), (.tcp, 80), (.udp, 53)]
      let (kind, port) = kinds[index % 3]
      probes.append(
        Probe(
          origin: .port(guest.port), destination: target, kind: kind, destinationPort: port))
      guard index % 3 == 0 else { continue }
      let (outKind, outPort) = kinds[(index / 3) % 3]
      probes.append(
        Probe(
          origin: .port(guest.port), destination: IPAddress("8.8.8.8")!, kind: outKind,
          destinationPort: outPort))
    }
    for floating in bed.cloud.facts.neutron.floatingIPs.records {
      probes.append(
        Probe(
          origin: .external(bed.cloud.outsideHosts[0].addresses[0].address),
          destination: floating.address, kind: .tcp, destinationPort: 22))
    }
    for report in try bed.confirm(probes) {
      #expect(report.isConfirmed == true, "\(report.lines().joined(separator: "\n"))")
    }
  }

  private func origins(_ bed: Bed, _ make: (Guest) -> Probe?) -> [Probe] {
    bed.cloud.guests.compactMap(make)
  }

  /// Every guest asks for its gateway or a neighbour by ARP, and for its address by DHCP.
  private func whatGuestsAskIsSeen(_ bed: Bed) throws {
    let probes =
      origins(bed) { guest in
        let others = bed.cloud.guests.filter {
          $0.network == guest.network && $0.port != guest.port
        }
        let target =
          guest.routes.compactMap(\.gateway).first ?? others.first?.firstAddress(.ipv4)
        guard let target, target.family == .ipv4 else { return nil }
        return Probe(origin: .port(guest.port), destination: target, kind: .arp)
      }
      + origins(bed) { guest in
        Probe(origin: .port(guest.port), destination: .v4(.broadcast), kind: .dhcp)
      }
    #expect(probes.count > 20)
    for report in try bed.confirm(probes) {
      #expect(report.isConfirmed == true, "\(report.lines().joined(separator: "\n"))")
    }
  }

  /// Past the guests, into bridges and switches; nothing is left there.
  private func injectedFramesGoTheGuestsWay(_ bed: Bed) throws {
    let injector = FrameInjector { [replay = bed.replay] node, words in
      try replay.command(words, in: .node(node))
    }
    let kinds: [(ProbeProtocol, UInt16?)] = [(.icmp, nil), (.tcp, 80), (.udp, 53)]
    var probes: [Probe] = []
    for (index, guest) in bed.cloud.guests.enumerated() {
      let (kind, port) = kinds[index % 3]
      let next = bed.cloud.guests[(index + 2) % bed.cloud.guests.count]
      guard let target = next.firstAddress(.ipv4) else { continue }
      let probe = Probe(
        origin: .port(guest.port), destination: target, kind: kind, destinationPort: port)
      // A guest without a route sends nothing that could be put in.
      if !bed.tracer.trace(probe).path.isEmpty { probes.append(probe) }
    }
    #expect(probes.count > 8)
    let reports = try bed.confirm(probes, injector: injector)
    for report in reports {
      #expect(report.isConfirmed == true, "\(report.lines().joined(separator: "\n"))")
    }
    #expect(reports.contains { $0.hops.first?.status == .entry })
    #expect(reports.contains { $0.hops.first?.status == .seen })
    for node in bed.cloud.nodes.keys {
      let links = try bed.replay.run(["ip", "-o", "link"], in: .node(node))
      #expect(!links.contains("ovsight"))
    }
  }

  private func path(_ bed: Bed, _ from: String, _ to: String, _ kind: ProbeProtocol) throws -> Probe
  {
    let target = try #require(
      bed.cloud.guests.first { $0.name == to }?.firstAddress(.ipv4), "\(to) has no address")
    return Probe(
      origin: .port(try bed.port(from)), destination: target, kind: kind,
      destinationPort: kind == .icmp ? nil : 22)
  }

  /// A flow that drops what one guest sends: the prediction knows nothing of it.
  private func aDroppedFlowIsCaught(_ bed: Bed) throws {
    let probe = try path(bed, "a1", "a2", .icmp)
    let flow = "priority=65000,icmp,nw_src=172.17.17.11,nw_dst=172.17.17.12"
    try bed.replay.run(
      ["ovs-ofctl", "add-flow", "br-int", "table=0,\(flow),actions=drop"], in: .node("cmp1"))
    let report = try bed.confirm([probe])[0]
    #expect(report.isConfirmed == false)
    let lines = report.lines()
    #expect(lines[0].hasPrefix("THE WIRE DISAGREES"))
    // Seen up to the switch's port, and not behind it.
    let seen = report.hops.last { $0.status == .seen && $0.role == .forward }
    let missing = report.hops.first { $0.status == .missing && $0.role == .forward }
    #expect(seen?.place.description.hasPrefix("cmp1/root/qvo") == true)
    #expect(missing?.place.description == "cmp1/root/eth0")
    try bed.replay.run(
      ["ovs-ofctl", "--strict", "del-flows", "br-int", "table=0,\(flow)"], in: .node("cmp1"))
    #expect(try bed.confirm([probe])[0].isConfirmed == true)
  }

  private func aRuleThatDropsIsCaught(_ bed: Bed) throws {
    let probe = try path(bed, "a1", "a2", .tcp)
    let rule = ["FORWARD", "-p", "tcp", "--dport", "22", "-j", "DROP"]
    try bed.replay.run(["iptables", "-I"] + rule, in: .node("cmp1"))
    let report = try bed.confirm([probe])[0]
    #expect(report.isConfirmed == false)
    #expect(
      report.hops.first { $0.status == .missing }?.place.description.hasPrefix("cmp1/root/qvb")
        == true)
    try bed.replay.run(["iptables", "-D"] + rule, in: .node("cmp1"))
  }

  /// What was predicted to end at a filter now arrives.
  private func aLeakIsCaught(_ bed: Bed) throws {
    let probe = Probe(
      origin: .port(try bed.port("a1")), destination: IPAddress("172.17.17.13")!, kind: .udp,
      destinationPort: 9999)
    #expect(bed.tracer.trace(probe).outcome.isDelivered == false)
    try bed.replay.run(["iptables", "-I", "FORWARD", "-j", "ACCEPT"], in: .node("cmp1"))
    let report = try bed.confirm([probe])[0]
    #expect(report.isConfirmed == false)
    #expect(report.intruders == [try bed.port("a3").rawValue])
    #expect(report.hops.contains { $0.status == .unpredicted })
    try bed.replay.run(["iptables", "-D", "FORWARD", "-j", "ACCEPT"], in: .node("cmp1"))
  }
}
