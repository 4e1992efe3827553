// Runs random scenarios on the live switch and on the evaluator, and collects where they differ.
import Conntrack
import Facts
import Formats
import Foundation
import NetworkTypes
import OpenFlow

final class DifferentialRun {
  struct Case {
    var bridge: Int
    var flow: String
    var ctNext: [String]
  }
  struct Disagreement {
    var seed: UInt64
    var text: String
  }

  let live: LiveSwitch
  let seed: UInt64
  /// Packets on each random switch.
  let packetsPerScenario = 60
  var agreed = 0
  var unknown: [String: Int] = [:]
  var skipped: [String: Int] = [:]
  var disagreements: [Disagreement] = []

  init(_ live: LiveSwitch, seed: UInt64) {
    self.live = live
    self.seed = seed
  }

  var total: Int { agreed + disagreements.count + unknown.values.reduce(0, +) }
  var summary: String {
    "ofproto/trace, seed \(seed): \(agreed) agree, \(disagreements.count) disagree, "
      + "\(unknown.values.reduce(0, +)) unknown \(unknown), skipped \(skipped)"
  }
  var report: String {
    summary + "\n" + disagreements.prefix(3).map { $0.text }.joined(separator: "\n\n")
  }

  func run(cases: Int) throws {
    var next = seed
    while total < cases, disagreements.count < 20 {
      try runScenario(seed: next)
      next &+= 1
    }
  }

  private func runScenario(seed: UInt64) throws {
    var scenario = Scenario(seed: seed, learns: false)
    do {
      try live.install(&scenario)
    } catch {
      skipped["\(error)".suffix(300).description, default: 0] += 1
      if skipped.values.reduce(0, +) > 50 { throw error }
      return
    }
    let facts = try live.facts(of: scenario.bridges.map(\.name))
    let model = SwitchModel(facts, node: "live")
    var random = RandomSource(seed: seed ^ 0x5eed)
    var failures = 0
    for _ in 0..<packetsPerScenario {
      let test = packet(scenario, &random)
      guard let difference = try compare(test, scenario, model, facts) else { continue }
      failures += 1
      if failures > 1 { continue }
      disagreements.append(
        Disagreement(seed: seed, text: shrink(test, scenario, first: difference)))
    }
  }

  private func packet(_ scenario: Scenario, _ random: inout RandomSource) -> Case {
    let bridge = random.number(0...scenario.bridges.count - 1)
    var fields = RandomFields(random: random)
    let kind = random.pick(PacketClass.allCases.filter { $0 != .any })
    let flow = fields.packet(
      kind, ports: scenario.numbers[bridge], metadata: random.chance(40))
    random = fields.random
    let states = (0..<random.number(0...3)).map { _ in random.pick(Pool.states) }
    return Case(bridge: bridge, flow: flow, ctNext: states)
  }

  // MARK: One packet

  /// What differs; nil where both agree or one of them does not know.
  private func compare(
    _ test: Case, _ scenario: Scenario, _ model: SwitchModel, _ facts: OpenVSwitchFacts
  ) throws -> String? {
    let bridge = scenario.bridges[test.bridge].name
    let arguments = [bridge, test.flow] + test.ctNext.flatMap { ["--ct-next", $0] }
    let text: String
    do {
      text = try live.control.call("ofproto/trace", arguments)
    } catch {
      skipped["\(error)".suffix(60).description, default: 0] += 1
      return nil
    }
    let trace = LiveTrace(text)
    let match = TraceFlowFormat.parse(test.flow)
    let states = test.ctNext.map { list in
      ConntrackState(
        list.split(separator: ",").compactMap { ConntrackState(name: $0) })
    }
    let input = SwitchInput(
      bridge: BridgeName(bridge), tracing: match.match,
      options: TranslationOptions(conntrack: .assumed(states), learns: false))
    var state = SwitchState(capturedIn: model)
    var conntrack = ConntrackTable()
    let ours = model.translate(input, state: &state, conntrack: &conntrack)
    let unknowns = ours.unknowns.filter {
      if case .choice(let what) = $0.cause { !what.hasPrefix("packet larger") } else { true }
    }
    if !unknowns.isEmpty {
      unknown["\(unknowns[0].cause)", default: 0] += 1
      return nil
    }
    let expected = Expectation(trace, from: input.packet)
    if let problem = expected.unknown {
      skipped[problem, default: 0] += 1
      return nil
    }
    let actual = Expectation(ours, datapathNumbers: Self.numbers(facts))
    if expected.lookups == actual.lookups, expected.outputs == actual.outputs {
      agreed += 1
      return nil
    }
    return describe(test, bridge, expected, actual, text, problems: match.problems)
  }

  private static func numbers(_ facts: OpenVSwitchFacts) -> [SwitchPortKey: Int] {
    var numbers: [SwitchPortKey: Int] = [:]
    for port in facts.datapathPorts.records {
      guard let number = port.openFlowNumber, let datapath = port.datapathNumber else { continue }
      numbers[SwitchPortKey(port.bridge, OpenFlowPort(number))] = Int(datapath)
    }
    return numbers
  }

  private func describe(
    _ test: Case, _ bridge: String, _ expected: Expectation, _ actual: Expectation, _ text: String,
    problems: [FlowProblem]
  ) -> String {
    """
    packet on \(bridge): \(test.flow) --ct-next \(test.ctNext) \(problems)
    lookups of OVS: \(expected.lookups.map(\.description).joined(separator: " "))
    lookups, ours:  \(actual.lookups.map(\.description).joined(separator: " "))
    outputs of OVS:
      \(expected.outputs.joined(separator: "\n  "))
    outputs, ours:
      \(actual.outputs.joined(separator: "\n  "))
    \(text)
    """
  }

  // MARK: Shrinking

  /// Takes away flows, many at a time at first, as long as the two still differ.
  private func shrink(_ test: Case, _ scenario: Scenario, first: String) -> String {
    var best = scenario
    var text = first
    guard disagreements.count < 4 else { return "seed \(scenario.seed)\n\(text)" }
    for bridge in best.bridges.indices {
      var step = max(best.bridges[bridge].flows.count / 2, 1)
      while step >= 1 {
        var start = 0
        while start < best.bridges[bridge].flows.count {
          var smaller = best
          let end = min(start + step, smaller.bridges[bridge].flows.count)
          smaller.bridges[bridge].flows.removeSubrange(start..<end)
          if let difference = try? tryAgain(test, smaller, bridge) {
            (best, text) = (smaller, difference)
          } else {
            start += step
          }
        }
        step /= 2
      }
    }
    return "seed \(scenario.seed)\n\(best.description)\n\(text)"
  }

  private func tryAgain(_ test: Case, _ scenario: Scenario, _ bridge: Int) throws -> String? {
    let before = (agreed, unknown, skipped)
    defer { (agreed, unknown, skipped) = before }
    for bridge in scenario.bridges { try live.installTables(of: bridge) }
    let facts = try live.facts(of: scenario.bridges.map(\.name))
    return try compare(test, scenario, SwitchModel(facts, node: "live"), facts)
  }
}

/// What both sides are compared by.
struct Expectation {
  var lookups: [LiveTrace.Lookup] = []
  /// Sorted: the order of a flood is nobody's business.
  var outputs: [String] = []
  /// What the comparison itself does not understand.
  var unknown: String?

  init(_ trace: LiveTrace, from packet: Packet) {
    lookups = trace.lookups.filter { $0.bridge != LiveSwitch.underlay }
    // Each recirculation starts from the packet that the actions before it left; the text does
    // not say which, so the flow line would have to be read: `Expectation.packets` does.
    for (index, actions) in trace.datapathActions.enumerated() {
      var execution = DatapathActions(trace.packets[index] ?? packet)
      execution.run(Substring(actions))
      outputs += execution.outputs.map(\.description)
      if let problem = execution.unknown.first(where: { $0 != "after-tnl_push" }) {
        unknown = problem
      }
    }
    outputs.sort()
  }

  init(_ translation: Translation, datapathNumbers: [SwitchPortKey: Int]) {
    for lookup in translation.lookups {
      lookups.append(
        LiveTrace.Lookup(
          bridge: lookup.bridge.rawValue, table: Int(lookup.table),
          priority: lookup.flow.map { Int($0.priority) }))
    }
    for output in translation.outputs {
      var packet = output.packet
      switch output.kind {
      case .tunnel(_, let metadata, _): packet.tunnel = metadata
      default: packet.tunnel = nil
      }
      let number = datapathNumbers[SwitchPortKey(output.bridge, output.port)]
      if case .controller = output.kind {
        outputs.append(LiveOutput(port: nil, packet: packet).description)
      } else {
        outputs.append(LiveOutput(port: number ?? -1, packet: packet).description)
      }
    }
    outputs.sort()
  }
}
