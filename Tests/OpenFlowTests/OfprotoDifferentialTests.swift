// The evaluator against ovs-vswitchd's own `ofproto/trace`, on random switches and packets.
import Conntrack
import Facts
import Formats
import Foundation
import NetworkTypes
import OpenFlow
import SwitchLab
import Testing

@Suite(.serialized) struct OfprotoDifferentialTests {
  /// Traces of a run; `OVSIGHT_OFPROTO_CASES` says otherwise.
  static let cases =
    ProcessInfo.processInfo.environment["OVSIGHT_OFPROTO_CASES"].flatMap { Int($0) } ?? 5000
  static let seed =
    ProcessInfo.processInfo.environment["OVSIGHT_OFPROTO_SEED"].flatMap { UInt64($0) }
    ?? 1

  @Test(.enabled(if: LiveSwitch.whyMissing == nil, "openvswitch-switch is not installed"))
  func agreesWithTheRealSwitch() throws {
    let run = DifferentialRun(try LiveSwitch(), seed: Self.seed)
    defer { run.live.stop() }
    try run.run(cases: Self.cases)
    print(run.summary)
    #expect(run.disagreements.isEmpty, "\(run.report)")
    #expect(run.agreed >= Self.cases * 9 / 10)
  }
}
