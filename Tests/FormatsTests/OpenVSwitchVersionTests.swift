// One switch's flows, dumped in four versions of OpenFlow by Open vSwitch 3.1: the spellings differ,
// the facts do not.
import Facts
import Foundation
import Testing

@testable import Formats

@Suite struct OpenVSwitchVersionTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/openflow-dumps")

  private func flows(_ version: String) throws -> [FlowEntry] {
    let file = Self.folder.appendingPathComponent("\(version).txt")
    let text = CaptureText(file: CaptureFileID(0), bytes: Array(try Data(contentsOf: file)))
    let parsed = OpenFlowFlowsFormat.parse(text)
    #expect(
      parsed.diagnostics.map(\.id) == (version == "OpenFlow10" ? ["openflow/version-10"] : []))
    #expect(parsed.coverage.lostBytes == 0 && !parsed.isIncomplete)
    return parsed.records.sorted { $0.priority < $1.priority }
  }

  @Test func version10TellsTheSameMatches() throws {
    #expect(try flows("OpenFlow10").map(\.match) == flows("OpenFlow14").map(\.match))
  }

  /// Why its dump is remarked: the switch leaves out what OpenFlow 1.0 cannot say.
  @Test func version10LeavesActionsOut() throws {
    func actions(_ version: String, _ cookie: UInt64) throws -> String? {
      try flows(version).first { $0.cookie == cookie }?.actions.flowText
    }
    #expect(try actions("OpenFlow14", 6) == "push_vlan:0x88a8")
    #expect(try actions("OpenFlow10", 6) == "drop")
  }

  @Test(arguments: ["OpenFlow13", "OpenFlow15"])
  func everyVersionTellsTheSame(version: String) throws {
    let (expected, found) = (try flows("OpenFlow14"), try flows(version))
    #expect(expected.count == 69 && found.count == expected.count)
    for (one, other) in zip(expected, found) {
      #expect(one.match == other.match)
      #expect(one.cookie == other.cookie && one.table == other.table)
      #expect(one.actions.map(assigned) == other.actions.map(assigned), "\(one)")
    }
  }

  /// `load` and `set_field` of one assignment become one.
  private func assigned(_ action: FlowAction) -> FlowAction {
    if case .ct(var tracking) = action {
      tracking.exec = tracking.exec.map(assigned)
      return .ct(tracking)
    }
    guard case .load(let value, let target) = action else { return action }
    let shift = UInt128(min(target.firstBit, 127))
    return .setField(target.field, value: value << shift, mask: target.mask)
  }
}
