// What `ofproto/trace` prints and what programs want of it, made of one evaluation.
import Conntrack
import Facts
import NetworkTypes

/// One trace: the question, and the evaluator's answer.
public struct OfprotoTrace: Sendable {
  public let input: SwitchInput
  public let translation: Translation
  private let bridges: [BridgeName: SwitchBridge]

  /// Traces a flow in the syntax of `ofproto/trace`'s argument, already read.
  ///
  /// Connection tracking is assumed: `nextStates` one a recirculation, then `trk|new`. MAC tables
  /// are the captured ones; nothing is learned.
  public init(
    _ model: SwitchModel, bridge: BridgeName, flow: FlowMatch,
    nextStates: [ConntrackState] = []
  ) {
    let options = TranslationOptions(conntrack: .assumed(nextStates), learns: false)
    self.init(model, SwitchInput(bridge: bridge, tracing: flow, options: options))
  }

  public init(_ model: SwitchModel, _ input: SwitchInput) {
    var state = SwitchState(capturedIn: model)
    var conntrack = ConntrackTable()
    self.input = input
    bridges = model.bridges
    translation = model.translate(input, state: &state, conntrack: &conntrack)
  }

  /// A table that the packet was looked up in.
  public struct Lookup: Hashable, Sendable {
    public var bridge: BridgeName
    public var table: UInt8
    /// Nil at a miss.
    public var priority: UInt16?
  }

  /// In the order visited.
  public var lookups: [Lookup] {
    translation.lookups.map {
      Lookup(bridge: $0.bridge, table: $0.table, priority: $0.flow?.priority)
    }
  }
  /// Final ones: devices, tunnels, local ports, the controller.
  public var outputs: [SwitchOutput] { translation.outputs }
  /// Nothing leaves the switch, not even towards a controller.
  public var isDropped: Bool { translation.isDropped }
  public var unknowns: [SwitchUnknown] { translation.unknowns }

  /// The text, in the form that users of `ofproto/trace` know.
  public var text: String {
    var text = "Flow: \(input.flowText)\n"
    for step in translation.steps { text += TraceText(bridges: bridges).root(step) }
    return text + ending
  }

  private var ending: String {
    var text = "\nDatapath actions: "
    text += outputs.isEmpty ? "drop" : outputs.map(\.traceText).joined(separator: ",")
    for unknown in unknowns { text += "\nUnknown, because \(unknown.bridge): \(unknown.cause)" }
    return text + "\n"
  }
}

extension SwitchInput {
  /// As `Flow:` has it, without what is zero.
  var flowText: String {
    var match = FlowMatch()
    let key = FlowKey(packet, inPort: port, vlanLimit: 2)
    for field in Self.shownFields where key.meets(field.prerequisite) {
      guard let value = key.read(field), value != 0 || Self.alwaysShown.contains(field)
      else { continue }
      match.set(field, value)
    }
    for field in fields { match.set(field.field, field.value) }
    return match.description
  }
  private static let shownFields: [OpenFlowField] = [
    .packetMark, .tunID, .tunSrc, .tunDst, .inPort, .vlanTCI, .ethSrc, .ethDst, .ethType, .ipSrc,
    .ipDst, .ipv6Src, .ipv6Dst, .nwProto, .nwTOS, .nwECN, .nwTTL, .ipFrag, .arpOp, .arpSPA,
    .arpTPA, .arpSHA, .arpTHA, .tcpSrc, .tcpDst, .tcpFlags, .udpSrc, .udpDst, .sctpSrc, .sctpDst,
    .icmpType, .icmpCode, .icmp6Type, .icmp6Code, .ndTarget,
  ]
  private static let alwaysShown: Set<OpenFlowField> = [.ethType, .nwProto, .ethSrc, .ethDst]
}

extension SwitchOutput {
  /// One item of the last line: the port by name, with what is put around the packet.
  var traceText: String {
    switch kind {
    case .controller(let reason): return "controller(reason=\(reason))"
    case .tunnel(let type, let metadata, _):
      let source = metadata.source.map { "\($0)" } ?? "?"
      let destination = metadata.destination.map { "\($0)" } ?? "?"
      return
        "tunnel(\(type),tun_id=0x\(String(metadata.id, radix: 16)),src=\(source),dst=\(destination)),\(name)"
    case .device, .internal: return "\(tagText)\(name)"
    }
  }
  private var tagText: String {
    packet.vlans.outer.map { "vlan(vid=\($0.id),pcp=\($0.priority))," } ?? ""
  }
}
