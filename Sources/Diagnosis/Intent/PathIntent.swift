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
  static let routerLimit = 8

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

  func deny(
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

  func disabled(_ port: Port) -> IntentVerdict? {
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
