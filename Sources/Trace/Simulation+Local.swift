// Packets for a namespace itself: the input hook, then whatever process listens.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes

extension Simulation {
  mutating func localDeliver(_ transit: Transit) {
    var transit = transit
    guard let device = transit.input else { return }
    guard isListening(device, to: transit) else { return }
    var context = HookContext(namespace: transit.namespace)
    context.inDevice = device.key.interface
    guard
      runHook(
        .input, &transit.frame, &transit.connection, context, in: transit.namespace,
        place: transit.place, transit.parent)
    else { return }
    note(.namespace(transit.namespace.key), transit.frame)
    if transit.packet.isNeighbourDiscovery { return discoveryInput(transit, device) }
    if transit.packet.isICMP { return icmpInput(transit, device) }
    switch transit.packet.ipProtocol {
    case IPProtocol.tcp: portInput("tcp", transit, device)
    case IPProtocol.udp: udpInput(transit, device)
    case IPProtocol.gre where transit.frame.inner != nil: decapsulate(transit)
    default:
      if transit.packet.destination?.isMulticast ?? false { return }
      refuse(transit, device, "nothing takes IP protocol \(transit.packet.ipProtocol)")
    }
  }

  /// Groups are for who has joined them: what the kernel joins is known, and a process that
  /// listens is taken to have joined its own.
  private func isListening(_ device: Device, to transit: Transit) -> Bool {
    guard let group = transit.packet.destination, group.isMulticast,
      transit.packet.ipProtocol != IPProtocol.udp
    else { return true }
    return transit.namespace.groups(device.key.interface, group.family).contains(group)
  }

  private mutating func discoveryInput(_ transit: Transit, _ device: Device) {
    let stack = StackKey.device(device.key)
    guard let target = transit.packet.ndTarget else { return }
    if transit.packet.icmpType == 136 { return noteAnswer(transit.packet, to: stack) }
    guard transit.packet.icmpType == 135 else { return }
    let isOwn = transit.namespace.usableAddresses(device.key.interface, .ipv6).contains {
      $0.address.address == .v6(target)
    }
    guard isOwn || transit.namespace.isProxied(.v6(target), on: device.key.interface) else {
      return
    }
    learnAsker(transit.packet, by: stack)
    respond(
      Frame(advertisement(to: transit.packet, target: target, from: device.mac)), from: stack,
      transit.parent)
  }

  private mutating func icmpInput(_ transit: Transit, _ device: Device) {
    // `icmp_echo_ignore_broadcasts` is on unless somebody has switched it off.
    if case .v4? = transit.packet.destination, isForMany(transit) { return }
    let isEcho =
      transit.packet.isIPv4 ? transit.packet.icmpType == 8 : transit.packet.icmpType == 128
    accept(transit, device, isEcho ? "answers echo requests" : "takes ICMP")
  }

  private mutating func udpInput(_ transit: Transit, _ device: Device) {
    if transit.frame.inner != nil { return decapsulate(transit) }
    portInput("udp", transit, device)
  }

  private mutating func portInput(_ transport: String, _ transit: Transit, _ device: Device) {
    guard let address = transit.packet.destination else { return }
    if isAnswer(transit) { return accept(transit, device, "takes the answer") }
    let port = transit.packet.destinationPort
    if let gap = transit.namespace.facts.sockets.gap {
      return unknown("whether something listens on \(transport)/\(port): \(gap)", transit.parent)
    }
    // TCP does not talk to many.
    if transport == "tcp", isForMany(transit) { return }
    if let socket = socket(transport, transit, device, address, port) {
      let who = socket.processes.first?.name ?? "a process"
      return accept(
        transit, device, "\(who) listens on \(transport)/\(port)", evidence: [socket.evidence])
    }
    if !isForMany(transit) { refuse(transit, device, "nothing listens on \(transport)/\(port)") }
  }

  private func isForMany(_ transit: Transit) -> Bool {
    let type = transit.packet.destination.map(transit.namespace.addressType)
    return type == .multicast || type == .broadcast
  }

  private func socket(
    _ transport: String, _ transit: Transit, _ device: Device, _ address: IPAddress,
    _ port: UInt16
  ) -> ListeningSocket? {
    transit.namespace.facts.sockets.records.first { socket in
      guard socket.transport == transport, socket.port == port,
        socket.interface == nil || socket.interface == device.key.interface
      else { return false }
      guard let bound = socket.address, !bound.isUnspecified else {
        return socket.address.map { $0.family == address.family || $0.family == .ipv6 } ?? true
      }
      return bound == address || address == .v4(.broadcast) && transport == "udp"
    }
  }

  /// A segment or datagram that belongs to what this namespace itself began.
  private func isAnswer(_ transit: Transit) -> Bool {
    guard let tracked = transit.connection.tracked, let position = tracked.connection,
      tracked.direction == .reply
    else { return false }
    let connection = state.conntrack[.namespace(transit.namespace.key)]?[position]
    return connection.map { transit.namespace.isLocal($0.original.source) } ?? false
  }

  private mutating func accept(
    _ transit: Transit, _ device: Device, _ text: String, evidence: [Evidence] = []
  ) {
    let step = record(
      transit.place, .delivered(text), transit.frame, transit.parent, evidence: evidence)
    deliver(
      Delivery(
        recipient: .namespace(transit.namespace.key, device: device.key.interface),
        kind: .accepted(text), packet: transit.packet, step: step ?? 0))
  }

  private mutating func refuse(_ transit: Transit, _ device: Device, _ text: String) {
    let reason = Reason(code: DropCode.noListener.rawValue, text: text)
    let step = record(transit.place, .dropped(reason), transit.frame, transit.parent)
    deliver(
      Delivery(
        recipient: .namespace(transit.namespace.key, device: device.key.interface),
        kind: .refused(reason), packet: transit.packet, step: step ?? 0))
  }

  mutating func deliver(_ delivery: Delivery) {
    if isRecording { deliveries.append(delivery) }
  }
}
