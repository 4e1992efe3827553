// Between routers and the outside world: source translation, floating IPs, port forwardings.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

extension PathIntent {
  func leave(
    _ router: Router, _ sender: Port, _ flow: FlowIntent, _ hops: [FilteredHop]
  ) -> IntentVerdict {
    guard let gateway = router.gateway else {
      return deny(
        "no-external-gateway",
        "router \(router.label) has no way to \(flow.destination): no external gateway",
        router.evidence,
        change: "openstack router set --external-gateway NETWORK \(Shell.word(router.id))")
    }
    guard flow.family == .ipv4 else { return .undecided("IPv6 outside is not modelled") }
    var outer = flow
    let own = model.floatingIPs.first {
      $0.port == sender.id && $0.fixedAddress == flow.source && $0.origin.contains(.api)
    }
    let isTranslated = gateway.isSNATEnabled != false
    if let own {
      outer.source = own.address
    } else if isTranslated, let address = gateway.addresses.first(where: { $0.family == .ipv4 }) {
      outer.source = address
    }
    if let floating = floatingIP(flow.destination) {
      return enter(floating, outer, hops)
    }
    if let target = owner(of: flow.destination, on: gateway.network) {
      return arrive(target, outer, hops)
    }
    if outer.source.isPrivate, own == nil, !isTranslated {
      return deny(
        "snat-disabled",
        "router \(router.label) does not translate sources, and \(flow.source) has no floating IP",
        router.evidence,
        change: "openstack router set --enable-snat --external-gateway "
          + "\(Shell.word(gateway.network ?? "NETWORK")) \(Shell.word(router.id))")
    }
    return outsideVerdict(flow.destination, hops)
  }

  func outside(_ port: Port, _ flow: FlowIntent, _ hops: [FilteredHop]) -> IntentVerdict {
    if let floating = floatingIP(flow.destination) { return enter(floating, flow, hops) }
    if flow.source.isPrivate {
      return .undecided("whether the provider's gateway knows \(flow.source) is not known")
    }
    return outsideVerdict(flow.destination, hops)
  }

  private func outsideVerdict(_ address: IPAddress, _ hops: [FilteredHop]) -> IntentVerdict {
    let isOnLink = cloud.outsideHosts.contains { $0.isOnLink(address) }
    let isHost = cloud.outsideHosts.contains { $0.owns(address) }
    if isOnLink, !isHost {
      return deny("no-such-address", "nobody that is known has \(address) on the external network")
    }
    if address.isPrivate, !isHost {
      return deny(
        "no-route", "no router leads to \(address), and outside nobody routes private addresses")
    }
    return .allowed(hops)
  }

  func fromOutside(_ source: IPAddress, _ probe: Probe) -> IntentVerdict {
    let flow = FlowIntent(
      family: probe.destination.family, ipProtocol: probe.ipProtocol, source: source,
      destination: probe.destination, destinationPort: probe.destinationPort)
    if let floating = floatingIP(probe.destination) { return enter(floating, flow, []) }
    for network in model.networks
    where network.segments.contains(where: {
      $0.physicalNetwork != nil
    }) {
      guard let target = owner(of: probe.destination, on: network.id) else { continue }
      if target.owner.isRouters {
        return flow.ipProtocol == IPProtocol.icmp
          ? .allowed([])
          : deny(
            "router-only-answers-icmp",
            "\(model.title(of: target)) has no service on \(flow.protocolText)", target.evidence)
      }
      return arrive(target, flow, [])
    }
    return deny("no-such-address", "no port or floating IP has \(probe.destination)")
  }

  private func enter(_ floating: FloatingIP, _ flow: FlowIntent, _ hops: [FilteredHop])
    -> IntentVerdict
  {
    var inner = flow
    if let fixed = floating.fixedAddress, let port = model.port(floating.port) {
      inner.destination = fixed
      return arrive(port, inner, hops)
    }
    let forwardings = model.portForwardings.filter {
      $0.address == floating.address && $0.origin.contains(.api)
    }
    guard !forwardings.isEmpty else {
      if flow.ipProtocol == IPProtocol.icmp,
        floating.places.contains(where: {
          $0.present.contains(.address)
        })
      {
        return .allowed(hops)
      }
      return deny(
        "no-floating-ip", "floating IP \(floating.address) is not associated with a port",
        floating.evidence)
    }
    // The address itself is the router's, which answers pings for it.
    if flow.ipProtocol == IPProtocol.icmp { return .allowed(hops) }
    guard
      let forwarding = forwardings.first(where: { item in
        SecurityIntent.number(item.protocolName, .ipv4) == flow.ipProtocol
          && flow.destinationPort.map { item.externalPorts?.contains($0) ?? false } ?? false
      }), let target = forwarding.internalAddress, let port = model.port(forwarding.port)
    else {
      return deny(
        "no-port-forwarding",
        "floating IP \(floating.address) does not forward \(flow.protocolText)",
        floating.evidence + forwardings.flatMap(\.evidence))
    }
    inner.destination = target
    if let outer = forwarding.externalPorts, let ports = forwarding.internalPorts,
      let asked = flow.destinationPort
    {
      inner.destinationPort = ports.first + min(asked - outer.first, ports.last - ports.first)
    }
    return arrive(port, inner, hops)
  }
}
