-- title: A learned flow leads to a node that a port has left
-- severity: medium
-- precision: likely
-- population: flows that tunnel bridges learned: SELECT count(*) FROM flow WHERE table_id = 20 AND
--   hard_timeout_seconds > 0
-- why: The tunnel bridge learns behind which tunnel an address is, for some minutes. The port has
--   moved since and nothing told the bridge: until the flow ends, or a frame comes from the new
--   node, what is sent to the port is lost.
-- fix: Let the port say something (arping -U from the guest), or wait for the flow to end;
--   ovs-ofctl del-flows with its match removes it at once.
-- false-positives: A server that migrated while nodes were captured.
-- references: LP2123911
-- needs: openflow-flows, ovsdb-dump, neutron-ports, neutron-agents, neutron-routers
WITH learned AS MATERIALIZED (
  SELECT f.node, f.bridge, t.value & 4095 AS vlan, printf('%012x', m.value) AS mac,
    p.remote_ip, f.hard_timeout_seconds, f.file, f.line
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_dst' AND m.is_exact
  CROSS JOIN flow_match t ON t.flow = f.id AND t.field = 'vlan_tci'
  CROSS JOIN flow_action a ON a.flow = f.id AND a.kind = 'output'
  CROSS JOIN v_switch_port p ON p.node = f.node AND p.bridge = f.bridge AND p.ofport = a.port
  WHERE p.remote_ip IS NOT NULL AND f.table_id = 20 AND f.hard_timeout_seconds > 0
)
SELECT l.node || ' ' || coalesce(nullif(n.name, ''), n.id) AS subject,
  'table 20 has ' || n.mac || ' behind the tunnel to ' || l.remote_ip || ' (' || a.host
    || '), its port is bound to ' || n.host || '; the flow ends within '
    || l.hard_timeout_seconds || ' s' AS message,
  l.file, l.line
FROM learned l
CROSS JOIN v_network_local_vlan v ON v.node = l.node AND v.local_vlan = l.vlan
CROSS JOIN neutron_port n ON n.network = v.network AND replace(lower(n.mac), ':', '') = l.mac
JOIN neutron_agent a ON a.tunnel_address = l.remote_ip
JOIN neutron_agent own ON own.host = n.host AND own.tunnel_address IS NOT NULL
WHERE own.tunnel_address <> l.remote_ip
  -- Interfaces of distributed and of HA routers are on several nodes.
  AND n.device_owner NOT LIKE '%distributed%' AND n.device_owner NOT LIKE 'network:ha_router%'
  AND NOT EXISTS (
    SELECT 1 FROM neutron_router r WHERE r.id = n.device_id AND coalesce(r.is_ha, 1))
ORDER BY 1, 3, 4;

/* test: the old node
INSERT INTO neutron_agent (id, host, tunnel_address)
  VALUES ('a', 'n1', '192.0.2.1'), ('b', 'n2', '192.0.2.2'), ('c', 'n3', '192.0.2.3');
INSERT INTO neutron_port (id, name, network, mac, host)
  VALUES ('p', 'web', 'net', 'fa:16:3e:00:00:01', 'n3');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 2, 'net', '{"tag":"2"}'), ('n1', 'br-tun', 'vxlan-2', NULL, NULL, '{}');
INSERT INTO ovs_interface (node, port, name, ofport, remote_ip)
  VALUES ('n1', 'vxlan-2', 'vxlan-2', 5, '192.0.2.2');
INSERT INTO flow (id, node, bridge, table_id, hard_timeout_seconds)
  VALUES (1, 'n1', 'br-tun', 20, 300);
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'dl_dst', 0xfa163e000001, 1), (1, 1, 'vlan_tci', 2, 0);
INSERT INTO flow_action (flow, position, kind, port) VALUES (1, 0, 'output', 5);
expect: n1 web
*/
/* test: its own node, and a distributed router's address
INSERT INTO neutron_agent (id, host, tunnel_address)
  VALUES ('a', 'n1', '192.0.2.1'), ('b', 'n2', '192.0.2.2');
INSERT INTO neutron_port (id, network, mac, host, device_owner) VALUES
  ('p', 'net', 'fa:16:3e:00:00:01', 'n2', 'compute:nova'),
  ('q', 'net', 'fa:16:3e:00:00:02', 'n1', 'network:router_interface_distributed');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 2, 'net', '{"tag":"2"}'), ('n1', 'br-tun', 'vxlan-2', NULL, NULL, '{}');
INSERT INTO ovs_interface (node, port, name, ofport, remote_ip)
  VALUES ('n1', 'vxlan-2', 'vxlan-2', 5, '192.0.2.2');
INSERT INTO flow (id, node, bridge, table_id, hard_timeout_seconds)
  VALUES (1, 'n1', 'br-tun', 20, 300), (2, 'n1', 'br-tun', 20, 300);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'dl_dst', 0xfa163e000001, 1), (1, 1, 'vlan_tci', 2, 0),
  (2, 0, 'dl_dst', 0xfa163e000002, 1), (2, 1, 'vlan_tci', 2, 0);
INSERT INTO flow_action (flow, position, kind, port)
  VALUES (1, 0, 'output', 5), (2, 0, 'output', 5);
expect: nothing
*/
