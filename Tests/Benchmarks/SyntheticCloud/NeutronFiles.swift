// The Neutron API's answers, as `openstack … -f json` would hold them: one file a collection, and one
// for each router's, network's and floating IP's own lists. Feeds the capture's neutron folder.

struct NeutronFiles {
  let cloud: Cloud
  private let stamps: Text =
    #""created_at":"2026-11-23T00:39:08Z","updated_at":"2026-11-23T00:39:09Z""#

  init(_ cloud: Cloud) { self.cloud = cloud }

  func write(to folder: Folder) throws(FolderError) {
    try folder.write("networks.json", collection("networks", cloud.networks.map(network)))
    try folder.write("subnets.json", collection("subnets", cloud.networks.flatMap(subnets)))
    try folder.write("ports.json", collection("ports", cloud.ports.refs.map(port)))
    try folder.write("routers.json", collection("routers", cloud.routers.map(router)))
    try folder.write(
      "floatingips.json", collection("floatingips", cloud.floatingIPs.map(floatingIP)))
    try folder.write(
      "security-groups.json", collection("security_groups", cloud.groups.map(group)))
    try folder.write(
      "security-group-rules.json",
      collection(
        "security_group_rules",
        cloud.groups.flatMap { group in group.rules.map { rule($0, of: group) } }))
    try folder.write("agents.json", collection("agents", cloud.nodes.refs.flatMap(agents)))
    for name in ["subnetpools", "trunks", "address-scopes"] {
      let key = name == "address-scopes" ? "address_scopes" : name
      try folder.write("\(name).json", collection(key, []))
    }
    try folder.write("extensions.json", collection("extensions", extensions))
    try writeKeyed(to: folder)
  }

  private func writeKeyed(to folder: Folder) throws(FolderError) {
    for network in cloud.networks {
      let node = network.dhcp.flatMap { cloud.ports[$0].node }
      let agents = node.map { [addressAgent($0)] } ?? []
      try folder.write("dhcp-agents/\(network.id).json", "{\"agents\":[\(agents, separator: ",")]}")
    }
    for router in cloud.routers {
      let agents: [Text] = router.agents.enumerated().map { position, node in
        let state: Text =
          router.kind != .highlyAvailable ? "null" : position == 0 ? #""active""# : #""standby""#
        return routingAgent(node, state: state)
      }
      try folder.write("l3-agents/\(router.id).json", "{\"agents\":[\(agents, separator: ",")]}")
    }
    for floating in cloud.floatingIPs {
      try folder.write("port_forwardings/\(floating.id).json", #"{"port_forwardings":[]}"#)
    }
  }

  private func collection(_ name: String, _ objects: [Text]) -> Text {
    "{\n\"\(name)\":[\n\(objects, separator: ",\n")\n]\n}\n"
  }
  private func project(_ tenant: Ref<Tenant>?) -> Text {
    tenant.map { cloud.tenants[$0].project.undashed } ?? ""
  }
  private func optional(_ value: Text?) -> Text { value.map { #""\#($0)""# } ?? "null" }

  private var extensions: [Text] {
    [
      "agent", "allowed-address-pairs", "dhcp_agent_scheduler", "dvr", "external-net", "l3-ha",
      "l3_agent_scheduler", "port-security", "provider", "router", "security-group",
    ].map { #"{"name":"\#($0)","alias":"\#($0)","description":"","links":[]}"# }
  }
}

extension NeutronFiles {
  private func network(_ network: Network) -> Text {
    let ids = [network.subnet4.id] + [network.subnet6?.id].compactMap { $0 }
    let quoted: [Text] = ids.map { #""\#($0)""# }
    let segment: Text = network.kind == .flat ? "null" : "\(network.segment)"
    let owner = project(network.tenant)
    return #"""
      {"id":"\#(network.id)","name":"\#(network.name)","tenant_id":"\#(owner)",\#
      "admin_state_up":true,"mtu":\#(network.mtuBytes),"status":"ACTIVE",\#
      "subnets":[\#(quoted, separator: ",")],"shared":false,"availability_zone_hints":[],\#
      "availability_zones":["nova"],"ipv4_address_scope":null,"ipv6_address_scope":null,\#
      "router:external":\#(network.isExternal ? "true" : "false"),"description":"",\#
      "port_security_enabled":true,"tags":[],\#(stamps),"revision_number":2,\#
      "project_id":"\#(owner)","provider:network_type":"\#(network.kind.text)",\#
      "provider:physical_network":\#(optional(network.kind == .vxlan ? nil : "physnet1")),\#
      "provider:segmentation_id":\#(segment)}
      """#
  }

  private func subnets(_ network: Network) -> [Text] {
    let v4 = network.subnet4
    let pool: Text =
      #"{"start":"\#(v4.base + 1)","end":"\#(v4.broadcast + -1)"}"#
    let hasDHCP = network.dhcp != nil
    var result = [
      subnet(
        network, v4.id, version: 4, "\(v4.base)/\(v4.length)", v4.gateway.map { "\($0)" }, pool,
        mode: "null", hasDHCP)
    ]
    if let v6 = network.subnet6 {
      let pool: Text =
        #"{"start":"\#(v6.gateway)","end":"\#(IPv6(high: v6.prefix, low: .max))"}"#
      result.append(
        subnet(
          network, v6.id, version: 6, "\(v6.base)/64", "\(v6.gateway)", pool, mode: #""slaac""#,
          hasDHCP))
    }
    return result
  }

  private func subnet(
    _ network: Network, _ id: ObjectID, version: Int, _ cidr: Text, _ gateway: Text?, _ pool: Text,
    mode: Text, _ hasDHCP: Bool
  ) -> Text {
    let owner = project(network.tenant)
    return #"""
      {"id":"\#(id)","name":"\#(network.name)-v\#(version)","tenant_id":"\#(owner)",\#
      "network_id":"\#(network.id)","ip_version":\#(version),"subnetpool_id":null,\#
      "enable_dhcp":\#(hasDHCP ? "true" : "false"),"ipv6_ra_mode":\#(mode),\#
      "ipv6_address_mode":\#(mode),"gateway_ip":\#(optional(gateway)),"cidr":"\#(cidr)",\#
      "allocation_pools":[\#(pool)],"host_routes":[],"dns_nameservers":[],"description":"",\#
      "service_types":[],"tags":[],\#(stamps),"revision_number":0,"project_id":"\#(owner)"}
      """#
  }

  private func port(_ ref: Ref<Port>) -> Text {
    let port = cloud.ports[ref]
    let network = cloud.networks[port.network]
    let owner = projectOf(port)
    let groups: [Text] = port.groups.map { #""\#(cloud.groups[$0].id)""# }
    var addresses: [Text] = []
    if let address = port.address4 {
      addresses.append(#"{"subnet_id":"\#(network.subnet4.id)","ip_address":"\#(address)"}"#)
    }
    if let address = port.address6, let subnet = network.subnet6 {
      addresses.append(#"{"subnet_id":"\#(subnet.id)","ip_address":"\#(address)"}"#)
    }
    return #"""
      {"id":"\#(port.id)","name":"\#(port.name)","network_id":"\#(network.id)",\#
      "tenant_id":"\#(owner)","mac_address":"\#(port.mac)","admin_state_up":true,\#
      "status":"\#(port.owner == .floatingIP ? "N/A" : "ACTIVE")",\#
      "device_id":"\#(device(port, network))","device_owner":"\#(port.owner.text)",\#
      "fixed_ips":[\#(addresses, separator: ",")],"allowed_address_pairs":[],\#
      "extra_dhcp_opts":[],"security_groups":[\#(groups, separator: ",")],"description":"",\#
      \#(binding(port)),"port_security_enabled":\#(port.owner == .guest ? "true" : "false"),\#
      "tags":[],\#(stamps),"revision_number":3,"project_id":"\#(owner)"}
      """#
  }

  private func device(_ port: Port, _ network: Network) -> Text {
    port.owner == .dhcp ? "dhcp\(port.device)-\(network.id)" : "\(port.device)"
  }

  /// What the agents made for themselves belongs to nobody.
  private func projectOf(_ port: Port) -> Text {
    switch port.owner {
    case .gateway, .centralSNAT, .agentGateway, .haInterface, .floatingIP: ""
    default: project(cloud.networks[port.network].tenant)
    }
  }

  private func binding(_ port: Port) -> Text {
    let head: Text = #""binding:vnic_type":"normal","binding:profile":{},"#
    if port.owner == .distributedInterface {
      return #"""
        \#(head)"binding:host_id":"","binding:vif_type":"distributed",\#
        "binding:vif_details":{"bound_drivers":{"0":"openvswitch"}}
        """#
    }
    guard let node = port.node else {
      return #"""
        \#(head)"binding:host_id":"","binding:vif_type":"unbound","binding:vif_details":{}
        """#
    }
    let place = cloud.nodes[node]
    return #"""
      \#(head)"binding:host_id":"\#(place.name)","binding:vif_type":"ovs",\#
      "binding:vif_details":{"connectivity":"l2","port_filter":true,\#
      "ovs_hybrid_plug":\#(place.firewall == .hybrid ? "true" : "false"),\#
      "datapath_type":"netdev","bridge_name":"br-int","bound_drivers":{"0":"openvswitch"}}
      """#
  }

  private func router(_ router: Router) -> Text {
    let external = cloud.networks[cloud.external]
    let gateway = cloud.ports[router.gateway]
    let owner = project(router.tenant)
    let (isDistributed, isHA) = (router.kind == .distributed, router.kind == .highlyAvailable)
    return #"""
      {"id":"\#(router.id)","name":"\#(router.name)","tenant_id":"\#(owner)",\#
      "admin_state_up":true,"status":"ACTIVE","external_gateway_info":{\#
      "network_id":"\#(external.id)","external_fixed_ips":[{\#
      "subnet_id":"\#(external.subnet4.id)","ip_address":"\#(gateway.address4 ?? IPv4(0))"}],\#
      "enable_snat":true},"description":"","availability_zones":["nova"],\#
      "distributed":\#(isDistributed ? "true" : "false"),"ha":\#(isHA ? "true" : "false"),\#
      "availability_zone_hints":[],"routes":[],"flavor_id":null,"tags":[],\#(stamps),\#
      "revision_number":7,"project_id":"\#(owner)"}
      """#
  }

  private func floatingIP(_ floating: FloatingIP) -> Text {
    let port = cloud.ports[floating.port]
    let router = cloud.routers[floating.router]
    let owner = project(router.tenant)
    return #"""
      {"id":"\#(floating.id)","tenant_id":"\#(owner)",\#
      "floating_ip_address":"\#(floating.address)",\#
      "floating_network_id":"\#(cloud.networks[cloud.external].id)","router_id":"\#(router.id)",\#
      "port_id":"\#(port.id)","fixed_ip_address":"\#(port.address4 ?? IPv4(0))",\#
      "status":"ACTIVE","description":"","port_details":{"name":"\#(port.name)",\#
      "network_id":"\#(cloud.networks[port.network].id)","mac_address":"\#(port.mac)",\#
      "admin_state_up":true,"status":"ACTIVE","device_id":"\#(port.device)",\#
      "device_owner":"compute:nova"},"port_forwardings":[],"tags":[],\#(stamps),\#
      "revision_number":1,"project_id":"\#(owner)"}
      """#
  }
}

extension NeutronFiles {
  private func group(_ group: SecurityGroup) -> Text {
    let owner = project(group.tenant)
    let rules = group.rules.map { rule($0, of: group) }
    return #"""
      {"id":"\#(group.id)","name":"\#(group.name)","stateful":true,"tenant_id":"\#(owner)",\#
      "description":"","shared":false,"security_group_rules":[\#(rules, separator: ",")],\#
      "tags":[],\#(stamps),"revision_number":1,"project_id":"\#(owner)"}
      """#
  }

  private func rule(_ rule: SecurityRule, of group: SecurityGroup) -> Text {
    var (prefix, remote): (Text?, Text?) = (nil, nil)
    switch rule.remote {
    case .any: break
    case .prefix(let base, let length): prefix = "\(base)/\(length)"
    case .group(let other): remote = "\(cloud.groups[other].id)"
    }
    let ports = rule.ports.map { ("\($0.lowerBound)" as Text, "\($0.upperBound)" as Text) }
    let owner = project(group.tenant)
    return #"""
      {"id":"\#(rule.id)","tenant_id":"\#(owner)","security_group_id":"\#(group.id)",\#
      "ethertype":"\#(rule.family == .ipv4 ? "IPv4" : "IPv6")",\#
      "direction":"\#(rule.direction == .ingress ? "ingress" : "egress")",\#
      "protocol":\#(optional(rule.apiProtocol)),"port_range_min":\#(ports?.0 ?? "null"),\#
      "port_range_max":\#(ports?.1 ?? "null"),"remote_ip_prefix":\#(optional(prefix)),\#
      "remote_address_group_id":null,"normalized_cidr":\#(optional(prefix)),\#
      "remote_group_id":\#(optional(remote)),"description":"",\#(stamps),"revision_number":0,\#
      "project_id":"\#(owner)"}
      """#
  }

  private func agents(_ ref: Ref<Node>) -> [Text] {
    var result = [switchAgent(ref), routingAgent(ref, state: nil), metadataAgent(ref)]
    if cloud.nodes[ref].role == .network { result.append(addressAgent(ref)) }
    return result
  }

  private func agent(
    _ ref: Ref<Node>, _ id: ObjectID, _ type: String, _ binary: String, _ topic: String,
    zone: Text?, _ configuration: Text, state: Text? = nil
  ) -> Text {
    let tail: Text = state.map { #","resource_versions":{},"ha_state":\#($0)"# } ?? ""
    return #"""
      {"id":"\#(id)","agent_type":"\#(type)","binary":"\#(binary)","topic":"\#(topic)",\#
      "host":"\#(cloud.nodes[ref].name)","admin_state_up":true,\#
      "created_at":"2026-11-23 00:36:26","started_at":"2026-11-23 00:36:41",\#
      "heartbeat_timestamp":"2026-11-23 00:59:55","description":null,"resources_synced":null,\#
      "availability_zone":\#(optional(zone)),"alive":true,"configurations":\#(configuration)\#(tail)}
      """#
  }

  private func switchAgent(_ ref: Ref<Node>) -> Text {
    let node = cloud.nodes[ref]
    return agent(
      ref, node.switchAgent, "Open vSwitch agent", "neutron-openvswitch-agent", "N/A", zone: nil,
      #"""
      {"arp_responder_enabled":true,"baremetal_smartnic":false,\#
      "bridge_mappings":{"physnet1":"br-ex"},"datapath_type":"netdev","devices":0,\#
      "enable_distributed_routing":true,"extensions":[],"in_distributed_mode":true,\#
      "integration_bridge":"br-int","l2_population":true,"log_agent_heartbeats":false,\#
      "ovs_hybrid_plug":\#(node.firewall == .hybrid ? "true" : "false"),\#
      "tunnel_types":["vxlan"],"tunneling_ip":"\#(node.underlay)",\#
      "vhostuser_socket_dir":"/var/run/openvswitch"}
      """#)
  }

  private func routingAgent(_ ref: Ref<Node>, state: Text?) -> Text {
    let node = cloud.nodes[ref]
    return agent(
      ref, node.routingAgent, "L3 agent", "neutron-l3-agent", "l3_agent", zone: "nova",
      #"""
      {"agent_mode":"\#(node.role == .network ? "dvr_snat" : "dvr")","extensions":[],\#
      "handle_internal_only_routers":true,"interface_driver":"openvswitch",\#
      "log_agent_heartbeats":false}
      """#, state: state)
  }

  private func metadataAgent(_ ref: Ref<Node>) -> Text {
    agent(
      ref, cloud.nodes[ref].metadataAgent, "Metadata agent", "neutron-metadata-agent", "N/A",
      zone: nil,
      #"""
      {"log_agent_heartbeats":false,"metadata_proxy_socket":"/var/lib/neutron/metadata_proxy",\#
      "nova_metadata_host":"10.20.0.10","nova_metadata_port":8775}
      """#)
  }

  private func addressAgent(_ ref: Ref<Node>) -> Text {
    agent(
      ref, cloud.nodes[ref].addressAgent, "DHCP agent", "neutron-dhcp-agent", "dhcp_agent",
      zone: "nova",
      #"""
      {"dhcp_driver":"neutron.agent.linux.dhcp.Dnsmasq","dhcp_lease_duration":86400,\#
      "log_agent_heartbeats":false}
      """#)
  }
}

extension Port.Owner {
  /// The API's `device_owner`.
  var text: String {
    switch self {
    case .guest: "compute:nova"
    case .dhcp: "network:dhcp"
    case .routerInterface: "network:router_interface"
    case .distributedInterface: "network:router_interface_distributed"
    case .replicatedInterface: "network:ha_router_replicated_interface"
    case .gateway: "network:router_gateway"
    case .centralSNAT: "network:router_centralized_snat"
    case .agentGateway: "network:floatingip_agent_gateway"
    case .haInterface: "network:router_ha_interface"
    case .floatingIP: "network:floatingip"
    }
  }
}

extension SecurityRule {
  var apiProtocol: Text? {
    switch (transport, family) {
    case (.any, _): nil
    case (.icmp, .ipv4): "icmp"
    case (.icmp, .ipv6): "ipv6-icmp"
    case (.tcp, _): "tcp"
    case (.udp, _): "udp"
    }
  }
}
