// What a reader needs who does not know the codes: what is compared, and how it is mended.

extension DriftCode {
  /// A heading that needs no object before it.
  public var heading: String {
    switch self {
    case .portBlocked: "A flow drops a port's packets"
    case .agentAlive: "An agent's heartbeat"
    case .agentProcess: "An agent's process"
    default:
      if let rest = title.dropping(prefix: "its ") {
        "\(area.owner)'s \(rest)"
      } else {
        (title.first?.uppercased() ?? "") + title.dropFirst()
      }
    }
  }

  /// The least invasive way that puts it right, whatever made it wrong: whoever programs this part of
  /// a node is made to do it again.
  public var fix: String {
    switch area {
    case .port:
      "Let the node's Open vSwitch agent wire the port again: bind it anew (unplug and plug the "
        + "server's interface, or migrate the server), else restart neutron-openvswitch-agent there."
    case .segment:
      "Let the node's Open vSwitch agent build its bridges again: restart "
        + "neutron-openvswitch-agent there. Flows of ports that are right stay as they are."
    case .physical:
      "Mend the node's own wiring (bridge, uplink, MTU); the Open vSwitch agent does not own it."
    case .router:
      "Let the L3 agent of the node build the router again: `openstack router set --disable ROUTER` "
        + "and `--enable`, else restart neutron-l3-agent there."
    case .dhcp:
      "Let a DHCP agent serve the network again: `openstack network agent remove network --dhcp "
        + "AGENT NETWORK` and `add network`, else restart neutron-dhcp-agent there."
    case .metadata:
      "Let the agent that owns the proxy start it again: the L3 agent for routers, the DHCP agent "
        + "for networks without one; restart it on the node."
    case .filter:
      "Let the firewall driver apply the port's groups again: restart neutron-openvswitch-agent on "
        + "the node."
    case .agent:
      "Start the agent's service on the node and read its log for the reason why it ended."
    case .leftover:
      "Nobody needs it: remove it once no agent that runs owns it (`neutron-netns-cleanup`, "
        + "`neutron-ovs-cleanup` with care)."
    }
  }

  private enum Area {
    case port, segment, physical, router, dhcp, metadata, filter, agent, leftover
    var owner: String {
      switch self {
      case .router: "A router"
      case .agent: "An agent"
      case .dhcp, .segment: "A network"
      case .physical: "A node"
      case .port, .metadata, .filter, .leftover: "A port"
      }
    }
  }

  private var area: Area {
    switch self {
    case .portWiring, .portBinding, .portVLAN, .portDeadVLAN, .portBlocked, .portMAC, .portNetwork,
      .portDevice, .portBridge, .portMTU, .switchPort, .trunkSubport:
      .port
    case .localVLAN, .segment, .tunnelVLAN, .tunnelPort, .tunnelFlood, .tunnelUnicast,
      .arpResponder, .providerInbound, .providerOutbound, .patchPort, .failMode:
      .segment
    case .physicalPort, .underlayMTU: .physical
    case .routerNamespace, .routerInterface, .routerAddress, .routerDefaultRoute,
      .routerExtraRoute, .routerSNAT, .centralSNATRule, .dvrNeighbour, .ipForwarding, .reversePath,
      .haActive, .haAddresses, .floatingAddress, .floatingDestinationNAT, .floatingSourceNAT,
      .floatingRule, .floatingRoute, .floatingNamespace, .proxyARP, .portForwarding:
      .router
    case .dhcpServer, .dhcpHost, .dhcpOption: .dhcp
    case .metadataProxy, .metadataRedirect: .metadata
    case .securityRule, .securityMember, .securityChain, .antiSpoofing, .conntrackZone,
      .bridgeFilter:
      .filter
    case .agentAlive, .agentProcess: .agent
    case .ghostDevice, .ghostNamespace: .leftover
    }
  }
}

extension String {
  fileprivate func dropping(prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
