// The indented lines of a trace.
import Facts
import NetworkTypes

/// Lays out steps as `ofproto/trace` does: four columns a level, remarks behind arrows.
struct TraceText {
  let bridges: [BridgeName: SwitchBridge]

  /// A translation of its own: what came in, or what connection tracking gave back.
  func root(_ step: PipelineStep) -> String {
    guard case .recirculation(let back) = step.kind else { return lines(step, 0) }
    let rule = String(repeating: "=", count: 79)
    var text = "\n\(rule)\nrecirc - resume conntrack with ct_state=\(back.state)"
    text += " zone=\(back.zone)\n\(rule)\n"
    text += heading(back.bridge, 0)
    text += "    thaw\n        Resuming from table \(back.table)\n"
    return text + step.steps.map { lines($0, 0) }.joined()
  }

  private func lines(_ step: PipelineStep, _ level: Int) -> String {
    let inside = step.steps
    switch step.kind {
    case .bridge(let name, _): return heading(name, level) + list(inside, level)
    case .lookup(let lookup): return line(level, table(lookup)) + list(inside, level + 1)
    case .action(let action): return line(level, "\(action)")
    case .actionSet: return line(level, "--. Executing action set:") + list(inside, level + 1)
    case .bucket(let id): return line(level, "bucket \(id)") + list(inside, level + 1)
    case .recirculation: return list(inside, level)
    case .event(let event): return line(level, event.traceText)
    case .error(let error): return line(level, " >>>> \(error.traceText) <<<<")
    }
  }

  private func list(_ steps: [PipelineStep], _ level: Int) -> String {
    steps.map { step in
      if case .bridge = step.kind { return lines(step, level + 1) }
      return lines(step, level)
    }.joined()
  }

  private func heading(_ bridge: BridgeName, _ level: Int) -> String {
    let title = "bridge(\"\(bridge)\")"
    return "\n" + line(level, title) + line(level, String(repeating: "-", count: title.count))
  }
  private func line(_ level: Int, _ text: String) -> String {
    String(repeating: " ", count: 4 * level) + text + "\n"
  }

  /// ` 0. in_port=1, priority 3, cookie 0x5`.
  private func table(_ lookup: TableLookup) -> String {
    let number = lookup.table < 10 ? " \(lookup.table)" : "\(lookup.table)"
    switch lookup.outcome {
    case .miss: return "\(number). No match."
    case .unknown: return "\(number). Flows not captured."
    case .flow(let flow), .learned(let flow):
      var parts = flow.match.description.isEmpty ? [] : [flow.match.description]
      parts.append("priority \(flow.priority)")
      if flow.cookie != 0 { parts.append("cookie 0x\(String(flow.cookie, radix: 16))") }
      return "\(number). \(parts.joined(separator: ", "))"
    }
  }
}

extension TranslationError {
  var traceText: String {
    switch self {
    case .recursionTooDeep: "over max translation depth \(Translator.maximumDepth)"
    case .tooManyResubmits: "over \(Translator.maximumResubmits) resubmit actions"
    case .stackTooDeep: "resubmits yielded over 64 kB of stack"
    case .congestionDrop: "congestion drop"
    case .forwardingDisabled: "forwarding is disabled"
    case .tooManyMPLSLabels: "too many MPLS labels"
    case .unsupportedPacketType: "unsupported packet type"
    case .unknownBridge: "bridge not found"
    }
  }
}

extension SwitchEvent: CustomStringConvertible {
  /// With the arrow that a trace puts before it.
  var traceText: String { isWarning ? " >> \(self)" : " -> \(self)" }

  private var isWarning: Bool {
    switch self {
    case .outputToInputPort, .nonexistentPort, .protectedPorts, .noInputBundle,
      .mirrorPortIsInput, .learnedPortIsMirror, .learnedPortUnknown, .nonexistentGroup,
      .tunnelToOwnAddress, .timeToLiveExceeded, .unmetPrerequisites, .vlanOnAccessPort,
      .vlanNotTrunked, .customerVLANExcluded, .portOutOfRange, .learnSuppressed,
      .spanningTreeBlocks, .patchWithoutPeer, .stackUnderflow, .conjunctionExecuted,
      .resubmitUntracked, .tooManyRecirculations, .tunnelPortUnusable, .bondRefuses, .noReceive:
      true
    default: false
    }
  }

  /// OVS's words where it has some.
  public var description: String {
    switch self {
    case .nonexistentPort: "Nonexistent output port"
    case .outputToInputPort: "skipping output to input port"
    case .noForward: "OFPPC_NO_FWD set, skipping output"
    case .noReceive(let name): "OFPPC_NO_RECV set on \(name), dropping"
    case .protectedPorts: "Flow is between protected ports, skipping output."
    case .spanningTreeBlocks(let name): "STP not in forwarding state on \(name)"
    case .patchWithoutPeer(let name): "patch port \(name) has no peer, dropping"
    case .portOutOfRange(let port): "output port \(port) is out of range"
    case .tunnelToOwnAddress: "Not tunneling to our own address"
    case .tunnelPortUnusable: "Tunneling decided against output"
    case .outputToTunnel(let name): "output to tunnel \(name)"
    case .special(let what): "\(what), dropping"
    default: bridgingText
    }
  }

  private var bridgingText: String {
    switch self {
    case .noInputBundle: "no input bundle, dropping"
    case .mirrorPortIsInput: "input port is mirror output port, dropping"
    case .vlanOnAccessPort(let vlan, let port, let access):
      "dropping VLAN \(vlan) tagged packet received on port \(port) configured as VLAN \(access) access port"
    case .vlanNotTrunked(let vlan, let port):
      "dropping VLAN \(vlan) packet received on port \(port) not configured for trunking VLAN \(vlan)"
    case .customerVLANExcluded(let vlan, let port):
      "dropping VLAN \(vlan) packet received on dot1q-tunnel port \(port) that excludes this VLAN"
    case .reservedMulticast: "packet has reserved destination MAC, dropping"
    case .bondRefuses: "bonding refused admissibility, dropping"
    case .learned(let mac, let port, let vlan):
      "learned that \(mac) is on port \(port) in VLAN \(vlan)"
    case .forwardingTo(let port): "forwarding to learned port \(port)"
    case .learnedPortIsMirror: "learned port is a mirror port, dropping"
    case .learnedPortUnknown: "learned port is unknown, dropping"
    case .learnedPortIsInput: "learned port is input port, dropping"
    case .flooding: "no learned MAC for destination, flooding"
    case .multicastFlooding: "multicast traffic, flooding"
    default: actionText
    }
  }

  private var actionText: String {
    switch self {
    case .timeToLiveExceeded(let version): "IPv\(version) decrement TTL exception"
    case .stackUnderflow: "stack underflow"
    case .unmetPrerequisites(let field): "unmet prerequisites for \(field), set_field ignored"
    case .nonexistentGroup(let id): "output to nonexistent group \(id)"
    case .usingBucket(let id): "using bucket \(id)"
    case .noLiveBucket: "no live bucket"
    case .fieldIsNow(let field, let value): "\(field) is now 0x\(String(value, radix: 16))"
    case .outputPortIs(let port): "output port is \(port)"
    case .forkedToRecirculate(let table):
      "A clone of the packet is forked to recirculate. The forked pipeline will be resumed at table \(table)."
    case .tooManyRecirculations: "recirculation limit reached, dropping"
    case .connectionStateCleared:
      "Sets the packet to an untracked state, and clears all the conntrack fields."
    case .learnSuppressed: "suppressing side effects, so learn action ignored"
    case .learnedFlow(let flow): "\(flow)"
    case .learnLimitReached: "Limit exceeded, learn failed"
    case .conjunctionExecuted: "executing no-op conjunction action"
    case .resubmitUntracked: "resubmit(ct) with non-tracked or non-IP packet!"
    default: ""
    }
  }
}
