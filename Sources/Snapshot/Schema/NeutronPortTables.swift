// Intent: ports, what they may use, trunks and agents.
import Facts
import GRDB
import NetworkTypes

enum NeutronPortTables {
  static let all: [ProjectedTable] = [
    port, fixedIP, addressPair, portGroup, trunk, subPort, agent, routerAgent, dhcpAgent,
  ]

  private static let port = ProjectedTable(
    "neutron_port", "A port.",
    [
      Column<NeutronPort>.uuid { $0.id.rawValue },
      .text("name", "As its owner named it.") { $0.name },
      .text("network", "Its network.") { $0.network.rawValue },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .optionalText("mac", "Its MAC address.") { $0.mac?.description },
      .flag("is_admin_up", "Administratively up.") { $0.isAdminUp },
      .text("status", "`ACTIVE`, `DOWN`, `BUILD`, `N/A`.") { $0.status },
      .text("device_id", "The server, router, … that it is a port of.") { $0.deviceID },
      .text("device_owner", "`compute:…`, `network:…`.") { $0.deviceOwner },
      .optionalText("host", "`binding:host_id`; NULL where it is not bound or not shown.") {
        $0.host.flatMap { $0.isEmpty ? nil : $0 }
      },
      .optionalText("vif_type", "`ovs`, `unbound`, `binding_failed`, ….") { $0.vifType },
      .optionalText("vnic_type", "`normal`, `direct`, ….") { $0.vnicType },
      .flag("is_hybrid_plugged", "A Linux bridge stands between tap and switch.") {
        $0.isHybridPlugged
      },
      .optionalFlag("is_port_security_enabled", "NULL where the answer does not say.") {
        $0.isPortSecurityEnabled
      },
    ] + .evidence(\.evidence),
    indexes: ["id", "network", "device_id"],
    rows: { $0.ports })

  private struct FixedIPRow: Sendable {
    let port: PortID
    let position: Int
    let fixedIP: NeutronFixedIP
  }

  private static let fixedIP = ProjectedTable(
    "neutron_fixed_ip", "An address of a port.",
    [
      Column<FixedIPRow>.text("port", "The port.") { $0.port.rawValue },
      .integer("position", "From 0.") { $0.position },
      .text("address", "The address.") { $0.fixedIP.address.description },
      .text("subnet", "The subnet that it is of.") { $0.fixedIP.subnet.rawValue },
    ],
    indexes: ["port", "address"],
    rows: { source in
      source.ports.flatMap { port in
        port.fixedIPs.enumerated().map {
          FixedIPRow(port: port.id, position: $0.offset, fixedIP: $0.element)
        }
      }
    })

  private static let addressPair = ProjectedTable(
    "neutron_address_pair", "An address that a port may use beside its own.",
    [
      Column<(port: NeutronPort, pair: AllowedAddressPair)>.text("port", "The port.") {
        $0.port.id.rawValue
      },
      .optionalText("mac", "NULL: the port's own.") { $0.pair.mac?.description },
      .text("prefix", "What it may use.") { $0.pair.prefix.description },
    ] + .evidence(\.port.evidence),
    indexes: ["port"],
    rows: { source in
      source.ports.flatMap { port in port.allowedAddressPairs.map { (port, $0) } }
    })

  private static let portGroup = ProjectedTable(
    "neutron_port_security_group", "Which security groups a port has.",
    [
      Column<(port: NeutronPort, group: SecurityGroupID)>.text("port", "The port.") {
        $0.port.id.rawValue
      },
      .text("security_group", "The group.") { $0.group.rawValue },
    ],
    indexes: ["port", "security_group"],
    rows: { source in
      source.ports.flatMap { port in
        Set(port.securityGroups).sorted().map { (port, $0) }
      }
    })

  private static let trunk = ProjectedTable(
    "neutron_trunk", "A trunk: a port that carries others by VLAN.",
    [
      Column<NeutronTrunk>.uuid { $0.id.rawValue },
      .text("name", "As its owner named it.") { $0.name },
      .text("port", "The parent port.") { $0.port.rawValue },
      .flag("is_admin_up", "Administratively up.") { $0.isAdminUp },
      .text("status", "`ACTIVE`, ….") { $0.status },
    ] + .evidence(\.evidence),
    rows: { $0.facts.neutron.trunks.records })

  private static let subPort = ProjectedTable(
    "neutron_subport", "A port that a trunk carries.",
    [
      Column<(trunk: TrunkID, port: NeutronSubPort)>.text("trunk", "The trunk.") {
        $0.trunk.rawValue
      },
      .text("port", "The port.") { $0.port.port.rawValue },
      .text("segmentation_type", "`vlan`, `inherit`.") { $0.port.segmentationType },
      .optionalInteger("segmentation_id", "The VLAN.") { $0.port.segmentationID },
    ],
    rows: { source in
      source.facts.neutron.trunks.records.flatMap { trunk in
        trunk.subPorts.map { (trunk.id, $0) }
      }
    })

  private static let agentColumns: [Column<NeutronAgent>] =
    [
      .text("type", "`Open vSwitch agent`, `L3 agent`, `DHCP agent`, ….") { $0.type },
      .text("host", "As the agent names it.") { $0.host },
      .optionalFlag("is_alive", "Whether its heartbeat is recent.") { $0.isAlive },
      .flag("is_admin_up", "Administratively up.") { $0.isAdminUp },
      .optionalText("agent_mode", "L3 agents: `legacy`, `dvr`, `dvr_snat`, ….") { $0.agentMode },
      .optionalText("tunnel_address", "Where its tunnels end.") { $0.tunnelAddress?.description },
      .list("tunnel_types", "`vxlan`, `gre`, ….") { $0.tunnelTypes },
      .object("bridge_mappings", "Physical network to bridge.") {
        $0.bridgeMappings.mapValues(\.rawValue)
      },
    ] + .evidence(\.evidence)

  private static let agent = ProjectedTable(
    "neutron_agent", "An agent that reports to Neutron.",
    [.uuid { $0.id }] + agentColumns,
    rows: { $0.facts.neutron.agents.records })

  private struct Assigned: Sendable {
    let owner: String
    let agent: NeutronAgent
  }

  private static let routerAgent = ProjectedTable(
    "neutron_router_agent", "Which L3 agents run a router.",
    [
      Column<Assigned>.text("router", "The router.") { $0.owner },
      .text("agent", "The agent.") { $0.agent.id },
      .text("host", "The agent's host.") { $0.agent.host },
      .optionalText("ha_state", "HA routers: `active`, `standby`.") { $0.agent.haState },
    ] + .evidence(\.agent.evidence),
    rows: { source in
      source.facts.neutron.routerAgents.sorted { $0.key < $1.key }.flatMap { router, section in
        section.records.map { Assigned(owner: router.rawValue, agent: $0) }
      }
    })

  private static let dhcpAgent = ProjectedTable(
    "neutron_dhcp_agent", "Which DHCP agents serve a network.",
    [
      Column<Assigned>.text("network", "The network.") { $0.owner },
      .text("agent", "The agent.") { $0.agent.id },
      .text("host", "The agent's host.") { $0.agent.host },
    ] + .evidence(\.agent.evidence),
    rows: { source in
      source.facts.neutron.dhcpAgents.sorted { $0.key < $1.key }.flatMap { network, section in
        section.records.map { Assigned(owner: network.rawValue, agent: $0) }
      }
    })
}

extension ProjectionSource {
  fileprivate var ports: [NeutronPort] { facts.neutron.ports.records }
}
