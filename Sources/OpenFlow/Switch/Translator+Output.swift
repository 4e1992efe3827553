// Sending: to a port, through a patch into the next bridge, into a tunnel, to the controller.
import Facts
import NetworkTypes

extension Translator {
  // MARK: Which port

  func output(
    to port: OpenFlowPort, maximumBytes: UInt32?, mayMiss: Bool, isLast: Bool, inBucket: Bool
  ) {
    if let maximumBytes, port != .controller {
      outputTruncated(to: port, maximumBytes, isLast: isLast)
      return
    }
    switch port {
    case .inPort: send(to: key.inPort, isLast: isLast)
    case .table: goToTable(0, inPort: key.inPort, honorsMiss: true, isLast: false)
    case .normal: forwardNormally()
    case .flood: flood(toAll: false, isLast: isLast)
    case .all: flood(toAll: true, isLast: isLast)
    case .controller: sendToController(reason: outputReason(inBucket))
    case .any: break
    default:
      if port == key.inPort {
        drop(.outputToInputPort)
      } else {
        send(to: port, isLast: isLast)
      }
    }
  }

  private func outputReason(_ inBucket: Bool) -> String {
    inBucket ? "group" : isExecutingActionSet ? "action_set" : "action"
  }

  private func outputTruncated(to port: OpenFlowPort, _ bytes: UInt32, isLast: Bool) {
    guard !port.isReserved || port == .local || port == .inPort else { return }
    let target = port == .inPort ? key.inPort : port
    guard port != key.inPort else {
      drop(.outputToInputPort)
      return
    }
    guard let real = bridge.port(target), !real.isPatch else {
      drop(.nonexistentPort(target))
      return
    }
    send(to: target, isLast: isLast, truncatedBytes: Int(bytes))
  }

  func outputToField(_ field: Subfield, _ maximum: UInt32?, isLast: Bool, inBucket: Bool) {
    guard let value = key.read(field) else {
      noteUnknown(.unmodelledAction("output to \(field.field.name)"))
      return
    }
    guard value <= 0xffff else {
      drop(.portOutOfRange(UInt64(truncatingIfNeeded: value)))
      return
    }
    report(.outputPortIs(UInt64(value)))
    output(
      to: OpenFlowPort(UInt32(value)), maximumBytes: nil, mayMiss: false, isLast: isLast,
      inBucket: inBucket)
  }

  func enqueue(_ port: OpenFlowPort, isLast: Bool) {
    let target = port == .inPort ? key.inPort : port
    if port != .inPort, target == key.inPort { return }
    send(to: target, isLast: isLast)
  }

  private func flood(toAll: Bool, isLast: Bool) {
    let targets = bridge.portNumbers.filter { number in
      number != key.inPort
        && (toAll || !(bridge.port(number)?.config.contains("NO_FLOOD") ?? false))
    }
    for target in targets {
      send(to: target, isLast: isLast && target == targets.last, checksTree: !toAll)
    }
  }

  // MARK: Through the port

  func send(
    to number: OpenFlowPort, isLast: Bool, checksTree: Bool = true, truncatedBytes: Int? = nil
  ) {
    guard let place = site.port(number) else {
      drop(.nonexistentPort(number))
      return
    }
    send(to: place, isLast: isLast, checksTree: checksTree, truncatedBytes: truncatedBytes)
  }

  func send(
    to place: PortSite, isLast: Bool, checksTree: Bool = true, truncatedBytes: Int? = nil
  ) {
    if let refusal = refusal(of: place, checksTree: checksTree) {
      drop(refusal, evidence: place.port.portEvidence ?? place.port.interfaceEvidence)
      return
    }
    switch place.port.kind {
    case .patch(let peer):
      sentPacket = nil
      sendThroughPatch(place.port, to: peer, isLast: isLast)
      sentPacket = nil
      if peer != nil { return }
    case .tunnel(let tunnel):
      let isSent = sendIntoTunnel(place, tunnel)
      sentPacket = nil
      guard isSent else { return }
    case .device: emit(place, .device, truncatedBytes: truncatedBytes)
    case .internal: emit(place, .internal, truncatedBytes: truncatedBytes)
    }
    if let bundle = place.port.bundle { mirrorEgress(bundle) }
  }

  private func refusal(of place: PortSite, checksTree: Bool) -> SwitchEvent? {
    if place.refusesToForward { return .noForward(place.port.name) }
    if isBetweenProtectedPorts(place) { return .protectedPorts }
    guard checksTree, !place.forwards else { return nil }
    return .spanningTreeBlocks(place.port.name)
  }

  private func isBetweenProtectedPorts(_ place: PortSite) -> Bool {
    guard let to = place.port.bundle, bridge.bundles[to].isProtected,
      let from = site.port(key.inPort)?.port.bundle
    else { return false }
    return bridge.bundles[from].isProtected
  }

  private func emit(_ place: PortSite, _ kind: SwitchOutput.Kind, truncatedBytes: Int? = nil) {
    var isTunnelled = false
    if case .tunnel = kind { isTunnelled = true }
    outputs.append(
      SwitchOutput(
        bridge: bridge.name, port: place.port.number, name: place.port.name, kind: kind,
        packet: sharedPacket(keepsTunnel: isTunnelled), isLinkUp: place.isLinkUp,
        isMirrored: isMirroring, truncatedBytes: truncatedBytes, flow: flow.evidence))
  }

  /// The leaving packet, or the one of the last output where nothing but tags was changed since, and not
  /// these either.
  private func sharedPacket(keepsTunnel: Bool) -> SharedPacket {
    let tags = key.words[KeySlot.vlanWord]
    if let sentPacket, sentTags == tags, !keepsTunnel { return sentPacket }
    var packet = leavingPacket
    if !keepsTunnel { packet.tunnel = nil }
    let shared = SharedPacket(packet)
    (sentPacket, sentTags) = (keepsTunnel ? nil : shared, tags)
    return shared
  }

  /// The packet as it is on the wire now: the pipeline's view, with NAT that it did not see.
  var leavingPacket: Packet {
    if wire.rewrites.isEmpty { return key.applied(to: original, hidden: hiddenTag) }
    var actual = key
    for rewrite in wire.rewrites where key.read(rewrite.field) == rewrite.believed {
      _ = actual.write(rewrite.field, rewrite.actual)
    }
    return actual.applied(to: original, hidden: hiddenTag)
  }

  func sendToController(reason: String) {
    outputs.append(
      SwitchOutput(
        bridge: bridge.name, port: .controller, name: "CONTROLLER",
        kind: .controller(reason: reason), packet: SharedPacket(leavingPacket), isLinkUp: true,
        isMirrored: false, truncatedBytes: nil, flow: flow.evidence))
  }

  func controller(_ action: ControllerAction) {
    sendToController(reason: action.reason)
    if action.isPausing {
      noteUnknown(.unmodelledAction("controller(pause)"))
      isExiting = true
    }
  }

  // MARK: Patch ports

  private func sendThroughPatch(_ port: SwitchPort, to peer: SwitchPortKey?, isLast: Bool) {
    guard let peer, let next = model.site(peer.bridge), let entry = next.port(peer.number)
    else {
      drop(.patchWithoutPeer(port.name), evidence: port.interfaceEvidence)
      return
    }
    let saved = Crossing(self)
    key.inPort = peer.number
    key[.metadata] = 0
    key.clear(words: KeySlot.tunnelWords)
    key.clear(words: KeySlot.registerWords)
    key[.actionSetOutput] = UInt64(OpenFlowPort.unset.sixteenBits)
    key.clearConnection()
    isTracked = false
    stack = []
    actionSet = []
    actionSetHasGroup = false
    if site !== next { mirrored = [] }
    site = next
    visibleLearnedFlows = state.flowsLearned(on: next)
    report(.bridge(next.number, port: peer.number)) { self.cross(entry, isLast: isLast) }
    saved.restore(self)
  }

  private func cross(_ entry: PortSite, isLast: Bool) {
    guard mayReceive(entry) else {
      drop(.noReceive(entry.port.name), evidence: entry.port.interfaceEvidence)
      return
    }
    let sent = outputs.count
    goToTable(0, inPort: key.inPort, honorsMiss: true, isLast: isLast, clones: true)
    if entry.forwards {
      runActionSet()
    } else {
      outputs.removeSubrange(sent...)
      drop(.spanningTreeBlocks(entry.port.name), evidence: entry.port.interfaceEvidence)
    }
  }
}

/// What a packet's way through another bridge must not change in this one.
private struct Crossing {
  private let key: FlowKey
  private let site: BridgeSite
  private let isTracked: Bool
  private let stack: [StackEntry]
  private let actionSet: [FlowAction]
  private let actionSetHasGroup: Bool
  private let mirrored: Set<Int>
  private let visibleLearnedFlows: [LearnedFlow]

  init(_ translator: Translator) {
    key = translator.key
    site = translator.site
    isTracked = translator.isTracked
    stack = translator.stack
    actionSet = translator.actionSet
    actionSetHasGroup = translator.actionSetHasGroup
    mirrored = translator.mirrored
    visibleLearnedFlows = translator.visibleLearnedFlows
  }

  func restore(_ translator: Translator) {
    translator.key = key
    if translator.site !== site { translator.mirrored = mirrored }
    translator.site = site
    translator.visibleLearnedFlows = visibleLearnedFlows
    translator.isTracked = isTracked
    translator.stack = stack
    translator.actionSet = actionSet
    translator.actionSetHasGroup = actionSetHasGroup
    // Neither an exit nor an error of the other bridge comes back.
    translator.isExiting = false
    if let error = translator.error { translator.drop(.error(error)) }
    translator.error = nil
  }
}

// MARK: Tunnels

extension Translator {
  /// False where the switch decides against it.
  private func sendIntoTunnel(_ place: PortSite, _ tunnel: TunnelConfiguration) -> Bool {
    let port = place.port
    if case .unrecognised(let text) = tunnel.remote {
      noteUnknown(.other("tunnel remote \(text) is a name"), evidence: port.interfaceEvidence)
    }
    let metadata = metadata(for: tunnel)
    if let mark = tunnel.egressMark { key[.packetMark] = UInt64(mark) }
    guard let remote = metadata.destination, remote != ownTunnelAddress else {
      drop(.tunnelToOwnAddress, evidence: port.interfaceEvidence)
      // Having decided against it, the switch does not take the outer header back: what comes later
      // in the pipeline matches on it.
      key.setTunnel(metadata)
      key[.tunnelFlags] = UInt64(tunnel.flags(after: metadata.flags))
      return false
    }
    report(.outputToTunnel(port.name))
    emit(
      place,
      .tunnel(type: tunnel.type, metadata, destinationPort: tunnel.destinationPort))
    return true
  }

  /// The outer header (`tnl_port_send`).
  private func metadata(for tunnel: TunnelConfiguration) -> TunnelMetadata {
    var metadata = key.tunnel ?? TunnelMetadata()
    if tunnel.local != .flow { metadata.source = tunnel.local.address }
    if tunnel.remote != .flow { metadata.destination = tunnel.remote.address }
    switch tunnel.outKey {
    case .absent: metadata.id = 0
    case .fixed(let id): metadata.id = id
    case .flow: break
    }
    metadata.ttl = tunnel.inheritsTTL && key.isIP ? UInt8(key[.ttl]) : tunnel.ttl
    metadata.tos = tunnel.inheritsTOS && key.isIP ? UInt8(key[.tos]) & 0xfc : tunnel.tos
    if key.isIP {
      let congestion = UInt8(key[.tos]) & 3
      metadata.tos |= congestion == 3 ? 2 : congestion
    }
    return metadata
  }
}

extension TunnelConfiguration {
  /// FLOW_TNL_F_OAM stays; DONT_FRAGMENT, CSUM and KEY are the configuration's.
  fileprivate func flags(after flags: UInt16) -> UInt16 {
    flags & 1 | (dontFragment ? 2 : 0) | (checksum ? 4 : 0) | (outKey == .absent ? 0 : 8)
  }
}

extension TunnelConfiguration.Endpoint {
  var address: IPAddress? { if case .address(let address) = self { address } else { nil } }
}
