-- title: The tunnel bridge answers ARP of a network that has no tunnels
-- severity: high
-- precision: certain
-- population: flows that answer ARP: SELECT count(*) FROM flow WHERE actions LIKE '%arp_op%'
-- why: Guests of a VLAN or flat network ask the whole physical network, and get this bridge's
--   answer beside the true one. When the address moves, its answer is the stale one.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1824504
-- needs: openflow-flows, ovsdb-dump
WITH asked AS MATERIALIZED (
  SELECT m.flow, m.value FROM flow_match m WHERE m.field = 'arp_tpa' AND m.is_exact
),
-- VLANs of networks without tunnels; where two networks share one, that is what is wrong.
provider AS MATERIALIZED (
  SELECT v.node, v.local_vlan, v.network_name, v.network, v.network_type
  FROM v_network_local_vlan v
  WHERE v.network_type IN ('vlan', 'flat')
    AND NOT EXISTS (
      SELECT 1 FROM v_network_local_vlan o
      WHERE o.node = v.node AND o.local_vlan = v.local_vlan
        AND o.network_type NOT IN ('vlan', 'flat'))
),
tunnelling AS MATERIALIZED (
  SELECT DISTINCT p.node, p.bridge
  FROM ovs_port p JOIN ovs_interface i ON i.node = p.node AND i.port = p.name
  WHERE i.remote_ip IS NOT NULL
)
SELECT f.node || ' ' || printf('%d.%d.%d.%d', i.value >> 24, i.value >> 16 & 255,
    i.value >> 8 & 255, i.value & 255) AS subject,
  f.bridge || ' answers in VLAN ' || v.local_vlan || ', which is '
    || coalesce(nullif(v.network_name, ''), v.network) || ', a ' || v.network_type || ' network'
    AS message,
  f.file, f.line
FROM asked i
CROSS JOIN flow_match t ON t.flow = i.flow AND t.field = 'vlan_tci' AND t.value & 4096
CROSS JOIN flow f ON f.id = i.flow
CROSS JOIN tunnelling b ON b.node = f.node AND b.bridge = f.bridge
CROSS JOIN provider v ON v.node = f.node AND v.local_vlan = t.value & 4095
CROSS JOIN flow_action m ON m.flow = i.flow AND m.field = 'arp_sha' AND m.value IS NOT NULL
ORDER BY 1, 3, 4;

/* test: a VLAN network
INSERT INTO ovs_port (node, bridge, name, tag, network, network_type, other_config) VALUES
  ('n1', 'br-int', 'tap1', 3, 'net', 'vlan', '{"tag":"3"}'),
  ('n1', 'br-tun', 'vxlan-1', NULL, NULL, NULL, '{}');
INSERT INTO ovs_interface (node, port, name, remote_ip)
  VALUES ('n1', 'vxlan-1', 'vxlan-1', '192.0.2.2');
INSERT INTO flow (id, node, bridge) VALUES (1, 'n1', 'br-tun');
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'arp_tpa', 0x0a000001, 1), (1, 1, 'vlan_tci', 4099, 0);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (1, 0, 'set_field', 'arp_sha', 0xfa163e000002);
expect: n1 10.0.0.1
*/
/* test: an overlay network
INSERT INTO ovs_port (node, bridge, name, tag, network, network_type, other_config) VALUES
  ('n1', 'br-int', 'tap1', 3, 'net', 'vxlan', '{"tag":"3"}'),
  ('n1', 'br-tun', 'vxlan-1', NULL, NULL, NULL, '{}');
INSERT INTO ovs_interface (node, port, name, remote_ip)
  VALUES ('n1', 'vxlan-1', 'vxlan-1', '192.0.2.2');
INSERT INTO flow (id, node, bridge) VALUES (1, 'n1', 'br-tun');
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'arp_tpa', 0x0a000001, 1), (1, 1, 'vlan_tci', 4099, 0);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (1, 0, 'set_field', 'arp_sha', 0xfa163e000002);
expect: nothing
*/
