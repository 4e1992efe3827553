// Networks, subnets, subnet pools and address scopes out of the API's objects.
import Facts
import NetworkTypes

extension NeutronFormat {
  static func network(_ attributes: inout NeutronAttributes) -> NeutronNetwork? {
    guard let id: NetworkID = attributes.identifier("id") else { return nil }
    var network = NeutronNetwork(id: id, evidence: attributes.evidence)
    network.name = attributes.string("name") ?? ""
    network.project = attributes.project()
    network.isAdminUp = attributes.flag("admin_state_up") ?? true
    network.status = attributes.string("status") ?? ""
    network.isShared = attributes.flag("shared") ?? false
    network.isExternal = attributes.flag("router:external") ?? false
    network.mtuBytes = attributes.integer("mtu")
    network.segments = segments(&attributes)
    network.subnets = attributes.identifiers("subnets")
    network.isPortSecurityEnabled = attributes.flag("port_security_enabled")
    network.ipv4AddressScope = attributes.nonEmpty("ipv4_address_scope")
    network.ipv6AddressScope = attributes.nonEmpty("ipv6_address_scope")
    network.extra = attributes.extra
    return network
  }

  private static func segments(_ attributes: inout NeutronAttributes) -> [NeutronSegment] {
    let several = attributes.list("segments", "a segment", segment)
    let type = attributes.nonEmpty("provider:network_type")
    let physical = attributes.nonEmpty("provider:physical_network")
    let number = attributes.lift("provider:segmentation_id", "a segmentation id") {
      $0.wholeNumber(UInt32.self)
    }
    guard several.isEmpty, let type else { return several }
    return [NeutronSegment(networkType: type, physicalNetwork: physical, segmentationID: number)]
  }

  private static func segment(_ node: JSONNode) -> NeutronSegment? {
    guard let type = node["provider:network_type"]?.string else { return nil }
    return NeutronSegment(
      networkType: type, physicalNetwork: node["provider:physical_network"]?.string,
      segmentationID: node["provider:segmentation_id"]?.wholeNumber(UInt32.self))
  }

  static func subnet(_ attributes: inout NeutronAttributes) -> NeutronSubnet? {
    guard let id: SubnetID = attributes.identifier("id"),
      let network: NetworkID = attributes.identifier("network_id"),
      let cidr = attributes.prefix("cidr")
    else { return nil }
    var subnet = NeutronSubnet(
      id: id, network: network, cidr: cidr, evidence: attributes.evidence)
    subnet.name = attributes.string("name") ?? ""
    subnet.project = attributes.project()
    subnet.gateway = attributes.address("gateway_ip")
    subnet.isDHCPEnabled = attributes.flag("enable_dhcp") ?? false
    subnet.pools = attributes.list("allocation_pools", "a range of addresses", addressRange)
    subnet.hostRoutes = attributes.list("host_routes", "a route", hostRoute)
    subnet.dnsServers = attributes.addresses("dns_nameservers")
    subnet.ipv6RAMode = attributes.nonEmpty("ipv6_ra_mode")
    subnet.ipv6AddressMode = attributes.nonEmpty("ipv6_address_mode")
    subnet.subnetPool = attributes.nonEmpty("subnetpool_id")
    subnet.segment = attributes.nonEmpty("segment_id")
    subnet.serviceTypes = attributes.strings("service_types")
    subnet.extra = attributes.extra
    return subnet
  }

  private static func addressRange(_ node: JSONNode) -> AddressRange? {
    guard let first = node["start"]?.string.flatMap({ IPAddress($0) }),
      let last = node["end"]?.string.flatMap({ IPAddress($0) })
    else { return nil }
    return AddressRange(first: first, last: last)
  }

  static func hostRoute(_ node: JSONNode) -> HostRoute? {
    guard let destination = node["destination"]?.string.flatMap({ IPPrefix($0) }),
      let nextHop = node["nexthop"]?.string.flatMap({ IPAddress($0) })
    else { return nil }
    return HostRoute(destination: destination, nextHop: nextHop)
  }

  static func subnetPool(_ attributes: inout NeutronAttributes) -> NeutronSubnetPool? {
    guard let id = attributes.nonEmpty("id") else { return nil }
    var pool = NeutronSubnetPool(evidence: attributes.evidence)
    pool.id = id
    pool.name = attributes.string("name") ?? ""
    pool.project = attributes.project()
    pool.prefixes = attributes.prefixes("prefixes")
    pool.addressScope = attributes.nonEmpty("address_scope_id")
    pool.isShared = attributes.flag("shared") ?? false
    pool.extra = attributes.extra
    return pool
  }

  static func addressScope(_ attributes: inout NeutronAttributes) -> NeutronAddressScope? {
    guard let id = attributes.nonEmpty("id") else { return nil }
    var scope = NeutronAddressScope(evidence: attributes.evidence)
    scope.id = id
    scope.name = attributes.string("name") ?? ""
    scope.project = attributes.project()
    scope.family = attributes.family("ip_version")
    scope.isShared = attributes.flag("shared") ?? false
    scope.extra = attributes.extra
    return scope
  }
}
