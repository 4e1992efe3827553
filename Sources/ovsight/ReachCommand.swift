// `ovsight reach SNAPSHOT`: development view.
import ArgumentParser
import DataPlane
import Facts
import Isolation
import PacketSets
import Reachability
import Snapshot
import Trace

struct ReachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reach", abstract: "Which packets get from where to where.")
  @Argument var snapshots: [String]
  @Flag var brief = false

  func run() throws {
    for snapshot in snapshots {
    let cloud = DataPlaneModel(try SnapshotFile.open(path: snapshot).loadFacts())
    let clock = ContinuousClock()
    let start = clock.now
    let check = IsolationCheck(cloud)
    var report = IsolationReport()
    check.checkLeaks(&report)
    let middle = clock.now
    check.checkExpectations(&report)
    func name(_ o: ReachOrigin) -> String { if case .guest(let i) = o { cloud.guests[i].name } else { "\(o)" } }
    func name(_ o: ReachPlace) -> String { if case .guest(let i) = o { cloud.guests[i].name } else { "\(o)" } }
    print("== \(snapshot) leaks \(report.leaks.count) confirmed \(report.confirmed.count) disagreements \(report.disagreements.count) expectations \(report.expectationCount) broken \(report.breakage.count) undecided \(report.undecided.count) unknowns \(report.unknowns) hops \(report.hops) nodes \(report.nodeCount) sets \(middle - start) traces \(clock.now - middle)")
    var summary: [String: Int] = [:]
    for l in report.leaks {
      summary["\(l.leak.border.rawValue) \(l.leak.severity.rawValue) \(l.leak.exposure?.rawValue ?? "-") \(l.verdict == .confirmed ? "ok" : "\(l.verdict)")", default: 0] += 1
    }
    for (k, v) in summary.sorted(by: { $0.key < $1.key }) { print("   \(v) x \(k.prefix(160))") }
    if !brief {
      for l in report.leaks where l.leak.exposure == nil || l.verdict != .confirmed {
        print("  LEAK \(l.leak.border.rawValue) \(l.leak.severity.rawValue) \(l.leak.exposure?.rawValue ?? "-") \(name(l.leak.origin)) -> \(name(l.leak.place)) \(l.verdict) \(l.packet.ethSrc)>\(l.packet.ethDst) \(l.packet.vlans.outer.map { "\($0.id)" } ?? "") \(String(l.packet.etherType, radix: 16)) \(l.packet.source.map { "\($0)" } ?? "") > \(l.packet.destination.map { "\($0)" } ?? "") p\(l.packet.ipProtocol) \(l.packet.sourcePort)>\(l.packet.destinationPort)")
      }
      for b in report.breakage { print("  BREAK \(b.verdict) \(b.expectation.kind.rawValue) \(b.expectation.probe.origin) \(b.expectation.probe.destination) \(b.expectation.probe.kind.rawValue) \(b.expectation.probe.destinationPort.map { "\($0)" } ?? ""): \(b.reason.text)") }
      for (e, r) in report.undecided.prefix(5) { print("  UNDECIDED \(e.kind.rawValue) \(e.probe.origin) \(e.probe.destination): \(r.text)") }
    }
    }
  }
}
