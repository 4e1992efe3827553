// Intent: what Neutron's API says of networks, subnets, routers and their parts.
import Facts
import GRDB
import NetworkTypes

enum NeutronTables {
  static let all: [ProjectedTable] =
    [network, segment, subnet, router, routerRoute, floatingIP, portForwarding]
    + NeutronPortTables.all + NeutronSecurityTables.all

  private static let network = ProjectedTable(
    "neutron_network", "A network.",
    [
      Column<NeutronNetwork>.uuid { $0.id.rawValue },
      .text("name", "As its owner named it.") { $0.name },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .flag("is_admin_up", "Administratively up.") { $0.isAdminUp },
      .text("status", "`ACTIVE`, `DOWN`, ….") { $0.status },
      .flag("is_shared", "Every project may use it.") { $0.isShared },
      .flag("is_external", "`router:external`.") { $0.isExternal },
      .optionalInteger("mtu_bytes", "Of its packets.") { $0.mtuBytes },
    ] + .evidence(\.evidence),
    indexes: ["id"],
    rows: { $0.facts.neutron.networks.records })

  private struct SegmentRow: Sendable {
    let network: NetworkID
    let position: Int
    let segment: NeutronSegment
  }

  private static let segment = ProjectedTable(
    "neutron_segment", "A layer 2 segment of a network.",
    [
      Column<SegmentRow>.text("network", "The network.") { $0.network.rawValue },
      .integer("position", "From 0.") { $0.position },
      .text("network_type", "`vxlan`, `vlan`, `flat`, `gre`, `geneve`, `local`.") {
        $0.segment.networkType
      },
      .optionalText("physical_network", "Of provider networks.") { $0.segment.physicalNetwork },
      .optionalInteger("segmentation_id", "VLAN or VNI.") { $0.segment.segmentationID },
    ],
    indexes: ["network", "segmentation_id"],
    rows: { source in
      source.facts.neutron.networks.records.flatMap { network in
        network.segments.enumerated().map {
          SegmentRow(network: network.id, position: $0.offset, segment: $0.element)
        }
      }
    })

  private static let subnet = ProjectedTable(
    "neutron_subnet", "A subnet.",
    [
      Column<NeutronSubnet>.uuid { $0.id.rawValue },
      .text("name", "As its owner named it.") { $0.name },
      .text("network", "Its network.") { $0.network.rawValue },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .family { $0.cidr.family },
      .text("cidr", "Its prefix.") { $0.cidr.description },
      .optionalText("gateway", "NULL where it has none.") { $0.gateway?.description },
      .flag("is_dhcp_enabled", "Whether DHCP serves it.") { $0.isDHCPEnabled },
      .list("host_routes", "`DESTINATION via NEXTHOP`.") {
        $0.hostRoutes.map { "\($0.destination) via \($0.nextHop)" }
      },
      .list("dns_servers", "Addresses.") { $0.dnsServers.map(\.description) },
      .optionalText("ipv6_ra_mode", "Who advertises.") { $0.ipv6RAMode },
      .optionalText("ipv6_address_mode", "How guests get addresses.") { $0.ipv6AddressMode },
    ] + .evidence(\.evidence),
    indexes: ["id"],
    rows: { $0.facts.neutron.subnets.records })

  private static let router = ProjectedTable(
    "neutron_router", "A router.",
    [
      Column<NeutronRouter>.uuid { $0.id.rawValue },
      .text("name", "As its owner named it.") { $0.name },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .flag("is_admin_up", "Administratively up.") { $0.isAdminUp },
      .text("status", "`ACTIVE`, ….") { $0.status },
      .optionalFlag("is_distributed", "DVR; NULL where the answer does not say.") {
        $0.isDistributed
      },
      .optionalFlag("is_ha", "VRRP; NULL where the answer does not say.") { $0.isHA },
      .optionalText("gateway_network", "The external network.") {
        $0.gateway?.network.rawValue
      },
      .list("gateway_addresses", "Its own external addresses.") {
        ($0.gateway?.fixedIPs ?? []).map(\.address.description)
      },
      .optionalFlag("is_snat_enabled", "NULL where there is no gateway or the answer does not say.")
      {
        $0.gateway?.isSNATEnabled
      },
    ] + .evidence(\.evidence),
    indexes: ["id"],
    rows: { $0.facts.neutron.routers.records })

  private struct RouteRow: Sendable {
    let router: NeutronRouter
    let route: HostRoute
  }

  private static let routerRoute = ProjectedTable(
    "neutron_router_route", "A static route of a router.",
    [
      Column<RouteRow>.text("router", "The router.") { $0.router.id.rawValue },
      .text("destination", "A prefix.") { $0.route.destination.description },
      .text("next_hop", "An address.") { $0.route.nextHop.description },
    ] + .evidence(\.router.evidence),
    rows: { source in
      source.facts.neutron.routers.records.flatMap { router in
        router.routes.map { RouteRow(router: router, route: $0) }
      }
    })

  private static let floatingIP = ProjectedTable(
    "neutron_floating_ip", "A floating IP (EIP).",
    [
      Column<NeutronFloatingIP>.uuid { $0.id.rawValue },
      .text("address", "The floating address.") { $0.address.description },
      .text("network", "The external network.") { $0.floatingNetwork.rawValue },
      .optionalText("router", "Where it is translated.") { $0.router?.rawValue },
      .optionalText("port", "NULL where it is free or only forwards ports.") {
        $0.port?.rawValue
      },
      .optionalText("fixed_address", "What it is translated to.") {
        $0.fixedAddress?.description
      },
      .text("status", "`ACTIVE`, `DOWN`, ….") { $0.status },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
    ] + .evidence(\.evidence),
    indexes: ["id"],
    rows: { $0.facts.neutron.floatingIPs.records })

  private struct ForwardingRow: Sendable {
    let floatingIP: FloatingIPID
    let forwarding: NeutronPortForwarding
  }

  private static let portForwarding = ProjectedTable(
    "neutron_port_forwarding", "A port of a floating IP that is handed on.",
    [
      Column<ForwardingRow>.text("floating_ip", "The floating IP.") { $0.floatingIP.rawValue },
      .text("id", "Its own id.") { $0.forwarding.id },
      .text("protocol", "`tcp`, `udp`, `icmp`.") { $0.forwarding.protocolName },
      .optionalInteger("external_port", "The first one.") {
        $0.forwarding.externalPorts?.first
      },
      .optionalInteger("external_port_last", "The last one.") {
        $0.forwarding.externalPorts?.last
      },
      .optionalText("internal_port_id", "The Neutron port behind it.") {
        $0.forwarding.internalPort?.rawValue
      },
      .optionalText("internal_address", "Where packets go.") {
        $0.forwarding.internalAddress?.description
      },
      .optionalInteger("internal_port", "The first one.") {
        $0.forwarding.internalPorts?.first
      },
    ] + .evidence(\.forwarding.evidence),
    rows: { source in
      source.facts.neutron.portForwardings.sorted { $0.key < $1.key }.flatMap { id, section in
        section.records.map { ForwardingRow(floatingIP: id, forwarding: $0) }
      }
    })
}

extension Column {
  /// The API's id. No table key: a capture may say the same thing twice, and must import.
  static func uuid(_ value: @escaping @Sendable (Row) -> String) -> Column {
    .text("id", "Its id in the API.", value)
  }
}
