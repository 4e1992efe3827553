// One node's Open vSwitch over sets of packets: the same flows, ports and bundles that a trace
// uses, walked flow by flow with everything that matches at once. Where a MAC table, a timeout or
// a hash chooses, all choices are taken: what is found may be reached, what is not, never.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

/// A beam that leaves the switch.
struct SwitchExit {
  enum Kind: Hashable {
    case port(SwitchPortKey)
    case tunnel(SwitchPortKey, id: UInt64, source: IPAddress?, destination: IPAddress)
  }
  let kind: Kind
  var beam: Beam
}

/// A flow with its match as a set.
struct CompiledFlow {
  let entry: FlowEntry
  let match: PacketSet
  /// Exact values of metadata: what most flows do not match is seen without any set.
  let constants: [(field: Int, value: UInt128)]
  /// Parts of the match that are not modelled.
  let unmodelled: [String]
  let clauses: [(id: UInt32, clause: UInt8, count: UInt8)]
}

final class SwitchReach {
  let space: PacketSpace
  let node: NodeModel
  var exits: [SwitchExit] = []
  var unknowns: [UnknownPart] = []
  /// Frames for the MAC that they come from.
  let toSender: PacketSet
  private var starts: [Start: PacketSet] = [:]
  private var compiled: [BridgeName: [UInt8: [CompiledFlow]]] = [:]

  init(_ node: NodeModel, toSender: PacketSet, space: PacketSpace) {
    self.node = node
    self.toSender = toSender
    self.space = space
  }

  /// Everything that the switch makes of what comes in on a port.
  func run(_ port: SwitchPortKey, _ beam: Beam, tunnel: TunnelMetadata? = nil)
    -> (exits: [SwitchExit], unknowns: [UnknownPart])
  {
    exits = []
    unknowns = []
    guard let bridge = node.openVSwitch.bridge(port.bridge) else {
      unknowns = [UnknownPart("the switch of \(node.name) has no bridge \(port.bridge)", beam)]
      return (exits, unknowns)
    }
    var pipe = Pipe(beam: beam, bridge: bridge, inPort: port.number)
    enter(&pipe, tunnel: tunnel)
    if let port = bridge.port(port.number), !mayReceive(port) { return ([], []) }
    if !bridge.mirrors.isEmpty { unknown("mirrors of \(bridge.name) are not modelled", pipe) }
    goTo(0, pipe)
    return (merged(exits), unknowns)
  }

  private func enter(_ pipe: inout Pipe, tunnel: TunnelMetadata?) {
    pipe.beam.set = begin(pipe.beam.set, HeaderField.pipelineMask, pipe.inPort, tunnel)
    pipe.ownTunnelAddress = tunnel?.destination
  }

  /// Packets as a bridge's pipeline starts with them: the fields of `mask` as they are then.
  func begin(
    _ set: PacketSet, _ mask: UInt64, _ inPort: OpenFlowPort, _ tunnel: TunnelMetadata? = nil
  ) -> PacketSet {
    space.and(start(mask, inPort, tunnel), space.forget(mask, in: set))
  }

  private struct Start: Hashable {
    let mask: UInt64
    let inPort: OpenFlowPort
    let tunnel: TunnelMetadata?
  }
  private func start(_ mask: UInt64, _ inPort: OpenFlowPort, _ tunnel: TunnelMetadata?)
    -> PacketSet
  {
    let key = Start(mask: mask, inPort: inPort, tunnel: tunnel)
    if let known = starts[key] { return known }
    var set = PacketSet.all
    for field in HeaderField.allCases.reversed() where mask & field.bit != 0 {
      let value: UInt128 =
        switch field {
        case .inPort: UInt128(inPort.sixteenBits)
        case .tunnelID: UInt128(tunnel?.id ?? 0)
        case .tunnelSource: tunnel?.source?.bits ?? 0
        case .tunnelDestination: tunnel?.destination?.bits ?? 0
        default: 0
        }
      set = space.and(space.value(field, value), set)
    }
    starts[key] = set
    return set
  }

  /// What leaves by one way in one beam; pipeline metadata stays behind.
  private func merged(_ exits: [SwitchExit]) -> [SwitchExit] {
    struct Key: Hashable {
      let kind: SwitchExit.Kind
      let commits: [Commit]
    }
    var order: [Key] = []
    var grouped: [Key: [Beam]] = [:]
    for exit in exits {
      let key = Key(kind: exit.kind, commits: exit.beam.commits)
      if grouped[key] == nil { order.append(key) }
      var beam = exit.beam
      beam.set = space.forget(HeaderField.pipelineMask, in: beam.set)
      grouped[key, default: []].append(beam)
    }
    return order.compactMap { key in
      space.joined(grouped[key] ?? []).map { SwitchExit(kind: key.kind, beam: $0) }
    }
  }

  func mayReceive(_ port: SwitchPort) -> Bool {
    !port.config.contains("NO_RECV")
      && port.state.isDisjoint(with: ["STP_LISTEN", "STP_BLOCK", "STP_LEARN"])
  }

  func unknown(_ reason: String, _ pipe: Pipe, evidence: Evidence? = nil) {
    if pipe.beam.set.isEmpty { return }
    unknowns.append(UnknownPart(reason, pipe.beam, evidence: evidence))
  }

  // MARK: Flows

  func flows(of table: UInt8, _ bridge: SwitchBridge) -> [CompiledFlow] {
    if let known = compiled[bridge.name]?[table] { return known }
    let flows = bridge.flows.flows(of: table).map(compile)
      .sorted { $0.entry.priority > $1.entry.priority }
    compiled[bridge.name, default: [:]][table] = flows
    return flows
  }

  private func compile(_ entry: FlowEntry) -> CompiledFlow {
    var parts: [PacketSet] = []
    var constants: [(field: Int, value: UInt128)] = []
    var unmodelled = entry.match.unrecognised.map(\.key)
    for part in entry.match.fields {
      guard let set = space.condition(part) else {
        unmodelled.append(part.field.name)
        continue
      }
      parts.append(set)
      if part.isExact || part.mask == 0x1fff, let place = part.field.place, place.shift == 0 {
        constants.append((place.field.rawValue, place.field.encoded(part.value)))
      }
    }
    return CompiledFlow(
      entry: entry, match: space.all(of: parts.reversed()), constants: constants,
      unmodelled: unmodelled,
      clauses: entry.actions.compactMap {
        guard case .conjunction(let id, let clause, let count) = $0 else { return nil }
        return (id, clause, count)
      })
  }
}

/// A beam inside a bridge's pipeline.
struct Pipe {
  var beam: Beam
  var bridge: SwitchBridge
  var inPort: OpenFlowPort
  /// Tables, patches and groups so far.
  var depth = 0
  var ownTunnelAddress: IPAddress?

  func with(_ set: PacketSet) -> Pipe {
    var pipe = self
    pipe.beam.set = set
    return pipe
  }
}
