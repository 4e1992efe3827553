// Views for operators and rules: the questions that are asked most, as one name each. Neutron's
// naming conventions stand here and in no rule.

/// A documented view.
struct SnapshotView: Sendable {
  let name: String
  let documentation: String
  let sql: String
}

enum SnapshotViews {
  static let all: [SnapshotView] = [
    place, hostNode, device, switchPort, portLocation, localVLAN, floatingIPHolder, floatingIP,
    routerNode, providerBridge, tunnel, conntrackZone,
  ]

  private static let place = SnapshotView(
    name: "v_place",
    documentation: "A capture file as people name it: `compute1 root/ip_-j_addr.json`.",
    sql: """
      SELECT id AS file, node, path, coalesce(node || ' ', '') || path AS place
      FROM capture_file
      """)

  private static let hostNode = SnapshotView(
    name: "v_host_node",
    documentation: """
      Which captured node a host name of Neutron's is: by the node's folder, by `hostname`, by \
      `[DEFAULT] host` of an agent on it, or by any of these without the domain.
      """,
    sql: """
      WITH host AS (
        SELECT host FROM neutron_agent
        UNION SELECT host FROM neutron_port WHERE host IS NOT NULL
      ),
      alias AS (
        SELECT name AS node, name AS alias FROM node
        UNION SELECT name, hostname FROM node WHERE hostname IS NOT NULL
        UNION SELECT node, value FROM agent_option WHERE section = 'DEFAULT' AND name = 'host'
      )
      SELECT DISTINCT host.host, alias.node
      FROM host JOIN alias
        ON host.host = alias.alias
        OR substr(host.host, 1, instr(host.host || '.', '.') - 1)
          = substr(alias.alias, 1, instr(alias.alias || '.', '.') - 1)
      """)

  /// Source: Neutron's and os-vif's device names, 3 letters and 11 characters of a port's id, or
  /// 4 letters and 10 characters of a router's.
  private static let device = SnapshotView(
    name: "v_neutron_device",
    documentation: """
      Devices by what Neutron's names say they are. `role`: `tap`, `qbr`, `qvb`, `qvo` (a guest's \
      plug), `qr` (router interface), `qg` (gateway), `sg` (centralised SNAT), `fg` (floating IP \
      gateway), `ha` (VRRP), `rfp`, `fpr` (router to floating IP namespace), `ns` (DHCP by veth); \
      `owner` is the beginning of the port's (`rfp`, `fpr`: the router's) id.
      """,
    sql: """
      SELECT node, namespace, name AS interface,
        CASE
          WHEN substr(name, 1, 4) IN ('rfp-', 'fpr-') THEN substr(name, 1, 3)
          WHEN substr(name, 1, 3) IN ('qr-', 'qg-', 'sg-', 'fg-', 'ha-', 'ns-')
            THEN substr(name, 1, 2)
          ELSE substr(name, 1, 3)
        END AS role,
        CASE WHEN substr(name, 1, 4) IN ('rfp-', 'fpr-') THEN substr(name, 5)
          ELSE substr(name, 4) END AS owner,
        is_up, flags, mtu_bytes, mac, master, file, line
      FROM link
      WHERE length(name) = 14
        AND (substr(name, 1, 4) IN ('rfp-', 'fpr-')
          OR (substr(name, 1, 3) IN ('tap', 'qbr', 'qvb', 'qvo', 'qr-', 'qg-', 'sg-', 'fg-', 'ha-', 'ns-')
            AND substr(name, 12, 1) = '-'))
      """)

  private static let switchPort = SnapshotView(
    name: "v_switch_port",
    documentation: """
      Ports of Open vSwitch bridges with their interface; `network` is Neutron's where its port \
      is known, else what the agent noted.
      """,
    sql: """
      SELECT p.node, p.bridge, p.name, p.tag, p.trunks, p.vlan_mode, i.type, i.ofport, i.iface_id,
        i.attached_mac, i.peer, i.remote_ip, i.local_ip,
        coalesce(n.network, p.network) AS network,
        CAST(json_extract(p.other_config, '$.tag') AS INTEGER) AS noted_tag,
        p.network_type, p.physical_network, p.segmentation_id, p.file, p.line
      FROM ovs_port p
      LEFT JOIN ovs_interface i ON i.node = p.node AND i.port = p.name
      LEFT JOIN neutron_port n ON n.id = i.iface_id
      """)

  private static let portLocation = SnapshotView(
    name: "v_port_location",
    documentation: "Where a Neutron port is plugged in: node, bridge, device, local VLAN.",
    sql: """
      SELECT n.id AS port, n.name AS port_name, n.network, w.name AS network_name, n.mac,
        (SELECT group_concat(address, ' ') FROM neutron_fixed_ip f WHERE f.port = n.id)
          AS addresses,
        n.device_owner, n.device_id, n.host, p.node, p.bridge, p.name AS interface, p.ofport,
        p.tag AS local_vlan, p.file, p.line
      FROM neutron_port n
      LEFT JOIN neutron_network w ON w.id = n.network
      LEFT JOIN v_switch_port p ON p.iface_id = n.id
      """)

  private static let localVLAN = SnapshotView(
    name: "v_network_local_vlan",
    documentation: """
      Which VLAN a node uses for a network inside itself, as its agent noted it at the ports; \
      `ports` says how many. The same network has other VLANs on other nodes.
      """,
    sql: """
      SELECT p.node, p.network, n.name AS network_name, p.noted_tag AS local_vlan,
        p.network_type, p.physical_network, p.segmentation_id, count(*) AS ports,
        min(p.file) AS file, min(p.line) AS line
      FROM v_switch_port p LEFT JOIN neutron_network n ON n.id = p.network
      WHERE p.network IS NOT NULL AND p.noted_tag BETWEEN 1 AND 4094
      GROUP BY p.node, p.network, p.noted_tag
      """)

  private static let floatingIPHolder = SnapshotView(
    name: "v_floating_ip_holder",
    documentation: """
      Where a floating IP is alive: `address`, on a device; `route`, in a floating IP namespace; \
      `dnat`, translated by a rule (standby nodes of HA routers have the rule too).
      """,
    sql: """
      SELECT f.id AS floating_ip, f.address, 'address' AS how, a.node, a.namespace, a.file, a.line
      FROM neutron_floating_ip f JOIN address a ON a.address = f.address
      UNION ALL
      SELECT f.id, f.address, 'route', r.node, r.namespace, r.file, r.line
      FROM neutron_floating_ip f JOIN route r
        ON r.destination = f.address || '/32' AND r.namespace LIKE 'fip-%'
          AND r.type = 'unicast' AND r.protocol <> 'kernel'
      UNION ALL
      SELECT f.id, f.address, 'dnat', t.node, t.namespace, t.file, t.line
      FROM neutron_floating_ip f JOIN iptables_rule t
        ON t.destination_prefix = f.address || '/32' AND t.target = 'DNAT'
          AND t.chain LIKE '%PREROUTING'
      """)

  private static let floatingIP = SnapshotView(
    name: "v_floating_ip",
    documentation: """
      Floating IPs (EIPs) with what they lead to and the nodes where they are alive; `holders` is \
      empty for one that is not associated.
      """,
    sql: """
      SELECT f.address, n.name AS network_name, f.fixed_address, f.port, p.name AS port_name,
        r.name AS router_name, f.status,
        coalesce((
          SELECT group_concat(holder, ', ') FROM (
            SELECT DISTINCT h.node || '/' || h.namespace AS holder FROM v_floating_ip_holder h
            WHERE h.floating_ip = f.id AND h.how <> 'dnat' ORDER BY 1)), '') AS holders
      FROM neutron_floating_ip f
      LEFT JOIN neutron_network n ON n.id = f.network
      LEFT JOIN neutron_port p ON p.id = f.port
      LEFT JOIN neutron_router r ON r.id = f.router
      """)

  private static let routerNode = SnapshotView(
    name: "v_router_node",
    documentation: """
      Namespaces of routers: `kind` `qrouter` or `snat`; `ha_state` what the node's keepalived \
      last said, NULL without one.
      """,
    sql: """
      SELECT r.id AS router, r.name AS router_name, s.node, s.name AS namespace,
        CASE WHEN s.name LIKE 'snat-%' THEN 'snat' ELSE 'qrouter' END AS kind,
        h.state AS ha_state
      FROM neutron_router r
      JOIN namespace s ON s.name IN ('qrouter-' || r.id, 'snat-' || r.id)
      LEFT JOIN ha_state h ON h.node = s.node AND h.router = r.id
      """)

  private static let providerBridge = SnapshotView(
    name: "v_provider_bridge",
    documentation: """
      Bridges to physical networks, as the Open vSwitch agent reports them to Neutron or has them \
      in its configuration.
      """,
    sql: """
      SELECT h.node, m.key AS physical_network, m.value AS bridge, a.file, a.line
      FROM neutron_agent a JOIN v_host_node h ON h.host = a.host, json_each(a.bridge_mappings) m
      UNION
      SELECT o.node, substr(w.value, 1, instr(w.value, ':') - 1),
        substr(w.value, instr(w.value, ':') + 1), o.file, o.line
      FROM agent_option o,
        json_each('["' || replace(replace(replace(o.value, '"', ''), ' ', ''), ',', '","') || '"]') w
      WHERE o.section = 'ovs' AND o.name = 'bridge_mappings' AND instr(w.value, ':') > 1
        AND json_valid(
          '["' || replace(replace(replace(o.value, '"', ''), ' ', ''), ',', '","') || '"]')
        AND NOT EXISTS (
          SELECT 1 FROM neutron_agent a JOIN v_host_node h ON h.host = a.host
          WHERE h.node = o.node AND a.bridge_mappings <> '{}')
      """)

  private static let tunnel = SnapshotView(
    name: "v_tunnel",
    documentation: "Tunnel ports with the node at their far end, where that is captured.",
    sql: """
      SELECT i.node, i.name AS interface, i.type, i.local_ip, i.remote_ip, i.ofport,
        h.node AS remote_node, i.file, i.line
      FROM ovs_interface i
      LEFT JOIN neutron_agent a ON a.tunnel_address = i.remote_ip
      LEFT JOIN v_host_node h ON h.host = a.host
      WHERE i.remote_ip IS NOT NULL
      """)

  /// Source: the three rules a port that Neutron's iptables firewall puts into the raw table.
  private static let conntrackZone = SnapshotView(
    name: "v_port_conntrack_zone",
    documentation: """
      Which zone of connection tracking the packet filter gives to a port's packets; `owner` is \
      the beginning of the port's id.
      """,
    sql: """
      SELECT node, substr(coalesce(physical_in, in_interface), 4) AS owner, ct_zone AS zone,
        coalesce(physical_in, in_interface) AS interface, family, file, line
      FROM iptables_rule
      WHERE ct_zone IS NOT NULL AND namespace = 'root'
        AND length(coalesce(physical_in, in_interface)) = 14
        AND substr(coalesce(physical_in, in_interface), 1, 3) IN ('tap', 'qvb', 'qvo')
      """)
}
