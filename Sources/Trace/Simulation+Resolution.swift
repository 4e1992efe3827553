// ARP and neighbour discovery, played out on the same data plane as everything else: the request
// is flooded, filtered and answered (or not) by whoever would.
import DataPlane
import Facts
import NetworkTypes

extension Simulation {
  /// The MAC that answers for `address` first; nil where nobody does.
  mutating func resolve(
    _ address: IPAddress, stack: StackKey, mac: MACAddress, sender: IPAddress?, _ parent: Int?
  ) -> MACAddress? {
    let query = NeighbourQuery(stack: stack, address: address)
    if let known = state.neighbours[query] {
      if let sender { confirm(query, at: known, mac: mac, sender: sender) }
      assumeFirst(query, known)
      return known
    }
    guard isSession || !state.unresolved.contains(query),
      resolutionDepth < Self.resolutionDepthLimit, let sender
    else { return nil }
    let unknownsBefore = unknowns.count
    let before = state
    state.unresolved.insert(query)
    let request = Frame(neighbourRequest(address, mac: mac, sender: sender))
    nested { $0.send(request, from: stack) }
    guard let found = state.neighbours[query] else { return nil }
    unknowns.removeSubrange(unknownsBefore...)
    if isSession { state.forgetPlaces(since: before) }
    assumeFirst(query, found)
    return found
  }

  private mutating func assumeFirst(_ query: NeighbourQuery, _ mac: MACAddress) {
    guard isRecording, state.contested.contains(query) else { return }
    assume(
      "more than one host claims \(query.address): \(name(query.stack))'s cache is taken to hold "
        + "\(mac)")
  }

  private func name(_ stack: StackKey) -> String {
    switch stack {
    case .device(let key): "\(key)"
    case .guest(let index): cloud.guests[index].name
    case .outside(let index): cloud.outsideHosts[index].name
    }
  }

  /// An entry that a packet for others filled is stale: its first user asks the owner, who thereby
  /// learns where the user is.
  private mutating func confirm(
    _ query: NeighbourQuery, at known: MACAddress, mac: MACAddress, sender: IPAddress
  ) {
    guard state.unconfirmed.remove(query) != nil,
      resolutionDepth < Self.resolutionDepthLimit
    else { return }
    var request = neighbourRequest(query.address, mac: mac, sender: sender)
    request.ethDst = known
    nested { $0.send(Frame(request), from: query.stack) }
  }

  func neighbourRequest(_ address: IPAddress, mac: MACAddress, sender: IPAddress)
    -> Packet
  {
    switch address {
    case .v4:
      var packet = Packet(ethSrc: mac, ethDst: .broadcast, etherType: EtherType.arp)
      packet.arpOperation = 1
      packet.ipProtocol = 1
      packet.source = sender
      packet.destination = address
      packet.arpSHA = mac
      packet.lengthBytes = 28
      return packet
    case .v6(let target):
      let group = IPAddress.v6(target.solicitedNode)
      var packet = Packet(
        ethSrc: mac, ethDst: MACAddress(multicast: group) ?? .broadcast,
        etherType: EtherType.ipv6)
      packet.source = sender
      packet.destination = group
      packet.ipProtocol = IPProtocol.icmp6
      packet.icmpType = 135
      packet.ttl = 255
      packet.ndTarget = target
      packet.ndSLL = mac
      packet.lengthBytes = 72
      return packet
    }
  }

  /// Puts a finished frame on the wire of whoever sends it.
  mutating func send(_ frame: Frame, from stack: StackKey, _ parent: Int? = nil) {
    switch stack {
    case .device(let key): transmit(key, frame, parent)
    case .guest(let index): guestTransmit(index, frame, parent)
    case .outside(let index): outsideTransmit(index, frame, parent)
    }
  }

  /// The same for an answer to what has just come in.
  mutating func respond(_ frame: Frame, from stack: StackKey, _ parent: Int?) {
    if isAnswered { send(frame, from: stack, parent) }
  }

  /// What a stack learns from a request or an answer; the first answer stays, as the kernel's
  /// lock time has it.
  mutating func learnNeighbour(_ address: IPAddress?, _ mac: MACAddress, by stack: StackKey) {
    guard let address, !address.isUnspecified else { return }
    let query = NeighbourQuery(stack: stack, address: address)
    if let known = state.neighbours[query] {
      if known != mac { state.contested.insert(query) }
    } else {
      state.neighbours[query] = mac
    }
  }

  /// What the asked one learns of who asks. Who asks it alone confirms an entry just now and
  /// overrides what was known; when a broadcast was last heard nobody can tell: the first stays.
  mutating func learnAsker(_ packet: Packet, by stack: StackKey) {
    guard let address = packet.source, !address.isUnspecified else { return }
    let query = NeighbourQuery(stack: stack, address: address)
    let mac = packet.isARP ? packet.arpSHA : packet.ndSLL
    guard mac != .zero else { return }
    if let known = state.neighbours[query], known != mac { state.contested.insert(query) }
    if !packet.ethDst.isMulticast || state.neighbours[query] == nil {
      state.neighbours[query] = mac
    }
    state.unresolved.remove(query)
  }

  /// ARP for others fills only an entry that is there: one that was asked for in vain.
  mutating func learnInPassing(_ packet: Packet, by stack: StackKey) {
    guard let address = packet.source else { return }
    let query = NeighbourQuery(stack: stack, address: address)
    guard state.unresolved.remove(query) != nil, state.neighbours[query] == nil else { return }
    state.neighbours[query] = packet.arpSHA
    state.unconfirmed.insert(query)
  }

  mutating func noteAnswer(_ packet: Packet, to stack: StackKey) {
    let address = packet.isARP ? packet.source : packet.ndTarget.map { .v6($0) }
    let mac = packet.isARP ? packet.arpSHA : packet.ndTLL == .zero ? packet.ethSrc : packet.ndTLL
    guard let address else { return }
    answers[NeighbourQuery(stack: stack, address: address), default: []].append(mac)
    learnNeighbour(address, mac, by: stack)
    state.unresolved.remove(NeighbourQuery(stack: stack, address: address))
  }

  // MARK: ARP in a namespace

  /// `arp_process`.
  mutating func arpInput(
    _ device: Device, in namespace: NamespaceModel, _ frame: Frame, _ parent: Int?
  ) {
    let packet = frame.packet
    guard case .v4(let target)? = packet.destination, let sender = packet.source,
      !target.isMulticast, !target.isLoopback, packet.arpSHA != device.mac
    else { return }
    let stack = StackKey.device(device.key)
    if packet.arpOperation == 2 {
      if packet.ethDst == device.mac || packet.arpTHA == device.mac {
        noteAnswer(packet, to: stack)
      }
      return
    }
    guard packet.arpOperation == 1 else { return }
    let answer = namespace.arpAnswer(for: target, sender: sender, on: device.key.interface)
    switch answer {
    case .unknown(let text, let evidence):
      unknown(text, parent, evidence: evidence.map { [$0] } ?? [])
      return learnInPassing(packet, by: stack)
    case .none: return learnInPassing(packet, by: stack)
    case .owner, .proxy: break
    }
    learnAsker(packet, by: stack)
    let reply = Frame(arpReply(to: packet, from: device.mac))
    if answer == .proxy, packet.ethDst.isMulticast {
      // A proxy waits with its answer to a broadcast, so an owner that answers at once always wins.
      if isAnswered { scheduleLate(.transmit(device.key), reply, parent) }
      return
    }
    respond(reply, from: stack, parent)
  }

  func arpReply(to request: Packet, from mac: MACAddress) -> Packet {
    var reply = Packet(ethSrc: mac, ethDst: request.arpSHA, etherType: EtherType.arp)
    reply.arpOperation = 2
    reply.ipProtocol = 2
    reply.source = request.destination
    reply.destination = request.source
    reply.arpSHA = mac
    reply.arpTHA = request.arpSHA
    reply.lengthBytes = 28
    return reply
  }

  func advertisement(to request: Packet, target: IPv6Address, from mac: MACAddress) -> Packet {
    var reply = Packet(ethSrc: mac, ethDst: request.ethSrc, etherType: EtherType.ipv6)
    reply.source = .v6(target)
    reply.destination = request.source
    reply.ipProtocol = IPProtocol.icmp6
    reply.icmpType = 136
    reply.ttl = 255
    reply.ndTarget = target
    reply.ndTLL = mac
    reply.lengthBytes = 72
    return reply
  }
}
