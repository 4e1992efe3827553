// What is not as intended and stops no packet of its own: it is found all the same, and is gone once
// it is mended.
import DataPlane
import Diagnosis
import Facts
import FaultCaptures
import NetworkTypes
import Testing

@Suite struct DeviationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let code: CauseCode
    let node: NodeName
    let object: String
    let fault: @Sendable (inout CloudFacts) throws -> Void
    var testDescription: String { code.rawValue }
  }

  static let rows: [Row] = [
    Row(
      code: .severalActiveRouters, node: "net1", object: "qrouter-e4a4f1a1",
      fault: { facts in
        var held: [LinkAddress] = []
        facts.edit("net2", "qrouter-e4a4f1a1") { space in
          held = space.addresses.records.filter {
            $0.interface.rawValue.hasPrefix("q")
              || $0.address.address == IPAddress("169.254.0.27")
          }
        }
        facts.edit("net1", "qrouter-e4a4f1a1") { $0.addresses.records += held }
      }),
    Row(
      code: .neighbourMissing, node: "cmp1", object: "172.17.18.16",
      fault: { facts in
        facts.edit("cmp1", "qrouter-a2dbb256") { space in
          space.neighbours.records.removeAll { $0.address == IPAddress("172.17.18.16") }
        }
      }),
    Row(
      code: .snatRuleWrong, node: "net1", object: "-s 172.17.17.11",
      fault: { facts in
        facts = try #require(FaultCapture.all.first { $0.name.hasPrefix("08") }).facts()
      }),
    Row(
      code: .vlanMapWrong, node: "cmp2", object: "dl_vlan=200",
      fault: { facts in
        facts.editFlows("cmp2", "br-int") { flow in
          guard flow.table == 0, flow.priority == 3, "\(flow.match)".contains("dl_vlan=200")
          else { return }
          flow.actions = flow.actions.map { action in
            switch action {
            case .setField(let field, _, let mask): .setField(field, value: 0x1005, mask: mask)
            case .setVLANID: .setVLANID(VLANID(truncating: 5))
            default: action
            }
          }
        }
      }),
    Row(code: .distributedMACUnknown, node: "cmp1", object: "table 9", fault: { _ in }),
  ]

  @Test(arguments: rows) func isFoundAndMended(_ row: Row) throws {
    var facts = try FaultCapture.healthyFacts.get()
    try row.fault(&facts)
    let found = try #require(Diagnostician(facts).deviations.first { $0.code == row.code })
    #expect(found.node == row.node, "\(found.text)")
    #expect(found.object.contains(row.object), "\(found.object)")
    #expect(!found.fix.ways.isEmpty)
    let mended = Diagnostician(facts.applying(found.changes))
    #expect(!mended.deviations.contains { $0.text == found.text })
  }
}
