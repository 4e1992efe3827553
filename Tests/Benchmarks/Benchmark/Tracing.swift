// Traces through a node's integration bridge, beside `ofproto/trace` of a real ovs-vswitchd that has the same
// flows and gets the same packets.
import Conntrack
import Facts
import Formats
import Foundation
import NetworkTypes
import OpenFlow
import SwitchLab

enum Tracing {
  private static let bridge = "br-int"
  /// Of the daemon, at a time: it takes up the next while we read the last one's answer.
  private static let inFlight = 16

  static func run(_ cloud: String, _ scratch: String) throws -> [Result] {
    if let missing = LiveSwitch.whyMissing { throw BenchmarkError(missing) }
    let node = try TracedNode.largest(in: cloud, bridge: bridge)
    let live = try LiveSwitch()
    defer { live.stop() }
    try node.install(on: live, bridge: bridge)
    let facts = try live.facts(of: [bridge])
    guard let flows = facts.bridges[BridgeName(bridge)]?.flows.records else {
      throw BenchmarkError("no flows were dumped")
    }
    let start = ContinuousClock.now
    let model = SwitchModel(facts, node: "live")
    let compilation = (ContinuousClock.now - start).seconds
    let packets = TracedPackets.texts(flows)
    let inputs = packets.map {
      SwitchInput(bridge: BridgeName(bridge), tracing: TraceFlowFormat.parse($0).match)
    }
    try compare(packets, inputs, model, facts, live)
    let ours = ours(inputs, model)
    let withTree = withTree(inputs, model)
    let peer = try peer(packets, live)
    return [
      Result(
        what: "trace, one thread, beside `ofproto/trace` over one connection with "
          + "\(inFlight) requests under way",
        amount: "\(packets.count) packets through \(flows.count) flows, "
          + "\(rounded(mean(inputs, model) { $0.lookups.count }, 1)) lookups and "
          + "\(rounded(mean(inputs, model) { $0.outputs.count }, 1)) outputs each, all the same",
        ours: "\(micro(ours.median)) µs ± \(micro(ours.spread / 2)); with its tree of steps "
          + "\(micro(withTree.median)) µs; tables made in \(rounded(compilation, 2)) s",
        peer: "\(micro(peer.median)) µs ± \(micro(peer.spread / 2)) of the daemon's processor time",
        ratio: peer.median / ours.median, wanted: "≥ 100×")
    ]
  }

  private static func micro(_ seconds: Double) -> String { rounded(seconds * 1e6, 2) }

  // MARK: The same answers

  private static func compare(
    _ packets: [String], _ inputs: [SwitchInput], _ model: SwitchModel, _ facts: OpenVSwitchFacts,
    _ live: LiveSwitch
  ) throws {
    let texts = try live.control.call(
      "ofproto/trace", each: packets.map { [bridge, $0] }, inFlight: inFlight)
    for ((packet, input), text) in zip(zip(packets, inputs), texts) {
      var theirs = Expectation(LiveTrace(text), from: input.packet)
      let trace = translate(input, model)
      guard trace.unknowns.isEmpty, theirs.unknown == nil else {
        throw BenchmarkError("\(packet): \(trace.unknowns) \(theirs.unknown ?? "")")
      }
      var ours = Expectation(trace, datapathNumbers: facts.datapathNumbers)
      // What is flooded comes in no order.
      theirs.lookups.sort { $0.description < $1.description }
      ours.lookups.sort { $0.description < $1.description }
      guard ours.outputs == theirs.outputs, ours.lookups == theirs.lookups else {
        throw BenchmarkError(
          "\(packet):\nours \(ours.outputs) \(ours.lookups)\n\(theirs.outputs) \(theirs.lookups)\n"
            + text)
      }
    }
  }

  private static func translate(_ input: SwitchInput, _ model: SwitchModel) -> Translation {
    var state = SwitchState()
    var conntrack = ConntrackTable()
    return model.translate(input, state: &state, conntrack: &conntrack)
  }
  private static func mean(
    _ inputs: [SwitchInput], _ model: SwitchModel, _ count: (Translation) -> Int
  ) -> Double {
    Double(inputs.reduce(0) { $0 + count(translate($1, model)) }) / Double(inputs.count)
  }

  // MARK: Times

  /// Of one trace: outputs, drops, and what was looked up and done as numbers.
  private static func ours(_ inputs: [SwitchInput], _ model: SwitchModel) -> Times {
    let rounds = max(1, 20_000 / inputs.count)
    var outputs = 0
    let times = Times.of(9) {
      for _ in 0..<rounds {
        for input in inputs { outputs += translate(input, model).outputs.count }
      }
    }
    precondition(outputs > 0, "no packet came out")
    return times.divided(by: Double(rounds * inputs.count))
  }

  /// The same with every flow and action of it as a typed tree.
  private static func withTree(_ inputs: [SwitchInput], _ model: SwitchModel) -> Times {
    var steps = 0
    let times = Times.of(5) {
      for input in inputs { steps += translate(input, model).steps.count }
    }
    precondition(steps > 0, "no step was taken")
    return times.divided(by: Double(inputs.count))
  }

  private static func peer(_ packets: [String], _ live: LiveSwitch) throws -> Times {
    let rounds = max(1, 4_000 / packets.count)
    let requests = Array(repeating: packets.map { [bridge, $0] }, count: rounds).flatMap { $0 }
    var seconds: [Double] = []
    for _ in 0..<5 {
      let before = try live.processorSeconds()
      _ = try live.control.call("ofproto/trace", each: requests, inFlight: inFlight)
      seconds.append((try live.processorSeconds() - before) / Double(requests.count))
    }
    return Times(seconds)
  }
}

extension Times {
  func divided(by count: Double) -> Times { Times(sorted.map { $0 / count }) }
}

extension LiveSwitch {
  /// User and system time of ovs-vswitchd so far.
  fileprivate func processorSeconds() throws -> Double {
    guard let processID else { throw BenchmarkError("ovs-vswitchd is gone") }
    let text = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
    // Behind the name in brackets: the twelfth and thirteenth, in ticks.
    let words = (text.split(separator: ")").last ?? "").split(separator: " ")
    guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else {
      throw BenchmarkError("/proc/\(processID)/stat: \(text)")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
