// Out of a bridge: by port, by NORMAL, through a patch, into a tunnel.
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

extension SwitchReach {
  func output(to port: OpenFlowPort, _ pipe: Pipe, _ evidence: Evidence) {
    switch port {
    case .inPort: send(to: pipe.inPort, pipe)
    case .table: goTo(0, pipe)
    case .normal: forwardNormally(pipe)
    case .flood, .all:
      for number in pipe.bridge.portNumbers where number != pipe.inPort {
        let isQuiet = pipe.bridge.port(number)?.config.contains("NO_FLOOD") ?? false
        if port == .all || !isQuiet { send(to: number, pipe) }
      }
    case .controller, .any: break
    default: if port != pipe.inPort { send(to: port, pipe) }
    }
  }

  func send(to number: OpenFlowPort, _ pipe: Pipe) {
    guard let port = pipe.bridge.port(number), !port.config.contains("NO_FWD"),
      port.state.isDisjoint(with: ["STP_LISTEN", "STP_BLOCK", "STP_LEARN"]),
      !pipe.beam.set.isEmpty
    else { return }
    switch port.kind {
    case .device, .internal:
      exits.append(SwitchExit(kind: .port(port.key), beam: pipe.beam))
    case .patch(let peer): cross(peer, pipe)
    case .tunnel(let tunnel): encapsulate(port, tunnel, pipe)
    }
  }

  private func cross(_ peer: SwitchPortKey?, _ pipe: Pipe) {
    guard let peer, let next = node.openVSwitch.bridge(peer.bridge),
      let entry = next.port(peer.number), mayReceive(entry)
    else { return }
    var pipe = pipe
    // Depth is limited as OVS limits it: patches that lead into each other come to an end.
    pipe.beam.set = begin(pipe.beam.set, HeaderField.pipelineMask, peer.number)
    pipe.bridge = next
    pipe.inPort = peer.number
    pipe.ownTunnelAddress = nil
    if !next.mirrors.isEmpty { unknown("mirrors of \(next.name) are not modelled", pipe) }
    goTo(0, pipe)
  }

  private func encapsulate(_ port: SwitchPort, _ tunnel: TunnelConfiguration, _ pipe: Pipe) {
    let remote: IPAddress
    switch tunnel.remote {
    case .address(let address): remote = address
    case .flow:
      guard let bits = space.constant(of: .tunnelDestination, in: pipe.beam.set) else {
        return unknown("a tunnel's far end that is not one address is not modelled", pipe)
      }
      if bits == 0 { return }
      remote = IPAddress(bits: bits, family: bits >> 32 == 0 ? .ipv4 : .ipv6)
    case .any: return
    case .unrecognised(let text): return unknown("tunnel remote \(text) is a name", pipe)
    }
    // A packet does not go back into the tunnel that it came from.
    if remote == pipe.ownTunnelAddress { return }
    var local: IPAddress?
    if case .address(let address) = tunnel.local { local = address }
    for (id, set) in tunnelIDs(tunnel, pipe) {
      exits.append(
        SwitchExit(
          kind: .tunnel(port.key, id: id, source: local, destination: remote),
          beam: pipe.with(set).beam))
    }
  }

  private func tunnelIDs(_ tunnel: TunnelConfiguration, _ pipe: Pipe) -> [(UInt64, PacketSet)] {
    switch tunnel.outKey {
    case .absent: return [(0, pipe.beam.set)]
    case .fixed(let id): return [(id, pipe.beam.set)]
    case .flow:
      return space.splits(.tunnelID, of: pipe.beam.set).compactMap { values, _ in
        guard values.lowerBound == values.upperBound else {
          unknown("a tunnel key that is not one value is not modelled", pipe)
          return nil
        }
        let part = space.and(pipe.beam.set, space.value(.tunnelID, values.lowerBound))
        return (UInt64(truncatingIfNeeded: values.lowerBound), part)
      }
    }
  }

  // MARK: NORMAL

  /// As a switch whose MAC table may hold anything: a frame may go to every port of its VLAN. Only
  /// its own sender has certainly just been heard, on the port that it came from.
  private func forwardNormally(_ pipe: Pipe) {
    guard let index = pipe.bridge.bundle(of: pipe.inPort) else { return }
    let input = pipe.bridge.bundles[index]
    var set = pipe.beam.set
    if !pipe.bridge.forwardsBPDUs {
      let reserved = space.interval(.ethDestination, 0x0180_c200_0000...0x0180_c200_000f)
      set = space.minus(set, reserved)
    }
    guard var inside = incoming(input, pipe.with(set)) else {
      return unknown("802.1Q tunnel ports are not modelled", pipe, evidence: input.evidence)
    }
    let unlearned = space.union(
      pipe.bridge.floodVLANs.sorted().map { space.value(.vlan, UInt128($0.rawValue) | tagPresent) })
    inside.beam.set = space.minus(inside.beam.set, space.minus(toSender, unlearned))
    for (other, bundle) in pipe.bridge.bundles.enumerated() where other != index {
      if input.isProtected, bundle.isProtected { continue }
      guard bundle.mode != .dot1qTunnel else {
        unknown("802.1Q tunnel ports are not modelled", inside, evidence: bundle.evidence)
        continue
      }
      guard let member = bundle.members.first else { continue }
      var allowed = space.and(inside.beam.set, carried(bundle))
      if !bundle.isFloodable {
        allowed = space.minus(allowed, space.isGroup(.ethDestination))
      }
      if allowed.isEmpty { continue }
      for number in bundle.isBond ? bundle.members : [member] {
        send(to: number, outgoing(bundle, inside.with(allowed)))
      }
    }
  }

  /// Tags as the bridge sees them: 0 for none and for VLAN 0.
  private func incoming(_ bundle: PortBundle, _ pipe: Pipe) -> Pipe? {
    let untagged = space.or(space.value(.vlan, 0), space.value(.vlan, tagPresent))
    let own = bundle.tag.map { $0.rawValue == 0 ? 0 : UInt128($0.rawValue) | tagPresent } ?? 0
    func assigned(_ tag: UInt128, _ set: PacketSet) -> Pipe {
      rewritten(pipe.with(set), HeaderField.vlan.bit, space.assign(.vlan, tag, in: set))
    }
    switch bundle.mode {
    case .access: return assigned(own, space.and(pipe.beam.set, untagged))
    case .trunk:
      return pipe.with(space.and(pipe.beam.set, trunked(bundle)))
    case .nativeTagged, .nativeUntagged:
      let bare = space.and(pipe.beam.set, untagged)
      let tagged = space.and(space.minus(pipe.beam.set, bare), trunked(bundle))
      return rewritten(
        pipe.with(space.or(bare, tagged)), HeaderField.vlan.bit,
        space.or(space.assign(.vlan, own, in: bare), tagged))
    case .dot1qTunnel: return nil
    }
  }

  /// Frames of VLANs that a trunk carries.
  private func trunked(_ bundle: PortBundle) -> PacketSet {
    guard let trunks = bundle.trunks else { return .all }
    return space.union(
      trunks.map { id in
        id.rawValue == 0
          ? space.or(space.value(.vlan, 0), space.value(.vlan, tagPresent))
          : space.value(.vlan, UInt128(id.rawValue) | tagPresent)
      })
  }

  private func carried(_ bundle: PortBundle) -> PacketSet {
    guard bundle.mode == .access else { return trunked(bundle) }
    let tag = bundle.tag?.rawValue ?? 0
    let own =
      tag == 0
      ? space.or(space.value(.vlan, 0), space.value(.vlan, tagPresent))
      : space.value(.vlan, UInt128(tag) | tagPresent)
    // A second tag is in an access port's way only where the switch looks for it.
    return node.openVSwitch.vlanLimit < 2 ? own : space.and(own, space.value(.innerVLAN, 0))
  }

  private func outgoing(_ bundle: PortBundle, _ pipe: Pipe) -> Pipe {
    let own = UInt128(bundle.tag?.rawValue ?? 0) | tagPresent
    switch bundle.mode {
    case .access: return popTag(pipe)
    case .nativeUntagged:
      let mine = popTag(pipe.with(space.and(pipe.beam.set, space.value(.vlan, own))))
      let others = space.minus(pipe.beam.set, space.value(.vlan, own))
      var both = pipe
      both.beam = space.joined([mine.beam, pipe.with(others).beam]) ?? pipe.beam
      return both
    default: return pipe
    }
  }
}
