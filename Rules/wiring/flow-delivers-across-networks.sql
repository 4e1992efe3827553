-- title: A flow hands a guest frames of another network
-- severity: critical
-- precision: certain
-- population: flows of integration bridges to a port: SELECT count(*) FROM flow_action
--   WHERE field = 'reg5'
-- why: A row takes frames that are for the guest's address out of another network's local VLAN and
--   gives them to the guest, or sends them to its filter as if they were its own network's. Who is
--   in that network reaches the guest without any router.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew; a row that is not the
--   agent's goes with ovs-ofctl del-flows --strict and its match.
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH integration AS MATERIALIZED (
  -- The agent's canary marks the bridge.
  SELECT DISTINCT node, bridge FROM flow WHERE table_id = 23 AND priority = 0 AND match = ''
),
asked AS MATERIALIZED (
  SELECT m.flow, m.value FROM flow_match m WHERE m.field = 'dl_dst' AND m.is_exact
),
delivery AS (
  SELECT a.flow AS id, CASE a.kind WHEN 'output' THEN a.port ELSE a.value END AS number
  FROM flow_action a
  WHERE a.kind = 'output' AND a.port < 65280 OR a.field = 'reg5' AND a.value IS NOT NULL
),
given AS MATERIALIZED (
  SELECT f.id, d.number, f.node, f.bridge, f.table_id, t.value & 4095 AS vlan, f.file, f.line,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', m.value >> 40, m.value >> 32 & 255,
      m.value >> 24 & 255, m.value >> 16 & 255, m.value >> 8 & 255, m.value & 255) AS mac
  FROM asked m
  CROSS JOIN flow f ON f.id = m.flow
  CROSS JOIN integration i ON i.node = f.node AND i.bridge = f.bridge
  CROSS JOIN flow_match t ON t.flow = f.id AND t.field = 'vlan_tci' AND t.value & 4096
  CROSS JOIN delivery d ON d.id = f.id
  WHERE m.value >> 40 & 1 = 0
)
SELECT g.node || ' ' || coalesce(nullif(n.name, ''), n.id) AS subject,
  'table ' || g.table_id || ' gives it frames of VLAN ' || g.vlan || ', which is '
    || coalesce(nullif(o.network_name, ''), o.network) || '; its own network is VLAN '
    || v.local_vlan AS message,
  g.file, g.line
FROM given g
CROSS JOIN v_switch_port p ON p.node = g.node AND p.bridge = g.bridge AND p.ofport = g.number
CROSS JOIN neutron_port n ON n.id = p.iface_id
CROSS JOIN v_network_local_vlan v ON v.node = g.node AND v.network = n.network
CROSS JOIN v_network_local_vlan o ON o.node = g.node AND o.local_vlan = g.vlan
WHERE lower(n.mac) = g.mac AND o.network <> n.network
  AND NOT EXISTS (
    SELECT 1 FROM v_network_local_vlan s
    WHERE s.node = g.node AND s.network = n.network AND s.local_vlan = g.vlan)
ORDER BY 1, 3, 4;

/* test: frames of another network's VLAN, at once or to its filter
INSERT INTO neutron_port (id, name, network, mac) VALUES
  ('p', 'web', 'own', 'fa:16:3e:00:00:01'), ('q', 'db', 'other', 'fa:16:3e:00:00:02'),
  ('r', 'api', 'own', 'fa:16:3e:00:00:03');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 1, 'own', '{"tag":"1"}'),
  ('n1', 'br-int', 'tap2', 2, 'other', '{"tag":"2"}'),
  ('n1', 'br-int', 'tap3', 1, 'own', '{"tag":"1"}');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES
  ('n1', 'tap1', 'tap1', 7, 'p'), ('n1', 'tap2', 'tap2', 8, 'q'), ('n1', 'tap3', 'tap3', 9, 'r');
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-int', 23), (2, 'n1', 'br-int', 60), (3, 'n1', 'br-int', 60);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (2, 0, 'dl_dst', 0xfa163e000001, 1), (2, 1, 'vlan_tci', 4098, 0),
  (3, 0, 'dl_dst', 0xfa163e000003, 1), (3, 1, 'vlan_tci', 4098, 0);
INSERT INTO flow_action (flow, position, kind, field, port, value) VALUES
  (2, 0, 'output', NULL, 7, NULL), (3, 0, 'set_field', 'reg5', NULL, 9);
expect: n1 api
expect: n1 web
*/
/* test: its own network's, another's MAC address, a VLAN of nobody
INSERT INTO neutron_port (id, name, network, mac) VALUES
  ('p', 'web', 'own', 'fa:16:3e:00:00:01'), ('q', 'db', 'other', 'fa:16:3e:00:00:02');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 1, 'own', '{"tag":"1"}'),
  ('n1', 'br-int', 'tap2', 2, 'other', '{"tag":"2"}');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p'), ('n1', 'tap2', 'tap2', 8, 'q');
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-int', 23), (2, 'n1', 'br-int', 60), (3, 'n1', 'br-int', 60),
  (4, 'n1', 'br-int', 60);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (2, 0, 'dl_dst', 0xfa163e000001, 1), (2, 1, 'vlan_tci', 4097, 0),
  (3, 0, 'dl_dst', 0xfa163e000002, 1), (3, 1, 'vlan_tci', 4098, 0),
  (4, 0, 'dl_dst', 0xfa163e000001, 1), (4, 1, 'vlan_tci', 4105, 0);
INSERT INTO flow_action (flow, position, kind, field, port, value) VALUES
  (2, 0, 'output', NULL, 7, NULL), (3, 0, 'output', NULL, 7, NULL),
  (4, 0, 'output', NULL, 7, NULL);
expect: nothing
*/
