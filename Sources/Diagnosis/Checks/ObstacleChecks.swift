// Where a packet ended, whatever intent says there: the device that is down, too small or closed, the
// rule or flow that dropped it. For what no check of intent explains: rules that someone added by hand.
import DataPlane
import Facts
import LogicalModel
import Netfilter
import NetworkTypes
import OpenFlow
import Trace

extension Inspection {
  /// What stood in the way of a packet or of its answer: where the trace says that it ended, then from
  /// the last drop back.
  func obstacles(_ result: TraceResult) -> [Deviation] {
    let steps = result.steps + result.replySteps
    let drops = steps.indices.reversed().filter { steps[$0].dropReason != nil }
    let deciding = drops.filter { steps[$0].dropReason == result.endReason }
    var found: [Deviation] = []
    for index in deciding + drops.filter({ !deciding.contains($0) }) {
      guard let reason = steps[index].dropReason,
        let obstacle = obstacle(reason, steps[index], steps.prefix(index + 1)),
        !found.contains(where: { $0.text == obstacle.text })
      else { continue }
      found.append(obstacle)
      if found.count >= Self.obstacleLimit { break }
    }
    return found
  }
  /// Copies of a flood end in many places; the last few are where the one that matters ended.
  private static let obstacleLimit = 8

  private func obstacle(
    _ reason: Reason, _ step: Step, _ before: ArraySlice<Step>
  ) -> Deviation? {
    switch DropCode(rawValue: reason.code) {
    case .linkDown: device(step.place).map(raise)
    case .mtuExceeded: small(step, reason)
    case .forwardingOff: knob(step.place, ["net.ipv4.ip_forward": "1"], .forwardingOff, reason)
    case .reversePath: reversePath(step, before, reason)
    case .netfilterDrop, .netfilterReject: rule(step, reason)
    case .openFlowDrop: flow(step, before, reason)
    case .noListener: listener(step)
    default: nil
    }
  }

  private func device(_ place: Place) -> DeviceKey? {
    if case .device(let key) = place { key } else { nil }
  }

  private func raise(_ key: DeviceKey) -> Deviation {
    Deviation(
      .linkDown, .obstacle, node: key.node, namespace: key.namespace,
      object: key.interface.rawValue, "\(key.interface) on \(key.node) is down",
      evidence: cloud.device(key).map { [$0.link.evidence] } ?? [], changes: [.setUp(key)],
      fix: Fix(
        [
          [
            FixCommand(
              key.node,
              "\(Shell.inside(key.namespaceKey))ip link set \(Shell.word(key.interface)) up")
          ]
        ], note: "touches what this device carries"))
  }

  private func small(_ step: Step, _ reason: Reason) -> Deviation? {
    var key = device(step.place)
    if key == nil, case .namespace(let space) = step.place, let evidence = reason.evidence.first {
      key = cloud.namespace(space)?.devices.values.first { $0.link.evidence == evidence }?.key
    }
    guard let key, cloud.device(key) != nil else { return nil }
    var found = tooSmall(
      [key], step.packet.lengthBytes, "a packet of \(step.packet.lengthBytes) bytes must pass", nil)
    found.strength = .obstacle
    return found
  }

  private func knob(
    _ place: Place, _ values: [String: String], _ code: CauseCode, _ reason: Reason
  ) -> Deviation? {
    guard case .namespace(let key) = place else { return nil }
    let pairs = values.sorted { $0.key < $1.key }
    return Deviation(
      code, .obstacle, node: key.node, namespace: key.namespace,
      object: pairs.map(\.key).joined(separator: ", "),
      "\(key.namespace) on \(key.node): \(reason.text)", evidence: reason.evidence,
      changes: pairs.map { .setSysctl(key, name: $0.key, value: $0.value) },
      fix: Fix(
        [
          pairs.map {
            FixCommand(key.node, "\(Shell.inside(key))sysctl -w \($0.key)=\($0.value)")
          }
        ], note: "touches this namespace; make it last in /etc/sysctl.d"))
  }

  private func reversePath(
    _ step: Step, _ before: ArraySlice<Step>, _ reason: Reason
  ) -> Deviation? {
    let input = before.reversed().lazy.compactMap { step -> DeviceKey? in
      if case .received = step.event { device(step.place) } else { nil }
    }.first
    guard let input else { return nil }
    let name = Sysctl.component(of: input.interface)
    return knob(
      step.place,
      ["net.ipv4.conf.\(name).rp_filter": "0", "net.ipv4.conf.all.rp_filter": "0"],
      .reversePathFilter, reason)
  }

  private func listener(_ step: Step) -> Deviation? {
    guard case .namespace(let key) = step.place, step.packet.hasPorts else { return nil }
    let transport = step.packet.ipProtocol == IPProtocol.tcp ? "tcp" : "udp"
    let port = step.packet.destinationPort
    return Deviation(
      .serviceNotListening, .obstacle, node: key.node, namespace: key.namespace,
      object: "\(transport)/\(port)",
      "nothing listens on \(transport)/\(port) in \(key.namespace) on \(key.node)",
      changes: [.listen(key, NewSocket(transport: transport, port: port, process: "service"))],
      fix: Fix([], note: "start the service that should listen there"))
  }

  // MARK: rules

  private func rule(_ step: Step, _ reason: Reason) -> Deviation? {
    guard let evidence = reason.evidence.first else { return nil }
    let place: NamespaceKey
    switch step.place {
    case .namespace(let key): place = key
    case .device(let key): place = key.namespaceKey
    default: return nil
    }
    guard let space = cloud.namespace(place) else { return nil }
    for family in AddressFamily.allCases {
      for name in ["filter", "raw", "mangle", "nat"] as [NetfilterTableName] {
        guard let view = FilterView(space, family, name),
          let found = view.all.first(where: { $0.rule.evidence == evidence })
        else { continue }
        return foreignRule(found, FilterChain(family, name, found.chain), view, space)
      }
    }
    return nil
  }

  private func foreignRule(
    _ found: PlacedRule, _ chain: FilterChain, _ view: FilterView, _ space: NamespaceModel
  ) -> Deviation {
    let key = space.key
    let isNeutrons = found.chain.rawValue.hasPrefix("neutron-")
    let code: CauseCode =
      isNeutrons ? .ruleDrops : found.isForTunnels ? .tunnelNotAdmitted : .foreignRule
    return Deviation(
      code, .obstacle, node: key.node, namespace: key.namespace,
      object: "\(chain.table) \(found.chain)",
      "a rule of \(chain.table) \(found.chain)"
        + (key.namespace == .root ? "" : " in \(key.namespace)")
        + " on \(key.node) drops it: \(found.rule.text)"
        + (isNeutrons ? "" : "; no Neutron agent made it"), evidence: [found.rule.evidence],
      changes: isNeutrons ? [] : [.removeFilterRule(key, chain, found.rule)],
      fix: Fix(
        isNeutrons
          ? []
          : [
            [FixCommand(key.node, "\(view.command(key)) -t \(chain.table) \(found.rule.deletion)")]
          ], note: "see who added it, and whether it is meant for something else"))
  }

  // MARK: flows

  private func flow(_ step: Step, _ before: ArraySlice<Step>, _ reason: Reason) -> Deviation? {
    guard case .bridge(let entered) = step.place,
      let translation = before.reversed().lazy.compactMap({ step -> Translation? in
        if case .openFlow(let translation) = step.event { translation } else { nil }
      }).first,
      let lookup = translation.lookups.last(where: { $0.flow?.dropsAll == true }),
      let flow = lookup.flow, let view = nodes[entered.node]
    else { return nil }
    let key = BridgeKey(entered.node, lookup.bridge)
    // Tables end in a drop of their own: those are not in the way, something before them is missing.
    guard !flow.match.fields.isEmpty else { return nil }
    let isForeign = flow.cookie != view.agentCookie(lookup.bridge)
    return Deviation(
      isForeign ? .foreignFlow : .ruleDrops, .obstacle, node: key.node,
      object: "\(key.bridge) table \(flow.table)",
      "a flow of \(key.bridge) table \(flow.table) on \(key.node) drops it: "
        + "priority=\(flow.priority),\(flow.match)"
        + (isForeign ? "; its cookie is not the agent's" : ""), evidence: [flow.evidence],
      changes: [.removeFlow(key, flow)],
      fix: Fix(
        [
          [
            FixCommand(
              key.node,
              "ovs-ofctl -O OpenFlow14 --strict del-flows \(Shell.word(key.bridge)) "
                + Shell.word("table=\(flow.table),priority=\(flow.priority),\(flow.match)"))
          ], Ways.restart(Ways.openVSwitchAgent, on: key.node),
        ], note: "touches what the flow matches; the agent's restart removes flows of other cookies"
      ))
  }
}

extension PlacedRule {
  fileprivate var isForTunnels: Bool {
    matches.contains { match in
      guard case .ports(.destination, let range) = match.test else { return false }
      return [4789, 6081, 8472].contains { range.contains($0) }
    }
  }
}

extension Step {
  fileprivate var dropReason: Reason? {
    if case .dropped(let reason) = event { reason } else { nil }
  }
}
