// ct(): handing the packet to connection tracking and taking it back.
import Conntrack
import Facts
import NetworkTypes

extension FlowKey {
  mutating func clearConnection() {
    self[.ctMark] = 0
    words[20] = 0
    clear(words: 21..<29)
  }
}

extension Translator {
  func clearConnection() {
    key.clearConnection()
    isTracked = false
    wire.tracked = nil
  }

  func conntrack(_ action: CTAction, isLast: Bool) {
    guard let zone = zone(of: action) else { return }
    (writtenMark, writtenLabel) = (0, 0)
    if !action.exec.isEmpty { runActions(action.exec, isLast: isLast) }
    let copy: PendingRecirculation?
    if options.isAssumingConntrack {
      copy = pending(action, zone: zone, key: key, original: believedPacket, nat: action.nat)
    } else {
      copy = track(action, zone: zone)
    }
    if let copy, let table = action.table { recirculate(copy, table: table) }
    key.clearConnection()
    report(.connectionStateCleared)
    isTracked = false
  }

  private func recirculate(_ copy: PendingRecirculation, table: UInt8) {
    if !options.isAssumingConntrack, bridge.isUserspace,
      copy.depth > Self.maximumUserspaceRecirculationDepth
    {
      drop(.tooManyRecirculations)
      return
    }
    queue.append(copy)
    report(.forkedToRecirculate(table: table))
  }

  private func zone(of action: CTAction) -> UInt16? {
    switch action.zone {
    case .number(let zone): return zone
    case .field(let field):
      if let value = key.read(field) { return UInt16(truncatingIfNeeded: value) }
      noteUnknown(.unmodelledAction("zone from \(field.field.name)"))
      return nil
    }
  }

  private func pending(
    _ action: CTAction, zone: UInt16, key: FlowKey, original: Packet, nat: NATAction?,
    connection: Int? = nil
  ) -> PendingRecirculation? {
    guard let table = action.table else { return nil }
    var key = key
    key[.ctZone] = UInt64(zone)
    let hiddenTag =
      options.isAssumingConntrack
      ? hiddenTag : original.hiddenTag(vlanLimit: model.vlanLimit)
    return PendingRecirculation(
      key: key, original: original, hiddenTag: hiddenTag, site: site, table: table,
      stack: stack,
      actionSet: actionSet, mirrored: mirrored, wire: WireState(), nat: nat,
      connection: connection, depth: recirculationDepth + 1)
  }

  /// A trace takes the pipeline's word for what the datapath made of the packet.
  private var believedPacket: Packet {
    var packet = key.packet()
    packet.lengthBytes = original.lengthBytes
    packet.icmpID = original.icmpID
    packet.quoted = original.quoted
    return packet
  }

  // MARK: Coming back

  func resume(_ pending: PendingRecirculation) {
    site = pending.site
    key = pending.key
    original = pending.original
    sentPacket = nil
    hiddenTag = pending.hiddenTag
    visibleLearnedFlows = state.flowsLearned(on: site)
    table = pending.table
    flow = .miss
    stack = pending.stack
    mirrored = pending.mirrored
    wire = pending.wire
    recirculationDepth = pending.depth
    isTracked = true
    if options.isAssumingConntrack { assumeState(pending) }
    actionSet = []
    actionSetHasGroup = false
    key[.actionSetOutput] = UInt64(OpenFlowPort.unset.sixteenBits)
    writeActions(pending.actionSet)
    report(record.add(recirculation(pending))) { self.restart() }
  }

  private func recirculation(_ pending: PendingRecirculation) -> Recirculation {
    Recirculation(
      bridge: pending.site.bridge.name, zone: UInt16(key[.ctZone]),
      state: ConntrackState(rawValue: UInt32(key[.ctState])), mark: UInt32(key[.ctMark]),
      label: key[wide: .ctLabel], table: pending.table, connection: pending.connection,
      packet: key.applied(to: original, hidden: hiddenTag))
  }

  private func restart() {
    lookUp(table, inPort: key.inPort, honorsMiss: true) { run in
      // What was not mirrored when it came in may be so now: its tags have changed.
      self.mirrorIngress()
      run()
    }
    if error == nil { runActionSet() }
  }

  /// As `ofproto/trace` does: the next state of the list, NAT to the first address and port.
  private func assumeState(_ pending: PendingRecirculation) {
    let state = assumedStates.isEmpty ? [.tracked, .new] : assumedStates.removeFirst()
    key[.ctState] = UInt64(state.rawValue)
    guard let nat = pending.nat, let direction = nat.direction else { return }
    let port = (nat.ports?.first).flatMap { $0 == 0 ? nil : $0 }
    if direction == .source {
      if let address = nat.firstAddress { key.setSource(address) }
      if nat.firstAddress != nil, let port { key[.sourcePort] = UInt64(port) }
    } else {
      if let address = nat.firstAddress { key.setDestination(address) }
      if nat.firstAddress != nil, let port { key[.destinationPort] = UInt64(port) }
    }
  }
}

// MARK: Deciding it

extension Translator {
  /// Looks the packet up in its zone, commits and translates it, and makes the copy that goes on.
  private func track(_ action: CTAction, zone: UInt16) -> PendingRecirculation? {
    var packet = leavingPacket
    var tracked = lookUp(packet, zone: zone, isForced: action.isCommit && action.isForced)
    if let position = tracked.connection {
      let isNew = !conntrack[position].isConfirmed
      if let nat = action.nat {
        translate(&packet, by: nat, tracked, isCommitting: action.isCommit && isNew)
      }
      if action.isCommit { commit(position, action, isNew: isNew) }
    }
    wire.tracked = tracked
    noteRewrites(packet)
    tracked.zone = zone
    return pending(
      action, zone: zone, key: trackedKey(packet, tracked, translated: action.nat != nil),
      original: packet, nat: nil, connection: tracked.connection)
  }

  /// The datapath remembers the connection that it found in the same zone before.
  private func lookUp(_ packet: Packet, zone: UInt16, isForced: Bool) -> TrackedPacket {
    if let known = wire.tracked, known.zone == zone, known.connection != nil,
      !(isForced && known.direction == .reply)
    {
      return known
    }
    var tracked = conntrack.track(packet, zone: zone)
    if isForced, tracked.direction == .reply, let position = tracked.connection {
      conntrack.remove(position)
      tracked = conntrack.track(packet, zone: zone)
    }
    return tracked
  }

  private func commit(_ position: Int, _ action: CTAction, isNew: Bool) {
    var connection = conntrack[position]
    connection.mark =
      connection.mark & ~writtenMark | UInt32(key[.ctMark]) & writtenMark
    connection.labels =
      connection.labels & ~writtenLabel | key[wide: .ctLabel] & writtenLabel
    if let helper = action.helper, isNew { connection.helper = helper }
    conntrack[position] = connection
    if isNew { conntrack.confirm(position) }
  }

  private func translate(
    _ packet: inout Packet, by nat: NATAction, _ tracked: TrackedPacket, isCommitting: Bool
  ) {
    guard let position = tracked.connection else { return }
    if isCommitting, let direction = nat.direction, tracked.state == .new {
      if let first = nat.firstAddress, let last = nat.lastAddress, first != last {
        noteUnknown(.choice("NAT address out of \(first)-\(last)"))
      }
      let port = natPort(nat, packet, direction)
      conntrack[position].translate(
        direction == .source ? .source : .destination, to: nat.firstAddress, port: port)
    }
    let connection = conntrack[position]
    if connection.isSourceNATed {
      connection.apply(.source, to: &packet, direction: tracked.direction)
    }
    if connection.isDestinationNATed {
      connection.apply(.destination, to: &packet, direction: tracked.direction)
    }
  }

  /// The packet's own port where the range has it, else the range's first.
  private func natPort(
    _ nat: NATAction, _ packet: Packet, _ direction: NATAction.Direction
  ) -> UInt16? {
    guard let ports = nat.ports, packet.hasPorts else { return nil }
    let own = direction == .source ? packet.sourcePort : packet.destinationPort
    return ports.contains(own) ? own : ports.first
  }

  /// What NAT changed in the packet without the pipeline's knowledge.
  private func noteRewrites(_ packet: Packet) {
    let actual = FlowKey(packet, inPort: key.inPort, vlanLimit: model.vlanLimit)
    let fields: [OpenFlowField] =
      key.isIPv4
      ? [.ipSrc, .ipDst, .tcpSrc, .tcpDst] : [.ipv6Src, .ipv6Dst, .tcpSrc, .tcpDst]
    wire.rewrites = fields.compactMap { field in
      guard let believed = key.read(field), let real = actual.read(field), believed != real
      else { return nil }
      return WireState.Rewrite(field: field, believed: believed, actual: real)
    }
  }

  /// The key that the copy is looked up with: headers read anew, metadata kept.
  private func trackedKey(
    _ packet: Packet, _ tracked: TrackedPacket, translated: Bool
  ) -> FlowKey {
    var fresh = FlowKey(packet, inPort: key.inPort, vlanLimit: model.vlanLimit)
    for word in 0..<29 { fresh.words[word] = key.words[word] }
    fresh[.packetMark] = key[.packetMark]
    fresh.clearConnection()
    fresh[.ctState] = UInt64(stateBits(tracked, translated: translated).rawValue)
    fresh[.ctZone] = UInt64(tracked.zone)
    guard let position = tracked.connection else { return fresh }
    let connection = conntrack[position]
    fresh[.ctMark] = UInt64(connection.mark)
    fresh[wide: .ctLabel] = connection.labels
    fresh.setOriginalTuple(connection.original)
    return fresh
  }

  private func stateBits(_ tracked: TrackedPacket, translated: Bool) -> ConntrackState {
    var bits: ConntrackState = .tracked
    switch tracked.state {
    case .untracked, .invalid: return [.tracked, .invalid]
    case .new: bits.insert(.new)
    case .established: bits.insert(.established)
    case .related: bits.insert(.related)
    }
    if tracked.direction == .reply { bits.insert(.reply) }
    if translated, let position = tracked.connection {
      if conntrack[position].isSourceNATed { bits.insert(.sourceNAT) }
      if conntrack[position].isDestinationNATed { bits.insert(.destinationNAT) }
    }
    return bits
  }
}

extension FlowKey {
  fileprivate mutating func setOriginalTuple(_ tuple: ConnectionTuple) {
    self[.ctProtocol] = UInt64(tuple.ipProtocol)
    switch (tuple.source, tuple.destination) {
    case (.v4(let source), .v4(let destination)):
      self[.ctSource] = UInt64(source.rawValue)
      self[.ctDestination] = UInt64(destination.rawValue)
    case (.v6(let source), .v6(let destination)):
      self[wide: .ctSource6] = source.rawValue
      self[wide: .ctDestination6] = destination.rawValue
    default: return
    }
    let isICMP = [IPProtocol.icmp, IPProtocol.icmp6].contains(tuple.ipProtocol)
    self[.ctSourcePort] = isICMP ? UInt64(tuple.destinationPort >> 8) : UInt64(tuple.sourcePort)
    self[.ctDestinationPort] =
      isICMP ? UInt64(tuple.destinationPort & 0xff) : UInt64(tuple.destinationPort)
  }
}
