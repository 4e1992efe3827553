// Each leak's packet is traced by the other evaluator before anyone hears of it.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow
import PacketSets
import Reachability
import Trace

/// A leak with its packet and what the tracer makes of it.
public struct ConfirmedLeak: Sendable {
  public enum Verdict: Hashable, Sendable {
    case confirmed
    /// The tracer cannot tell.
    case unknown(String)
    /// The tracer does not see it arrive: one of us is wrong.
    case disagreement(String)
  }
  public let leak: Leak
  public let packet: Packet
  public let verdict: Verdict
  /// The flows, rules and records that let it through, in the packet's order.
  public let evidence: [Evidence]
}

struct LeakConfirmation {
  let tracer: Tracer
  let space: PacketSpace

  func confirm(_ leak: Leak) -> ConfirmedLeak {
    let packet = space.packet(leak.witness)
    let trace = pursued(packet, leak)
    return ConfirmedLeak(
      leak: leak, packet: packet, verdict: verdict(trace, leak),
      evidence: evidence(trace, leak))
  }

  /// As the tables are, and as they are when some or all of what was learnt is gone: any of them
  /// shows that it can.
  private func pursued(_ packet: Packet, _ leak: Leak) -> FrameTrace {
    let trace = follow(packet, leak.origin, .whole)
    for memory in [Pursuit.Memory.none, .flowsOnly] where !arrives(trace, at: leak) {
      let fresh = follow(packet, leak.origin, memory)
      if arrives(fresh, at: leak) { return fresh }
    }
    return trace
  }

  /// The way of the packet that shows it.
  func trace(_ leak: Leak) -> TraceResult {
    let packet = space.packet(leak.witness)
    let trace = pursued(packet, leak)
    let origin: ProbeOrigin =
      switch leak.origin {
      case .guest(let index): .port(tracer.cloud.guests[index].port)
      case .outside: .external(packet.source ?? .v4(.any))
      }
    return TraceResult(trace, of: packet, from: origin, to: end(trace, leak))
  }

  private func follow(_ packet: Packet, _ origin: ReachOrigin, _ memory: Pursuit.Memory)
    -> FrameTrace
  {
    switch origin {
    case .guest(let index): tracer.trace(packet, fromGuest: index, memory: memory)
    case .outside(let index): tracer.trace(packet, fromOutside: index, memory: memory)
    }
  }

  private func verdict(_ trace: FrameTrace, _ leak: Leak) -> ConfirmedLeak.Verdict {
    if arrives(trace, at: leak) { return .confirmed }
    if let unknown = trace.unknowns.first { return .unknown(unknown.text) }
    return .disagreement(trace.reason?.text ?? "no copy of it arrives")
  }

  private func arrives(_ trace: FrameTrace, at leak: Leak) -> Bool {
    switch leak.place {
    case .guest(let index): trace.receivers.contains(.guest(index))
    case .outside(let index): trace.receivers.contains(.outside(index))
    case .device(let key): trace.receivers.contains(.device(key))
    case .stack(let key): trace.receivers.contains(.namespace(key.namespaceKey))
    }
  }

  // MARK: Why

  private func evidence(_ trace: FrameTrace, _ leak: Leak) -> [Evidence] {
    guard let end = end(trace, leak) else { return [] }
    var found: [Evidence] = []
    for index in trace.way(to: end) {
      for evidence in deciding(trace.steps[index]) where !found.contains(evidence) {
        found.append(evidence)
      }
    }
    return found
  }

  private func end(_ trace: FrameTrace, _ leak: Leak) -> Int? {
    trace.steps.indices.last { isEnd(trace.steps[$0], of: leak) }
      ?? trace.steps.indices.last { isThere(trace.steps[$0], leak) }
  }

  /// A stack that gets a packet need not take it: it came as far as that.
  private func isThere(_ step: Step, _ leak: Leak) -> Bool {
    switch (leak.place, step.place) {
    case (.stack(let key), .device(let other)), (.device(let key), .device(let other)):
      key == other
    case (.stack(let key), .namespace(let other)): key.namespaceKey == other
    case (.guest(let index), .device(let key)):
      tracer.cloud.guestsByDevice[key]?.contains(index) ?? false
    default: false
    }
  }

  private func isEnd(_ step: Step, of leak: Leak) -> Bool {
    switch (leak.place, step.place, step.event) {
    case (.guest(let index), .device(let key), .sent):
      return tracer.cloud.guestsByDevice[key]?.contains(index) ?? false
    case (.guest(let index), .guest(_, let name), _):
      return step.parent != nil && tracer.cloud.guests[index].name == name
    case (.outside, .outside, _): return step.parent != nil
    case (.device(let key), .device(let other), .received): return key == other
    case (.stack(let key), .namespace(let other), .delivered): return key.namespaceKey == other
    default: return false
    }
  }

  /// A flow that sends, a rule that accepts or rewrites, a route.
  private func deciding(_ step: Step) -> [Evidence] {
    switch step.event {
    case .openFlow(let translation): return translation.outputs.compactMap(\.flow)
    case .netfilter(_, let result): return result.steps.compactMap { $0.rule?.evidence }
    case .routed(let route, _, let rule):
      return [route.evidence] + (rule.map { [$0.evidence] } ?? [])
    default: return []
    }
  }
}
