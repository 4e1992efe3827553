// Configuration of a node's agents and libvirt's description of its guests. Feeds the node's folder.

struct AgentFiles {
  let plan: NodePlan
  init(_ plan: NodePlan) { self.plan = plan }

  var all: [(path: Text, text: Text)] {
    let node = plan.node
    let driver = plan.isHybrid ? "iptables_hybrid" : "openvswitch"
    let mode = node.role == .network ? "dvr_snat" : "dvr"
    return [
      (
        "/etc/neutron/neutron.conf",
        """
        [DEFAULT]
        host = \(node.name)
        core_plugin = ml2
        service_plugins = router
        router_distributed = false
        l3_ha = false
        max_l3_agents_per_router = 2
        dhcp_agents_per_network = 1
        global_physnet_mtu = 1500
        state_path = /var/lib/neutron

        """
      ),
      (
        "/etc/neutron/plugins/ml2/openvswitch_agent.ini",
        """
        [ovs]
        datapath_type = netdev
        local_ip = \(node.underlay)
        bridge_mappings = physnet1:br-ex
        [agent]
        tunnel_types = vxlan
        l2_population = true
        arp_responder = true
        enable_distributed_routing = true
        [securitygroup]
        enable_security_group = true
        enable_ipset = true
        firewall_driver = \(driver)

        """
      ),
      (
        "/etc/neutron/l3_agent.ini",
        """
        [DEFAULT]
        interface_driver = openvswitch
        agent_mode = \(mode)

        """
      ),
      (
        "/etc/neutron/dhcp_agent.ini",
        """
        [DEFAULT]
        interface_driver = openvswitch
        dhcp_driver = neutron.agent.linux.dhcp.Dnsmasq
        enable_isolated_metadata = true
        dnsmasq_dns_servers = 8.8.8.8

        """
      ),
      (
        "/etc/neutron/metadata_agent.ini",
        """
        [DEFAULT]
        nova_metadata_host = 10.20.0.10
        nova_metadata_port = 8775

        """
      ),
    ]
  }

  func domain(_ plug: Plug, _ name: Text, _ number: Int) -> Text {
    let port = plan.cloud.ports[plug.port]
    let tenant = plan.cloud.groups[port.groups[0]].tenant
    let project = plan.cloud.tenants[tenant]
    let source: Text =
      plan.isHybrid
      ? "      <source bridge='qbr\(port.id.prefix(11))'/>"
      : """
            <source bridge='br-int'/>
            <virtualport type='openvswitch'>
              <parameters interfaceid='\(port.id)'/>
            </virtualport>
      """
    return """
      <domain type='kvm' id='\(number)'>
        <name>\(name)</name>
        <uuid>\(port.device)</uuid>
        <metadata>
          <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
            <nova:name>\(port.name)</nova:name>
            <nova:owner>
              <nova:project uuid="\(project.project.undashed)">\(project.name)</nova:project>
            </nova:owner>
            <nova:ports>
              <nova:port uuid="\(port.id)">
                <nova:ip type='fixed' address='\(port.address4 ?? IPv4(0))' ipVersion='4'/>
              </nova:port>
            </nova:ports>
          </nova:instance>
        </metadata>
        <devices>
          <interface type='bridge'>
            <mac address='\(port.mac)'/>
      \(source)
            <target dev='tap\(port.id.prefix(11))'/>
            <model type='virtio'/>
            <mtu size='\(plan.cloud.networks[port.network].mtuBytes)'/>
            <alias name='net0'/>
          </interface>
        </devices>
      </domain>

      """
  }
}
