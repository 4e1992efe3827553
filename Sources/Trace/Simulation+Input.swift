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
    guard !isMartian(transit, device) else { return }
    var query = RouteQuery(destination: destination, source: transit.packet.source)
    query.inputInterface = device.key.interface
    query.fill(from: transit.packet)
    switch transit.namespace.routing(family).lookup(query) {
    case .found(let route, let hop, let rule):
      let isForwarded = route.type == .unicast
      guard passesReversePath(transit, device.key.interface, out: isForwarded ? hop.interface : nil)
      else { return }
      if !isForwarded { return localDeliver(transit) }
      forward(transit, device, route, hop, rule)
    case let decision: refuseRoute(decision, transit)
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

  /// Sources that no packet from a wire may have, and our own addresses from outside.
  private mutating func isMartian(_ transit: Transit, _ device: Device) -> Bool {
    guard case .v4(let source)? = transit.packet.source else {
      return transit.packet.source?.isMulticast ?? true
    }
    let name = device.key.interface
    let sysctls = transit.namespace.sysctls
    if source.isMulticast || source == .broadcast || source.rawValue >> 24 == 0
      || (source.isLoopback && name != "lo" && sysctls.routeLocalnet(name) != true)
    {
      drop(
        transit.place, .martianSource, "\(source) is no source that may come in on \(name)",
        transit.frame, transit.parent)
      return true
    }
    if name != "lo", transit.namespace.isLocal(.v4(source)), sysctls.acceptLocal(name) != true {
      drop(
        transit.place, .martianSource,
        "\(source) is \(transit.namespace.key)'s own address and came in on \(name)",
        transit.frame, transit.parent)
      return true
    }
    return false
  }

  /// rp_filter (`__fib_validate_source`): the route back to the source must leave by the device
  /// that the packet came in on. The lookup runs as if a packet came in on the device that this
  /// one will leave by, so rules with `iif` apply; for local delivery it is `lo`.
  private mutating func passesReversePath(
    _ transit: Transit, _ name: InterfaceName, out: InterfaceName?
  ) -> Bool {
    let mode = transit.namespace.sysctls.reversePathFilter(name)
    if mode == 0 || name == "lo" { return true }
    guard let source = transit.packet.source, transit.packet.isIPv4 else { return true }
    var query = RouteQuery(destination: source, source: transit.packet.destination)
    query.inputInterface = out
    if transit.namespace.sysctls.sourceValidMark(name) == true {
      query.mark = transit.packet.mark
    }
    query.tos = transit.packet.tos
    let isBack: Bool
    switch transit.namespace.routing4.lookup(query) {
    case .found(let route, let hop, _):
      isBack = route.type == .unicast && (hop.interface == name || mode == 2)
    case .unknown(let text, let evidence):
      unknown(text, transit.parent, evidence: evidence.map { [$0] } ?? [])
      return false
    default: isBack = false
    }
    if isBack { return true }
    guard let mode else {
      unknown(
        "rp_filter of \(name) in \(transit.namespace.key) is not in the capture and decides here",
        transit.parent)
      return false
    }
    drop(
      transit.place, .reversePath,
      "rp_filter=\(mode) on \(name): the route back to \(source) does not leave there",
      transit.frame, transit.parent)
    return false
  }

  /// `ip_forward` and `ip6_forward`.
  private mutating func forward(
    _ transit: Transit, _ device: Device, _ route: Route, _ hop: NextHop, _ rule: RoutingRule?
  ) {
    var transit = transit
    guard let family = transit.packet.family, !transit.packet.ethDst.isMulticast else { return }
    guard let mayForward = transit.namespace.sysctls.forwarding(device.key.interface, family)
    else {
      return unknown(
        "whether \(transit.namespace.key) forwards is not in the capture", transit.parent)
    }
    guard mayForward else {
      return drop(
        transit.place, .forwardingOff,
        "\(transit.namespace.key) does not forward \(family) packets",
        transit.frame, transit.parent)
    }
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
