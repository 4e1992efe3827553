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
    if transit.packet.isNeighbourDiscovery, !isForGroup(transit, device) { return }
    var context = HookContext(namespace: transit.namespace)
    context.inDevice = device.key.interface
    guard
      runHook(
        .input, &transit.frame, &transit.connection, context, in: transit.namespace,
        place: transit.place, transit.parent)
    else { return }
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

  /// A device listens to the solicited-node groups of its own addresses and to all nodes.
  private func isForGroup(_ transit: Transit, _ device: Device) -> Bool {
    guard case .v6(let group)? = transit.packet.destination, group.isMulticast else { return true }
    return transit.namespace.usableAddresses(device.key.interface, .ipv6).contains {
      $0.address.address.v6?.solicitedNode == group
    } || group.rawValue & 0xffff_ffff == 1 || group.rawValue & 0xffff_ffff == 2
      || transit.namespace.sysctls.proxyND(device.key.interface) == true
  }

  private mutating func discoveryInput(_ transit: Transit, _ device: Device) {
    let stack = StackKey.device(device.key)
    guard let target = transit.packet.ndTarget else { return }
    if transit.packet.icmpType == 136 { return noteAnswer(transit.packet, to: stack) }
    guard transit.packet.icmpType == 135 else { return }
    let isOwn = transit.namespace.usableAddresses(device.key.interface, .ipv6).contains {
      $0.address.address == .v6(target)
    }
    let isProxied = transit.namespace.facts.neighbours.records.contains {
      $0.isProxy && $0.address == .v6(target) && $0.interface == device.key.interface
    }
    guard isOwn || isProxied else { return }
    learnAsker(transit.packet, by: stack)
    transmit(
      device.key, Frame(advertisement(to: transit.packet, target: target, from: device.mac)),
      transit.parent)
  }

  private mutating func icmpInput(_ transit: Transit, _ device: Device) {
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
    let isOneToMany = address.isMulticast || address == .v4(.broadcast)
    if let socket = socket(transport, transit, device, address, port) {
      let who = socket.processes.first?.name ?? "a process"
      return accept(
        transit, device, "\(who) listens on \(transport)/\(port)", evidence: [socket.evidence])
    }
    if !isOneToMany { refuse(transit, device, "nothing listens on \(transport)/\(port)") }
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
