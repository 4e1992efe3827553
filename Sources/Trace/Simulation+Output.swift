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
    let macs: [MACAddress]
    if let group = MACAddress(multicast: destination) {
      macs = [group]
    } else if route.type == .broadcast || destination == .v4(.broadcast) {
      macs = [.broadcast]
    } else {
      macs = neighbours(next, of: transit, on: device)
    }
    transit.frame.packet.ethSrc = device.mac
    for mac in macs {
      transit.frame.packet.ethDst = mac
      transmit(device.key, transit.frame, transit.parent)
    }
  }

  /// Whoever the cache may hold: of a pursued frame's next hop, everyone who claims the address.
  private mutating func neighbours(
    _ next: IPAddress, of transit: Transit, on device: Device
  ) -> [MACAddress] {
    guard let first = neighbour(next, of: transit, on: device) else { return [] }
    let key = NamespaceModel.NeighbourKey(interface: device.key.interface, address: next)
    let cached = transit.namespace.neighbours[key]
    guard pursuit != nil, isRecording, !(cached?.isFixed ?? false) else { return [first] }
    let claimed = answers[NeighbourQuery(stack: .device(device.key), address: next)] ?? []
    let kept = cached.flatMap { $0.isUsable ? $0.mac : nil }.map { [$0] } ?? []
    return ([first] + claimed + kept).uniqued()
  }

  private mutating func neighbour(
    _ next: IPAddress, of transit: Transit, on device: Device
  ) -> MACAddress? {
    let key = NamespaceModel.NeighbourKey(interface: device.key.interface, address: next)
    let cached = transit.namespace.neighbours[key]
    if let cached, let mac = cached.mac, cached.isFixed {
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
    if let cached, let mac = cached.mac, cached.isUsable {
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
