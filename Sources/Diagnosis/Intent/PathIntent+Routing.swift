// From the sender through routers, as their interfaces, extra routes and gateways say.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension PathIntent {
  func route(
    _ port: Port, _ guest: Guest, _ flow: FlowIntent, _ hops: [FilteredHop]
  ) -> IntentVerdict {
    let destination = flow.destination
    if let target = owner(of: destination, on: port.network),
      guest.route(to: destination)?.gateway == nil
    {
      return arrive(target, flow, hops)
    }
    // A guest's routes are what DHCP gives it, and so what the subnet and its options say.
    guard let route = guest.route(to: destination) else {
      return deny(
        "no-gateway",
        "\(model.title(of: port)) has no route to \(destination): its subnet has no gateway",
        port.evidence)
    }
    guard let gateway = route.gateway else {
      if isMetadata(destination) { return .allowed(hops) }
      return deny("no-such-address", "no port of \(network(port.network)) has \(destination)")
    }
    let hop =
      gateway.isLinkLocal
      ? linkLocalOwner(gateway, on: port.network) : owner(of: gateway, on: port.network)
    guard let next = hop else {
      let isOutside = model.network(port.network)?.segments.contains { $0.physicalNetwork != nil }
      if isOutside == true { return outside(port, flow, hops) }
      return deny(
        "no-gateway", "no port of \(network(port.network)) has the gateway's address \(gateway)",
        port.evidence)
    }
    if next.owner == .dhcp, isMetadata(destination) { return .allowed(hops) }
    guard let router = model.router(next.router) else {
      return .undecided("\(model.title(of: next)) forwards for \(model.title(of: port))")
    }
    return through(router, port, flow, hops, depth: 0)
  }

  private func through(
    _ router: Router, _ sender: Port, _ flow: FlowIntent, _ hops: [FilteredHop], depth: Int
  ) -> IntentVerdict {
    guard depth < Self.routerLimit else { return .undecided("extra routes lead in circles") }
    if router.isAdminUp == false {
      return deny(
        "port-disabled", "router \(router.label) is administratively down", router.evidence,
        change: "openstack router set --enable \(Shell.word(router.id))")
    }
    let destination = flow.destination
    if isMetadata(destination) { return .allowed(hops) }
    let interfaces = intended(router.interfaces)
    if interfaces.contains(where: { $0.addresses.contains(destination) })
      || router.gateway?.addresses.contains(destination) ?? false
    {
      return flow.ipProtocol == IPProtocol.icmp || flow.ipProtocol == IPProtocol.icmp6
        ? .allowed(hops)
        : deny(
          "router-only-answers-icmp",
          "router \(router.label) itself has no service on "
            + flow.protocolText, router.evidence)
    }
    for interface in interfaces {
      guard let id = interface.network,
        model.subnets(of: id).contains(where: { subnet in
          subnet.cidr.contains(destination)
            && interface.addresses.contains { subnet.cidr.contains($0) }
        })
      else { continue }
      guard let target = owner(of: destination, on: id) else {
        return deny("no-such-address", "no port of \(network(id)) has \(destination)")
      }
      return arrive(target, flow, hops)
    }
    if let extra = router.routes.filter({ $0.destination.contains(destination) })
      .max(by: { $0.destination.length < $1.destination.length })
    {
      return follow(extra, router, sender, flow, hops, depth)
    }
    return leave(router, sender, flow, hops)
  }

  private func follow(
    _ extra: HostRoute, _ router: Router, _ sender: Port, _ flow: FlowIntent,
    _ hops: [FilteredHop], _ depth: Int
  ) -> IntentVerdict {
    for network in intended(router.interfaces).map(\.network) + [router.gateway?.network] {
      guard let owner = owner(of: extra.nextHop, on: network) else { continue }
      guard let next = model.router(owner.router) else {
        return .undecided("\(model.title(of: owner)) forwards for router \(router.label)")
      }
      return through(next, sender, flow, hops, depth: depth + 1)
    }
    return .undecided("extra route via \(extra.nextHop), which is no port of Neutron's")
  }
}
