// The evaluator on the shared capture of a real cloud.
import Conntrack
import Facts
import Formats
import Foundation
import NetworkTypes
import OpenFlow
import Testing

@Suite struct HealthyCloudSwitchTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud").path

  static func models() throws -> [SwitchModel] {
    let facts = try CloudFacts(parsing: CaptureFolder.read([folder]))
    return facts.nodes.filter { !$0.openVSwitch.bridges.isEmpty }
      .map { SwitchModel($0.openVSwitch, node: $0.name) }
  }

  @Test func everyBridgeIsWhole() throws {
    for model in try Self.models() {
      print(model.node, model.problems.map(\.description))
      for name in model.bridgeNames {
        let bridge = model.bridges[name]!
        print("  ", name, bridge.isUserspace, bridge.flows.flowCount, bridge.portNumbers.count)
        for number in bridge.portNumbers {
          let port = bridge.ports[number]!
          print("     ", number, port.name, port.kind)
        }
      }
    }
  }
}
