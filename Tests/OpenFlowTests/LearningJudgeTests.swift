// What a switch has just heard on a port does not go back there: the real switch's word for it, which
// the evaluator's and the sets' rest on.
import Facts
import Foundation
import SwitchLab
import Testing

@Suite(.serialized) struct LearningJudgeTests {
  static let unicast = "ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no)"

  /// A frame of each kind, and whether the real switch sends it on.
  @Test(.enabled(if: LiveSwitch.whyMissing == nil, "openvswitch-switch is not installed"))
  func aFrameForItsOwnSenderIsDropped() throws {
    let live = try LiveSwitch()
    defer { live.stop() }
    try live.vsctl([
      "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy",
      "fail-mode=standalone",
    ])
    for number in 1...3 {
      try live.vsctl([
        "add-port", "br0", "p\(number)", "--", "set", "interface", "p\(number)", "type=dummy",
        "ofport_request=\(number)",
      ])
    }
    for (destination, isDropped) in [(1, true), (2, false)] {
      _ = try live.control.call(
        "netdev-dummy/receive",
        [
          "p1",
          "in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:0\(destination)),"
            + "eth_type(0x0800),\(Self.unicast),udp(src=1,dst=2)",
        ])
      let flows = try Self.flows(of: live, to: "02:00:00:00:00:0\(destination)")
      #expect(flows.count == 1)
      #expect(flows.allSatisfy { $0.contains("actions:drop") == isDropped })
      var conversation = NormalPolicyTests.bridge([
        .init(name: "p1", number: 1), .init(name: "p2", number: 2), .init(name: "p3", number: 3),
      ])
      let heard = conversation.ports(
        "br", "in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:0\(destination)")
      #expect(heard.isEmpty == isDropped)
    }
  }

  /// The cached flows to a MAC. The call that hands the switch a frame returns before a thread of the
  /// switch has decided about it, so they are waited for.
  static func flows(of live: LiveSwitch, to mac: String) throws -> [Substring] {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let flows = try live.control.call("dpctl/dump-flows")
        .split(separator: "\n").filter { $0.contains("dst=\(mac)") }
      if !flows.isEmpty || ContinuousClock.now > deadline { return flows.map { Substring($0) } }
      usleep(10_000)
    }
  }
}
