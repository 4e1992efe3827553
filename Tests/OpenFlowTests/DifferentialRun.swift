// Runs random scenarios on the live switch and on the evaluator, and collects where they differ.
import Conntrack
import Facts
import Formats
import Foundation
import NetworkTypes
import OpenFlow
import SwitchLab

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

  private(set) var live: LiveSwitch
  let seed: UInt64
  /// Packets on each random switch; `OVSIGHT_OFPROTO_PACKETS` says otherwise.
  let packetsPerScenario =
    ProcessInfo.processInfo.environment["OVSIGHT_OFPROTO_PACKETS"].flatMap { Int($0) } ?? 60
  var agreed = 0
  /// All packets that differ; `disagreements` has one a scenario.
  var different = 0
  var unknown: [String: Int] = [:]
  var skipped: [String: Int] = [:]
  var disagreements: [Disagreement] = []

  init(_ live: LiveSwitch, seed: UInt64) {
    self.live = live
    self.seed = seed
  }

  private var failedInstalls = 0

  var total: Int { agreed + different + unknown.values.reduce(0, +) }
  var summary: String {
    "ofproto/trace, seed \(seed): \(agreed) agree, \(different) disagree, "
      + "\(unknown.values.reduce(0, +)) unknown \(unknown), skipped \(skipped)"
  }
  var report: String {
    summary + "\n" + disagreements.prefix(3).map { $0.text }.joined(separator: "\n\n")
  }

  func run(cases: Int) throws {
    var next = seed
    while total < cases, disagreements.count < 20 {
      try runScenario(seed: next)
      if !live.isAlive || !live.hasDatabase { try restart(after: next) }
      next &+= 1
    }
  }

  /// Some pipelines crash ovs-vswitchd 3.1 itself, or keep it busy with one trace for minutes.
  private func restart(after seed: UInt64) throws {
    skipped["ovs-vswitchd crashed or does not answer", default: 0] += 1
    if ProcessInfo.processInfo.environment["OVSIGHT_OFPROTO_VERBOSE"] != nil {
      print("crash at seed \(seed): \(live.lastWords)")
    }
    live.stop()
    live = try LiveSwitch()
  }

  private func runScenario(seed: UInt64) throws {
    // In every third scenario packets are real ones: they teach the switch where MACs are, and
    // `learn` adds flows.
    var scenario = Scenario(seed: seed, learns: seed % 3 == 0)
    let facts: OpenVSwitchFacts
    do {
      try live.install(&scenario)
      facts = try live.facts(of: scenario.bridges.map(\.name))
    } catch {
      skipped["\(error)".suffix(300).description, default: 0] += 1
      failedInstalls += 1
      if failedInstalls > 50 { throw error }
      return
    }
    let model = SwitchModel(facts, node: "live")
    var random = RandomSource(seed: seed ^ 0x5eed)
    var failures = 0
    var state = SwitchState(capturedIn: model)
    for _ in 0..<packetsPerScenario {
      if live.control.isBroken { return }
      let test = packet(scenario, &random)
      let compared = agreed + different
      let difference = try compare(test, scenario, model, facts, &state)
      // A packet that was not compared may have taught the switch what we do not know.
      if scenario.learns, agreed + different + (difference == nil ? 0 : 1) == compared { return }
      guard let difference else { continue }
      failures += 1
      different += 1
      if failures > 1 { continue }
      disagreements.append(
        Disagreement(seed: seed, text: shrink(test, scenario, first: difference)))
      if scenario.learns { return }
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
    _ test: Case, _ scenario: Scenario, _ model: SwitchModel, _ facts: OpenVSwitchFacts,
    _ state: inout SwitchState
  ) throws -> String? {
    let bridge = scenario.bridges[test.bridge].name
    if ProcessInfo.processInfo.environment["OVSIGHT_OFPROTO_VERBOSE"] != nil {
      print("seed \(scenario.seed) \(bridge) \(test.flow)")
      fflush(nil)
    }
    let arguments =
      [bridge, test.flow] + test.ctNext.flatMap { ["--ct-next", $0] }
      + (scenario.learns ? ["-generate"] : [])
    let text: String
    do {
      text = try live.control.call("ofproto/trace", arguments)
    } catch {
      skipped["\(error)".suffix(60).description, default: 0] += 1
      return nil
    }
    // A tunnel's mark stays on the packet for the ports that are flooded to after it, in an order
    // that nothing shows.
    let isMarked = scenario.marks && Self.floods(text) && text.contains("skb_mark(0x5)")
    if let reason = isMarked ? "a tunnel's mark in a flood" : Self.reasonToSkip(text) {
      skipped[reason, default: 0] += 1
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
      options: TranslationOptions(conntrack: .assumed(states), learns: scenario.learns))
    var conntrack = ConntrackTable()
    let ours = model.translate(input, state: &state, conntrack: &conntrack)
    let unknowns = ours.unknowns.filter {
      if case .choice(let what) = $0.cause { !what.hasPrefix("packet larger") } else { true }
    }
    if !unknowns.isEmpty {
      unknown["\(unknowns[0].cause)", default: 0] += 1
      return nil
    }
    var expected = Expectation(trace, from: input.packet)
    if let problem = expected.unknown {
      skipped[problem, default: 0] += 1
      return nil
    }
    var actual = Expectation(ours, datapathNumbers: facts.datapathNumbers)
    // A mirror into a VLAN floods without saying so.
    if Self.floods(text) || !scenario.mirrors.isEmpty {
      expected.lookups.sort { $0.description < $1.description }
      actual.lookups.sort { $0.description < $1.description }
    }
    if expected.lookups == actual.lookups, expected.outputs == actual.outputs {
      agreed += 1
      return nil
    }
    // Which copy of a flood a mirror takes its own from, the flood's order says.
    let mirrorsFlood = scenario.mirrors.contains { $0.contains("output_vlan") }
    if !scenario.mirrors.isEmpty, Self.floods(text) || mirrorsFlood {
      skipped["a mirror in a flood", default: 0] += 1
      return nil
    }
    return describe(test, bridge, expected, actual, text, problems: match.problems)
  }

  /// What depends on more than the switch, or on the order in which it floods.
  private static func reasonToSkip(_ text: String) -> String? {
    if text.contains("native tunnel routing failed") { return "no route for the tunnel" }
    // A connection of an OpenFlow before 1.3, of whoever looked at the switch last, asks for misses.
    if text.contains("dont_send=1") { return "a connection that asks for misses" }
    if text.contains("recirculation limit") { return "recirculates without end" }
    let hitsLimit =
      text.contains("over max translation depth") || text.contains("resubmit actions <<<<")
    if hitsLimit, floods(text) { return "flooding in a loop" }
    return movesWithinAFlood(text) ? "copies of a flood that teach each other" : nil
  }

  /// An address was heard on two ports of one bridge: which copy comes first, the flood's order says.
  private static func movesWithinAFlood(_ text: String) -> Bool {
    guard floods(text) else { return false }
    let places = text.matches(of: #/learned that (\S+) is on port (\S+) in VLAN (\d+)/#)
    return Dictionary(grouping: places) { "\($0.1) \($0.3)" }.values.contains { moves in
      Set(moves.map(\.2)).count > 1
    }
  }
  private static func floods(_ text: String) -> Bool {
    text.contains("flooding") || text.contains("FLOOD") || text.contains(" ALL\n")
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
      \(expected.outputs.prefix(20).joined(separator: "\n  "))
    outputs, ours:
      \(actual.outputs.prefix(20).joined(separator: "\n  "))
    \(text.split(separator: "\n").prefix(60).joined(separator: "\n"))
    """
  }

  // MARK: Shrinking

  /// Takes away flows, many at a time at first, as long as the two still differ.
  private func shrink(_ test: Case, _ scenario: Scenario, first: String) -> String {
    var best = scenario
    var text = first
    let deadline = Date().addingTimeInterval(20)
    guard disagreements.count < 3, !scenario.learns else {
      return "seed \(scenario.seed)\n\(best.description)\n\(text)"
    }
    for bridge in best.bridges.indices {
      var step = max(best.bridges[bridge].flows.count / 2, 1)
      while step >= 1 {
        var start = 0
        while start < best.bridges[bridge].flows.count, Date() < deadline {
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
    let model = SwitchModel(facts, node: "live")
    var state = SwitchState(capturedIn: model)
    return try compare(test, scenario, model, facts, &state)
  }
}
