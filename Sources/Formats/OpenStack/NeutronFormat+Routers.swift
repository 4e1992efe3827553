// Routers, floating IPs and port forwardings out of the API's objects.
import Facts
import NetworkTypes

extension NeutronFormat {
  static func router(_ attributes: inout NeutronAttributes) -> NeutronRouter? {
    guard let id: RouterID = attributes.identifier("id") else { return nil }
    var router = NeutronRouter(id: id, evidence: attributes.evidence)
    router.name = attributes.string("name") ?? ""
    router.project = attributes.project()
    router.isAdminUp = attributes.flag("admin_state_up") ?? true
    router.status = attributes.string("status") ?? ""
    router.isDistributed = attributes.flag("distributed")
    router.isHA = attributes.flag("ha")
    router.gateway = attributes.lift("external_gateway_info", "a gateway", gateway)
    let all = attributes.list("external_gateways", "a gateway", gateway)
    router.gateway = router.gateway ?? all.first
    router.furtherGateways = Array(all.dropFirst())
    router.routes = attributes.list("routes", "a route", hostRoute)
    router.extra = attributes.extra
    return router
  }

  private static func gateway(_ node: JSONNode) -> NeutronGateway? {
    guard let network = node["network_id"]?.string else { return nil }
    let addresses = (node["external_fixed_ips"]?.elements ?? []).compactMap(fixedIP)
    return NeutronGateway(
      network: NetworkID(network), fixedIPs: addresses,
      isSNATEnabled: node["enable_snat"]?.bool)
  }

  static func floatingIP(_ attributes: inout NeutronAttributes) -> NeutronFloatingIP? {
    guard let id: FloatingIPID = attributes.identifier("id"),
      let address = attributes.address("floating_ip_address"),
      let network: NetworkID = attributes.identifier("floating_network_id")
    else { return nil }
    let evidence = attributes.evidence
    var floating = NeutronFloatingIP(
      id: id, address: address, floatingNetwork: network, evidence: evidence)
    floating.router = attributes.identifier("router_id")
    floating.port = attributes.identifier("port_id")
    floating.fixedAddress = attributes.address("fixed_ip_address")
    floating.status = attributes.string("status") ?? ""
    floating.project = attributes.project()
    floating.portForwardings = attributes.list("port_forwardings", "a port forwarding") {
      portForwarding($0, evidence)
    }
    floating.extra = attributes.extra
    return floating
  }

  static func portForwarding(_ attributes: inout NeutronAttributes) -> NeutronPortForwarding? {
    guard attributes.node["id"]?.string != nil,
      var forwarding = portForwarding(attributes.node, attributes.evidence)
    else { return nil }
    for key in lifted { _ = attributes.lift(key, "", { $0 }) }
    forwarding.extra = attributes.extra
    return forwarding
  }

  private static let lifted = [
    "id", "protocol", "external_port", "external_port_range", "internal_port",
    "internal_port_range", "internal_port_id", "internal_ip_address",
  ]

  private static func portForwarding(
    _ node: JSONNode, _ evidence: Evidence
  ) -> NeutronPortForwarding? {
    guard let name = node["protocol"]?.scalarText else { return nil }
    var forwarding = NeutronPortForwarding(protocolName: name, evidence: evidence)
    forwarding.id = node["id"]?.string ?? ""
    forwarding.externalPorts = ports(node, "external_port")
    forwarding.internalPorts = ports(node, "internal_port")
    forwarding.internalPort = node["internal_port_id"]?.string.map { PortID($0) }
    forwarding.internalAddress = node["internal_ip_address"]?.string.flatMap { IPAddress($0) }
    return forwarding
  }

  /// `…_range` (`22:25`, since 2021) before the single port that it replaces.
  private static func ports(_ node: JSONNode, _ key: String) -> PortRange? {
    if let text = node[key + "_range"]?.scalarText {
      let ends = text.split(separator: ":").compactMap { UInt16($0) }
      if let first = ends.first, let last = ends.last, ends.count <= 2 {
        return PortRange(first: first, last: last)
      }
    }
    return node[key]?.wholeNumber(UInt16.self).map { PortRange(single: $0) }
  }
}
