-- title: A node with distributed routing sends frames into tunnels unchanged
-- severity: high
-- precision: certain
-- population: agents with distributed routing: SELECT count(*) FROM agent_option WHERE section =
--   'agent' AND name = 'enable_distributed_routing' AND lower(value) = 'true'
-- why: With distributed routers, frames for tunnels pass a table that puts the node's own address
--   in place of the gateway's, which is the same on all nodes. A row that goes round this table
--   lets gateways' frames out as they are: switches learn one address in many places, and floods go
--   round.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP2028795
-- needs: openflow-flows, ovsdb-dump, neutron-routers
WITH tunnel AS MATERIALIZED (
  SELECT DISTINCT p.node, p.bridge FROM ovs_port p
  JOIN ovs_interface i ON i.node = p.node AND i.port = p.name
  WHERE i.remote_ip IS NOT NULL AND p.bridge IS NOT NULL
),
patch AS MATERIALIZED (
  SELECT t.node, t.bridge, i.name, i.ofport
  FROM ovs_interface i
  CROSS JOIN ovs_port p ON p.node = i.node AND p.name = i.port
  CROSS JOIN tunnel t ON t.node = p.node AND t.bridge = p.bridge
  WHERE i.type = 'patch'
)
SELECT f.node || ' ' || f.bridge AS subject,
  'what comes from ' || t.name || ' goes to table 2 at once, and distributed routing is on'
    AS message,
  f.file, f.line
FROM patch t
CROSS JOIN flow f ON f.node = t.node AND f.bridge = t.bridge AND f.table_id = 0
CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'in_port' AND m.value = t.ofport
CROSS JOIN flow_action a ON a.flow = f.id AND a.kind IN ('goto_table', 'resubmit') AND a.table_id = 2
WHERE EXISTS (
    SELECT 1 FROM agent_option o
    WHERE o.node = t.node AND o.section = 'agent' AND o.name = 'enable_distributed_routing'
      AND lower(o.value) = 'true')
  AND NOT EXISTS (
    SELECT 1 FROM agent_option o
    WHERE o.node = t.node AND o.section = 'agent' AND o.name = 'enable_distributed_routing'
      AND lower(o.value) <> 'true')
UNION ALL
SELECT DISTINCT 'node ' || t.node || ': the configuration of its agent was not captured', NULL,
  NULL, NULL
FROM tunnel t
WHERE EXISTS (SELECT 1 FROM neutron_router r WHERE r.is_distributed)
  AND NOT EXISTS (
    SELECT 1 FROM agent_option o
    WHERE o.node = t.node AND lower(o.section) IN ('agent', 'ovs')
      AND o.path LIKE '%openvswitch%')
ORDER BY 1;

/* test: straight to table 2
INSERT INTO agent_option (node, path, section, name, value)
  VALUES ('n1', 'openvswitch_agent.ini', 'agent', 'enable_distributed_routing', 'True');
INSERT INTO ovs_port (node, bridge, name)
  VALUES ('n1', 'br-tun', 'vxlan-1'), ('n1', 'br-tun', 'patch-int');
INSERT INTO ovs_interface (node, port, name, type, ofport, remote_ip) VALUES
  ('n1', 'vxlan-1', 'vxlan-1', 'vxlan', 2, '192.0.2.2'),
  ('n1', 'patch-int', 'patch-int', 'patch', 1, NULL);
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-tun', 0);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES (1, 0, 'in_port', 1, 1);
INSERT INTO flow_action (flow, position, kind, table_id) VALUES (1, 0, 'goto_table', 2);
expect: n1 br-tun
*/
/* test: to table 1, and a node without distributed routing
INSERT INTO agent_option (node, path, section, name, value)
  VALUES ('n1', 'openvswitch_agent.ini', 'agent', 'enable_distributed_routing', 'True');
INSERT INTO ovs_port (node, bridge, name) VALUES
  ('n1', 'br-tun', 'vxlan-1'), ('n1', 'br-tun', 'patch-int'),
  ('n2', 'br-tun', 'vxlan-1'), ('n2', 'br-tun', 'patch-int');
INSERT INTO ovs_interface (node, port, name, type, ofport, remote_ip) VALUES
  ('n1', 'vxlan-1', 'vxlan-1', 'vxlan', 2, '192.0.2.2'),
  ('n1', 'patch-int', 'patch-int', 'patch', 1, NULL),
  ('n2', 'vxlan-1', 'vxlan-1', 'vxlan', 2, '192.0.2.1'),
  ('n2', 'patch-int', 'patch-int', 'patch', 1, NULL);
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-tun', 0), (2, 'n2', 'br-tun', 0);
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'in_port', 1, 1), (2, 0, 'in_port', 1, 1);
INSERT INTO flow_action (flow, position, kind, table_id)
  VALUES (1, 0, 'goto_table', 1), (2, 0, 'goto_table', 2);
expect: nothing
*/
/* test: distributed routers, and an agent whose configuration was not captured
INSERT INTO neutron_router (id, is_distributed) VALUES ('r', 1);
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-tun', 'vxlan-1');
INSERT INTO ovs_interface (node, port, name, type, remote_ip)
  VALUES ('n1', 'vxlan-1', 'vxlan-1', 'vxlan', '192.0.2.2');
expect: unknown
*/
