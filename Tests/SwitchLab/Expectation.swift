// What ovs-vswitchd and the evaluator made of a packet, in one form.
import Facts
import NetworkTypes
import OpenFlow

/// What both sides are compared by.
package struct Expectation {
  package var lookups: [LiveTrace.Lookup] = []
  /// Sorted: the order of a flood is nobody's business.
  package var outputs: [String] = []
  /// What the comparison itself does not understand.
  package var unknown: String?

  package init(_ trace: LiveTrace, from packet: Packet) {
    lookups = trace.lookups.filter { $0.bridge != LiveSwitch.underlay }
    // Each recirculation starts from the packet that the actions before it left; its flow line
    // has the addresses that NAT would give it, but not all of its tags.
    var recirculated: [(id: String, packet: Packet)] = []
    for (index, actions) in trace.datapathActions.enumerated() {
      var start = trace.packets.indices.contains(index) ? trace.packets[index] : packet
      let id = trace.recirculations[index]
      if let position = recirculated.firstIndex(where: { $0.id == id }) {
        start.vlans = recirculated.remove(at: position).packet.vlans
      }
      var execution = DatapathActions(index == 0 ? packet : start)
      execution.run(Substring(actions))
      recirculated += execution.recirculated
      outputs += execution.outputs.map(\.description)
      if let problem = execution.unknown.first { unknown = problem }
    }
    outputs.sort()
  }

  private mutating func add(_ step: PipelineStep, recirculated: Bool) {
    var recirculated = recirculated
    switch step.kind {
    case .recirculation: recirculated = true
    case .bridge: recirculated = false
    case .lookup(let lookup):
      lookups.append(
        LiveTrace.Lookup(
          bridge: recirculated ? "recirculated" : lookup.bridge.rawValue,
          table: Int(lookup.table), priority: lookup.flow.map { Int($0.priority) }))
    default: break
    }
    for inner in step.steps { add(inner, recirculated: recirculated) }
  }

  package init(_ translation: Translation, datapathNumbers: [SwitchPortKey: Int]) {
    for step in translation.steps { add(step, recirculated: false) }
    for output in translation.outputs {
      var packet = output.packet
      switch output.kind {
      case .tunnel(_, var metadata, _):
        // Without a configured one, the route to the other end gives it.
        metadata.source = metadata.source ?? LiveSwitch.underlayAddress
        packet.tunnel = metadata
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

extension OpenVSwitchFacts {
  /// The datapath's number of each port.
  package var datapathNumbers: [SwitchPortKey: Int] {
    var numbers: [SwitchPortKey: Int] = [:]
    for port in datapathPorts.records {
      guard let number = port.openFlowNumber, let datapath = port.datapathNumber else { continue }
      numbers[SwitchPortKey(port.bridge, OpenFlowPort(number))] = Int(datapath)
    }
    return numbers
  }
}
