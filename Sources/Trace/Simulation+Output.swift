// A namespace's IP layer, outwards: output hook, postrouting, the neighbour, the device.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes

extension Simulation {
  /// A process of the namespace sends a packet; a nil source is chosen as the kernel does.
  mutating func localOutput(_ namespace: NamespaceModel, _ frame: Frame, _ parent: Int?) {
    var transit = Transit(namespace: namespace, input: nil, frame: frame, parent: parent)
    guard let (_, hop) = routeOutput(&transit) else { return }
    if transit.packet.source == nil { return }
    var context = HookContext(namespace: namespace)
    context.outDevice = hop.interface
    let before = transit.packet
    guard
      runHook(
        .output, &transit.frame, &transit.connection, context, in: namespace,
        place: transit.place, transit.parent)
    else { return }
    // A changed destination or mark is routed anew (`ip_route_me_harder`).
    guard let (route, final) = routeOutput(&transit, isAgain: before == transit.packet) else {
      return
    }
    guard let name = final.interface, let output = namespace.devices[name] else {
      return unknown(
        "a route's device is not in the capture", transit.parent, evidence: [route.evidence])
    }
    sendOut(transit, output, route, final)
  }

  private mutating func routeOutput(_ transit: inout Transit, isAgain: Bool = false) -> (
    Route, NextHop
  )? {
    guard let destination = transit.packet.destination, let family = transit.packet.family else {
      return nil
    }
    var query = RouteQuery(destination: destination, source: transit.packet.source)
    query.fill(from: transit.packet)
    switch transit.namespace.routing(family).lookup(query) {
    case .found(let route, let hop, let rule):
      var hop = hop
      if route.type == .local { hop = NextHop(gateway: nil, interface: "lo") }
      if transit.frame.packet.source == nil {
        transit.frame.packet.source = transit.namespace.source(route, hop, towards: destination)
      }
      if !isAgain {
        transit.parent = record(
          transit.place, .routed(route, hop, rule), transit.frame, transit.parent,
          evidence: [route.evidence] + (rule.map { [$0.evidence] } ?? []))
      }
      return (route, hop)
    case let decision:
      refuseRoute(decision, transit)
      return nil
    }
  }

  /// Postrouting, neighbour and device: `ip_output` to `dev_queue_xmit`.
  mutating func sendOut(_ transit: Transit, _ device: Device, _ route: Route, _ hop: NextHop) {
    var transit = transit
    var context = HookContext(namespace: transit.namespace)
    context.outDevice = device.key.interface
    guard
      runHook(
        .postrouting, &transit.frame, &transit.connection, context, in: transit.namespace,
        place: transit.place, transit.parent)
    else { return }
    guard let destination = transit.packet.destination else { return }
    if device.link.linkType == "loopback" {
      let step = cross(device.key, isOut: true, transit.frame, transit.parent)
      transit.frame.packet.ethSrc = .zero
      transit.frame.packet.ethDst = device.mac
      return hand(.device(device.key), transit.frame, step)
    }
    guard device.isUp else {
      return drop(
        .device(device.key), .linkDown, "\(device.key.interface) is down", transit.frame,
        transit.parent, evidence: [device.link.evidence])
    }
    let next = hop.gateway ?? destination
    let mac: MACAddress
    if let group = MACAddress(multicast: destination) {
      mac = group
    } else if route.type == .broadcast || destination == .v4(.broadcast) {
      mac = .broadcast
    } else {
      guard let found = neighbour(next, of: transit, on: device) else { return }
      mac = found
    }
    transit.frame.packet.ethSrc = device.mac
    transit.frame.packet.ethDst = mac
    transmit(device.key, transit.frame, transit.parent)
  }

  private mutating func neighbour(
    _ next: IPAddress, of transit: Transit, on device: Device
  ) -> MACAddress? {
    let key = NamespaceModel.NeighbourKey(interface: device.key.interface, address: next)
    let cached = transit.namespace.neighbours[key]
    if let cached, let mac = cached.mac, !cached.states.isDisjoint(with: ["PERMANENT", "NOARP"]) {
      record(
        transit.place, .neighbour(next, mac, isCaptured: true), transit.frame, transit.parent,
        evidence: [cached.evidence])
      return mac
    }
    let isLocalSource = transit.packet.source.map(transit.namespace.isLocal) ?? false
    let announce = transit.namespace.sysctls.arpAnnounce(device.key.interface) ?? 0
    let sender =
      isLocalSource && announce == 0
      ? transit.packet.source
      : transit.namespace.selectSource(device.key.interface, towards: next)
    if let mac = resolve(
      next, stack: .device(device.key), mac: device.mac, sender: sender, transit.parent)
    {
      record(
        transit.place, .neighbour(next, mac, isCaptured: false), transit.frame, transit.parent)
      return mac
    }
    return fallback(cached, next, transit, device)
  }

  /// Nobody answers: an entry that the capture holds still serves until it expires.
  private mutating func fallback(
    _ cached: Neighbour?, _ next: IPAddress, _ transit: Transit, _ device: Device
  ) -> MACAddress? {
    let usable: Set<String> = ["REACHABLE", "STALE", "DELAY", "PROBE"]
    if let cached, let mac = cached.mac, !cached.states.isDisjoint(with: usable) {
      assume("\(transit.namespace.key) still uses its cached neighbour \(next) at \(mac)")
      record(
        transit.place, .neighbour(next, mac, isCaptured: true), transit.frame, transit.parent,
        evidence: [cached.evidence])
      return mac
    }
    drop(
      transit.place, .neighbourUnresolved,
      "nobody answers \(transit.namespace.key) for \(next) on \(device.key.interface)",
      transit.frame, transit.parent, evidence: cached.map { [$0.evidence] } ?? [])
    return nil
  }
}
