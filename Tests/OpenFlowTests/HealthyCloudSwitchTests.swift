// The evaluator on the shared capture of a real cloud, whose agents wrote the flows.
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

  @Test func everyPatchHasItsPeerAndEveryFlowIsModelled() throws {
    let models = try Self.models()
    #expect(models.count == 4)
    for model in models {
      #expect(model.problems.isEmpty)
      for bridge in model.bridges.values {
        #expect(bridge.flows.flowCount > 0)
        #expect(bridge.flowGap == nil)
        for port in bridge.ports.values where port.isPatch {
          #expect(port.kind != .patch(peer: nil))
        }
      }
    }
  }

  /// A broadcast of every port of every bridge: decided, whatever it is.
  @Test func noBroadcastIsUnknown() throws {
    for model in try Self.models() {
      for bridge in model.bridges.values {
        for port in bridge.ports.values where !port.isPatch {
          let answer = Self.broadcast(model, port)
          #expect(answer.unknowns.isEmpty, "\(model.node) \(port.name) \(answer.unknowns)")
          #expect(!answer.outputs.isEmpty || !answer.drops.isEmpty)
        }
      }
    }
  }

  /// What a router's port broadcasts reaches other nodes through every tunnel or the provider net.
  @Test func aRouterPortsRequestIsHeardElsewhere() throws {
    for model in try Self.models() {
      let routers = model.bridges.values.flatMap(\.ports.values)
        .filter { $0.name.rawValue.hasPrefix("qr-") }
      for port in routers {
        let answer = Self.broadcast(model, port)
        #expect(answer.lookups.count > 2, "\(model.node) \(port.name)")
      }
    }
  }

  private static func broadcast(_ model: SwitchModel, _ port: SwitchPort) -> Translation {
    var packet = Packet(
      ethSrc: port.mac ?? MACAddress(rawValue: 0x0200_0000_0001), ethDst: .broadcast,
      etherType: EtherType.arp)
    packet.arpOperation = 1
    packet.source = IPAddress("192.0.2.1")
    packet.destination = IPAddress("192.0.2.2")
    packet.arpSHA = packet.ethSrc
    var state = SwitchState(capturedIn: model)
    var conntrack = ConntrackTable()
    return model.translate(
      SwitchInput(bridge: port.key.bridge, port: port.number, packet: packet), state: &state,
      conntrack: &conntrack)
  }
}
