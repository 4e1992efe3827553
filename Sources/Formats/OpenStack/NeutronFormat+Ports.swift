// Ports and trunks out of the API's objects.
import Facts
import NetworkTypes

extension NeutronFormat {
  static func port(_ attributes: inout NeutronAttributes) -> NeutronPort? {
    guard let id: PortID = attributes.identifier("id"),
      let network: NetworkID = attributes.identifier("network_id")
    else { return nil }
    var port = NeutronPort(id: id, network: network, evidence: attributes.evidence)
    port.name = attributes.string("name") ?? ""
    port.project = attributes.project()
    port.mac = attributes.mac("mac_address")
    port.isAdminUp = attributes.flag("admin_state_up") ?? true
    port.status = attributes.string("status") ?? ""
    port.deviceID = attributes.string("device_id") ?? ""
    port.deviceOwner = attributes.string("device_owner") ?? ""
    port.fixedIPs = attributes.list("fixed_ips", "a fixed address", fixedIP)
    port.dnsName = attributes.nonEmpty("dns_name")
    port.qosPolicy = attributes.nonEmpty("qos_policy_id")
    security(of: &port, &attributes)
    binding(of: &port, &attributes)
    port.extra = attributes.extra
    return port
  }

  private static func security(
    of port: inout NeutronPort, _ attributes: inout NeutronAttributes
  ) {
    port.securityGroups = attributes.identifiers("security_groups")
    port.isPortSecurityEnabled = attributes.flag("port_security_enabled")
    port.allowedAddressPairs = attributes.list(
      "allowed_address_pairs", "an address pair", addressPair)
    port.extraDHCPOptions = attributes.list("extra_dhcp_opts", "a DHCP option", dhcpOption)
  }

  private static func binding(of port: inout NeutronPort, _ attributes: inout NeutronAttributes) {
    port.host = attributes.nonEmpty("binding:host_id")
    port.vnicType = attributes.nonEmpty("binding:vnic_type")
    port.vifType = attributes.nonEmpty("binding:vif_type")
    port.vifDetails = attributes.dictionary("binding:vif_details")
    port.bindingProfile = attributes.dictionary("binding:profile")
  }

  static func fixedIP(_ node: JSONNode) -> NeutronFixedIP? {
    guard let subnet = node["subnet_id"]?.string,
      let address = node["ip_address"]?.string.flatMap({ IPAddress($0) })
    else { return nil }
    return NeutronFixedIP(subnet: SubnetID(subnet), address: address)
  }

  private static func addressPair(_ node: JSONNode) -> AllowedAddressPair? {
    guard let prefix = node["ip_address"]?.string.flatMap({ IPPrefix($0) }) else { return nil }
    guard let text = node["mac_address"]?.string else {
      return AllowedAddressPair(mac: nil, prefix: prefix)
    }
    return MACAddress(text).map { AllowedAddressPair(mac: $0, prefix: prefix) }
  }

  private static func dhcpOption(_ node: JSONNode) -> ExtraDHCPOption? {
    guard let name = node["opt_name"]?.string else { return nil }
    let version = node["ip_version"]?.wholeNumber(UInt8.self) ?? 4
    guard let family = AddressFamily(rawValue: version) else { return nil }
    return ExtraDHCPOption(
      name: name, value: node["opt_value"]?.scalarText ?? "", family: family)
  }

  static func trunk(_ attributes: inout NeutronAttributes) -> NeutronTrunk? {
    guard let id: TrunkID = attributes.identifier("id"),
      let port: PortID = attributes.identifier("port_id")
    else { return nil }
    var trunk = NeutronTrunk(id: id, port: port, evidence: attributes.evidence)
    trunk.name = attributes.string("name") ?? ""
    trunk.project = attributes.project()
    trunk.isAdminUp = attributes.flag("admin_state_up") ?? true
    trunk.status = attributes.string("status") ?? ""
    trunk.subPorts = attributes.list("sub_ports", "a subport", subPort)
    trunk.extra = attributes.extra
    return trunk
  }

  private static func subPort(_ node: JSONNode) -> NeutronSubPort? {
    guard let port = node["port_id"]?.string else { return nil }
    return NeutronSubPort(
      port: PortID(port), segmentationType: node["segmentation_type"]?.string ?? "",
      segmentationID: node["segmentation_id"]?.wholeNumber(UInt32.self))
  }
}
