// Whether a packet should arrive, by what tenants asked Neutron for: networks, routers, floating IPs,
// security groups. Nothing of the nodes is looked at. What it says decides between "works as
// configured" and "broken".
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

struct PathIntent {
  let facts: CloudFacts
  let cloud: DataPlaneModel
  let model: CloudModel
  let security: SecurityIntent
  private static let routerLimit = 8

  init(_ cloud: DataPlaneModel, _ model: CloudModel) {
    facts = cloud.facts
    self.cloud = cloud
    self.model = model
    security = SecurityIntent(facts: cloud.facts, model: model)
  }

  func verdict(_ probe: Probe) -> IntentVerdict {
    guard model.hasAPI, facts.neutron.ports.isKnown else {
      return .undecided("Neutron's API was not captured")
    }
    switch probe.origin {
    case .port(let id):
      guard let port = model.port(id), let guest = cloud.guest(id).map({ cloud.guests[$0] }) else {
        return .undecided("Neutron does not have port \(id)")
      }
      return fromPort(port, guest, probe)
    case .external(let address): return fromOutside(address, probe)
    case .namespace: return .undecided("what a node itself sends is nobody's intent")
    }
  }

  private func deny(
    _ code: String, _ text: String, _ evidence: [Evidence] = [], change: String? = nil
  ) -> IntentVerdict {
    .denied(IntentDenial(code: code, text: text, evidence: evidence, change: change))
  }

  // MARK: from a guest

  private func fromPort(_ port: Port, _ guest: Guest, _ probe: Probe) -> IntentVerdict {
    if let disabled = disabled(port) { return disabled }
    switch probe.kind {
    case .dhcp: return dhcp(port)
    case .arp: return onLink(port, probe.destination)
    default: break
    }
    guard let source = probe.source ?? guest.firstAddress(probe.destination.family) else {
      return deny(
        "no-route", "\(guest.name) has no \(probe.destination.family) address", port.evidence)
    }
    if let denial = foreignSource(port, source, probe.sourceMAC) { return denial }
    let flow = FlowIntent(
      family: probe.destination.family, ipProtocol: probe.ipProtocol, source: source,
      destination: probe.destination, destinationPort: probe.destinationPort)
    if guest.owns(probe.destination) { return .allowed([]) }
    return pass(port, .egress, flow) { hops in route(port, guest, flow, hops) }
  }

  /// A source that the sender may use but does not hold gets no answer: nobody has the address.
  func unanswerable(_ probe: Probe) -> IntentDenial? {
    guard case .port(let id) = probe.origin, let source = probe.source,
      let guest = cloud.guest(id).map({ cloud.guests[$0] }), !guest.owns(source)
    else { return nil }
    return IntentDenial(
      code: "address-not-own",
      text: "\(guest.name) sends from \(source), which it does not hold: answers go nowhere",
      evidence: guest.evidence)
  }

  private func disabled(_ port: Port) -> IntentVerdict? {
    if port.isAdminUp == false {
      return deny(
        "port-disabled", "port \(model.title(of: port)) is administratively down", port.evidence,
        change: "openstack port set --enable \(Shell.word(port.id))")
    }
    if let network = model.network(port.network), network.isAdminUp == false {
      return deny(
        "port-disabled", "network \(network.label) is administratively down", network.evidence,
        change: "openstack network set --enable \(Shell.word(network.id))")
    }
    return nil
  }

  private func dhcp(_ port: Port) -> IntentVerdict {
    let subnets = port.fixedIPs.compactMap { fixed in
      port.network.flatMap { id in
        model.subnets(of: id).first { $0.id == fixed.subnet && $0.cidr.family == .ipv4 }
      }
    }
    if subnets.contains(where: { $0.isDHCPEnabled == true }) { return .allowed([]) }
    return deny(
      "no-dhcp", "DHCP is off for the subnets of \(model.title(of: port))",
      subnets.flatMap(\.evidence))
  }

  private func onLink(_ port: Port, _ address: IPAddress) -> IntentVerdict {
    if owner(of: address, on: port.network) != nil { return .allowed([]) }
    if isMetadata(address) { return .undecided("who answers for metadata depends on options") }
    if model.subnets(of: port.network ?? "").contains(where: { $0.gateway == address }) {
      return .undecided("the gateway is no port of Neutron's")
    }
    return deny("no-such-address", "no port of \(network(port.network)) has \(address)")
  }

  /// Anti-spoofing: fixed addresses and allowed pairs only.
  private func foreignSource(_ port: Port, _ source: IPAddress, _ mac: MACAddress?)
    -> IntentVerdict?
  {
    guard !security.isUnfiltered(port), !source.isLinkLocal else { return nil }
    let isOwn =
      port.addresses.contains(source)
      || port.allowedAddressPairs.contains { $0.prefix.contains(source) }
    let isOwnMAC =
      mac.map { mac in
        mac == port.mac || port.allowedAddressPairs.contains { $0.mac == mac }
      } ?? true
    if isOwn, isOwnMAC { return nil }
    return deny(
      "address-not-own",
      "port \(model.title(of: port)) may not send from "
        + (isOwn ? "\(mac.map { "\($0)" } ?? "another MAC")" : "\(source)"), port.evidence,
      change:
        "openstack port set --allowed-address ip-address=\(source) \(Shell.word(port.id))")
  }

  // MARK: routing

  private func route(
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

  // MARK: out and in

  private func leave(
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

  private func outside(_ port: Port, _ flow: FlowIntent, _ hops: [FilteredHop]) -> IntentVerdict {
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

  private func fromOutside(_ source: IPAddress, _ probe: Probe) -> IntentVerdict {
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

  private func arrive(_ owner: Port, _ flow: FlowIntent, _ hops: [FilteredHop]) -> IntentVerdict {
    // A virtual address has a port of its own that is plugged nowhere; a guest with a pair holds it.
    let port = owner.isVirtual ? holder(of: flow.destination, on: owner.network) ?? owner : owner
    if let disabled = disabled(port) { return disabled }
    if port.owner.isRouters {
      return flow.ipProtocol == IPProtocol.icmp || flow.ipProtocol == IPProtocol.icmp6
        ? .allowed(hops)
        : deny(
          "router-only-answers-icmp",
          "\(model.title(of: port)) has no service on \(flow.protocolText)", port.evidence)
    }
    return pass(port, .ingress, flow) { .allowed(hops + $0) }
  }

  private func pass(
    _ port: Port, _ direction: SecurityDirection, _ flow: FlowIntent,
    _ next: ([FilteredHop]) -> IntentVerdict
  ) -> IntentVerdict {
    switch security.verdict(port, direction, flow) {
    case .allowed(let rule):
      return next([FilteredHop(port: port.id, direction: direction, flow: flow, rule: rule)])
    case .denied(let text, let evidence):
      return deny(
        direction == .ingress ? "no-ingress-rule" : "no-egress-rule", text, evidence,
        change: SecurityIntent.command(port, direction, flow))
    case .undecided(let text): return .undecided(text)
    }
  }

  // MARK: look-ups

  private func network(_ id: NetworkID?) -> String { model.network(id)?.label ?? "its network" }

  private func isMetadata(_ address: IPAddress) -> Bool {
    address == .v4(IPv4Address(rawValue: 0xa9fe_a9fe))
  }

  /// The port with a fixed address, else the one that may use it as a pair.
  func owner(of address: IPAddress, on network: NetworkID?) -> Port? {
    guard let network else { return nil }
    let ports = model.ports(of: network).filter { $0.origin.contains(.api) }
    let fixed = ports.first { $0.owner != .floatingIP && $0.addresses.contains(address) }
    return fixed
      ?? ports.first { port in
        port.locations.isEmpty == false
          && port.allowedAddressPairs.contains { $0.prefix == IPPrefix(host: address) }
      }
  }

  private func holder(of address: IPAddress, on network: NetworkID?) -> Port? {
    network.flatMap { id in
      model.ports(of: id).first { port in
        !port.locations.isEmpty
          && port.allowedAddressPairs.contains { $0.prefix.contains(address) }
      }
    }
  }

  /// Those that Neutron has; a node may hold one that was taken away.
  private func intended(_ interfaces: [RouterInterface]) -> [RouterInterface] {
    interfaces.filter { model.port($0.port)?.origin.contains(.api) ?? false }
  }

  private func linkLocalOwner(_ address: IPAddress, on network: NetworkID?) -> Port? {
    network.flatMap { id in
      model.ports(of: id).first {
        $0.mac.map { IPAddress.v6(IPv6Address(linkLocal: $0)) } == address
      }
    }
  }

  private func floatingIP(_ address: IPAddress) -> FloatingIP? {
    model.floatingIPs.first { $0.address == address && $0.origin.contains(.api) }
  }
}

extension Probe {
  var ipProtocol: UInt8 {
    switch kind {
    case .tcp: IPProtocol.tcp
    case .udp, .dhcp: IPProtocol.udp
    case .sctp: IPProtocol.sctp
    case .icmp, .icmp6, .arp:
      destination.family == .ipv4 ? IPProtocol.icmp : IPProtocol.icmp6
    }
  }
}

extension SecurityIntent {
  /// What a tenant would type to allow it.
  static func command(_ port: Port, _ direction: SecurityDirection, _ flow: FlowIntent) -> String? {
    guard let group = port.securityGroups.min() else { return nil }
    var words = ["openstack security group rule create --\(direction)"]
    if flow.family == .ipv6 { words.append("--ethertype IPv6") }
    switch flow.ipProtocol {
    case IPProtocol.tcp: words.append("--protocol tcp")
    case IPProtocol.udp: words.append("--protocol udp")
    case IPProtocol.icmp: words.append("--protocol icmp")
    case IPProtocol.icmp6: words.append("--protocol ipv6-icmp")
    default: words.append("--protocol \(flow.ipProtocol)")
    }
    if let number = flow.destinationPort, number > 0,
      flow.ipProtocol == IPProtocol.tcp || flow.ipProtocol == IPProtocol.udp
    {
      words.append("--dst-port \(number)")
    }
    let remote = direction == .ingress ? flow.source : flow.destination
    words.append("--remote-ip \(IPPrefix(host: remote)) \(Shell.word(group))")
    return words.joined(separator: " ")
  }
}

extension Port {
  /// Made for an address that guests share: nobody's device.
  fileprivate var isVirtual: Bool { owner == .none && locations.isEmpty }
}
