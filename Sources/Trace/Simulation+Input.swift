// A namespace's IP layer, inwards: prerouting, the routing decision with its source checks,
// then local delivery or forwarding.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes

/// A packet inside a namespace's IP layer.
struct Transit {
  let namespace: NamespaceModel
  /// Nil for what the namespace itself sends.
  let input: Device?
  var frame: Frame
  var connection = PacketConnection()
  var parent: Int?

  var place: Place { .namespace(namespace.key) }
  var packet: Packet { frame.packet }
}

extension Simulation {
  mutating func ipInput(
    _ device: Device, in namespace: NamespaceModel, _ frame: Frame, _ parent: Int?
  ) {
    guard let family = frame.packet.family, frame.packet.source != nil,
      frame.packet.destination != nil
    else { return }
    if family == .ipv6, namespace.sysctls.isIPv6Disabled(device.key.interface) == true { return }
    var transit = Transit(namespace: namespace, input: device, frame: frame, parent: parent)
    var context = HookContext(namespace: namespace)
    context.inDevice = device.key.interface
    guard
      runHook(
        .prerouting, &transit.frame, &transit.connection, context, in: namespace,
        place: transit.place, parent)
    else { return }
    routeInput(transit, device)
  }

  /// `ip_route_input`: where to, and whether the source may come in here.
  private mutating func routeInput(_ transit: Transit, _ device: Device) {
    guard let destination = transit.packet.destination, let family = transit.packet.family else {
      return
    }
    if destination.isMulticast || destination == .v4(.broadcast) {
      return localDeliver(transit)
    }
    let name = device.key.interface
    var query = RouteQuery(destination: destination, source: transit.packet.source)
    query.inputInterface = name
    query.fill(from: transit.packet)
    switch transit.namespace.routeInput(query) {
    case .local: localDeliver(transit)
    case .forward(let route, let hop, let rule): forward(transit, device, route, hop, rule)
    case .refused(let decision): refuseRoute(decision, transit)
    case .forwardingOff:
      drop(
        transit.place, .forwardingOff,
        "\(transit.namespace.key) does not forward \(family) packets", transit.frame,
        transit.parent)
    case .martian(let text):
      drop(transit.place, .martianSource, text, transit.frame, transit.parent)
    case .reversePath(let mode, let text):
      drop(
        transit.place, .reversePath, "rp_filter=\(mode) on \(name): \(text)", transit.frame,
        transit.parent)
    case .unknown(let text, let evidence):
      unknown(text, transit.parent, evidence: evidence.map { [$0] } ?? [])
    }
  }

  mutating func refuseRoute(_ decision: RouteDecision, _ transit: Transit) {
    let destination = transit.packet.destination.map { "\($0)" } ?? "?"
    switch decision {
    case .found: break
    case .unreachable(let evidence), .prohibited(let evidence), .blackhole(let evidence):
      drop(
        transit.place, .unreachableRoute,
        "\(transit.namespace.key) has a route that refuses \(destination)", transit.frame,
        transit.parent, evidence: evidence.map { [$0] } ?? [])
    case .noRoute:
      drop(
        transit.place, .noRoute, "\(transit.namespace.key) has no route to \(destination)",
        transit.frame, transit.parent)
    case .unknown(let text, let evidence):
      unknown(text, transit.parent, evidence: evidence.map { [$0] } ?? [])
    }
  }

  /// `ip_forward` and `ip6_forward`.
  private mutating func forward(
    _ transit: Transit, _ device: Device, _ route: Route, _ hop: NextHop, _ rule: RoutingRule?
  ) {
    var transit = transit
    guard let family = transit.packet.family, !transit.packet.ethDst.isMulticast else { return }
    guard transit.packet.ttl > 1 else {
      return drop(
        transit.place, .timeToLive, "the TTL is used up", transit.frame, transit.parent)
    }
    transit.parent = record(
      transit.place, .routed(route, hop, rule), transit.frame, transit.parent,
      evidence: [route.evidence] + (rule.map { [$0.evidence] } ?? []))
    guard let name = hop.interface, let output = transit.namespace.devices[name] else {
      return unknown(
        "a route's device is not in the capture", transit.parent, evidence: [route.evidence])
    }
    let mtu = route.mtuBytes ?? output.mtuBytes
    if transit.packet.lengthBytes > mtu, transit.packet.dontFragment || family == .ipv6 {
      return drop(
        transit.place, .mtuExceeded,
        "\(transit.packet.lengthBytes) bytes do not fit \(name)'s MTU of \(mtu) and may not be "
          + "fragmented", transit.frame, transit.parent, evidence: [output.link.evidence])
    }
    transit.frame.packet.ttl -= 1
    var context = HookContext(namespace: transit.namespace)
    context.inDevice = device.key.interface
    context.outDevice = name
    guard
      runHook(
        .forward, &transit.frame, &transit.connection, context, in: transit.namespace,
        place: transit.place, transit.parent)
    else { return }
    sendOut(transit, output, route, hop)
  }
}

extension RouteQuery {
  mutating func fill(from packet: Packet) {
    mark = packet.mark
    tos = packet.tos
    ipProtocol = packet.ipProtocol
    if packet.hasPorts {
      sourcePort = packet.sourcePort
      destinationPort = packet.destinationPort
    }
  }
}
