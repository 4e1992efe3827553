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
    if let known = state.neighbours[query] { return known }
    guard !state.unresolved.contains(query), resolutionDepth < Self.resolutionDepthLimit,
      let sender
    else { return nil }
    let unknownsBefore = unknowns.count
    let request = Frame(neighbourRequest(address, mac: mac, sender: sender))
    nested { $0.send(request, from: stack) }
    if let found = state.neighbours[query] {
      unknowns.removeSubrange(unknownsBefore...)
      return found
    }
    state.unresolved.insert(query)
    return nil
  }

  private func neighbourRequest(_ address: IPAddress, mac: MACAddress, sender: IPAddress)
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

  /// What a stack learns from a request or an answer; the first answer stays, as the kernel's
  /// lock time has it.
  mutating func learnNeighbour(_ address: IPAddress?, _ mac: MACAddress, by stack: StackKey) {
    guard let address, !address.isUnspecified else { return }
    let query = NeighbourQuery(stack: stack, address: address)
    if state.neighbours[query] == nil { state.neighbours[query] = mac }
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
    guard
      let answer = arpAnswer(for: target, sender: sender, device, in: namespace, parent)
    else { return }
    learnNeighbour(sender, packet.arpSHA, by: stack)
    let reply = Frame(arpReply(to: packet, from: device.mac))
    if answer == .proxy, packet.ethDst.isMulticast {
      // A proxy waits up to 0.8 s (`proxy_delay`) with its answer to a broadcast, so an owner that
      // answers at once always wins.
      return scheduleLate(.transmit(device.key), reply, parent)
    }
    transmit(device.key, reply, parent)
  }

  private enum ARPAnswer { case owner, proxy }

  private mutating func arpAnswer(
    for target: IPv4Address, sender: IPAddress, _ device: Device, in namespace: NamespaceModel,
    _ parent: Int?
  ) -> ARPAnswer? {
    let name = device.key.interface
    // The request must pass the same source check as a packet would (`ip_route_input`).
    let isChecked = !sender.isUnspecified && name != "lo"
    if isChecked, namespace.isLocal(sender), namespace.sysctls.acceptLocal(name) != true {
      return nil
    }
    if namespace.isLocal(.v4(target)) {
      guard
        !isChecked || passesReversePath(sender, .v4(target), name, out: nil, in: namespace),
        mayAnswerLocal(target, sender: sender, name, in: namespace, parent)
      else { return nil }
      return .owner
    }
    guard let forwards = namespace.sysctls.forwarding(name, .ipv4) else {
      unknown("whether \(namespace.key) answers for others is not in the capture", parent)
      return nil
    }
    guard forwards else { return nil }
    var query = RouteQuery(destination: .v4(target), source: sender)
    query.inputInterface = name
    guard case .found(let route, let hop, _) = namespace.routing4.lookup(query),
      route.type == .unicast, hop.interface != name,
      !isChecked
        || passesReversePath(sender, .v4(target), name, out: hop.interface, in: namespace)
    else { return nil }
    if namespace.sysctls.proxyARP(name) == true { return .proxy }
    let isListed = namespace.facts.neighbours.records.contains {
      $0.isProxy && $0.address == .v4(target) && $0.interface == name
    }
    return isListed ? .proxy : nil
  }

  private mutating func mayAnswerLocal(
    _ target: IPv4Address, sender: IPAddress, _ name: InterfaceName,
    in namespace: NamespaceModel, _ parent: Int?
  ) -> Bool {
    let own = namespace.addresses[name] ?? []
    let isOnDevice = own.contains { $0.address.address == .v4(target) }
    guard let ignore = namespace.sysctls.arpIgnore(name) else {
      if isOnDevice { return true }
      unknown("arp_ignore of \(name) in \(namespace.key) is not in the capture", parent)
      return false
    }
    switch ignore {
    case 0: return true
    case 1: return isOnDevice
    case 2:
      return own.contains {
        $0.address.address == .v4(target) && $0.address.prefix.contains(sender)
      }
    case 3:
      return namespace.addresses.values.joined().contains {
        $0.address.address == .v4(target) && $0.scope != "host"
      }
    case 8: return false
    default: return true
    }
  }

  private func passesReversePath(
    _ source: IPAddress, _ target: IPAddress, _ name: InterfaceName, out: InterfaceName?,
    in namespace: NamespaceModel
  ) -> Bool {
    guard let mode = namespace.sysctls.reversePathFilter(name), mode > 0 else { return true }
    var query = RouteQuery(destination: source, source: target)
    query.inputInterface = out
    guard case .found(let route, let hop, _) = namespace.routing4.lookup(query),
      route.type == .unicast
    else { return false }
    return mode == 2 || hop.interface == name
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
