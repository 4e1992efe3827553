-- title: The tunnel bridge answers ARP of a network that has no tunnels
-- severity: high
-- precision: certain
-- population: flows that answer ARP: SELECT count(*) FROM flow WHERE actions LIKE '%arp_op%'
-- why: Guests of a VLAN or flat network ask the whole physical network, and get this bridge's
--   answer beside the true one. When the address moves, its answer is the stale one.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1824504
-- needs: openflow-flows, ovsdb-dump
WITH answer AS MATERIALIZED (
  SELECT f.node, f.bridge, t.value & 4095 AS vlan,
    printf('%d.%d.%d.%d', i.value >> 24, i.value >> 16 & 255, i.value >> 8 & 255, i.value & 255)
      AS address, f.file, f.line
  FROM flow f
  JOIN flow_match i ON i.flow = f.id AND i.field = 'arp_tpa' AND i.is_exact
  JOIN flow_match t ON t.flow = f.id AND t.field = 'vlan_tci' AND t.value & 4096
  JOIN flow_action m ON m.flow = f.id AND m.field = 'arp_sha' AND m.value IS NOT NULL
)
SELECT a.node || ' ' || a.address AS subject,
  a.bridge || ' answers in VLAN ' || a.vlan || ', which is '
    || coalesce(nullif(v.network_name, ''), v.network) || ', a ' || v.network_type || ' network'
    AS message,
  a.file, a.line
FROM answer a
JOIN v_network_local_vlan v ON v.node = a.node AND v.local_vlan = a.vlan
WHERE v.network_type IN ('vlan', 'flat')
  -- Where two networks share the VLAN, that is what is wrong.
  AND NOT EXISTS (
    SELECT 1 FROM v_network_local_vlan o
    WHERE o.node = a.node AND o.local_vlan = a.vlan AND o.network_type NOT IN ('vlan', 'flat'))
  AND EXISTS (
    SELECT 1 FROM ovs_port p JOIN ovs_interface i ON i.node = p.node AND i.port = p.name
    WHERE p.node = a.node AND p.bridge = a.bridge AND i.remote_ip IS NOT NULL)
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
