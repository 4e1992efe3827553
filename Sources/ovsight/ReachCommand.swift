// `ovsight reach SNAPSHOT`: development view.
import ArgumentParser
import DataPlane
import Facts
import PacketSets
import Reachability
import Snapshot

struct ReachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reach", abstract: "Which packets get from where to where.")
  @Argument var snapshot: String
  @Option(name: .customLong("from")) var origin: String?

  func run() throws {
    let cloud = DataPlaneModel(try SnapshotFile.open(path: snapshot).loadFacts())
    let clock = ContinuousClock()
    let start = clock.now
    let audit = IsolationAudit(cloud)
    let reach = audit.reach
    let origins = cloud.guests.indices.map { ReachOrigin.guest($0) } + cloud.outsideHosts.indices.map { ReachOrigin.outside($0) }
    func name(_ o: ReachOrigin) -> String { if case .guest(let i) = o { cloud.guests[i].name } else { "\(o)" } }
    func name(_ o: ReachPlace) -> String { if case .guest(let i) = o { cloud.guests[i].name } else { "\(o)" } }
    for o in origins {
      if let origin, name(o) != origin { continue }
      let found = audit.audit(o)
      print("== \(name(o)) hops \(found.result.hops) leaks \(found.leaks.count) nodes \(reach.space.nodeCount) unknown \(Set(found.unknowns.map(\.reason))) \(clock.now - start)")
      for leak in found.leaks {
        let w = HeaderField.allCases.filter { leak.witness[$0.rawValue] != 0 }.map { "\($0)=\(String($0.decoded(leak.witness[$0.rawValue]), radix: 16))" }
        print("  \(leak.border.rawValue) \(leak.severity.rawValue) -> \(name(leak.place)) \(w.joined(separator: " "))")
      }
    }
    print("total \(clock.now - start) nodes \(reach.space.nodeCount)")
  }
}
